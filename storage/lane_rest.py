"""Lanes that rest while what waits in them is under way by other means.

Whoever has them rest says until when; nothing is taken from them, and what comes meanwhile waits with the
rest. Every function runs in a transaction that is bound to the org of its lanes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from storage.lanes import Queue

# Lanes in trouble, or whose worker was lost, take turns by themselves: what is at fault is to be found out.
_QUIET = "lease IS NULL AND attempts = 0 AND alone = 0"
_DUE = f"""
    SELECT count(*) FROM (
           SELECT FROM lane WHERE org_id = $1 AND queue = $2 AND next_at <= $3 AND next_at < 'infinity'
                              AND {_QUIET} LIMIT $4) AS found"""  # noqa: S608 - own names
_REST = f"""
    WITH due AS (
        SELECT id FROM lane WHERE org_id = $1 AND queue = $2 AND next_at <= $3 AND next_at < 'infinity'
                              AND {_QUIET} ORDER BY next_at LIMIT $5 FOR UPDATE SKIP LOCKED),
    resting AS (
        UPDATE lane AS l SET next_at = $4 FROM due WHERE l.org_id = $1 AND l.id = due.id
        RETURNING l.id, l.key, l.last_seq)
    SELECT r.id, r.key, m.correlation FROM resting AS r JOIN lane_message AS m
        ON m.org_id = $1 AND m.lane_id = r.id AND m.seq = r.last_seq ORDER BY r.id"""  # noqa: S608 - own names
_AGAIN = """
    WITH held AS (
        SELECT id FROM lane WHERE org_id = $1 AND id = ANY ($2) AND lease IS NULL AND pending > 0
         ORDER BY id FOR UPDATE)
    UPDATE lane AS l SET next_at = $3 FROM held WHERE l.org_id = $1 AND l.id = held.id RETURNING l.id"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resting:
    """A lane that rests, and what its last message is known by."""

    id: UUID
    key: str
    correlation: str


async def due_lanes(
    connection: asyncpg.Connection, org_id: UUID, queue: Queue, now: datetime, most: int
) -> int:
    """Count the lanes of an org that are due and nobody has, up to `most`."""
    return int(await connection.fetchval(_DUE, org_id, queue, now, most))


async def rest(  # noqa: PLR0913 - whose, from when, until when, how many
    connection: asyncpg.Connection, org_id: UUID, queue: Queue, *, now: datetime, until: datetime, most: int
) -> Sequence[Resting]:
    """Have lanes that are due rest until a moment, those first that waited longest."""
    rows = await connection.fetch(_REST, org_id, queue, now, until, most)
    return [Resting(**row) for row in rows]


async def due_at(
    connection: asyncpg.Connection, org_id: UUID, lanes: Sequence[UUID], moment: datetime
) -> frozenset[UUID]:
    """Have lanes rest until a moment, or be due at it; return those that nobody has taken meanwhile."""
    return frozenset(row["id"] for row in await connection.fetch(_AGAIN, org_id, list(lanes), moment))
