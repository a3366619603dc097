"""What contract systems send: verified, and stored once before it is answered.

Deliveries of an org that come while others are being stored are stored together, in one transaction and with
one wait for the disk. One that comes alone waits for nobody.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg

from domain.identity import uuid7
from storage.database import BUSY, LOST, Database, DatabaseUnavailable
from storage.inbox import Arrived, add_events, inbox_id
from storage.lanes import Message, Queue, enqueue
from sync.clm.delivery import Delivery
from sync.clm.event import Event
from sync.clm.signature import NotVerified
from sync.connections import Connection
from sync.inbox import key_of_contract

MOST_AT_ONCE: Final = 50
"""Deliveries that are stored in one transaction."""

_LARGEST: Final = 4 * 1024 * 1024  # bytes of their bodies: a large one goes with few others
_UNDER_WAY: Final = 2  # while one waits for the disk, the next is written
_NOT_KEPT: Final = frozenset({"authorization", "cookie", "proxy-authorization"})
"""Headers that are of no use to whoever reads an event again, and could be of some to a thief."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """What became of a delivery: how many events are new, how many were sent before."""

    new: int
    known: int
    correlation: str


@dataclass(frozen=True, slots=True)
class Verified:
    """A delivery that its sender signed, and the events that it tells of by their ids here."""

    sender: Connection
    arrived: Arrived
    events: Mapping[UUID, Event]

    def messages(self, queue: Queue, new: frozenset[UUID]) -> Sequence[Message]:
        """Return the work that new events make in a queue: to be fetched, or to be applied."""
        return [
            Message(key=_key(self.sender, event), payload=str(id_), correlation=self.arrived.correlation)
            for id_, event in self.events.items()
            if id_ in new and (queue is Queue.FETCH) == (event.fetch is not None)
        ]


def verified(sender: Connection, delivery: Delivery, now: datetime) -> Verified | NotVerified:
    """Verify a delivery. Raises Malformed for one that tells of no event that could be known again."""
    verdict = sender.connector.verify(delivery, sender.keys, now)
    if isinstance(verdict, NotVerified):
        return verdict
    events = {inbox_id(sender.id, each.id): each for each in sender.connector.events(delivery)}
    arrived = Arrived(
        connection_id=sender.id, events=[each.id for each in events.values()],
        headers={name: value for name, value in delivery.headers.items() if name not in _NOT_KEPT},
        query=delivery.query, body=delivery.body, correlation=str(uuid7()), at=now,
    )  # fmt: skip
    return Verified(sender, arrived, events)


async def store(
    connection: asyncpg.Connection, org_id: UUID, deliveries: Sequence[Verified], now: datetime
) -> Sequence[Received]:
    """Store deliveries in a transaction bound to their org, which has to commit before they are answered."""
    left = await add_events(connection, org_id, [each.arrived for each in deliveries])
    received: list[Received] = []
    messages: defaultdict[Queue, list[Message]] = defaultdict(list)
    for each in deliveries:
        new = left & each.events.keys()
        left -= new  # what two of them tell of is new by the first
        for queue in (Queue.FETCH, Queue.INBOX):
            messages[queue] += each.messages(queue, new)
        received.append(
            Received(new=len(new), known=len(each.events) - len(new), correlation=each.arrived.correlation)
        )
    for queue, some in messages.items():
        await enqueue(connection, org_id, queue, some, now)
    return received


def _key(sender: Connection, event: Event) -> str:
    """Name the lane of an event: what has to be fetched, or the contract that it speaks of.

    What is fetched tells how things stand then: of two events about one contract the later fetch tells more.
    """
    if event.fetch is not None:
        return f"{sender.id} {event.fetch.path}"
    return key_of_contract(sender, event, event.content)


@dataclass(slots=True)
class _Waiting:
    delivery: Verified
    received: asyncio.Future[Received]


class Door:
    """Stores what came, together with what else comes meanwhile; it belongs to one event loop."""

    def __init__(self) -> None:
        self._waiting: defaultdict[tuple[Database, UUID], list[_Waiting]] = defaultdict(list)
        self._under_way: Counter[tuple[Database, UUID]] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()

    async def store(self, database: Database, org_id: UUID, delivery: Verified) -> Received:
        """Store a delivery; once this returns it is on disk. Raises as the database does."""
        where = database, org_id
        waiting = _Waiting(delivery, asyncio.get_running_loop().create_future())
        self._waiting[where].append(waiting)
        if self._under_way[where] < _UNDER_WAY:
            self._under_way[where] += 1
            task = asyncio.create_task(self._work(*where))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return await waiting.received

    async def _work(self, database: Database, org_id: UUID) -> None:
        where = database, org_id
        while some := self._next(self._waiting[where]):
            await self._stored(database, org_id, some)
        self._under_way[where] -= 1
        if not self._under_way[where]:
            del self._under_way[where], self._waiting[where]

    @staticmethod
    def _next(waiting: list[_Waiting]) -> Sequence[_Waiting]:
        """Return those that are stored next, the first of them however large it is."""
        some, size = 0, 0
        for each in waiting[:MOST_AT_ONCE]:
            size += len(each.delivery.arrived.body)
            if some and size > _LARGEST:
                break
            some += 1
        taken = waiting[:some]
        del waiting[:some]
        return taken

    async def _stored(self, database: Database, org_id: UUID, some: Sequence[_Waiting]) -> None:
        deliveries = [each.delivery for each in some]
        try:
            async with database.transaction(org_id) as connection:
                received = await store(connection, org_id, deliveries, deliveries[-1].arrived.at)
        except BaseException as error:  # noqa: BLE001 - whoever sent it is answered, whatever it is
            if len(some) > 1 and _is_of_one(error):
                for each in some:
                    await self._stored(database, org_id, [each])
                return
            for each in some:
                if not each.received.done():
                    each.received.set_exception(error)
            return
        for each, told in zip(some, received, strict=True):
            if not each.received.done():
                each.received.set_result(told)


def _is_of_one(error: BaseException) -> bool:
    """Whether one of several deliveries may be at fault, so that the others can be stored without it."""
    is_away = isinstance(error, (DatabaseUnavailable, *LOST, *BUSY))
    # A value that does not fit counts as lost to asyncpg.
    return isinstance(error, asyncpg.DataError) or (isinstance(error, Exception) and not is_away)
