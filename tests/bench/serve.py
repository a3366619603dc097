"""One server under test, in a process of its own: `python -m tests.bench.serve NAME --url ... --port ...`."""

from __future__ import annotations

import argparse
from importlib import import_module
from pathlib import Path

import uvicorn

# By name, so that each process holds in memory only what its server needs.
SERVERS = {"ours": "tests.bench.ours", "limit": "tests.bench.limit", "idiomatic": "tests.bench.idiomatic.app"}


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
    uvicorn.run(
        application,
        host="127.0.0.1",
        port=given.port,
        loop="uvloop",
        http="httptools",
        access_log=False,
        ws="none",
        server_header=False,
        log_level="warning",
        lifespan="off" if given.name == "idiomatic" else "on",  # Strawberry's application has none
    )


if __name__ == "__main__":
    main()
