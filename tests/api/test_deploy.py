"""What is shipped for containers and systemd names only commands and settings that there are."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from api.cli import parser
from api.settings import FILES, VARIABLES
from tests.api.command_line import ROOT

DEPLOY = ROOT / "deploy"
UNITS = sorted(DEPLOY.glob("*.service"))


def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    return found


@pytest.mark.parametrize("path", sorted(DEPLOY.iterdir()), ids=lambda path: path.name)
def test_every_variable_that_is_set_is_a_setting(path: Path) -> None:
    known = {*VARIABLES, *(f"{each}_FILE" for each in FILES)}
    set_here = re.findall(r"\b((?:CONTRACT_GRAPH|DATABASE)_[A-Z_]+)[=:]", path.read_text())
    assert set(set_here) <= known


def test_the_commands_of_containers_are_ours() -> None:
    services = compose()["services"]
    assert services.keys() == {"api", "worker", "upgrade"}
    for service in services.values():
        assert parser().parse_args(service["command"]).run
    [command] = re.findall(r"^CMD (.*)", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE)
    assert parser().parse_args(json.loads(command)).run


def test_containers_are_given_the_secrets_that_they_read() -> None:
    found = compose()
    for service in found["services"].values():
        files = {Path(path).name for name, path in service["environment"].items() if name.endswith("_FILE")}
        assert files == set(service["secrets"]) <= set(found["secrets"])
    # The owner of the tables is nobody whom the API or a worker could be.
    assert "database_owner_url" not in found["services"]["api"]["secrets"]
    assert "database_owner_url" not in found["services"]["worker"]["secrets"]


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_units_start_our_commands(unit: Path) -> None:
    [line] = re.findall(r"^ExecStart=(.*)", unit.read_text(), re.MULTILINE)
    program, *arguments = shlex.split(line)
    assert program == "/opt/contract-graph/.venv/bin/contract-graph"
    assert parser().parse_args(arguments).run
    credentials = set(re.findall(r"^LoadCredential=(\w+):", unit.read_text(), re.MULTILINE))
    assert credentials == set(re.findall(r"_FILE=%d/(\w+)", unit.read_text()))


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_systemd_finds_nothing_wrong_with_them(unit: Path, tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd-analyze is not installed")
    # The program is not installed where the unit says: one that is stands for it.
    copy = tmp_path / unit.name
    copy.write_text(unit.read_text().replace("/opt/contract-graph/.venv/bin/contract-graph", "/bin/true"))
    done = subprocess.run([analyze, "verify", "--man=no", copy], capture_output=True, text=True, check=False)
    assert [line for line in done.stderr.splitlines() if unit.name in line] == []
