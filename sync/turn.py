"""A lane's turn: its messages go to the handler of their queue, and what became of them is kept."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, NamedTuple

import asyncpg

from domain.counted import counted
from domain.passage import Figure, Passage
from storage.alerts import raise_alerts
from storage.database import BEHIND, BUSY, LOST, Database, DatabaseUnavailable
from storage.lane_outcome import Fault, Outcome, Patience, Poison, Retry
from storage.lanes import Fenced, Finished, Lease, Queue, Taken
from storage.leases import finish_all, release, take
from sync.alerts.alarms import alarms_of
from sync.handlers import Apart, Batch, Handler, Within
from sync.health import Health
from sync.passages import figures_of, passages_of
from sync.trace import Step, Trace, steps_of

log = logging.getLogger("contract_graph.worker")

_LOST_ATTEMPTS = 5

MOST_AT_ONCE: Final = 10
"""Connections that all lanes of a worker share: more would not write faster, and PostgreSQL has few."""

TABLES_COME: Final = timedelta(seconds=10)
"""After so long a lane is looked at again for whose work the tables are too old yet."""


class NothingSaid(Exception):
    """A handler returned without an outcome: its lane would come back for ever."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How much is taken at once, for how long, and how often a message is tried.

    A worker has so many `lanes`, up to `together` of them in one transaction, and so many messages of each.
    """

    lanes: int = 80
    together: int = 40
    messages: int = 20
    lease: timedelta = timedelta(seconds=60)
    patience: Patience = field(default_factory=Patience)

    @property
    def connections(self) -> int:
        """How many connections the pool of a worker needs; it listens over one more.

        Lanes wait for each other's. Beside them are one to look for more, one to wake others, one to keep
        what was counted, and two for streams.
        """
        return min(self.lanes, MOST_AT_ONCE) + 5

    @property
    def work(self) -> timedelta:
        """How long a handler may take: it is stopped before its lease ends and somebody else begins."""
        return self.lease * 0.75


@dataclass(slots=True, kw_only=True)
class Counters:
    """What a worker did since it began: messages, and for `fenced` leases that ended under its hands."""

    processed: int = 0
    retried: int = 0
    quarantined: int = 0
    fenced: int = 0


class Ended(NamedTuple):
    """What became of a turn, and what it counts for once it is committed."""

    finished: Finished
    passages: Sequence[Passage]
    figures: Sequence[Figure]
    steps: Sequence[Step]


@dataclass(frozen=True, slots=True, kw_only=True)
class Turns:
    """Takes leased lanes through their handlers, any number at once."""

    database: Database
    handlers: Mapping[Queue, Handler]
    pace: Pace
    clock: Callable[[], datetime]
    counters: Counters
    health: Health = field(default_factory=Health)
    trace: Trace | None = None

    async def take(self, lease: Lease, ends: float | None = None) -> bool:
        """Work on a lane and end its lease; return whether anything was finished. Never fails.

        It is stopped at a moment of the event loop, unless one is given in `Pace.work`.
        """
        ends = self.ends() if ends is None else ends
        return await self.guarded(lease, ends, lambda: self._worked(lease))

    def ends(self) -> float:
        """Return until when of the event loop's time what is begun now may be worked on."""
        return asyncio.get_running_loop().time() + self.pace.work.total_seconds()

    async def guarded(self, lease: Lease, ends: float, work: Callable[[], Awaitable[Ended]]) -> bool:
        """Do the work of a lease, which ends with it whatever becomes of it; return as `take` does."""
        try:
            async with asyncio.timeout_at(ends):
                ended = await work()
        except Fenced:
            self.counters.fenced += 1
            return False
        except asyncio.CancelledError:
            await asyncio.shield(self.let_go(lease))
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, other lanes go on
            # A release that came before its tables waits for these: no message is at fault.
            after = self.clock() + TABLES_COME if isinstance(error, BEHIND) else None
            return await self._failed(lease, Retry(_fault(error), after=after))
        self.tell(lease, ended)
        return True

    async def _worked(self, lease: Lease) -> Ended:
        if lease.attempts > self.pace.patience.attempts:
            lost = counted(lease.attempts - 1, "worker was", "workers were")
            fault = Fault("WorkerLost", f"{lost} lost over it, one after the other")
            return await self._ended(lease, Poison(fault))
        handler = self.handlers[lease.queue]
        if isinstance(handler, Within):
            async with self.database.working(lease.org_id) as connection:
                batch = batch_of(lease, await take(connection, lease))
                return await self._finish(connection, lease, batch, await handler.work(connection, batch))
        async with self.database.working(lease.org_id) as connection:
            batch = batch_of(lease, await take(connection, lease))
        return await self.settled(lease, handler, batch, await handler.work(batch))

    async def settled(self, lease: Lease, handler: Apart, batch: Batch, outcomes: Sequence[Outcome]) -> Ended:
        """Note what the work of a lane brought about, and end its lease."""

        async def settle(connection: asyncpg.Connection) -> Ended:
            if handler.settle is not None:
                await handler.settle(connection, batch, outcomes)
            return await self._finish(connection, lease, batch, outcomes)

        return await self.database.settle(lease.org_id, settle)

    async def _finish(
        self, connection: asyncpg.Connection, lease: Lease, batch: Batch, outcomes: Sequence[Outcome]
    ) -> Ended:
        (ended,) = await self.finish(connection, [(lease, batch, outcomes)])
        return ended

    async def finish(
        self, connection: asyncpg.Connection, done: Sequence[tuple[Lease, Batch, Sequence[Outcome]]]
    ) -> Sequence[Ended]:
        """End leases of one org with what became of their messages, as the last of a transaction."""
        for lease, _, outcomes in done:
            if not outcomes:
                raise NothingSaid(f"the handler of {lease.queue} said of no message what became of it")
        now = self.clock()
        paired = [
            (lease, list(zip(batch.messages, outcomes, strict=False))) for lease, batch, outcomes in done
        ]
        ends = await finish_all(connection, paired, now, self.pace.patience)
        told = list(zip(done, ends, strict=True))
        alarms = [
            alarm
            for (_, batch, outcomes), finished in told
            for alarm in alarms_of(batch, outcomes, finished, now)
        ]
        # Last of all: it locks what every other turn counts, too.
        await raise_alerts(connection, done[0][0].org_id, alarms, now)
        return [
            Ended(
                finished,
                passages_of(batch, outcomes, finished),
                figures_of(outcomes),
                [] if self.trace is None else steps_of(batch, outcomes, finished, self._began(lease)),
            )
            for (lease, batch, outcomes), finished in told
        ]

    async def _ended(self, lease: Lease, outcome: Outcome) -> Ended:
        """Say the same of the first message whatever its handler would."""
        async with self.database.working(lease.org_id) as connection:
            batch = batch_of(lease, await take(connection, lease))
            return await self._finish(connection, lease, batch, [outcome])

    async def _failed(self, lease: Lease, outcome: Retry) -> bool:
        """Of a batch, try each message alone, for it is not known which is at fault; of one, try it later.

        The database may be what failed: then this fails as well, and the lane is given back uncounted.
        """
        if lease.messages > 1:
            await self.let_go(lease, lease.messages)
            return False
        try:
            ended = await self._ended(lease, outcome)
        except Fenced:
            self.counters.fenced += 1
            return False
        except (DatabaseUnavailable, *LOST, *BUSY):
            await self.let_go(lease)
            return False
        self.tell(lease, ended, outcome.reason)
        return True

    async def let_go(self, lease: Lease, alone: int = 0) -> None:
        """Release a lane, also when the database comes back only in a while; else its lease runs out."""

        async def let_go(connection: asyncpg.Connection) -> None:
            await release(connection, lease, self.clock(), alone)

        for attempt in range(_LOST_ATTEMPTS):
            with suppress(DatabaseUnavailable, *LOST, *BUSY):
                await self.database.settle(lease.org_id, let_go)
                return
            await asyncio.sleep(0.25 * 2**attempt)

    def _began(self, lease: Lease) -> datetime:
        """Return when a lane was claimed."""
        return lease.until - self.pace.lease

    def tell(self, lease: Lease, ended: Ended, fault: Fault | None = None) -> None:
        """Count and log what became of a lease, which is committed."""
        finished = ended.finished
        self.health.note(lease.org_id, ended.passages, self.clock())
        self.health.note_figures(lease.org_id, ended.figures, self.clock())
        if self.trace is not None:
            self.trace.tell(ended.steps, self._began(lease), self.clock())
        self.counters.processed += finished.done
        self.counters.quarantined += len(finished.quarantined)
        for message, why in finished.quarantined:
            log.warning(
                "quarantined: message %s of %s, org %s, correlation %s: %s",
                message.id, lease.queue, lease.org_id, message.correlation, why.kind,
            )  # fmt: skip
        if finished.retry_at is not None and not finished.routine:
            self.counters.retried += 1
            log.info(
                "to be tried again at %s: lane %s of %s, org %s, correlation %s, attempt %d%s",
                finished.retry_at.isoformat(), lease.lane_id, lease.queue, lease.org_id,
                finished.waits_for, lease.attempts, f": {fault.kind}" if fault else "",
            )  # fmt: skip


def batch_of(lease: Lease, messages: Sequence[Taken]) -> Batch:
    """Return what the handler of a lane is given."""
    return Batch(
        org_id=lease.org_id, queue=lease.queue, key=lease.key, attempts=lease.attempts, until=lease.until,
        messages=messages,
    )  # fmt: skip


def _fault(error: Exception) -> Fault:
    """Name an error that no handler expected. Its text stays with the message: it may hold values."""
    if isinstance(error, TimeoutError):
        return Fault("TimedOut", "it was not done before its lease would have ended")
    where = error.__traceback__
    while where is not None and where.tb_next is not None:
        where = where.tb_next
    place = f"{where.tb_frame.f_code.co_filename}:{where.tb_lineno}" if where else "an unknown place"
    if not isinstance(error, BUSY):
        log.error("unexpected %s at %s", type(error).__name__, place)
    return Fault(type(error).__name__, str(error))
