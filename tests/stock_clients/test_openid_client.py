"""Node's openid-client, from discovery alone."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.stock_clients.conftest import Shelf

HERE = Path(__file__).parent


def test_every_grant_works_with_openid_client(node: str, shelf: Shelf) -> None:
    done = subprocess.run(
        [node, "openid_client.mjs"], cwd=HERE, input=shelf.order(), capture_output=True, text=True,
        check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("ok ") == 10
