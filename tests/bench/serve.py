"""One server under test, in a process of its own: `python -m tests.bench.serve NAME --url ... --port ...`."""

from __future__ import annotations

import argparse
from importlib import import_module
from pathlib import Path
from typing import Any

import uvicorn

# By name, so that each process holds in memory only what its server needs.
SERVERS = {"ours": "tests.bench.ours", "limit": "tests.bench.limit", "idiomatic": "tests.bench.idiomatic.app"}


PLAIN: dict[str, Any] = {
    "loop": "uvloop",
    "http": "httptools",
    "ws": "none",
    "lifespan": "on",
    "log_level": "warning",
    "access_log": False,
    "server_header": False,
}


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser()
    parser.add_argument("name", choices=sorted(SERVERS))
    parser.add_argument("--home", type=Path, required=True, help="where the signing keys lie")
    parser.add_argument("--url", required=True, help="the database")
    parser.add_argument(
        "--digest", required=True, help="what a cursor of contracts by expiration begins with"
    )
    parser.add_argument("--port", type=int, required=True)
    given = parser.parse_args()
    application = import_module(SERVERS[given.name]).application(given.home, given.url, given.digest)
    settings = dict(PLAIN)
    if given.name == "ours":
        settings = import_module("api.commands.serve").uvicorn_settings(application.settings.limits)
    elif given.name == "idiomatic":
        settings["lifespan"] = "off"  # Strawberry's application has none
    uvicorn.run(application, host="127.0.0.1", port=given.port, **settings)


if __name__ == "__main__":
    main()
