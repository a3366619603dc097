"""`make bench`: ours beside other servers over one database, in interleaved rounds, and then alone."""

from __future__ import annotations

import asyncio
import json
import os
import platform
import sys
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from api.settings import Settings
from tests.bench import ingest
from tests.bench.chart import chart
from tests.bench.events import accepted
from tests.bench.graph import Graph, open_graph
from tests.bench.load import write_requests
from tests.bench.measure import DifferentAnswersError, Figures, Load, compare, press
from tests.bench.options import ALONE, Options, read_options
from tests.bench.questions import Question, draw
from tests.bench.report import alone, overview, summary, table
from tests.bench.servers import Server, installed, run_servers
from tests.bench.tokens import issued

WARM_UP = 2.0
"""Seconds for which each server is loaded before anything counts; shorter rounds, shorter warm-up."""

EVENTS = 3_000
"""Deliveries to the webhook door in a round."""


INGESTED = 2_000
"""Contracts that are imported in a round."""


def main() -> int:
    """Run the benchmark; the exit code is 1 only if the servers' answers differ."""
    options = read_options()
    try:
        found = _beside(options)
    except (DifferentAnswersError, ValueError) as error:
        print(f"nothing is measured: {error}", file=sys.stderr)
        return 1
    document = _document(options, found, _alone(options))
    if "ingest" in options.operations:
        document["ingest"] = ingest.summary(ingest.measured(INGESTED, options.rounds))
        print("\n" + ingest.told(document["ingest"]), flush=True)
    print("\n" + overview(document))
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(document, indent=1) + "\n")
    if options.svg:
        options.svg.write_text(chart(document))
    return 0


def _beside(options: Options) -> list[dict[str, Any]]:
    """Measure what other servers are asked, too. Raises DifferentAnswersError and ValueError."""
    operations = [each for each in options.operations if each not in ALONE]
    if not operations:
        return []
    found = []
    names = options.servers or installed()
    print(f"a graph of {options.contracts} contracts in 20 orgs is made or found", flush=True)
    with open_graph(options.contracts, keep=options.keep) as graph, run_servers(graph, names) as servers:
        questions = asyncio.run(draw(graph.unbound_url, Settings(home=graph.home)))
        for operation in operations:
            compare(_asked(servers, operation), operation, questions[operation][: options.compared])
        print(f"{', '.join(servers)} give equal answers", flush=True)
        for operation in operations:
            for connections in options.connections:
                rounds = _rounds(
                    options, connections, graph, _asked(servers, operation), questions[operation]
                )
                found.append(summary(operation, connections, rounds))
                print("\n" + table(found[-1]), flush=True)
    return found


def _asked(servers: Mapping[str, Server], operation: str) -> Mapping[str, Server]:
    """Return the servers that know an operation."""
    return {name: server for name, server in servers.items() if operation in server.dialect.documents}


def _rounds(
    options: Options,
    connections: int,
    graph: Graph,
    servers: Mapping[str, Server],
    questions: Sequence[Question],
) -> list[dict[str, Figures]]:
    with tempfile.TemporaryDirectory() as folder:
        files = {name: Path(folder) / name for name in servers}
        for name, server in servers.items():
            write_requests(files[name], [question.wire(server.dialect) for question in questions])

        def load(seed: int, seconds: float) -> Load:
            return Load(files=files, connections=connections, seconds=seconds, seed=seed)

        for server in servers.values():
            press(server, graph.postmaster, load(0, min(WARM_UP, options.seconds)))
        return [
            {
                name: press(server, graph.postmaster, load(number, options.seconds))
                for name, server in servers.items()
            }
            for number in range(1, options.rounds + 1)
        ]


def _alone(options: Options) -> dict[str, Any]:
    """Measure what no other server is asked."""
    found: dict[str, Any] = {}
    if "token" in options.operations:
        for grant, rounds in issued(options.rounds, options.seconds).items():
            found[f"a token by {grant}"] = alone(rounds)
    if "webhook" in options.operations:
        found["an event at the webhook door"] = alone(accepted(options.rounds, EVENTS))
    return found


def _document(
    options: Options, found: Sequence[Mapping[str, Any]], by_itself: Mapping[str, Any]
) -> dict[str, Any]:
    return {
        "measured": f"{datetime.now(UTC):%Y-%m-%d}",
        "contracts": options.contracts,
        "seconds": options.seconds,
        "rounds": options.rounds,
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "operations": found,
        "alone": by_itself,
    }


if __name__ == "__main__":
    sys.exit(main())
