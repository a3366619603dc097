"""A database with two orgs, in which tests enqueue and work at moments that they choose."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg

from domain.org import Org
from storage.database import Database
from storage.lane_outcome import Done, Fault, Outcome, Patience
from storage.lanes import Finished, Lease, Message, Queue, Taken, claim, enqueue
from storage.leases import finish, take
from storage.orgs import save_org

ONE, OTHER = UUID(int=1), UUID(int=2)
START = datetime(2026, 11, 27, 8, tzinfo=UTC)
LEASE = timedelta(seconds=60)
PATIENCE = Patience(attempts=3)
BROKEN = Fault("UNABLE_TO_LOCK_ROW", "somebody else holds the record")


@dataclass
class Work:
    """What workers and writers do, each in a transaction of its own."""

    database: Database
    superuser: asyncpg.Connection
    now: datetime = START

    async def enqueue(
        self, *messages: Message | str, key: str = "a", org: UUID = ONE, queue: Queue = Queue.INBOX
    ) -> None:
        given = [
            each if isinstance(each, Message) else Message(key=key, payload=each, correlation=f"about {each}")
            for each in messages
        ]
        async with self.database.transaction(org) as connection:
            await enqueue(connection, org, queue, given, self.now)

    async def claim(self, lanes: int = 10, messages: int = 10, queue: Queue = Queue.INBOX) -> Sequence[Lease]:
        async with self.database.claiming(queue) as connection:
            return await claim(
                connection, queue, lanes=lanes, messages=messages, lease_for=LEASE, now=self.now
            )

    async def one(self, messages: int = 10, queue: Queue = Queue.INBOX) -> tuple[Lease, Sequence[Taken]]:
        (lease,) = await self.claim(1, messages, queue)
        return lease, await self.take(lease)

    async def take(self, lease: Lease) -> Sequence[Taken]:
        async with self.database.transaction(lease.org_id) as connection:
            return await take(connection, lease)

    async def finish(
        self, lease: Lease, taken: Sequence[Taken], *outcomes: Outcome, patience: Patience = PATIENCE
    ) -> Finished:
        paired = list(zip(taken, outcomes or [Done()] * len(taken), strict=False))
        async with self.database.transaction(lease.org_id) as connection:
            return await finish(connection, lease, paired, self.now, patience)

    async def in_org(
        self, work: Callable[[asyncpg.Connection, UUID], Awaitable[object]], org: UUID = ONE
    ) -> object:
        async with self.database.transaction(org) as connection:
            return await work(connection, org)

    async def payloads(self, key: str = "a") -> list[str]:
        """What waits in the lane of a key, in order, whoever looks at it."""
        rows = await self.superuser.fetch(
            "SELECT m.payload FROM lane_message m JOIN lane l ON (l.org_id, l.id) = (m.org_id, m.lane_id)"
            " WHERE l.key = $1 ORDER BY m.org_id, m.seq",
            key,
        )
        return [row["payload"] for row in rows]

    def later(self, **passed: float) -> None:
        self.now += timedelta(**passed)


@asynccontextmanager
async def opened(database_url: str, owner_url: str, superuser_url: str, size: int = 4) -> AsyncIterator[Work]:
    owner = await asyncpg.connect(owner_url)
    await save_org(owner, Org(id=ONE, name="Northwind"))
    await save_org(owner, Org(id=OTHER, name="Contoso"))
    await owner.close()
    database = await Database.open(database_url, size)
    superuser = await asyncpg.connect(superuser_url)
    try:
        yield Work(database, superuser)
    finally:
        await superuser.close()
        await database.close()


Test = Callable[[Work], Awaitable[None]]


def runner(database_url: str, owner_url: str, superuser_url: str) -> Callable[[Test], None]:
    """Runs a test's own coroutine over such a database."""

    def run(test: Test) -> None:
        async def inside() -> None:
            async with opened(database_url, owner_url, superuser_url) as work:
                await test(work)

        asyncio.run(inside())

    return run
