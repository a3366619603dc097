"""The chaos run, small: workers killed, the database restarted, Salesforce failing; nothing is wrong."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.api.command_line import ROOT, environment
from tests.bench.chaos import Found


@pytest.mark.skipif("CONTRACT_GRAPH_FUZZ" not in os.environ, reason="it takes a minute: make fuzz runs it")
def test_in_chaos_nothing_is_lost_doubled_or_out_of_order() -> None:
    command = [sys.executable, "-m", "tests.bench.chaos", "--events", "300"]
    done = subprocess.run(
        command, cwd=ROOT, env=environment({}), capture_output=True, text=True, check=False, timeout=600
    )
    assert done.returncode == 0, (done.stdout, done.stderr)
    assert "lost 0\ndoubled 0\nout of order 0\n" in done.stdout


def test_a_run_with_anything_wrong_is_not_good() -> None:
    found = Found(300, 1.0, 5, 2)
    assert found.good
    found.held = {"inbox WorkerLost": 1}
    assert found.good, "what is put aside is told, and not lost"
    assert "quarantined 1\n  1 inbox WorkerLost" in str(found)
    for wrong in ("lost", "doubled", "out_of_order"):
        one = Found(300, 1.0, 5, 2, **{wrong: ["e1"]})
        assert not one.good
        assert f"{wrong.replace('_', ' ')} 1\n  e1" in str(one)
