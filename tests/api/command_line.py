"""The program as a user starts it: a process of its own, with nothing of ours in its environment."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from api.cli import main

ROOT = Path(__file__).resolve().parents[2]
OURS = ("CONTRACT_GRAPH_", "DATABASE_", "PG", "AWS_", "OTEL_")


def environment(given: Mapping[str, str], folder: Path = ROOT) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    if bindir := os.environ.get("CONTRACT_GRAPH_PG_BINDIR"):
        kept["CONTRACT_GRAPH_PG_BINDIR"] = bindir
    # Dozens of processes start: each would compile the whole program anew where no bytecode is kept.
    return kept | {"PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": ""} | given


def run(
    *arguments: str, given: Mapping[str, str], folder: Path = ROOT, timeout: float = 60
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end in `folder`, from which the program is taken too."""
    return subprocess.run(
        [sys.executable, "-m", "api.cli", *arguments],
        cwd=folder,
        env=environment(given, folder),
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout,
        stdin=subprocess.DEVNULL,
    )


def run_here(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    given: Mapping[str, str],
    *arguments: str,
) -> subprocess.CompletedProcess[str]:
    """Run a command in this process, which spares the start of another."""
    for name in [name for name in os.environ if name.startswith(OURS)]:
        monkeypatch.delenv(name)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    before = signal.getsignal(signal.SIGTERM)
    capsys.readouterr()
    try:
        code: object = main(arguments)
    except SystemExit as end:
        code = end.code
    finally:
        signal.signal(signal.SIGTERM, before)
    out, err = capsys.readouterr()
    return subprocess.CompletedProcess(arguments, code if isinstance(code, int) else 1, out, err)


def only_line(done: subprocess.CompletedProcess[str], code: int = 1) -> str:
    """The line that a command failed with: there is no other, and no trace."""
    assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
    (line,) = done.stderr.splitlines()
    assert line.startswith("contract-graph: ")
    return line.removeprefix("contract-graph: ")
