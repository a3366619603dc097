"""How the sync of an org goes, at bounded cost: read from minutes, lanes and quarantine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg

from domain.passage import Figure, FigureName, SyncDirection

MOST_LANES: Final = 20_000
"""Lanes that are counted at most: beyond that it is enough to know that there are more."""
MOST_KINDS: Final = 50
"""Kinds of errors that are told of quarantine at most, the most frequent first."""

_PASSED = """
    WITH told AS (SELECT * FROM sync_minute WHERE org_id = $1 AND minute >= $2),
    counted AS (
        SELECT direction, object, sum(done)::int AS done, sum(put_off)::int AS put_off,
               sum(held)::int AS held, sum(accepted)::int AS accepted, sum(refused)::int AS refused,
               sum(conflicts)::int AS conflicts
          FROM told GROUP BY direction, object),
    stepped AS (
        SELECT direction, object, place, sum(n)::int AS n
          FROM told, unnest(latencies) WITH ORDINALITY AS step (n, place) GROUP BY direction, object, place)
    SELECT c.*, (SELECT array_agg(s.n ORDER BY s.place) FROM stepped AS s
                  WHERE s.direction = c.direction AND s.object = c.object) AS latencies
      FROM counted AS c ORDER BY c.direction, c.object"""
# The first message of a lane is its oldest, but for one that was replayed out of quarantine.
_WAITING = """
    WITH due AS (
        SELECT id, queue, pending FROM lane
         WHERE org_id = $1 AND queue = ANY ($2) AND next_at < 'infinity' LIMIT {most:d})
    SELECT due.queue, sum(due.pending)::int AS waiting, count(*)::int AS lanes,
           min(first.enqueued_at) AS since
      FROM due LEFT JOIN LATERAL (
           SELECT m.enqueued_at FROM lane_message AS m
            WHERE m.org_id = $1 AND m.lane_id = due.id ORDER BY m.seq LIMIT 1) AS first ON true
     GROUP BY due.queue ORDER BY due.queue"""
_HELD = """
    SELECT l.queue, q.error, count(*)::int AS count, min(q.quarantined_at) AS since
      FROM quarantined_message AS q JOIN lane AS l ON l.org_id = q.org_id AND l.id = q.lane_id
     WHERE q.org_id = $1 AND q.state = 'HELD'
     GROUP BY l.queue, q.error ORDER BY count DESC, l.queue, q.error"""
_FIGURES = "SELECT name, object, count, position, at FROM sync_figure WHERE org_id = $1 ORDER BY name, object"


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """What went one way about one kind of object; `latencies` are counted by PASSING."""

    direction: SyncDirection
    object: str
    done: int
    put_off: int
    held: int
    accepted: int
    refused: int
    conflicts: int
    latencies: Sequence[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What waits in a queue, in how many lanes, and when the oldest of it came."""

    queue: str
    waiting: int
    lanes: int
    since: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """How much is in quarantine with an error, and since when."""

    queue: str
    error: str
    count: int
    since: datetime


async def passed_since(connection: asyncpg.Connection, org_id: UUID, since: datetime) -> Sequence[Passed]:
    """Return what went across in the minutes from a moment on."""
    rows = await connection.fetch(_PASSED, org_id, since)
    return [Passed(**dict(row) | {"direction": SyncDirection(row["direction"])}) for row in rows]


async def waiting_in(
    connection: asyncpg.Connection, org_id: UUID, queues: Sequence[str]
) -> Sequence[Waiting]:
    """Return what waits in queues of an org, of MOST_LANES lanes at most."""
    rows = await connection.fetch(_WAITING.format(most=MOST_LANES), org_id, list(queues))
    return [Waiting(**dict(row)) for row in rows]


async def held_by_error(connection: asyncpg.Connection, org_id: UUID) -> Sequence[Held]:
    """Return how much is in quarantine by queue and error, the most frequent first."""
    return [Held(**dict(row)) for row in await connection.fetch(_HELD, org_id)]


async def figures_seen(connection: asyncpg.Connection, org_id: UUID) -> Sequence[tuple[Figure, datetime]]:
    """Return how the other side last stood, and when that was seen."""
    return [
        (
            Figure(
                name=FigureName(row["name"]), object=row["object"], count=row["count"],
                position=row["position"],
            ),
            row["at"],
        )
        for row in await connection.fetch(_FIGURES, org_id)
    ]  # fmt: skip
