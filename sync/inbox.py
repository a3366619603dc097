"""What contract systems sent: fetched where need be, and applied."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import asyncpg
import orjson

from domain.claim import Report
from domain.history import Decision
from domain.passage import Fate, Figure, Passage, SyncDirection
from storage.database import Database
from storage.inbox import (
    InboxEvent,
    load_event,
    load_events,
    note_applied,
    note_fetched,
)
from storage.lane_outcome import Done, Fault, Outcome, Poison, Retry
from storage.lanes import Message, Queue, Taken, enqueue
from storage.sealing import Vault
from sync.apply import Applied
from sync.apply_events import apply_events
from sync.clm.delivery import Delivery
from sync.clm.event import Event
from sync.clm.fetcher import Fetcher, NotFetched
from sync.clm.malformed import Malformed, read_payload
from sync.connections import Connection, Connections
from sync.handlers import Batch
from sync.outbox import change_of
from sync.passages import ABOUT

_GONE: Final = "the event is not there any more"


@dataclass(frozen=True, slots=True)
class Fetched(Done):
    """It was fetched: `content` is the JSON that the source answered."""

    content: str = ""


@dataclass(frozen=True, slots=True)
class Judged(Done):
    """What an event said was judged."""

    passages: Sequence[Passage] = ()
    figures: Sequence[Figure] = ()
    changed: Sequence[UUID] = ()

    @classmethod
    def of(cls, stored: InboxEvent, applied: Sequence[Applied]) -> Judged:
        """Count what an event brought, since it was first sent."""
        counts = sum((each.counts for each in applied), Counter[Decision]())
        passage = Passage(
            direction=SyncDirection.FROM_CLM, object=ABOUT, fate=Fate.DONE, since=stored.received_at,
            accepted=counts[Decision.ACCEPTED], refused=counts[Decision.REFUSED],
            conflicts=counts[Decision.CONFLICT],
        )  # fmt: skip
        return cls((passage,), changed=[each.contract.id for each in applied if each.changed])


class ConnectionEnded(Exception):
    """The connection that it came by has ended: set it up anew and replay it, or discard it."""

    def __init__(self) -> None:
        super().__init__(type(self).__doc__)


class InboxWork:
    """Does the work of the inbox: asks sources for what they only named, and applies what they said."""

    def __init__(
        self, database: Database, connections: Connections, vault: Vault, clock: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._connections = connections
        self._vault = vault
        self._clock = clock

    async def apply(self, connection: asyncpg.Connection, batch: Batch) -> Sequence[Outcome]:
        """Apply events in the transaction that finishes them."""
        (outcomes,) = await self.apply_together(connection, [batch])
        return outcomes

    async def apply_together(
        self, connection: asyncpg.Connection, batches: Sequence[Batch]
    ) -> Sequence[Sequence[Outcome]]:
        """Apply events of an org's lanes: the first of each at once, then the second of each, and so on."""
        outcomes: list[list[Outcome]] = [[] for _ in batches]
        changed: list[Message] = []
        left = list(zip(batches, outcomes, strict=True))
        while left:
            messages = [batch.messages[len(before)] for batch, before in left]
            found = await self._applied(connection, batches[0].org_id, messages)
            for (_, before), message, (outcome, reports) in zip(left, messages, found, strict=True):
                before.append(outcome)
                changed += [told for each in reports if (told := change_of(each, message.correlation))]
            left = [
                (batch, before)
                for batch, before in left
                if not isinstance(before[-1], Retry) and len(before) < len(batch.messages)
            ]
        await enqueue(connection, batches[0].org_id, Queue.OUTBOX, changed, self._clock())
        return outcomes

    async def fetch(self, batch: Batch) -> Sequence[Outcome]:
        """Ask the source for what events only name; they are finished, and handed on, in `hand_on`."""
        outcomes: list[Outcome] = []
        for message in batch.messages:
            outcomes.append(await self._fetched(batch.org_id, message))
            if isinstance(outcomes[-1], Retry):
                break
        return outcomes

    async def hand_on(
        self, connection: asyncpg.Connection, batch: Batch, outcomes: Sequence[Outcome]
    ) -> None:
        """Keep what was fetched, and have it applied."""
        messages = [
            await self._handed_on(connection, batch.org_id, message, outcome.content)
            for message, outcome in zip(batch.messages, outcomes, strict=False)
            if isinstance(outcome, Fetched)
        ]
        await enqueue(connection, batch.org_id, Queue.INBOX, messages, self._clock())

    async def _handed_on(
        self, connection: asyncpg.Connection, org_id: UUID, message: Taken, content: str
    ) -> Message:
        stored = await self._event(connection, org_id, message)
        sender = await self._sender(connection, org_id, stored)
        await note_fetched(connection, org_id, stored.id, content)
        key = key_of_contract(sender, _told(sender, stored), read_payload(content.encode(), "answer"))
        return Message(key=key, payload=message.payload, correlation=message.correlation)

    async def _applied(
        self, connection: asyncpg.Connection, org_id: UUID, messages: Sequence[Taken]
    ) -> Sequence[tuple[Outcome, Sequence[Applied]]]:
        """Apply events of as many lanes, and say of each what became of it."""
        now = self._clock()
        events = await load_events(connection, org_id, [UUID(each.payload) for each in messages])
        read = [await self._read(connection, org_id, each, events) for each in messages]
        reports = [each for each in read if not isinstance(each, Poison)]
        became = iter(await apply_events(connection, org_id, reports, now, self._vault))
        results: list[tuple[Outcome, Sequence[Applied]]] = []
        judged: list[UUID] = []
        for message, each in zip(messages, read, strict=True):
            applied = each if isinstance(each, Poison) else next(became)
            if isinstance(applied, Poison | Retry):
                results.append((applied, ()))
                continue
            judged.append(UUID(message.payload))
            results.append((Judged.of(events[judged[-1]], applied), applied))
        await note_applied(connection, org_id, judged, now)
        return results

    async def _read(
        self,
        connection: asyncpg.Connection,
        org_id: UUID,
        message: Taken,
        events: Mapping[UUID, InboxEvent],
    ) -> Sequence[Report] | Poison:
        """Return what an event reports, or why that cannot be read."""
        try:
            stored = events.get(UUID(message.payload))
            if stored is None:
                raise Malformed("inbox", _GONE)  # noqa: TRY301 - as where one event is loaded
            return _reports(await self._sender(connection, org_id, stored), stored)
        except (Malformed, ConnectionEnded) as error:
            return Poison(Fault(type(error).__name__, str(error)))

    async def _fetched(self, org_id: UUID, message: Taken) -> Outcome:
        try:
            async with self._database.transaction(org_id) as connection:
                stored = await self._event(connection, org_id, message)
                sender = await self._sender(connection, org_id, stored)
            found = await sender.connector.fetch(_told(sender, stored), _fetcher_of(sender))
        except (Malformed, ConnectionEnded) as error:
            return Poison(Fault(type(error).__name__, str(error)))
        except NotFetched as error:
            fault = Fault(type(error).__name__, str(error))
            if not error.again:
                return Poison(fault)
            after = None if error.after is None else self._clock() + timedelta(seconds=error.after)
            return Retry(fault, after)
        return Fetched(orjson.dumps(found, default=_exact).decode())

    async def _event(self, connection: asyncpg.Connection, org_id: UUID, message: Taken) -> InboxEvent:
        found = await load_event(connection, org_id, UUID(message.payload))
        if found is None:
            raise Malformed("inbox", _GONE)
        return found

    async def _sender(self, connection: asyncpg.Connection, org_id: UUID, stored: InboxEvent) -> Connection:
        found = await self._connections.get(connection, org_id, stored.connection_id)
        if found is None:
            raise ConnectionEnded
        return found


