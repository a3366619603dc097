"""Every record of an object that the graph holds, asked for again: what was missed is then known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg
import orjson

from domain.contract import Contract
from domain.identity import uuid7
from storage.lane_outcome import Done, Fault, Outcome, Poison
from storage.lanes import Message, Queue, enqueue
from storage.mirrored import held
from sync.handlers import Batch
from sync.salesforce.changes.change import Kind, RecordChange, mirrored
from sync.salesforce.mapping import object_of

ENTITIES: Final = (
    "Opportunity", "Account", "Contact", "Contract", "OpportunityLineItem", "Product2", "User",
    "OpportunityContactRole",
)  # fmt: skip
"""The objects whose records the graph holds or speaks of, the most important first."""

_AT_ONCE = 1000


def resync_of(objects: Iterable[str]) -> list[Message]:
    """Return the messages that have all records of objects asked for again, those that wait for it once."""
    return [
        Message(
            key=each, payload=orjson.dumps({"object": each, "after": ""}).decode(), correlation=str(uuid7()),
            coalesce="whole",
        )
        for each in objects
        if each in ENTITIES
    ]  # fmt: skip


class ResyncWork:
    """Does the work of resyncs: a page of records at a time, each put in its lane."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock

    async def spread(self, connection: asyncpg.Connection, batch: Batch) -> Sequence[Outcome]:
        """Put the next records of an object in their lanes, in the transaction that finishes it."""
        message = batch.messages[0]
        try:
            said = orjson.loads(message.payload)
            name, after = str(said["object"]), str(said["after"])
        except (ValueError, TypeError, LookupError):
            return [Poison(Fault("Malformed", "it is no resync"))]
        entity = Contract if name == object_of(Contract) else mirrored(name)
        if entity is None:
            return [Done()]
        found = await held(connection, batch.org_id, entity, after, _AT_ONCE)
        now = self._clock()
        await _ask(connection, batch.org_id, name, found, now)
        if len(found) == _AT_ONCE:
            text = orjson.dumps({"object": name, "after": found[-1]}).decode()
            rest = Message(key=name, payload=text, correlation=message.correlation)
            await enqueue(connection, batch.org_id, Queue.RESYNC, [rest], now)
        return [Done()]


async def _ask(
    connection: asyncpg.Connection, org_id: UUID, name: str, records: Sequence[str], now: datetime
) -> None:
    # Of when the values are, their records say themselves.
    changes = [
        RecordChange(object=name, record=each, kind=Kind.WHOLE, at=0, number=0, event="resync")
        for each in records
    ]
    messages = [each.message(str(uuid7())) for each in changes]
    await enqueue(connection, org_id, Queue.CHANGE, messages, now)
