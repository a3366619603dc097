"""What ordered lanes cost: messages enqueued and finished a second.

`python -m tests.bench.lanes`: an embedded database, which waits for its disk unless `--fast`; workers in
processes of their own on this machine, "4 x 10 lanes" being four of them. The handler does nothing, inside
the transaction that finishes: what is measured is the lanes.
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import asyncpg
import uvloop

from domain.org import Org
from storage import migrate
from storage.database import Database, connect
from storage.embedded import Cluster
from storage.embedded_roles import DATABASE, OWNER, READ_WRITE
from storage.lane_outcome import Done, Outcome
from storage.lanes import Message, Queue, enqueue
from storage.orgs import save_org
from sync.handlers import Batch, Within
from sync.turn import Pace
from sync.worker import Worker

ORG = Org(id=UUID(int=1), name="Bench")
KEYS = 2_000
PAYLOAD = '{"contract": "0196a1c2-7d7e-7d3a-8f2e-6f1d2c3b4a59", "fields": ["status", "total_value"]}'


@dataclass(frozen=True, kw_only=True)
class Load:
    """What waits before workers begin: so many messages over KEYS keys, and as many of one hot key."""

    name: str
    messages: int
    hot: int = 0
    processes: int = 1
    lanes: int = 1
    batch: int = 20


def main() -> None:
    """Measure, and print; or be one of the workers that are measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--fast", action="store_true", help="do not wait for the disk")
    parser.add_argument("--work", nargs=3, metavar=("URL", "LANES", "BATCH"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        if given.work:
            url, lanes, batch = given.work
            runner.run(_work(url, int(lanes), int(batch)))
            return
        with tempfile.TemporaryDirectory(prefix="contract-graph-bench-") as folder:
            home = Path(folder)
            home.chmod(0o755)
            cluster = Cluster(home, durable=not given.fast)
            cluster.start()
            try:
                runner.run(_measure(cluster, given.messages))
            finally:
                cluster.stop("immediate")


async def _measure(cluster: Cluster, messages: int) -> None:
    await migrate.upgrade(cluster.dsn(OWNER))
    owner = await connect(cluster.dsn(OWNER))
    await save_org(owner, ORG)
    await owner.close()
    for writers, together in ((1, 1), (16, 1), (16, 20)):
        rate = await _enqueued(
            cluster, min(messages, 4_000) if together == 1 else messages, writers, together
        )
        print(f"enqueued: {rate:,.0f} messages/s by {writers} writers, {together} a transaction", flush=True)
    for load in (
        Load(name="1 lane", messages=messages // 10),
        Load(name="10 lanes", messages=messages, lanes=10),
        Load(name="10 lanes, one message each", messages=messages // 2, lanes=10, batch=1),
        Load(name="4 x 10 lanes", messages=messages * 2, lanes=10, processes=4),
        Load(
            name="4 x 10 lanes",
            messages=messages,
            hot=messages,
            lanes=10,
            processes=4,
        ),
    ):
        await _fill(cluster, load)
        rate, hot = await _finished(cluster, load)
        beside = f", beside {hot:,.0f} of the hot key" if hot else ""
        print(f"finished: {rate:,.0f} messages/s with {load.name}{beside}", flush=True)


async def _enqueued(cluster: Cluster, messages: int, writers: int, together: int) -> float:
    await _empty(cluster)
    database = await Database.open(cluster.dsn(READ_WRITE), writers)

    async def write(number: int) -> None:
        for count in range(messages // writers // together):
            first = (number * 7919 + count * together) % KEYS
            given = [_message(f"key {(first + each) % KEYS}") for each in range(together)]
            async with database.transaction(ORG.id) as connection:
                await enqueue(connection, ORG.id, Queue.INBOX, given, datetime.now(UTC))

    began = time.perf_counter()
    await asyncio.gather(*(write(number) for number in range(writers)))
    took = time.perf_counter() - began
    await database.close()
    return messages / took


async def _fill(cluster: Cluster, load: Load) -> None:
    await _empty(cluster)
    database = await Database.open(cluster.dsn(READ_WRITE), 1)
    keys = ["hot"] * load.hot + [f"key {number % KEYS}" for number in range(load.messages)]
    for first in range(0, len(keys), 2_000):
        async with database.transaction(ORG.id) as connection:
            given = [_message(key) for key in keys[first : first + 2_000]]
            await enqueue(connection, ORG.id, Queue.INBOX, given, datetime.now(UTC))
    await database.close()


async def _finished(cluster: Cluster, load: Load) -> tuple[float, float]:
    """Messages a second from when every worker is ready until nothing waits; those of the hot key apart."""
    superuser = await asyncpg.connect(cluster.dsn("postgres", DATABASE))
    command = [sys.executable, "-m", "tests.bench.lanes", "--work", cluster.dsn(READ_WRITE)]
    started = [
        subprocess.Popen(  # noqa: ASYNC220 - nothing else runs meanwhile
            [*command, str(load.lanes), str(load.batch)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        for _ in range(load.processes)
    ]
    try:
        for each in started:
            assert each.stdout is not None
            each.stdout.readline()
        began = time.perf_counter()
        for each in started:
            assert each.stdin is not None
            each.stdin.close()
        waiting = "SELECT EXISTS (SELECT FROM lane WHERE next_at < 'infinity' AND (key = 'hot') = $1)"
        rates = []
        for hot, messages in ((False, load.messages), (True, load.hot)):
            while await superuser.fetchval(waiting, hot):  # noqa: ASYNC110 - PostgreSQL tells nobody
                await asyncio.sleep(0.01)
            rates.append(messages / (time.perf_counter() - began))
        return rates[0], rates[1]
    finally:
        for each in started:
            each.terminate()
            each.wait(20)
        await superuser.close()


async def _empty(cluster: Cluster) -> None:
    superuser = await asyncpg.connect(cluster.dsn("postgres", DATABASE))
    await superuser.execute("TRUNCATE quarantined_message, lane_message, lane")
    await superuser.execute("CHECKPOINT")
    await superuser.close()


async def _work(url: str, lanes: int, batch: int) -> None:
    async def nothing(_: asyncpg.Connection, batch: Batch) -> Sequence[Outcome]:
        return [Done()] * len(batch.messages)

    database = await Database.open(url, lanes + 2)
    worker = Worker(
        database, {Queue.INBOX: Within(nothing)}, pace=Pace(lanes=lanes, messages=batch), listen_to=url
    )
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await worker.run()


def _message(key: str) -> Message:
    return Message(key=key, payload=PAYLOAD, correlation="bench")


if __name__ == "__main__":
    main()