def _fetcher_of(sender: Connection) -> Fetcher:
    if sender.fetcher is None:
        raise NotFetched(sender.name, "the connection has no base address to ask at", again=False)
    return sender.fetcher


def _told(sender: Connection, stored: InboxEvent) -> Event:
    """Read again from its delivery what an event tells."""
    delivery = Delivery(stored.headers, stored.query, stored.body)
    for event in sender.connector.events(delivery):
        if event.id == stored.event:
            return event
    raise Malformed("body", "the event is not in its delivery as the connection is set up now")


def _reports(sender: Connection, stored: InboxEvent) -> Sequence[Report]:
    """Read what an event claims, of what was fetched where it was."""
    event = _told(sender, stored)
    content = event.content
    if stored.fetched is not None:
        content = read_payload(stored.fetched.encode(), "answer")
    return sender.connector.read(event, content, sender.name)


def key_of_contract(sender: Connection, event: Event, content: Any) -> str:  # noqa: ANN401 - any JSON
    """Name the lane of what is said of a contract; of what cannot be read, that of the event."""
    try:
        reports = sender.connector.read(event, content, sender.name)
    except Malformed:
        reports = ()
    return reports[0].contract if reports else f"{sender.id} {event.id}"


def _exact(value: object) -> object:
    """Write a number as the source did."""
    if isinstance(value, Decimal):
        return orjson.Fragment(str(value))
    raise TypeError
