"""Workers over a database of their own, and handlers that write down what they did in a table."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import asyncpg

from storage.lane_outcome import Done, Outcome, Patience
from storage.lanes import Queue
from sync.handlers import Batch, Handler, Within
from sync.turn import Pace
from sync.worker import Worker
from tests.storage.lane_work import Test, Work, runner

BRISK = Pace(
    lanes=4,
    messages=5,
    lease=timedelta(seconds=20),
    patience=Patience(attempts=3, first=timedelta(milliseconds=20), longest=timedelta(milliseconds=40)),
)
NOTEBOOK = """
    CREATE TABLE noted (n bigint GENERATED ALWAYS AS IDENTITY, key text, payload text, pid int);
    GRANT SELECT, INSERT ON noted TO contract_graph_rw"""


def with_notebook(urls: tuple[str, str, str]) -> Callable[[Test], None]:
    """Return what runs a test over lanes and a table to note in, within a minute."""
    run = runner(*urls)

    def run_noting(test: Test) -> None:
        async def inside(work: Work) -> None:
            work.now = datetime.now(UTC) - timedelta(seconds=1)
            await work.superuser.execute(NOTEBOOK)
            await asyncio.wait_for(test(work), 60)

        run(inside)

    return run_noting


async def note(connection: asyncpg.Connection, batch: Batch) -> Sequence[Outcome]:
    """Write every message down, in the transaction that finishes it."""
    await connection.executemany(
        "INSERT INTO noted (key, payload, pid) VALUES ($1, $2, pg_backend_pid())",
        [(batch.key, each.payload) for each in batch.messages],
    )
    return [Done()] * len(batch.messages)


async def noted(work: Work) -> dict[str, list[str]]:
    """What was done of each key, in the order in which it was done."""
    found: dict[str, list[str]] = {}
    for row in await work.superuser.fetch("SELECT key, payload FROM noted ORDER BY n"):
        found.setdefault(row["key"], []).append(row["payload"])
    return found


@dataclass
class Gate:
    """A handler that waits until it is let through, and tells who is waiting."""

    reached: asyncio.Event = field(default_factory=asyncio.Event)
    open: asyncio.Event = field(default_factory=asyncio.Event)
    waiting: list[str] = field(default_factory=list)

    async def __call__(self, batch: Batch) -> Sequence[Outcome]:
        self.waiting.append(batch.key)
        self.reached.set()
        await self.open.wait()
        return [Done()] * len(batch.messages)


def worker(
    work: Work, handlers: Mapping[Queue, Handler] | None = None, *, pace: Pace = BRISK, url: str | None = None
) -> Worker:
    return Worker(work.database, handlers or {Queue.INBOX: Within(note)}, pace=pace, listen_to=url)


@asynccontextmanager
async def running(*workers: Worker) -> AsyncIterator[None]:
    """Workers that run meanwhile, and are stopped in the end."""
    tasks = [asyncio.create_task(each.run()) for each in workers]
    try:
        yield
    finally:
        for each in workers:
            each.stop()
        await asyncio.wait_for(asyncio.gather(*tasks), 30)


async def until_empty(work: Work, limit: float = 30) -> None:
    """Wait until nothing waits in any lane."""
    async with asyncio.timeout(limit):
        while await work.superuser.fetchval("SELECT count(*) FROM lane_message"):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
