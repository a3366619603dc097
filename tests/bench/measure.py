"""One round for one server: load on it alone, and what it and PostgreSQL used meanwhile."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench.processes import resident_megabytes, usage
from tests.bench.questions import Question
from tests.bench.servers import ROOT, Server, ask


class DifferentAnswersError(Exception):
    """The servers answer differently, so their figures mean nothing."""


@dataclass(frozen=True, kw_only=True)
class Load:
    """What is asked, by how many, for how long; `files` are the requests by server, each once if `once`."""

    files: Mapping[str, Path]
    connections: int
    seconds: float
    seed: int
    once: bool = False


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What one round showed: latencies in ms, CPU in microseconds per request, memory in MB."""

    requests_per_second: float
    p50: float | None
    p99: float | None
    server_cpu: float | None
    postgres_cpu: float | None
    memory: float | None


def compare(servers: Mapping[str, Server], operation: str, questions: Sequence[Question]) -> None:
    """Refuse to measure servers whose answers differ. Raises DifferentAnswersError."""
    for question in questions:
        answers = {name: ask(server, question) for name, server in servers.items()}
        for name, answer in answers.items():
            if answer != answers["ours"]:
                raise DifferentAnswersError(
                    f"{operation}: {name} and ours answer {question.variables} differently: "
                    + _first_difference(answer, answers["ours"])
                )


def press(server: Server, postmaster: int, load: Load) -> Figures:
    """Load one server, and return the figures. Raises ValueError if it failed to answer."""
    order = {
        "port": server.port,
        "seconds": load.seconds,
        "connections": load.connections,
        "seed": load.seed,
        "once": load.once,
        "file": str(load.files[server.name]),
    }
    before = usage(server.process, postmaster)
    ran = subprocess.run(
        [sys.executable, "-m", "tests.bench.load"],
        input=json.dumps(order),
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    after = usage(server.process, postmaster)
    seen = json.loads(ran.stdout)
    if seen["errors"] or not seen["requests"]:
        raise ValueError(f"{server.name}: {seen['errors']} errors in {seen['requests']} requests")
    per_request = 1e6 / seen["requests"]
    return Figures(
        requests_per_second=seen["requests"] / seen["seconds"],
        p50=seen["p50"],
        p99=seen["p99"],
        server_cpu=(after.server - before.server) * per_request if before and after else None,
        postgres_cpu=(after.postgres - before.postgres) * per_request if before and after else None,
        memory=resident_megabytes(server.process),
    )


def _first_difference(one: object, other: object, path: str = "data") -> str:
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        pairs = [(f"{path}.{key}", one[key], other[key]) for key in one]
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        pairs = [(f"{path}[{index}]", *each) for index, each in enumerate(zip(one, other, strict=True))]
    else:
        return f"{path} is {one!r:.200} and {other!r:.200}"
    return next(_first_difference(a, b, where) for where, a, b in pairs if a != b)
