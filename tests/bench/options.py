"""What a run of the benchmark is told."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench.servers import KINDS

OPERATIONS = ("panel", "contracts", "search", "portfolio", "token", "webhook", "ingest")
ALONE = ("token", "webhook", "ingest")
"""What only ours is asked."""

QUICK = {"contracts": 2_000, "seconds": 1.0}
FULL = {"contracts": 100_000, "seconds": 3.0}


@dataclass(frozen=True, kw_only=True)
class Options:
    """How much is measured, and what stays afterwards."""

    contracts: int
    seconds: float
    rounds: int
    connections: tuple[int, ...]
    operations: tuple[str, ...]
    servers: tuple[str, ...] | None
    compared: int
    keep: bool
    json: Path | None
    svg: Path | None


def read_options(arguments: Sequence[str] | None = None) -> Options:
    """Read the command line; exits on one that cannot be understood."""
    parser = argparse.ArgumentParser(
        prog="make bench",
        description=(
            "Requests per second, latency and CPU of the API beside the bare driver, PostGraphile, mercurius"
            " and the idiomatic server."
        ),
    )
    parser.add_argument(
        "--quick", action="store_true", help="a small graph and short rounds, to see that it works"
    )
    parser.add_argument("--contracts", type=_positive, help="size of the graph (100000)")
    parser.add_argument("--seconds", type=float, help="length of a round for one server (3)")
    parser.add_argument("--rounds", type=_positive, default=5, help="rounds, of which the median counts (5)")
    parser.add_argument(
        "--connections",
        nargs="+",
        type=_positive,
        default=(8, 32, 128),
        help="callers at a time (8, 32 and 128)",
    )
    parser.add_argument(
        "--operations",
        nargs="+",
        choices=OPERATIONS,
        default=OPERATIONS,
        metavar="NAME",
        help=f"which of {', '.join(OPERATIONS)} (all)",
    )
    names = [kind.name for kind in KINDS]
    parser.add_argument(
        "--servers",
        nargs="+",
        choices=names,
        metavar="NAME",
        help=f"which of {', '.join(names)} beside ours and limit (all that are installed)",
    )
    parser.add_argument(
        "--compared",
        type=_positive,
        default=60,
        help="questions of which all answers are compared first (60)",
    )
    parser.add_argument("--keep", action="store_true", help="keep the graph in .cache/bench for the next run")
    parser.add_argument("--json", type=Path, help="write the figures there too")
    parser.add_argument("--svg", type=Path, help="draw them there")
    given = parser.parse_args(arguments)
    usual = QUICK if given.quick else FULL
    return Options(
        contracts=int(given.contracts or usual["contracts"]),
        seconds=given.seconds or usual["seconds"],
        rounds=given.rounds,
        connections=tuple(given.connections),
        operations=tuple(given.operations),
        servers=None if given.servers is None else ("ours", "limit", *given.servers),
        compared=given.compared,
        keep=given.keep,
        json=given.json,
        svg=given.svg,
    )


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is not positive")
    return number
