"""Events of contract systems, each kept once as it came."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import asyncpg

# A delivery is given once, however many events it tells of.
_ADD = """
    INSERT INTO inbox_event (org_id, id, connection_id, event, headers, query, body, correlation,
                             received_at)
    SELECT $1, g.id, d.connection_id, g.event, d.headers, d.query, d.body, d.correlation, d.received_at
      FROM unnest($2::uuid[], $3::text[], $4::int[]) AS g (id, event, place)
      JOIN unnest($5::uuid[], $6::text[], $7::text[], $8::bytea[], $9::text[], $10::timestamptz[])
           WITH ORDINALITY AS d (connection_id, headers, query, body, correlation, received_at, place)
        ON d.place = g.place
     ORDER BY g.id
        ON CONFLICT (org_id, id) DO NOTHING RETURNING id"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """A delivery as it came, and what its source calls the events that it tells of."""

    connection_id: UUID
    events: Sequence[str]
    headers: Mapping[str, str] = field(repr=False)
    query: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    correlation: str
    at: datetime


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


async def add_events(
    connection: asyncpg.Connection, org_id: UUID, arrived: Sequence[Arrived]
) -> frozenset[UUID]:
    """Store the events of deliveries that were not sent before; returns the ids of those.

    Works in a transaction that is bound to the org; of two that send the same one waits for the other. What
    two of the deliveries tell of is stored as the first of them told it.
    """
    told: dict[UUID, tuple[str, int]] = {}
    for place, each in enumerate(arrived, 1):
        for event in each.events:
            told.setdefault(inbox_id(each.connection_id, event), (event, place))
    rows = await connection.fetch(
        _ADD, org_id, list(told), [event for event, _ in told.values()],
        [place for _, place in told.values()], [each.connection_id for each in arrived],
        [json.dumps(dict(each.headers)) for each in arrived],
        [json.dumps(dict(each.query)) for each in arrived], [each.body for each in arrived],
        [each.correlation for each in arrived], [each.at for each in arrived],
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
