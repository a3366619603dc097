"""What a panel and a page cost as a graph grows, and what more processes serve: for docs/scale.md.

`python -m tests.bench.scale`: ours over graphs of several sizes in one embedded cluster, in turns, with
everything on; then `contract-graph serve --workers N` over one of them, in turns as well. The growth of the
CPU that a request takes says more than that of its rate, which other work on the machine sways.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from api.settings import Settings
from storage.database import connect
from tests.bench.dialects import OURS
from tests.bench.graph import Graph, open_graphs
from tests.bench.load import write_requests
from tests.bench.measure import Figures, Load, press
from tests.bench.questions import Question, draw
from tests.bench.servers import Server, free_port, run_servers

BARS = {"panel": 1.3, "contracts": 2.0}
"""How many times as much CPU a request may take over the largest graph as over the smallest."""

WARM_UP = 2.0


def main() -> int:
    """Measure, and print tables."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.scale", description=__doc__)
    parser.add_argument(
        "--contracts", nargs="+", type=int, default=[10_000, 100_000, 1_000_000], help="sizes, smallest first"
    )
    parser.add_argument("--workers", nargs="+", type=int, default=[1, 2, 4], help="processes (1, 2 and 4)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument(
        "--keep", action="store_true", help="keep the graphs in .cache/bench for the next run"
    )
    given = parser.parse_args()
    print("graphs are made or found; a million contracts take some minutes", flush=True)
    with open_graphs(given.contracts, keep=given.keep) as graphs:
        asked = [asyncio.run(draw(graph.unbound_url, Settings(home=graph.home))) for graph in graphs]
        by_size = dict(zip(given.contracts, graphs, strict=True))
        for size, graph in by_size.items():
            print(f"{size:>9,} contracts take {asyncio.run(_megabytes(graph)):,.0f} MB of disk", flush=True)
        with ExitStack() as stack:
            servers = {
                f"{size:,} contracts": stack.enter_context(run_servers(graph, ("ours",)))["ours"]
                for size, graph in by_size.items()
            }
            for operation, bar in BARS.items():
                questions = dict(zip(servers, (each[operation] for each in asked), strict=True))
                rounds = _rounds(given, servers, questions, graphs[0].postmaster)
                print("\n" + _table(operation, rounds), flush=True)
                growth = median(_growth(rounds))
                print(f"grown {growth:.2f} x: the bar of {bar:g} is {'met' if growth < bar else 'missed'}")
        middle = len(graphs) // 2
        with ExitStack() as stack:
            servers = {
                f"--workers {count}": stack.enter_context(served(graphs[middle], count))
                for count in given.workers
            }
            for operation in BARS:
                questions = dict.fromkeys(servers, asked[middle][operation])
                rounds = _rounds(given, servers, questions, graphs[0].postmaster)
                print("\n" + _table(operation, rounds), flush=True)
    return 0


async def _megabytes(graph: Graph) -> float:
    connection = await connect(graph.unbound_url)
    found: int = await connection.fetchval("SELECT pg_database_size(current_database())")
    await connection.close()
    return found / 1e6


def _rounds(
    given: argparse.Namespace,
    servers: Mapping[str, Server],
    questions: Mapping[str, Sequence[Question]],
    postmaster: int,
) -> list[dict[str, Figures]]:
    """Load each server in turns."""
    with TemporaryDirectory() as folder:
        files = {name: Path(folder) / str(number) for number, name in enumerate(servers)}
        for name, server in servers.items():
            write_requests(files[name], [each.wire(server.dialect) for each in questions[name]])

        def pressed(name: str, seed: int, seconds: float) -> Figures:
            server = servers[name]
            load = Load(
                files={server.name: files[name]}, connections=given.connections, seconds=seconds, seed=seed
            )
            return press(server, postmaster, load)

        for name in servers:
            pressed(name, 0, WARM_UP)
        return [
            {name: pressed(name, number, given.seconds) for name in servers}
            for number in range(1, given.rounds + 1)
        ]


@contextmanager
def served(graph: Graph, workers: int, **settings: str) -> Iterator[Server]:
    """Serve from some processes, as it is delivered, with settings beside the usual ones."""
    port = free_port()
    env = os.environ | {
        "CONTRACT_GRAPH_HOME": str(graph.home), "CONTRACT_GRAPH_PORT": str(port), "DATABASE_URL": graph.url,
        "CONTRACT_GRAPH_ISSUER": Settings(home=graph.home).issuer,
        # All limits are looked at, and a few callers may ask without end.
        "CONTRACT_GRAPH_CALLER_POINTS": "1000000000000", "CONTRACT_GRAPH_CLIENT_POINTS": "1000000000000",
        "CONTRACT_GRAPH_CALLER_OPERATIONS": "10000", "CONTRACT_GRAPH_WORKER_OPERATIONS": "10000",
        **settings,
    }  # fmt: skip
    command = [sys.executable, "-m", "api.cli", "serve", "--workers", str(workers)]
    process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        assert "listens" in process.stdout.readline()
        yield Server(
            name="ours", dialect=OURS, port=port, process=process.pid, running=lambda: process.poll() is None
        )
    finally:
        process.terminate()
        process.wait(30)


def _table(operation: str, rounds: Sequence[Mapping[str, Figures]]) -> str:
    lines = [f"{operation:<22}{'req/s':>9}{'p50 ms':>9}{'p99 ms':>9}{'CPU us, server + PostgreSQL':>30}"]
    for name in rounds[0]:
        rate, p50, p99, server, postgres = (
            median(getattr(each[name], part) or 0 for each in rounds)
            for part in ("requests_per_second", "p50", "p99", "server_cpu", "postgres_cpu")
        )
        lines.append(f"{name:<22}{rate:>9,.0f}{p50:>9.1f}{p99:>9.1f}{server:>20,.0f} + {postgres:,.0f}")
    return "\n".join(lines)


def _growth(rounds: Sequence[Mapping[str, Figures]]) -> Iterator[float]:
    for each in rounds:
        first, *_, last = ((row.server_cpu or 0) + (row.postgres_cpu or 0) for row in each.values())
        yield last / first


if __name__ == "__main__":
    sys.exit(main())
