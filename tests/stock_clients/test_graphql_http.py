"""The server audits of the npm package graphql-http: what GraphQL over HTTP asks of a server."""

from __future__ import annotations

import subprocess
import sys

from tests.stock_clients.conftest import HERE, Shelf


def test_every_audit_is_ok_but_for_get_which_is_not_offered(node: str, shelf: Shelf) -> None:
    done = subprocess.run(
        [node, "graphql_http.mjs"], cwd=HERE, input=shelf.order(), capture_output=True, text=True,
        check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    others = [line for line in lines if not line.startswith("ok ")]
    sys.stdout.write(f"{len(lines) - len(others)} audits ok, {len(others)} notices\n")
    assert all(line.startswith("notice ") and "GET" in line for line in others), others
    assert len(lines) - len(others) >= 55
    assert len(others) <= 5
