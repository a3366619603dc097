"""Lanes of one org and queue taken through their handler together: a few statements for them all.

A group has no say in what becomes of a lane. What fails for it as a whole is undone, and each of its lanes is
worked on by itself, as if there were no groups: whatever is at fault neither holds up others nor counts
against them.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeVar
from uuid import UUID

import asyncpg

from storage.lanes import Lease
from storage.leases import take_all
from sync.handlers import Apart, Batch, Outcomes, Together, Within, WorkTogether
from sync.turn import Ended, Turns, batch_of

log = logging.getLogger("contract_graph.worker")

GATHERING: Final = 0.002
"""Seconds for which what is done waits for others to be settled with."""
_SHARE: Final = 1 / 3  # of the time that a lane may take: what fails together is done once more, by itself

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Groups:
    """Takes leased lanes through their handlers, those together that go together."""

    turns: Turns

    def arranged(self, leases: Sequence[Lease]) -> Sequence[Sequence[Lease]]:
        """Return leases of one queue in groups: of one org each, and alone what gives its messages singly."""
        by_org: defaultdict[UUID, list[Lease]] = defaultdict(list)
        groups: list[Sequence[Lease]] = []
        for each in leases:
            if each.messages > 1 and self.turns.handlers[each.queue].together is not None:
                by_org[each.org_id].append(each)
            else:
                groups.append([each])
        most = self.turns.pace.together
        for some in by_org.values():
            groups += [some[first : first + most] for first in range(0, len(some), most)]
        return groups

    async def take(self, leases: Sequence[Lease]) -> bool:
        """Work on the lanes of a group and end their leases; return whether anything was finished."""
        ends = self.turns.ends()
        handler = self.turns.handlers[leases[0].queue]
        if len(leases) > 1 and isinstance(handler, Within) and handler.together is not None:
            ended = await self._tried(leases, ends, self._within(leases, handler.together))
            if ended is not None:
                for lease, each in zip(leases, ended, strict=True):
                    self.turns.tell(lease, each)
                return True
        if len(leases) > 1 and isinstance(handler, Apart) and handler.together is not None:
            begun = await self._tried(leases, ends, self._looked_at(leases, handler.together))
            if begun is not None:
                settling = _Settling(self.turns, handler, handler.together)
                return await _any(
                    self.turns.guarded(each.lease, ends, partial(settling.worked, each)) for each in begun
                )
        return await _any(self.turns.take(each, ends) for each in leases)

    async def _within(self, leases: Sequence[Lease], work: WorkTogether) -> Sequence[Ended]:
        async with self.turns.database.working(leases[0].org_id) as connection:
            batches = await _taken(connection, leases)
            outcomes = await work(connection, batches)
            return await self.turns.finish(connection, list(zip(leases, batches, outcomes, strict=True)))

    async def _looked_at(self, leases: Sequence[Lease], together: Together) -> Sequence[_Begun]:
        async with self.turns.database.working(leases[0].org_id) as connection:
            batches = await _taken(connection, leases)
            works = await together.look(connection, batches)
        return [_Begun(*each) for each in zip(leases, batches, works, strict=True)]

    async def _tried(self, leases: Sequence[Lease], ends: float, work: Awaitable[T]) -> T | None:
        """Do the work of a group; None where nothing was done, and its lanes are to be worked on singly."""
        now = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout_at(now + (ends - now) * _SHARE):
                return await work
        except asyncio.CancelledError:
            await asyncio.shield(asyncio.gather(*(self.turns.let_go(each) for each in leases)))
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, it is found out of each by itself
            log.info(
                "%d lanes of %s, org %s, are worked on one by one: %s",
                len(leases), leases[0].queue, leases[0].org_id, type(error).__name__,
            )  # fmt: skip
            return None


@dataclass(frozen=True, slots=True)
class _Begun:
    """A lane that has been looked at, and what is left to do of it."""

    lease: Lease
    batch: Batch
    work: Callable[[], Awaitable[Outcomes]]


@dataclass(slots=True)
class _Done:
    begun: _Begun
    outcomes: Outcomes
    ended: asyncio.Future[Ended | None]


class _Settling:
    """Settles lanes whose work is done: those together that are done at about the same time."""

    def __init__(self, turns: Turns, handler: Apart, together: Together) -> None:
        self._turns, self._handler, self._together = turns, handler, together
        self._done: list[_Done] = []
        self._task: asyncio.Task[None] | None = None

    async def worked(self, begun: _Begun) -> Ended:
        """Do the work of a lane, which waits for no other, and settle it."""
        outcomes = await begun.work()
        done = _Done(begun, outcomes, asyncio.get_running_loop().create_future())
        self._done.append(done)
        if self._task is None:
            self._task = asyncio.create_task(self._settle())
        ended = await done.ended
        if ended is not None:
            return ended
        return await self._turns.settled(begun.lease, self._handler, begun.batch, outcomes)

    async def _settle(self) -> None:
        some: list[_Done] = []
        try:
            while True:
                await asyncio.sleep(GATHERING)
                some, self._done = self._done, []
                if not some:
                    return
                for each, ended in zip(some, await self._ended(some), strict=True):
                    if not each.ended.done():
                        each.ended.set_result(ended)
        except BaseException as error:  # noqa: BLE001 - whoever waits is told, whatever it is
            for each in (*some, *self._done):
                if not each.ended.done():
                    each.ended.set_exception(error)
            self._done = []
        finally:
            self._task = None

    async def _ended(self, some: Sequence[_Done]) -> Sequence[Ended | None]:
        """Settle lanes together; of those that are to be settled by themselves it is None."""

        async def settle(connection: asyncpg.Connection) -> Sequence[Ended]:
            await self._together.settle(connection, [(each.begun.batch, each.outcomes) for each in some])
            return await self._turns.finish(
                connection, [(each.begun.lease, each.begun.batch, each.outcomes) for each in some]
            )

        if len(some) > 1:
            try:
                return await self._turns.database.settle(some[0].begun.lease.org_id, settle)
            except Exception as error:  # noqa: BLE001 - as above
                log.info("%d lanes are settled one by one: %s", len(some), type(error).__name__)
        return [None] * len(some)


async def _taken(connection: asyncpg.Connection, leases: Sequence[Lease]) -> Sequence[Batch]:
    taken = await take_all(connection, leases)
    return [batch_of(lease, messages) for lease, messages in zip(leases, taken, strict=True)]


async def _any(turns: Iterable[Awaitable[bool]]) -> bool:
    """Wait for all, and return whether anything was finished by any."""
    ended = await asyncio.gather(*turns, return_exceptions=True)
    for each in ended:
        if isinstance(each, BaseException):
            raise each
    return True in ended
