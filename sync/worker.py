"""The worker: finds lanes with work in any org, and takes so many of them at once to their handlers.

Any number of workers may run, in any number of processes and machines; they share nothing but the database.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime

from storage.database import BUSY, LOST, Database, DatabaseUnavailable
from storage.lane_bell import Bell, listen
from storage.lanes import Backlog, Lease, Queue, backlog, claim
from sync.alerts.stuck import LOOKED_FOR, look_for_stuck
from sync.group import Groups
from sync.handlers import Apart, Handler
from sync.health import KEEP, Health
from sync.trace import Trace
from sync.turn import Counters, Pace, Turns

log = logging.getLogger("contract_graph.worker")

SHORTEST_POLL, LONGEST_POLL = 0.05, 1.0
"""Seconds between two looks for work: ever longer while there is none."""


def _now() -> datetime:
    return datetime.now(UTC)


class Worker:
    """Works on the queues that have handlers, until it is told to stop.

    `listen_to` is the URL at which it is woken; without it, it looks for work by itself only.
    """

    def __init__(  # noqa: PLR0913 - what it works on, how, and what it tells of it
        self,
        database: Database,
        handlers: Mapping[Queue, Handler],
        *,
        pace: Pace | None = None,
        listen_to: str | None = None,
        clock: Callable[[], datetime] = _now,
        trace: Trace | None = None,
    ) -> None:
        self.counters = Counters()
        self.health = Health()
        self._database = database
        self._queues = list(handlers)
        self._pace = pace or Pace()
        self._listen_to = listen_to
        self._clock = clock
        turns = Turns(
            database=database, handlers=handlers, pace=self._pace, clock=clock, counters=self.counters,
            health=self.health, trace=trace,
        )  # fmt: skip
        self._groups = Groups(turns=turns)
        self._bell = Bell(database)
        self._running: dict[asyncio.Task[None], int] = {}
        self._wake = asyncio.Event()
        self._due: set[Queue] = set()
        self._everywhere_at = 0.0
        self._stopping = False
        self._unreachable = False

    def stop(self) -> None:
        """Begin nothing more, and finish what is begun; told twice, give that back instead."""
        if self._stopping:
            for task in self._running:
                task.cancel()
        self._stopping = True
        self._wake.set()

    async def run(self, *, once: bool = False) -> None:
        """Work until told to stop; with `once`, until nothing is due."""
        tasks = (self._listen(), self._watch(), self._keep_health())
        beside = [asyncio.create_task(each) for each in tasks]
        idle = SHORTEST_POLL
        try:
            while not self._stopping:
                self._wake.clear()
                # What ended while it was looked for may have made work where nobody looks again.
                busy = bool(self._running)
                if once or time.monotonic() >= self._everywhere_at:
                    self._look_everywhere()
                found = await self._claimed()
                if once and not found and not busy:
                    break
                idle = SHORTEST_POLL if found else min(idle * 2, LONGEST_POLL)
                if not found and not await self._woken(idle):
                    self._look_everywhere()
                await self._half_free()
        finally:
            for task in beside:
                task.cancel()
            await self._come_to_an_end()
            await asyncio.gather(*beside, return_exceptions=True)

    def now(self) -> datetime:
        """Return the moment that it works at."""
        return self._clock()

    async def backlog(self) -> Mapping[Queue, Backlog]:
        """Count what waits in each of its queues. Raises DatabaseUnavailable."""
        found = {}
        for queue in self._queues:
            async with self._database.claiming(queue) as connection:
                found[queue] = await backlog(connection, queue, self._clock())
        return found

    def _look_everywhere(self) -> None:
        self._due.update(self._queues)
        self._everywhere_at = time.monotonic() + LONGEST_POLL

    async def _claimed(self) -> bool:
        """Begin with as many lanes as there is room for, the queues by turns; return whether any were due."""
        found = False
        self._queues = self._queues[1:] + self._queues[:1]
        for queue in [each for each in self._queues if each in self._due]:
            room = self._pace.lanes - self._lanes
            if room <= 0 or self._stopping:
                break
            self._due.discard(queue)  # unless it is rung for meanwhile
            leases = await self._leases(queue, room)
            if len(leases) == room:
                self._due.add(queue)
            for group in self._groups.arranged(leases):
                found = True
                task = asyncio.create_task(self._turn(group))
                self._running[task] = len(group)
                task.add_done_callback(self._done)
        return found

    @property
    def _lanes(self) -> int:
        """How many lanes are worked on."""
        return sum(self._running.values())

    async def _leases(self, queue: Queue, room: int) -> list[Lease]:
        try:
            async with self._database.claiming(queue) as connection:
                leases = await claim(
                    connection, queue, lanes=room, messages=self._pace.messages,
                    lease_for=self._pace.lease, now=self._clock(),
                )  # fmt: skip
        except (DatabaseUnavailable, *LOST, *BUSY) as error:
            if not self._unreachable:
                log.error("no work can be looked for: %s", type(error).__name__)  # noqa: TRY400 - told once
            self._unreachable = True
            return []
        self._unreachable = False
        return list(leases)

    async def _turn(self, leases: Sequence[Lease]) -> None:
        queue = leases[0].queue
        done = await self._groups.take(leases)
        filled = {*self._groups.turns.handlers[queue].fills} - {queue} if done else frozenset()
        self._due.update(filled, [queue])  # of what it left there more may be due
        self._bell.ring(filled)

    def _done(self, task: asyncio.Task[None]) -> None:
        del self._running[task]
        self._wake.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a lane's turn failed: %s", type(error).__name__)

    async def _woken(self, longest: float) -> bool:
        """Wait until there may be work; return whether anybody said so."""
        with suppress(TimeoutError):
            async with asyncio.timeout(longest):
                return await self._wake.wait()
        return False

    async def _half_free(self) -> None:
        """Wait for room, so that what is claimed next goes together; but not long, as some lanes may take."""
        with suppress(TimeoutError):
            async with asyncio.timeout(SHORTEST_POLL):
                while self._lanes * 2 > self._pace.lanes and not self._stopping:
                    self._wake.clear()
                    await self._wake.wait()

    async def _come_to_an_end(self) -> None:
        while self._running:
            await asyncio.wait(self._running)
        for handler in self._groups.turns.handlers.values():
            if isinstance(handler, Apart) and handler.close is not None:
                await handler.close()
        await self.health.keep(self._database, self._clock())
        await self._bell.close()

    async def _keep_health(self) -> None:
        while True:
            await asyncio.sleep(KEEP)
            await self.health.keep(self._database, self._clock())

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(LOOKED_FOR)
            await look_for_stuck(self._database, self._clock)

    async def _listen(self) -> None:
        def heard(queues: frozenset[str]) -> None:
            rung = queues & set(self._queues)
            if rung:
                self._due.update(Queue(each) for each in rung)
                self._wake.set()

        while self._listen_to is not None:
            with suppress(DatabaseUnavailable):
                await listen(self._listen_to, heard)
            await asyncio.sleep(LONGEST_POLL)
