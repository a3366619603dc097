"""What a worker counted of the sync, kept in the database while it goes on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid5

import asyncpg

from domain.histogram import PASSING, Histogram
from domain.passage import Fate, Figure, FigureName, Passage, SyncDirection

KEPT: Final = timedelta(days=2)
"""For how long minutes are kept."""

# A worker says anew what it counted in a minute so far: said twice, it is as said once.
_PUT_MINUTES = """
    INSERT INTO sync_minute (org_id, id, minute, direction, object, done, put_off, held, accepted, refused,
                             conflicts, latencies)
    SELECT $1, g.id, g.minute, g.direction, g.object, g.done, g.put_off, g.held, g.accepted, g.refused,
           g.conflicts, g.latencies::int[]
      FROM unnest($2::uuid[], $3::timestamptz[], $4::text[], $5::text[], $6::int[], $7::int[], $8::int[],
                  $9::int[], $10::int[], $11::int[], $12::text[])
           AS g (id, minute, direction, object, done, put_off, held, accepted, refused, conflicts, latencies)
        ON CONFLICT (org_id, id) DO UPDATE
       SET done = excluded.done, put_off = excluded.put_off, held = excluded.held,
           accepted = excluded.accepted, refused = excluded.refused, conflicts = excluded.conflicts,
           latencies = excluded.latencies"""
_PUT_FIGURES = """
    INSERT INTO sync_figure AS f (org_id, id, name, object, count, position, at)
    SELECT $1, g.id, g.name, g.object, g.count, g.position, g.at
      FROM unnest($2::uuid[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::timestamptz[])
           AS g (id, name, object, count, position, at)
        ON CONFLICT (org_id, id) DO UPDATE
       SET count = excluded.count, position = excluded.position, at = excluded.at
     WHERE f.at <= excluded.at"""
# Minutes of a worker that is gone are nobody's to end: whoever is there ends them.
_FORGET = "DELETE FROM sync_minute WHERE org_id = $1 AND minute < $2"


@dataclass(frozen=True, slots=True)
class MinuteKey:
    """Which of a worker's counts: of one minute, direction and object."""

    minute: datetime
    direction: SyncDirection
    object: str

    def id_for(self, worker: UUID) -> UUID:
        """Return the id of the row."""
        return uuid5(worker, f"{self.minute.isoformat()} {self.direction} {self.object}")


@dataclass(slots=True)
class Minute:
    """What went across in a minute."""

    fates: dict[Fate, int] = field(default_factory=lambda: dict.fromkeys(Fate, 0))
    accepted: int = 0
    refused: int = 0
    conflicts: int = 0
    latency: Histogram = field(default_factory=lambda: Histogram(PASSING))

    def add(self, passage: Passage, now: datetime) -> None:
        """Count one more; how long it took tells only of what went across."""
        self.fates[passage.fate] += 1
        self.accepted += passage.accepted
        self.refused += passage.refused
        self.conflicts += passage.conflicts
        if passage.fate is Fate.DONE:
            self.latency.add(max(0.0, (now - passage.since).total_seconds()))


async def put_minutes(
    connection: asyncpg.Connection, org_id: UUID, worker: UUID, minutes: Mapping[MinuteKey, Minute]
) -> None:
    """Keep what a worker has counted in some minutes so far, in a transaction bound to the org."""
    rows = [
        (
            key.id_for(worker), key.minute, key.direction, key.object,
            *(told.fates[fate] for fate in (Fate.DONE, Fate.PUT_OFF, Fate.HELD)),
            told.accepted, told.refused, told.conflicts,
            "{" + ",".join(map(str, told.latency.counts)) + "}",
        )
        for key, told in minutes.items()
    ]  # fmt: skip
    await connection.execute(_PUT_MINUTES, org_id, *map(list, zip(*rows, strict=True)))


async def put_figures(
    connection: asyncpg.Connection,
    org_id: UUID,
    figures: Mapping[tuple[FigureName, str], tuple[Figure, datetime]],
) -> None:
    """Keep how the other side stood, in a transaction bound to the org; what is known to be later stays."""
    rows = [
        (uuid5(org_id, f"{name} {about}"), name, about, told.count, told.position, at)
        for (name, about), (told, at) in sorted(figures.items())
    ]
    await connection.execute(_PUT_FIGURES, org_id, *map(list, zip(*rows, strict=True)))


async def forget_minutes(connection: asyncpg.Connection, org_id: UUID, now: datetime) -> None:
    """Let go of minutes that are kept no longer."""
    await connection.execute(_FORGET, org_id, now - KEPT)
