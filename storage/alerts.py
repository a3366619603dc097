"""What operators are to be told: counted in the transaction in which it happens, told by lanes of their own.

A message of such a lane carries no count. It says that there is something to tell, and may be joined by the
next; how often it happened stands in a tally for each target, and what a target was told of is taken off
that. So no two alerts tell of the same, and whatever was not told is in the next one.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg

from domain.alert import LATE, AlertKind, Standing
from storage.lanes import Message, Queue, enqueue

_TARGETS = """
    SELECT id, kinds FROM alert_target WHERE org_id = $1 AND ended_at IS NULL ORDER BY id"""
_RAISE = """
    INSERT INTO alert_tally AS t (org_id, id, target_id, kind, queue, error, raised, told, since, example,
                                  correlation)
    SELECT $1, g.id, g.target_id, g.kind, g.queue, g.error, g.raised, 0, $2, g.example, g.correlation
      FROM unnest($3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::bigint[], $9::uuid[],
                  $10::text[])
           AS g (id, target_id, kind, queue, error, raised, example, correlation) ORDER BY g.id
        ON CONFLICT (org_id, id) DO UPDATE
       SET raised = t.raised + excluded.raised, example = excluded.example,
           correlation = excluded.correlation,
           since = CASE WHEN t.raised = t.told THEN excluded.since ELSE t.since END"""
_TALLIES = """
    SELECT id, queue, error, raised, told, since, example, correlation, answered_at
      FROM alert_tally WHERE org_id = $1 AND target_id = $2 AND kind = $3 ORDER BY raised - told DESC, id"""
# Those who raise lock tallies in the order of their ids, too.
_SETTLE = """
    WITH locked AS (
        SELECT t.id, g.told FROM alert_tally AS t JOIN unnest($2::uuid[], $3::bigint[]) AS g (id, told)
            ON g.id = t.id WHERE t.org_id = $1 ORDER BY t.id FOR UPDATE OF t)
    UPDATE alert_tally AS t
       SET told = greatest(t.told, l.told), answered_at = $4,
           since = CASE WHEN l.told > t.told AND t.raised > l.told THEN $4 ELSE t.since END
      FROM locked AS l WHERE t.org_id = $1 AND t.id = l.id"""
_STANDING = {
    Standing.HELD: "SELECT count(*) FROM quarantined_message WHERE org_id = $1 AND state = 'HELD'",
    Standing.LATE: """
        SELECT count(*) FROM lane AS l JOIN lane_message AS m ON m.org_id = l.org_id AND m.lane_id = l.id
         WHERE l.org_id = $1 AND l.queue <> 'alert' AND l.next_at < 'infinity' AND m.org_id = $1
           AND m.enqueued_at <= $2""",
    Standing.OUTBOX: """
        SELECT coalesce(sum(pending), 0)::bigint FROM lane WHERE org_id = $1 AND queue = 'outbox'""",
}
_LATE_LANES = """
    SELECT DISTINCT ON (org_id) org_id, id FROM lane
     WHERE queue = $1 AND next_at <= $2 AND next_at < 'infinity' ORDER BY org_id, next_at"""

_KIND_OF_ERROR: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,99}")
_LONGEST_CORRELATION: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """That something happened: kinds and ids, never a value, a payload or what somebody's error said.

    `error` is the kind of an error, as `UNABLE_TO_LOCK_ROW`, where there was one; `example` the id of the
    message or lane.
    """

    kind: AlertKind
    queue: Queue
    error: str = ""
    example: UUID | None = None
    correlation: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How often something happened, and of how much of that a target was told."""

    id: UUID
    queue: str
    error: str
    raised: int
    told: int
    since: datetime
    example: UUID | None
    correlation: str
    answered_at: datetime | None


async def raise_alerts(
    connection: asyncpg.Connection, org_id: UUID, alarms: Sequence[Alarm], now: datetime
) -> None:
    """Have an org's targets told, in a transaction that is bound to it: they are, once it commits.

    It locks what is counted until then: let it be the last that a transaction does, with all its alarms at
    once. Who has the work of a lane says it with `Retry.alert` instead, and it is raised last.
    """
    if not alarms:
        return
    rows: dict[UUID, tuple[UUID, Alarm, int]] = {}
    for target in await connection.fetch(_TARGETS, org_id):
        for each in alarms:
            if target["kinds"] is None or each.kind in target["kinds"]:
                id_ = _tally_id(target["id"], each)
                before = rows[id_][2] if id_ in rows else 0
                rows[id_] = target["id"], each, before + 1
    if not rows:
        return
    given = [(id_, *row) for id_, row in rows.items()]
    await connection.execute(
        _RAISE, org_id, now,
        [id_ for id_, _, _, _ in given], [target for _, target, _, _ in given],
        [alarm.kind for _, _, alarm, _ in given], [alarm.queue for _, _, alarm, _ in given],
        [_plain_error(alarm) for _, _, alarm, _ in given], [times for _, _, _, times in given],
        [alarm.example for _, _, alarm, _ in given], [_plain_correlation(alarm) for _, _, alarm, _ in given],
    )  # fmt: skip
    told = {(target, alarm.kind): alarm for _, target, alarm, _ in given}
    await enqueue(connection, org_id, Queue.ALERT, [_bell(*each) for each in told.items()], now)


def _bell(to: tuple[UUID, AlertKind], alarm: Alarm) -> Message:
    """Say that there is something to tell; each kind has a lane, so that one put off holds up no other."""
    name = f"{to[0]} {to[1]}"
    return Message(key=name, payload=name, correlation=_plain_correlation(alarm), coalesce=to[1])


async def tallies(
    connection: asyncpg.Connection, org_id: UUID, target_id: UUID, kind: AlertKind
) -> Sequence[Tally]:
    """Return what there is of a kind for a target, told or not, what is most first."""
    rows = await connection.fetch(_TALLIES, org_id, target_id, kind)
    return [Tally(**dict(row)) for row in rows]


async def note_answer(
    connection: asyncpg.Connection, org_id: UUID, told: Mapping[UUID, int], now: datetime
) -> None:
    """Note up to which time of each tally a target was told; what is told twice counts once."""
    await connection.execute(_SETTLE, org_id, list(told), list(told.values()), now)


async def standing(connection: asyncpg.Connection, org_id: UUID, what: Standing, now: datetime) -> int:
    """Count what is so at this moment."""
    arguments = (org_id, now - LATE) if what is Standing.LATE else (org_id,)
    found: int = await connection.fetchval(_STANDING[what], *arguments)
    return found


async def late_lanes(
    connection: asyncpg.Connection, queue: Queue, now: datetime
) -> Sequence[tuple[UUID, UUID]]:
    """Return of each org where work has been due for too long the lane that waits longest.

    Must run in `Database.claiming`.
    """
    return [(row["org_id"], row["id"]) for row in await connection.fetch(_LATE_LANES, queue, now - LATE)]


def _tally_id(target_id: UUID, alarm: Alarm) -> UUID:
    name = f"{target_id}\0{alarm.kind}\0{alarm.queue}\0{_plain_error(alarm)}"
    return UUID(bytes=hashlib.sha256(name.encode()).digest()[:16])


def _plain_error(alarm: Alarm) -> str:
    """A kind of error, or that it was none: what others call their errors might say anything."""
    return alarm.error if not alarm.error or _KIND_OF_ERROR.fullmatch(alarm.error) else "OTHER"


def _plain_correlation(alarm: Alarm) -> str:
    return "".join(each if each.isprintable() else " " for each in alarm.correlation[:_LONGEST_CORRELATION])
