"""`make bench`: ours beside LIMIT and IDIOMATIC over one database, in interleaved rounds."""

from __future__ import annotations

import asyncio
import json
import platform
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.bench.graph import Graph, open_graph
from tests.bench.load import write_requests
from tests.bench.measure import DifferentAnswersError, Figures, Load, compare, press
from tests.bench.options import Options, read_options
from tests.bench.questions import Question, draw
from tests.bench.report import summary, table
from tests.bench.servers import Server, run_servers

WARM_UP = 0.25
"""Part of a round's length for which each server is loaded before anything counts."""


def main() -> int:
    """Run the benchmark; the exit code is 1 only if the servers' answers differ."""
    options = read_options()
    print(f"a graph of {options.contracts} contracts in 20 orgs is made or found", flush=True)
    with open_graph(options.contracts, keep=options.keep) as graph, run_servers(graph) as servers:
        questions = asyncio.run(draw(graph.unbound_url, graph.home))
        try:
            for operation in options.operations:
                compare(servers, operation, questions[operation])
        except (DifferentAnswersError, ValueError) as error:
            print(f"nothing is measured: {error}", file=sys.stderr)
            return 1
        print("the three servers give equal answers", flush=True)
        found = {
            operation: summary(operation, _rounds(options, graph, servers, questions[operation]))
            for operation in options.operations
        }
    for operation, each in found.items():
        print("\n" + table(operation, each))
    if options.json:
        options.json.write_text(json.dumps(_document(options, found), indent=1) + "\n")
    return 0


def _rounds(
    options: Options, graph: Graph, servers: Mapping[str, Server], questions: Sequence[Question]
) -> list[dict[str, Figures]]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "requests"
        write_requests(file, [question.wire for question in questions])

        def load(seed: int, seconds: float) -> Load:
            return Load(file=file, connections=options.connections, seconds=seconds, seed=seed)

        for server in servers.values():
            press(server, graph.postmaster, load(0, options.seconds * WARM_UP))
        return [
            {
                name: press(server, graph.postmaster, load(number, options.seconds))
                for name, server in servers.items()
            }
            for number in range(1, options.rounds + 1)
        ]


def _document(options: Options, found: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "contracts": options.contracts,
        "seconds": options.seconds,
        "rounds": options.rounds,
        "connections": options.connections,
        "python": platform.python_version(),
        "operations": found,
    }


if __name__ == "__main__":
    sys.exit(main())
