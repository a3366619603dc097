"""Processes that serve one port: killed or replaced under load, no answer is lost or off the record."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
import httpx
import pytest

from api.cli import main
from storage.embedded import Cluster
from storage.embedded_roles import OWNER, READ_WRITE
from tests.api.command_line import ROOT, environment, run
from tests.api.graph import OURS
from tests.api.running_demo import free_port
from tests.api.small import store
from tests.callers import Callers
from tests.conftest import copied
from tests.keys import new_vault

QUERY = {"query": "{ contracts { nodes { id } } }"}
PATIENCE = 240
TIRELESS = {"CONTRACT_GRAPH_CALLER_POINTS": "1000000000", "CONTRACT_GRAPH_CLIENT_POINTS": "1000000000"}
"""Callers without a pause have spent usual allowances in a moment."""


@dataclass
class Serving:
    """`serve --workers 2`, and whom it has started."""

    process: subprocess.Popen[bytes]
    origin: str
    headers: dict[str, str]

    def pids(self) -> set[int]:
        parent = self.process.pid
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        return {int(pid) for pid in children if b"spawn_main" in _command(pid)}

    def ready(self) -> bool:
        with suppress(httpx.HTTPError):
            return httpx.get(f"{self.origin}/health/ready", timeout=20).status_code == 200
        return False

    def replaced(self, before: set[int], by: int) -> None:
        """Wait until `by` processes serve, of which none served before."""
        until(lambda: len(self.pids()) == by and not self.pids() & before)


@dataclass
class Load(Callers):
    """Callers that ask without pause: half of them open a connection for each question."""

    serving: Serving
    answered: set[str] = field(default_factory=set)
    failed: list[str] = field(default_factory=list)
    threads = 6

    def more(self, count: int) -> None:
        """Wait for that many answers more."""
        wanted = len(self.answered) + count
        until(lambda: len(self.answered) >= wanted)

    def call(self, number: int) -> None:
        count = 0
        while not self.stopped.is_set():
            with httpx.Client(timeout=30, headers=self.serving.headers) as client:
                for turn in range(1 if number % 2 else 10):
                    count += 1
                    if not self._ask(client, f"{number}-{count}", "new" if turn == 0 else "open"):
                        break

    def _ask(self, client: httpx.Client, request: str, connection: str) -> bool:
        """Ask, and say whether the connection may be used again."""
        try:
            answer = client.post(
                f"{self.serving.origin}/graphql", json=QUERY, headers={"x-request-id": request}
            )
        except httpx.HTTPError as error:
            self.failed.append(f"{connection}: {error!r}")
            return False
        if answer.status_code == 200 and answer.json()["data"]["contracts"]["nodes"]:
            self.answered.add(request)
        else:
            self.failed.append(f"{connection}: {answer.text}")
        return answer.headers.get("connection") != "close"


@pytest.fixture(scope="module")
def database(cluster: Cluster, template: str) -> Iterator[str]:
    """One for all tests here: each looks at what it has asked itself."""
    with copied(cluster, template) as name:
        yield name


@pytest.fixture(scope="module")
def given(cluster: Cluster, database: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    async def fill() -> None:
        superuser = await asyncpg.connect(cluster.dsn("postgres", database))
        await store(superuser, OURS, new_vault())
        await superuser.close()

    asyncio.run(fill())
    return {
        "CONTRACT_GRAPH_HOME": str(tmp_path_factory.mktemp("serving") / "home"),
        "CONTRACT_GRAPH_POOL_SIZE": "4",
        "DATABASE_URL": cluster.dsn(READ_WRITE, database),
        "DATABASE_OWNER_URL": cluster.dsn(OWNER, database),
    }


@pytest.fixture(scope="module")
def serving(given: dict[str, str]) -> Iterator[Serving]:
    """What serves one test after the other, until one of them tells it to stop."""
    with served(given) as made:
        yield made


@contextmanager
def served(given: Mapping[str, str], *holder: str) -> Iterator[Serving]:
    """Serve from two processes; the token is of `legal`, or of what `holder` says."""
    port = free_port()
    given = {**given, **TIRELESS, "CONTRACT_GRAPH_PORT": str(port)}
    asked = holder or ("--role", "legal")
    token = run("token", "--org", OURS.org.name, *asked, given=given).stdout.strip()
    process = subprocess.Popen(
        [sys.executable, "-m", "api.cli", "serve", "--workers", "2"], cwd=ROOT, env=environment(given)
    )
    made = Serving(process, f"http://127.0.0.1:{port}", {"authorization": f"Bearer {token}"})
    try:
        until(lambda: made.ready() and len(made.pids()) == 2)
        yield made
    finally:
        process.terminate()
        process.wait(PATIENCE)


def test_all_are_replaced_and_no_request_is_dropped(serving: Serving, superuser_url: str) -> None:
    before = serving.pids()
    with Load(serving) as load:
        load.more(20)
        serving.process.send_signal(signal.SIGHUP)
        serving.replaced(before, 2)
        load.more(20)
    assert load.failed == []
    assert load.answered <= asyncio.run(recorded(superuser_url))


def test_a_process_that_is_killed_is_replaced_and_what_was_answered_is_on_record(
    serving: Serving, superuser_url: str
) -> None:
    with Load(serving) as load:
        for _ in range(2):
            killed = min(serving.pids())
            os.kill(killed, signal.SIGKILL)
            until(lambda killed=killed: killed not in serving.pids() and len(serving.pids()) == 2)
            load.more(20)
    # What was under way in the process that was killed has no answer; no other request suffered.
    assert all("Error(" in each for each in load.failed), load.failed
    assert len(load.failed) <= 2 * 6
    assert load.answered <= asyncio.run(recorded(superuser_url))


def test_told_to_stop_it_answers_what_is_under_way_and_leaves_nobody_behind(
    serving: Serving, superuser_url: str
) -> None:
    pids = serving.pids()
    with Load(serving) as load:
        load.more(20)
        serving.process.terminate()
        assert serving.process.wait(PATIENCE) == 0
    # Whoever came too late was not let in: nobody who was in was cut off.
    assert all(re.match(r"new: (Connect|Read)Error\(", each) for each in load.failed), set(load.failed)
    assert load.answered <= asyncio.run(recorded(superuser_url))
    assert not [pid for pid in pids if Path(f"/proc/{pid}").exists()]


def test_when_the_one_that_watches_is_killed_the_others_leave(given: dict[str, str]) -> None:
    with served(given) as serving:
        pids = serving.pids()
        serving.process.kill()
        serving.process.wait(PATIENCE)
        until(lambda: not [pid for pid in pids if b"spawn_main" in _command(str(pid))])


@pytest.mark.parametrize("count", ["0", "65", "two", "-1", ""])
def test_a_count_that_is_none_is_refused(count: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["serve", f"--workers={count}"])
    assert left.value.code == 2
    assert f"a whole number from 1 to 64, not {count!r}" in capsys.readouterr().err


async def recorded(url: str) -> set[str]:
    connection = await asyncpg.connect(url)
    try:
        return {
            json.loads(row[0])["request"] for row in await connection.fetch("SELECT body FROM audit_event")
        }
    finally:
        await connection.close()


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


def _command(pid: str) -> bytes:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""
