"""What runs short, under load: processes, connections, the disk. No wrong answer, no acknowledged write lost.

The cluster lies on a file system of 320 MB in memory, where one can be mounted. `make faults` goes on for
longer, kills processes too, and prints how long nobody was answered.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import asyncpg
import httpx
import pytest

from storage.embedded import Cluster
from storage.embedded_errors import EmbeddedError
from storage.embedded_roles import DATABASE, OWNER
from tests.api.test_audit_survives_kill import durable_in
from tests.api.test_faults import serving_over
from tests.api.test_serve_workers import Load, Serving, recorded, until
from tests.api.writes import Writes, stored
from tests.callers import is_unanswered

SECONDS = int(os.environ.get("CONTRACT_GRAPH_FAULTS", "0"))
only_faults = pytest.mark.skipif(not SECONDS, reason="it takes a minute: make faults runs it")


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="cg-scarce-", dir="/tmp"))
    mount = ("/bin/mount", "-t", "tmpfs", "-o", "size=320m,mode=0711", "tmpfs", str(path))
    mounted = os.geteuid() == 0 and subprocess.run(mount, check=False, capture_output=True).returncode == 0
    path.chmod(0o711)
    yield path
    if mounted:
        subprocess.run(("/bin/umount", "--lazy", str(path)), check=True)
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="module")
def cluster(home: Path) -> Iterator[Cluster]:
    with durable_in(home / "cluster") as made:
        yield made


@pytest.fixture(scope="module")
def serving(cluster: Cluster) -> Iterator[Serving]:
    """Two processes with two connections each, asked by somebody who may do everything."""
    admin = ("--role", "admin", "--write")
    with serving_over(cluster, *admin, CONTRACT_GRAPH_POOL_SIZE="2") as made:
        yield made


def look(cluster: Cluster, writes: Writes) -> None:
    """Every write that was acknowledged is there, and none is there twice."""
    there = asyncio.run(stored(cluster.dsn("postgres", DATABASE), writes.name))
    assert len(there) == len(set(there))
    assert writes.acknowledged <= set(there)


def lives(serving: Serving) -> bool:
    """Whether a process lives is asked without the database."""
    return httpx.get(f"{serving.origin}/health/live", timeout=20).status_code == 200


def is_told(failure: str) -> bool:
    return "UNAVAILABLE" in failure


@only_faults
def test_one_process_is_killed_every_second_while_others_write(serving: Serving, cluster: Cluster) -> None:
    killed, end = 0, time.monotonic() + SECONDS
    with Writes(serving, "killed") as writes:
        writes.more(10)
        while time.monotonic() < end:
            if pids := sorted(serving.pids()):
                with suppress(ProcessLookupError):
                    os.kill(pids[0], signal.SIGKILL)
                killed += 1
            time.sleep(1)
        until(lambda: len(serving.pids()) == 2)
        writes.more(10)
    say(f"{killed} processes killed during {len(writes.acknowledged)} writes", writes)
    assert all(is_unanswered(each) or is_told(each) for each in writes.failed), set(writes.failed)
    look(cluster, writes)


def test_every_connection_of_the_pools_waits_and_nobody_is_forgotten(
    serving: Serving, cluster: Cluster
) -> None:
    async def hold(load: Load) -> None:
        superuser = await asyncpg.connect(cluster.dsn("postgres", DATABASE))
        async with superuser.transaction():
            await superuser.execute("LOCK TABLE contract IN ACCESS EXCLUSIVE MODE")
            await asyncio.to_thread(until, lambda: len(load.failed) >= 12)
            assert await asyncio.to_thread(lives, serving)
        await superuser.close()

    with Load(serving) as load:
        load.more(10)
        asyncio.run(hold(load))
        began = time.monotonic()
        load.more(1)
        say(f"every connection held: answers {time.monotonic() - began:.1f} s after the last was let go")
        load.more(10)
    assert all(is_told(each) for each in load.failed), set(load.failed)
    assert load.answered <= asyncio.run(recorded(cluster.dsn("postgres", DATABASE)))


@only_faults
def test_postgresql_has_no_connection_left_and_a_process_that_dies_comes_back_later(
    serving: Serving, cluster: Cluster
) -> None:
    async def take_all() -> list[asyncpg.Connection]:
        taken = []
        with suppress(asyncpg.TooManyConnectionsError):
            while True:
                taken.append(await asyncpg.connect(cluster.dsn(OWNER, DATABASE)))
        return taken

    async def run(writes: Writes) -> float:
        taken = await take_all()
        assert taken
        before = serving.pids()
        os.kill(min(before), signal.SIGKILL)
        taken += await take_all()  # also those that it had
        await asyncio.to_thread(writes.more, 10)  # by the other one
        for each in taken:
            await each.close()
        began = time.monotonic()
        await asyncio.to_thread(serving.replaced, {min(before)}, 2)
        await asyncio.to_thread(until, serving.ready)
        return time.monotonic() - began

    with Writes(serving, "crowded") as writes:
        writes.more(5)
        took = asyncio.run(run(writes))
        writes.more(10)
    say(f"no connection left: a killed process was back {took:.1f} s after there were some", writes)
    assert all(is_unanswered(each) or is_told(each) for each in writes.failed), set(writes.failed)
    look(cluster, writes)


def test_the_disk_is_full_and_then_is_not(serving: Serving, cluster: Cluster, home: Path) -> None:
    if not home.is_mount():
        pytest.skip("no small file system can be mounted here: a full disk was NOT tried")
    filler = home / "filler"
    with Writes(serving, "full") as writes, Load(serving) as load:
        writes.more(10)
        fill(filler)
        writes.refused(12)
        assert lives(serving)
        filler.unlink()
        began = time.monotonic()
        if cluster.status().pid is None:  # without room for its log PostgreSQL ends itself
            with suppress(EmbeddedError):
                cluster.start()
        writes.more(1)
        took = time.monotonic() - began
        writes.more(10)
        load.more(10)
    say(f"disk full: writes {took:.1f} s after there was room", writes)
    failures = {*writes.failed, *load.failed}
    assert all(is_told(each) for each in failures), failures
    look(cluster, writes)
    assert load.answered <= asyncio.run(recorded(cluster.dsn("postgres", DATABASE)))


def fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        for piece in (1 << 20, 1 << 12):
            with suppress(OSError):
                while True:
                    file.write(bytes(piece))


def say(what: str, writes: Writes | None = None) -> None:
    longest = f"; the longest without a write acknowledged {writes.longest:.1f} s" if writes else ""
    sys.stdout.write(f"{what}{longest}\n")
