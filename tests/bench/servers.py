"""The servers under test, each a process of its own with one worker."""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from auth.oauth.metadata import GRAPHQL_PATH
from tests.bench.graph import Graph
from tests.bench.questions import ORDER_DIGEST, Question

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("ours", "limit", "idiomatic")
_START_SECONDS = 60


@dataclass(frozen=True, kw_only=True)
class Server:
    """A running server."""

    name: str
    port: int
    process: int
    running: Callable[[], bool]


@contextmanager
def run_servers(graph: Graph) -> Iterator[dict[str, Server]]:
    """Run all servers, and end them afterwards."""
    with ExitStack() as stack:
        servers = [stack.enter_context(_run(name, graph)) for name in NAMES]
        for server in servers:
            _wait(server)
        yield {server.name: server for server in servers}


@contextmanager
def _run(name: str, graph: Graph) -> Iterator[Server]:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        port = door.getsockname()[1]
    # Only ours is bound by row-level security: the others are to have no work that they could do without.
    url = graph.url if name == "ours" else graph.unbound_url
    command = [sys.executable, "-m", "tests.bench.serve", name]
    command += ["--home", str(graph.home), "--url", url, "--digest", ORDER_DIGEST, "--port", str(port)]
    process = subprocess.Popen(command, cwd=ROOT)
    try:
        yield Server(name=name, port=port, process=process.pid, running=lambda: process.poll() is None)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(server: Server) -> None:
    until = time.monotonic() + _START_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", server.port), timeout=1).close()
        except OSError:
            if time.monotonic() > until or not server.running():
                raise RuntimeError(f"the server {server.name} did not start") from None
            time.sleep(0.05)
        else:
            return


def ask(server: Server, question: Question) -> Any:
    """Ask one server one question, and return its data. Raises ValueError for an answer without."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    try:
        connection.request("POST", GRAPHQL_PATH, question.body, dict(question.headers))
        response = connection.getresponse()
        text = response.read()
    finally:
        connection.close()
    answer = json.loads(text) if text.startswith(b"{") else {}
    if response.status != http.HTTPStatus.OK or answer.get("errors") or answer.get("data") is None:
        raise ValueError(f"{server.name} answers {response.status}: {text[:500]!r}")
    return answer["data"]
