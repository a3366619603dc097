"""Both ways at once: an outbox, a reader of the stand-in's stream, and a worker for what it hears."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from auth.vault import Vault
from storage.lanes import Queue, enqueue
from storage.salesforce_polls import set_poll
from storage.salesforce_streams import StoredStream, find_stream, set_stream
from sync.handlers import Apart, Within
from sync.salesforce.changes.polls import PollWork, poll_message
from sync.salesforce.changes.resync import ResyncWork, resync_of
from sync.salesforce.changes.subscribers import Subscribers, stream_message
from sync.salesforce.changes.work import ChangeWork
from sync.salesforce.orgs import SalesforceOrgs
from sync.worker import Worker
from tests.storage.lane_work import ONE, opened
from tests.sync.salesforce.org import REP, Rest, SalesforceOrg
from tests.sync.salesforce.telling import PACE, Outbox

TOPIC = "/data/ChangeEvents"
_PATIENCE = 30


@dataclass
class Hearing(Outbox):
    """An outbox whose Salesforce is heard as well; it keeps the time of the machine, as the stand-in does."""

    ahead: timedelta = timedelta()

    def __post_init__(self) -> None:
        super().__post_init__()
        self.rep: Rest = self.org.rest(REP)
        self.orgs = SalesforceOrgs(self.keys, breaker=lambda: self.breaker)

    def clock(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    async def subscribe(self, topic: str = TOPIC) -> None:
        async with self.work.database.transaction(ONE) as connection:
            await set_stream(connection, ONE, topic, self.org.stand_in.events or "", self.clock())
            await enqueue(connection, ONE, Queue.STREAM, [stream_message(topic)], self.clock())

    async def stream(self, topic: str = TOPIC) -> StoredStream:
        async with self.work.database.transaction(ONE) as connection:
            found = await find_stream(connection, ONE, topic)
        assert found is not None
        return found

    def reader(self) -> Subscribers:
        return Subscribers(self.work.database, SalesforceOrgs(self.keys), self.clock)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Subscribers]:
        """Have a reader read, and stop it at last."""
        reader = self.reader()
        running = asyncio.create_task(reader.run())
        try:
            yield reader
        finally:
            reader.stop()
            await running

    async def read(self) -> None:
        """Read all events that there are."""
        latest = self.org.stand_in.events_told()

        async def is_read() -> bool:
            place = ((await self.stream()).replay_id or b"").hex()
            # Ids of a stream that was reset are no earlier ones: they begin otherwise.
            return place[:8] == latest[:8] and place >= latest

        async with self.reading():
            await until(is_read)

    async def hear(self) -> None:
        """Read all events that there are, and have all work done that is due."""
        await self.read()
        await self.work_off()

    async def poll(self, *objects: str, minutes: int = 5) -> None:
        """Have objects asked for now and then."""
        async with self.work.database.transaction(ONE) as connection:
            for each in objects:
                await set_poll(connection, ONE, each, minutes)
            messages = [poll_message(each) for each in objects]
            await enqueue(connection, ONE, Queue.POLL, messages, self.clock())

    async def resync(self, *objects: str) -> None:
        """Have every record of objects asked for."""
        async with self.work.database.transaction(ONE) as connection:
            await enqueue(connection, ONE, Queue.RESYNC, resync_of(objects), self.clock())
        await self.work_off()

    async def restarted(self) -> bool:
        return (await self.stream()).restarted_at is not None

    async def is_at_rest(self) -> bool:
        return not await self.waiting()

    async def value(self, contract: UUID) -> int:
        """The value of a contract, in whole units."""
        return int((await self.row("contract", contract))["total_value_amount"])

    async def work_off(self) -> None:
        """Have a worker do what is due, and what follows from it."""
        changes = ChangeWork(self.work.database, self.orgs, Vault(self.keys), self.clock)
        polls = PollWork(self.work.database, self.orgs, self.clock)
        handlers = {
            Queue.OUTBOX: Apart(self.handler.write, self.handler.keep),
            Queue.CHANGE: Apart(changes.read, changes.apply),
            Queue.POLL: Apart(polls.ask, polls.keep),
            Queue.RESYNC: Within(ResyncWork(self.clock).spread),
        }
        await Worker(self.work.database, handlers, pace=PACE, clock=self.clock).run(once=True)

    async def settle(self) -> None:
        """Have all work done, with what waits until a second is over."""

        async def is_done() -> bool:
            await self.work_off()
            left = "SELECT count(*) FROM lane WHERE pending > 0 AND reason LIKE 'TooSoon%'"
            return not await self.work.superuser.fetchval(left)

        await until(is_done)

    def edit(self, name: str, record_id: str, **values: Any) -> None:
        """Change a record in Salesforce, as a person there does."""
        answer = self.rep("PATCH", f"sobjects/{name}/{record_id}", values)
        assert answer.status_code == 204, answer.text

    async def row(self, table: str, key: str | UUID) -> dict[str, Any]:
        by = "id" if isinstance(key, UUID) else "salesforce_id"
        found = await self.work.superuser.fetchrow(f"SELECT * FROM {table} WHERE {by} = $1", key)
        assert found is not None
        return dict(found)

    async def lines(self, contract: UUID) -> list[tuple[str, str | None, str, str]]:
        """The history of a contract: field, value, decision and by whom."""
        rows = await self.work.superuser.fetch(
            "SELECT field, after, decision, claimed_by FROM field_change WHERE contract_id = $1 ORDER BY id",
            contract,
        )
        return [tuple(row) for row in rows]


async def until(condition: Callable[[], Awaitable[bool] | bool]) -> None:
    """Wait for something to be so."""
    async with asyncio.timeout(_PATIENCE):
        while True:
            found = condition()
            if found if isinstance(found, bool) else await found:
                return
            await asyncio.sleep(0.02)


Test = Callable[[Hearing], Awaitable[None]]
Hears = Callable[[Test], None]


def hears(urls: tuple[str, str, str], org: SalesforceOrg) -> Hears:
    """Return what runs a test's own coroutine over both ways."""

    def run(test: Test) -> None:
        async def inside() -> None:
            async with opened(*urls, size=12) as work:
                hearing = Hearing(work, org)
                await hearing.connect()
                await hearing.subscribe()
                try:
                    await asyncio.wait_for(test(hearing), 120)
                finally:
                    with suppress(TimeoutError):
                        await hearing.handler.close()
                        await hearing.orgs.close()

        asyncio.run(inside())

    return run
