"""The examples of docs/getting-a-token.md, run as they stand there."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys

import pytest

from tests.api.command_line import ROOT, environment
from tests.stock_clients.conftest import HERE, Shelf

TEXT = (ROOT / "docs" / "getting-a-token.md").read_text(encoding="utf-8")
EXAMPLES = dict(re.findall(r"<!-- example: (\w+) -->\n```\w+\n(.*?)```", TEXT, re.DOTALL))


def answered(command: list[str], shelf: Shelf) -> None:
    given = {
        "CONTRACT_GRAPH_URL": shelf.running.origin, "CLIENT_ID": shelf.id, "CLIENT_SECRET": shelf.secret
    }  # fmt: skip
    env = environment({}) | given
    done = subprocess.run(command, cwd=HERE, env=env, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)["data"]["contracts"]["nodes"]) == 2, done.stdout


def test_there_is_one_of_each() -> None:
    assert set(EXAMPLES) == {"curl", "python", "node"}


def test_curl(shelf: Shelf) -> None:
    answered([shutil.which("bash") or "bash", "-c", EXAMPLES["curl"]], shelf)


def test_python(shelf: Shelf) -> None:
    answered([sys.executable, "-c", EXAMPLES["python"]], shelf)


@pytest.mark.usefixtures("node")
def test_node(node: str, shelf: Shelf) -> None:
    answered([node, "--input-type=module", "-e", EXAMPLES["node"]], shelf)
