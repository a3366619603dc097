from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.api.command_line import ROOT, environment, only_line, run_here
from tests.api.running_demo import free_port


@pytest.fixture
def given(tmp_path: Path, database_url: str) -> dict[str, str]:
    """An installation on a database of its operator's: a worker needs no more than its address."""
    return {"CONTRACT_GRAPH_HOME": str(tmp_path), "DATABASE_URL": database_url}


def test_a_worker_that_finds_nothing_due_ends(
    given: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    done = run_here(monkeypatch, capsys, given, "worker", "--once")
    assert (done.returncode, done.stderr) == (0, "")
    first, last = done.stdout.splitlines()
    assert first.startswith("contract-graph works on ")
    assert last == "processed 0, put off 0, quarantined 0, fenced off 0"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_goes_on_until_it_is_told_to_stop(given: dict[str, str], number: signal.Signals) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "api.cli", "worker"],
        cwd=ROOT, env=environment(given), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline().startswith("contract-graph works on ")
    assert process.poll() is None
    process.send_signal(number)
    told, failed = process.communicate(timeout=30)
    assert (process.returncode, failed) == (0, "")
    assert told == "processed 0, put off 0, quarantined 0, fenced off 0\n"


def test_a_worker_tells_its_figures_where_it_says(given: dict[str, str]) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "api.cli", "worker"],
        cwd=ROOT, env=environment(given | {"CONTRACT_GRAPH_METRICS_PORT": str(free_port())}),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    found = re.search(r"figures on (http://127\.0\.0\.1:\d+/metrics);", process.stdout.readline())
    assert found is not None
    text = httpx.get(found[1]).text
    for told in ('pool_size{process="%d",pool="worker"}', 'queue_waiting{process="%d",queue="outbox"} 0'):
        assert "contract_graph_" + told % process.pid in text
    process.send_signal(signal.SIGTERM)
    _, failed = process.communicate(timeout=30)
    assert (process.returncode, failed) == (0, "")


@pytest.mark.parametrize("lanes", ["0", "201", "-1"])
def test_so_many_lanes_are_not_worked_on(
    given: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], lanes: str
) -> None:
    done = run_here(monkeypatch, capsys, given, "worker", "--lanes", lanes)
    assert only_line(done) == "--lanes takes a whole number from 1 to 200"


def test_a_worker_refuses_a_role_that_row_security_does_not_bind(
    given: dict[str, str],
    owner_url: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    done = run_here(monkeypatch, capsys, given | {"DATABASE_URL": owner_url}, "worker", "--once")
    assert "owns tables" in only_line(done)
