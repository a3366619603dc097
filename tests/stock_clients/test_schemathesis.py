"""schemathesis on the OpenAPI document of the authorization server, authenticated and not.

One check is left out, that what fits the schema is accepted: most requests of OAuth are refused for what they
say, not for their form, and a schema cannot tell a code that is good from one that is not. `make fuzz` asks
for thousands of cases, also without a client.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.api.command_line import environment
from tests.heard import secrets_in
from tests.stock_clients.conftest import Shelf

LONG = "CONTRACT_GRAPH_FUZZ" in os.environ
EXAMPLES = 500 if LONG else 30
PATIENCE = 1800 if LONG else 400
"""Seconds after which it has hung, however slow the machine."""
PROGRAM = Path(sys.executable).with_name("schemathesis")


@pytest.mark.parametrize("authenticated", [True, False] if LONG else [True])
def test_no_request_is_answered_but_as_the_document_says(
    shelf: Shelf, tmp_path: Path, *, authenticated: bool
) -> None:
    command = [
        str(PROGRAM), "run", f"{shelf.running.origin}/oauth/openapi.json", "--max-examples", str(EXAMPLES),
        "--exclude-checks", "positive_data_acceptance", "--mode", "all", "--seed", "1", "--no-color",
        *(["--auth", f"{shelf.id}:{shelf.secret}"] if authenticated else []),
    ]  # fmt: skip
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env=environment({}),
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr
    (cases,) = re.findall(r"^ *(\d+) generated", done.stdout, re.MULTILINE)
    sys.stdout.write(f"{cases} cases, none answered but as the document says\n")
    assert int(cases) >= 2 * EXAMPLES
    assert "Traceback" not in shelf.running.said
    assert not secrets_in(shelf.running.logged)
