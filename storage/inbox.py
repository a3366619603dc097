"""Events of contract systems, each kept once as it came."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import asyncpg

_ADD = """
    INSERT INTO inbox_event (org_id, id, connection_id, event, headers, query, body, correlation,
                             received_at)
    SELECT $1, g.id, $2, g.event, $3, $4, $5, $6, $7 FROM unnest($8::uuid[], $9::text[]) AS g (id, event)
        ON CONFLICT (org_id, id) DO NOTHING RETURNING id"""


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxEvent:
    """An event as it came, and what was fetched of it: JSON, None where nothing was."""

    id: UUID
    connection_id: UUID
    event: str
    headers: Mapping[str, str] = field(repr=False)
    query: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    fetched: str | None = field(default=None, repr=False)
    correlation: str
    received_at: datetime


def inbox_id(connection_id: UUID, event: str) -> UUID:
    """Return what an event is stored under, the same however often it is sent."""
    return UUID(bytes=hashlib.sha256(f"{connection_id}\0{event}".encode()).digest()[:16])


async def add_events(  # noqa: PLR0913 - a delivery as it came
    connection: asyncpg.Connection,
    org_id: UUID,
    connection_id: UUID,
    events: Sequence[str],
    *,
    headers: Mapping[str, str],
    query: Mapping[str, str],
    body: bytes,
    correlation: str,
    now: datetime,
) -> frozenset[UUID]:
    """Store the events of a delivery that were not sent before; returns the ids of those.

    Works in a transaction that is bound to the org; of two that send the same one waits for the other.
    """
    ids = [inbox_id(connection_id, each) for each in events]
    rows = await connection.fetch(
        _ADD, org_id, connection_id, json.dumps(dict(headers)), json.dumps(dict(query)), body,
        correlation, now, ids, list(events),
    )  # fmt: skip
    return frozenset(row["id"] for row in rows)


async def load_event(connection: asyncpg.Connection, org_id: UUID, event_id: UUID) -> InboxEvent | None:
    """Return an event by its id."""
    return (await load_events(connection, org_id, [event_id])).get(event_id)


async def load_events(
    connection: asyncpg.Connection, org_id: UUID, event_ids: Sequence[UUID]
) -> Mapping[UUID, InboxEvent]:
    """Return events by their ids; those that are not there stay away."""
    rows = await connection.fetch(
        "SELECT id, connection_id, event, headers, query, body, fetched, correlation, received_at"
        " FROM inbox_event WHERE org_id = $1 AND id = ANY ($2)",
        org_id, event_ids,
    )  # fmt: skip
    return {
        row["id"]: InboxEvent(**dict(row) | {name: json.loads(row[name]) for name in ("headers", "query")})
        for row in rows
    }


async def note_fetched(connection: asyncpg.Connection, org_id: UUID, event_id: UUID, fetched: str) -> None:
    """Keep what the source told of an event when it was asked."""
    await connection.execute(
        "UPDATE inbox_event SET fetched = $3 WHERE org_id = $1 AND id = $2", org_id, event_id, fetched
    )


async def note_applied(
    connection: asyncpg.Connection, org_id: UUID, event_ids: Sequence[UUID], now: datetime
) -> None:
    """Note that the claims of events were judged."""
    await connection.execute(
        "UPDATE inbox_event SET applied_at = $3 WHERE org_id = $1 AND id = ANY ($2)", org_id, event_ids, now
    )
