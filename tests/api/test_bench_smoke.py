"""`make bench` runs on a small graph: the servers answer alike; figures are for quiet machines."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.bench.options import ALONE, OPERATIONS
from tests.bench.servers import KINDS, installed

ROOT = Path(__file__).resolve().parents[2]
ASKED = [each for each in OPERATIONS if each not in ALONE]
MISSING = [kind.name for kind in KINDS if kind.name not in installed()]


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict[str, list[str]]]:
    """Return what a run of all servers that can run here prints, and whom it measured by operation."""
    folder = tmp_path_factory.mktemp("bench")
    figures, picture = folder / "figures.json", folder / "figures.svg"
    done = subprocess.run(
        [
            sys.executable, "-m", "tests.bench", "--contracts", "600", "--rounds", "1", "--seconds", "0.2",
            "--connections", "2", "--compared", "12", "--operations", *ASKED, "--json", figures,
            "--svg", picture,
        ],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    ET.parse(picture)  # noqa: S314 - our own
    operations = json.loads(figures.read_text())["operations"]
    assert all(row["requests_per_second"] > 0 for each in operations for row in each["servers"].values())
    return done.stdout, {each["operation"]: list(each["servers"]) for each in operations}


def test_the_benchmark_finds_equal_answers_and_has_figures_of_every_server(
    ran: tuple[str, dict[str, list[str]]],
) -> None:
    printed, measured = ran
    assert f"{', '.join(installed())} give equal answers" in printed
    assert list(measured) == ASKED
    assert measured["panel"] == measured["contracts"] == list(installed())


@pytest.mark.skipif(bool(MISSING), reason=f"scripts/peers has not installed {' and '.join(MISSING)}")
def test_postgraphile_and_mercurius_are_among_them(ran: tuple[str, dict[str, list[str]]]) -> None:
    _, measured = ran
    assert {"postgraphile", "mercurius"} <= set(measured["panel"])
