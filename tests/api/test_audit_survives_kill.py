"""kill -9 in the middle of a load: what a caller was answered is on record, whoever was killed."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import asyncpg
import httpx
import pytest

from storage import migrate
from storage.embedded import Cluster
from storage.embedded_roles import DATABASE, OWNER, READ_WRITE
from tests.api.command_line import ROOT, environment, run
from tests.api.graph import OURS
from tests.api.small import store
from tests.api.test_serve_workers import TIRELESS
from tests.keys import new_vault

QUERY = json.dumps({"query": "{ contracts { nodes { id title parties { nodes { id } } } } }"})
CALLERS, ANSWERS = 12, 150


@contextmanager
def durable_in(home: Path) -> Iterator[Cluster]:
    """A cluster that keeps its promises, with one small org."""
    bindir = os.environ.get("CONTRACT_GRAPH_PG_BINDIR")
    made = Cluster(home, Path(bindir) if bindir else None)
    made.start()

    async def fill() -> None:
        await migrate.upgrade(made.dsn(OWNER))
        superuser = await asyncpg.connect(made.dsn("postgres"))
        await store(superuser, OURS, new_vault())
        await superuser.close()

    asyncio.run(fill())
    try:
        yield made
    finally:
        made.stop("immediate")


@pytest.fixture
def durable() -> Iterator[Cluster]:
    home = Path(tempfile.mkdtemp(prefix="cg-kill-", dir="/tmp"))
    home.chmod(0o711)
    with durable_in(home) as made:
        yield made
    shutil.rmtree(home, ignore_errors=True)


@pytest.mark.parametrize("killed", ["the application", "the database"])
def test_no_response_was_sent_without_its_event(durable: Cluster, killed: str) -> None:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        port = door.getsockname()[1]
    given = {
        "CONTRACT_GRAPH_HOME": str(durable.home),
        "DATABASE_URL": durable.dsn(READ_WRITE, DATABASE),
        "DATABASE_OWNER_URL": durable.dsn(OWNER, DATABASE),
        "CONTRACT_GRAPH_PORT": str(port),
        "CONTRACT_GRAPH_CALLER_OPERATIONS": str(2 * CALLERS),
        **TIRELESS,
    }
    token = run("token", "--org", OURS.org.name, "--role", "legal", given=given).stdout.strip()
    server = subprocess.Popen(
        [sys.executable, "-m", "api.cli", "serve"],
        cwd=ROOT,
        env=environment(given),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    postmaster = durable.status().pid
    assert postmaster is not None

    def kill() -> None:
        if killed == "the application":
            server.kill()
        else:
            # Its processes end by themselves once they notice that it is gone: some before we come to them.
            for pid in (postmaster, *_children(postmaster)):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    try:
        _wait(port)
        answered = asyncio.run(_load(f"http://127.0.0.1:{port}/graphql", token, kill))
    finally:
        server.kill()
        server.wait()
    if killed == "the database":
        durable.start()  # which recovers what was committed
    recorded = asyncio.run(_recorded(durable))
    assert len(answered) >= ANSWERS
    assert answered <= recorded


async def _load(url: str, token: str, kill: object) -> set[str]:
    """Ask over and over until nothing answers, and return the requests that were answered."""
    answered = set[str]()
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}

    async def caller(client: httpx.AsyncClient, number: int) -> None:
        for count in range(100_000):
            request = f"{number}-{count}"
            try:
                answer = await client.post(url, content=QUERY, headers=headers | {"x-request-id": request})
            except httpx.HTTPError:
                return
            if answer.status_code != 200:
                assert len(answered) >= ANSWERS, answer.text
                return
            assert answer.json()["data"]["contracts"]["nodes"]
            answered.add(request)

    async def killer() -> None:
        while len(answered) < ANSWERS:  # noqa: ASYNC110 - the callers tell nobody
            await asyncio.sleep(0.001)
        kill()  # type: ignore[operator]

    async with httpx.AsyncClient(timeout=20) as client:
        await asyncio.gather(killer(), *(caller(client, number) for number in range(CALLERS)))
    return answered


async def _recorded(cluster: Cluster) -> set[str]:
    connection = await asyncpg.connect(cluster.dsn("postgres", DATABASE))
    try:
        rows = await connection.fetch("SELECT body::json ->> 'request' FROM audit_event")
        return {row[0] for row in rows}
    finally:
        await connection.close()


def _children(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _wait(port: int) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            if httpx.get(f"http://127.0.0.1:{port}/ready", timeout=5).status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(0.05)
    raise AssertionError("the server did not start")
