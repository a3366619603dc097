"""What a replica takes off the primary: for docs/scale.md.

`python -m tests.bench.replicas`: `contract-graph serve`, one process, over a graph in an embedded cluster,
with and without its streaming standby on the same machine as a replica, in turns, with everything on. On one
machine a replica brings no speed; how the CPU of a request is shared out is what to look at.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from storage.embedded import Cluster
from storage.embedded_roles import READ_WRITE
from tests.bench.graph import Graph, open_graph
from tests.bench.load import write_requests
from tests.bench.measure import Figures, Load, press
from tests.bench.processes import usage
from tests.bench.questions import Question, draw
from tests.bench.scale import WARM_UP, served
from tests.bench.servers import Server
from tests.standby import standby_of

OPERATIONS = ("panel", "contracts")


@dataclass(frozen=True, kw_only=True)
class Row:
    """What a round showed of one way to serve, with what the standby used, in microseconds a request."""

    figures: Figures
    standby_cpu: float


def main() -> int:
    """Measure, and print a table for each operation."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.replicas", description=__doc__)
    parser.add_argument("--contracts", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--connections", type=int, default=32)
    given = parser.parse_args()
    with ExitStack() as stack:
        graph = stack.enter_context(open_graph(given.contracts, keep=False))
        standby = stack.enter_context(standby_of(Cluster(graph.home), "bench", durable=True))
        replica = standby.dsn(READ_WRITE, urlsplit(graph.url).path.lstrip("/"))
        pid = standby.status().pid
        assert pid is not None
        servers = {
            "primary alone": stack.enter_context(served(graph, 1)),
            "with a replica": stack.enter_context(served(graph, 1, CONTRACT_GRAPH_REPLICA_URLS=replica)),
        }
        asked = asyncio.run(draw(graph.unbound_url, graph.home))
        for operation in OPERATIONS:
            rounds = _rounds(given, servers, asked[operation], graph, pid)
            print("\n" + _table(operation, rounds), flush=True)
    return 0


def _rounds(
    given: argparse.Namespace,
    servers: dict[str, Server],
    questions: Sequence[Question],
    graph: Graph,
    standby: int,
) -> list[dict[str, Row]]:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "requests"
        write_requests(file, [each.wire(servers["primary alone"].dialect) for each in questions])

        def pressed(server: Server, seed: int, seconds: float) -> Row:
            load = Load(files={server.name: file}, connections=given.connections, seconds=seconds, seed=seed)
            before = usage(server.process, standby)
            figures = press(server, graph.postmaster, load)
            after = usage(server.process, standby)
            used = after.postgres - before.postgres if before and after else 0.0
            return Row(figures=figures, standby_cpu=used * 1e6 / (figures.requests_per_second * seconds))

        for server in servers.values():
            pressed(server, 0, WARM_UP)
        return [
            {name: pressed(server, number, given.seconds) for name, server in servers.items()}
            for number in range(1, given.rounds + 1)
        ]


def _table(operation: str, rounds: Sequence[dict[str, Row]]) -> str:
    head = "CPU us, server + primary + standby"
    lines = [f"{operation:<18}{'req/s':>9}{'p50 ms':>9}{'p99 ms':>9}{head:>38}"]
    for name in rounds[0]:
        rate, p50, p99, server, primary = (
            median(getattr(each[name].figures, part) or 0 for each in rounds)
            for part in ("requests_per_second", "p50", "p99", "server_cpu", "postgres_cpu")
        )
        standby = median(each[name].standby_cpu for each in rounds)
        cpu = f"{server:,.0f} + {primary:,.0f} + {standby:,.0f}"
        lines.append(f"{name:<18}{rate:>9,.0f}{p50:>9.1f}{p99:>9.1f}{cpu:>38}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
