"""Bulk jobs for an outbox of a few contracts, taken step by step, and ended at any step."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID, uuid4

import asyncpg

from storage.database import Database
from storage.lane_outcome import Outcome, Retry
from storage.lanes import Queue, Taken
from sync.bulk_writes import BulkWork
from sync.handlers import Apart, Batch
from sync.outbox import OutboxWork
from sync.salesforce.orgs import OpenOrg, SalesforceOrgs
from sync.worker import Worker
from tests.storage.lane_work import ONE
from tests.sync.salesforce.telling import PACE, Outbox

T = TypeVar("T")


class Killed(Exception):
    """As if the process had ended."""


class Steps:
    """Counts the steps of a process, calls and transactions, and ends it after one of them."""

    def __init__(self, last: int | None = None) -> None:
        self.taken, self._last = 0, last

    def step(self) -> None:
        self.taken += 1
        if self.taken == self._last:
            raise Killed


class Mortal:
    """A database that a process may die over, once what it did is committed."""

    def __init__(self, database: Database, steps: Steps) -> None:
        self._database, self._steps = database, steps

    @asynccontextmanager
    async def working(self, org_id: UUID) -> AsyncIterator[asyncpg.Connection]:
        async with self._database.working(org_id) as connection:
            yield connection
        self._steps.step()

    async def settle(self, org_id: UUID, work: Callable[[asyncpg.Connection], Awaitable[T]]) -> T:
        found = await self._database.settle(org_id, work)
        self._steps.step()
        return found


class MortalOrg:
    """An org of Salesforce that a process may die over, once it has answered."""

    def __init__(self, org: OpenOrg, steps: Steps) -> None:
        self._org, self._steps = org, steps

    def __getattr__(self, name: str) -> Any:
        return getattr(self._org, name)

    async def asked(self, ask: Callable[[Any], Awaitable[T]]) -> T:
        found = await self._org.asked(ask)
        self._steps.step()
        return found


class MortalOrgs:
    def __init__(self, orgs: SalesforceOrgs, steps: Steps) -> None:
        self._orgs, self._steps = orgs, steps

    async def get(self, connection: asyncpg.Connection, org_id: UUID) -> MortalOrg | None:
        org = await self._orgs.get(connection, org_id)
        return None if org is None else MortalOrg(org, self._steps)


class Carrying:
    """The bulk jobs of an outbox, gathered from `fewest` contracts on."""

    def __init__(self, outbox: Outbox, fewest: int) -> None:
        self.outbox, outbox.rows_for_bulk = outbox, fewest
        self._orgs = outbox.orgs()

    async def carry(self, steps: Steps | None = None) -> Outcome:
        """Take jobs as far as they go by now; a process of its own, which may be killed at a step."""
        database: Any = self.outbox.work.database
        orgs: Any = self._orgs
        if steps is not None:
            database, orgs = Mortal(database, steps), MortalOrgs(orgs, steps)
        outbox = OutboxWork(self.outbox.work.database, orgs, self._now)
        outcome, *_ = await BulkWork(database, orgs, outbox, self._now).carry(self._batch())
        return outcome

    async def through(self, longest: int = 40) -> Outcome:
        """Take jobs to their ends, as time passes; return what was said last."""
        for _ in range(longest):
            outcome = await self.carry()
            if not isinstance(outcome, Retry) or outcome.reason.kind == "GATHERED":
                return outcome
            assert outcome.after is not None
            self.outbox.now = max(outcome.after, self.outbox.now)
        raise AssertionError("it comes to no end")

    async def turn(self, **passed: float) -> None:
        """Let a worker do all that is due in the lanes of contracts, and what is due of jobs."""
        self.outbox.now += timedelta(**passed)
        outbox = self.handler()
        bulk = BulkWork(self.outbox.work.database, self._orgs, outbox, self._now)
        handlers = {Queue.OUTBOX: Apart(outbox.write, outbox.keep), Queue.BULK: Apart(bulk.carry)}
        await Worker(self.outbox.work.database, handlers, pace=PACE, clock=self._now).run(once=True)

    def handler(self) -> OutboxWork:
        """The lanes of contracts alone, as a worker has them that does not come to jobs."""
        return OutboxWork(self.outbox.work.database, self._orgs, self._now)

    def later(self, **passed: float) -> datetime:
        """Return a moment that is a while from now."""
        return self.outbox.now + timedelta(**passed or {"seconds": 40})

    async def close(self) -> None:
        await self._orgs.close()

    async def jobs(self) -> list[tuple[str, int, str]]:
        """The jobs that have ended: by what they named records, how many, and how they ended."""
        rows = await self.outbox.work.superuser.fetch(
            "SELECT key_field, rows, ended_as FROM salesforce_bulk_job WHERE state = 'ENDED' ORDER BY id"
        )
        return [tuple(row) for row in rows]

    async def rows(self) -> int:
        """How many rows of jobs are kept."""
        return int(await self.outbox.work.superuser.fetchval("SELECT count(*) FROM salesforce_bulk_row"))

    def via(self) -> set[str]:
        return {each["via"] for each in self.outbox.effects()}

    def _now(self) -> datetime:
        return self.outbox.now

    def _batch(self) -> Batch:
        message = Taken(id=uuid4(), seq=1, payload="", correlation="bulk", enqueued_at=self.outbox.now)
        return Batch(
            org_id=ONE, queue=Queue.BULK, key=str(ONE), attempts=1, until=self.outbox.now, messages=[message]
        )


@asynccontextmanager
async def carrying(outbox: Outbox, fewest: int = 3) -> AsyncIterator[Carrying]:
    found = Carrying(outbox, fewest)
    try:
        yield found
    finally:
        await found.close()
