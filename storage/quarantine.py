"""Messages that could not be done: looked at, put back into their lane, or given up; all of it is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import asyncpg

from domain.identity import uuid7

_COLUMNS = """
    q.id, l.queue, l.key, q.payload, q.correlation, q.enqueued_at, q.quarantined_at, q.attempts, q.error,
    q.message, q.state, q.decided_by, q.decided_at, q.decided_because, q.replayed_as"""
_LANE = "quarantined_message AS q JOIN lane AS l ON l.org_id = q.org_id AND l.id = q.lane_id"
_LIST = f"""
    SELECT {_COLUMNS} FROM {_LANE}
     WHERE q.org_id = $1 AND q.state = ANY ($2) AND ($3::text IS NULL OR l.queue = $3)
       AND ($5::text IS NULL OR q.error = $5)
       AND ($6::uuid IS NULL OR (q.enqueued_at, q.seq, q.id) > (
            SELECT a.enqueued_at, a.seq, a.id
              FROM quarantined_message AS a WHERE a.org_id = $1 AND a.id = $6))
     ORDER BY q.enqueued_at, q.seq, q.id LIMIT $4"""  # noqa: S608 - all of it stands above
_FIND = f"SELECT {_COLUMNS} FROM {_LANE} WHERE q.org_id = $1 AND q.id = $2"  # noqa: S608 - as above
_LATER = f"""
    SELECT l.last_seq - q.seq AS came,
           (SELECT count(*) FROM lane_message AS m
             WHERE m.org_id = $1 AND m.lane_id = q.lane_id AND m.seq > q.seq) AS waiting
      FROM {_LANE} WHERE q.org_id = $1 AND q.id = $2"""  # noqa: S608 - as above
_DECIDE = """
    UPDATE quarantined_message
       SET state = $3, decided_by = $4, decided_at = $5, decided_because = $6, replayed_as = $7
     WHERE org_id = $1 AND id = $2 AND state = 'HELD'
    RETURNING lane_id, seq, payload, correlation, enqueued_at"""
# In its old place it is before all that waits, so the lane rests no longer for what was its first until now.
_MAKE_ROOM = """
    UPDATE lane SET last_seq = last_seq + CASE WHEN $3 THEN 0 ELSE 1 END, pending = pending + 1,
           next_at = CASE WHEN pending = 0 OR ($3 AND lease IS NULL) THEN $4 ELSE next_at END,
           attempts = CASE WHEN $3 AND lease IS NULL THEN 0 ELSE attempts END,
           tail = CASE WHEN $3 THEN tail END
     WHERE org_id = $1 AND id = $2 RETURNING last_seq"""
_PUT = """
    INSERT INTO lane_message (org_id, id, lane_id, seq, payload, correlation, enqueued_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7)"""


class State(StrEnum):
    """What was decided about a message."""

    HELD = "HELD"
    REPLAYED = "REPLAYED"
    DISCARDED = "DISCARDED"


class NotHeld(Exception):
    """No message {id} is held: `contract-graph held list` shows those that are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantined:
    """A message with why it could not be done, and what was decided about it since, by whom and why."""

    id: UUID
    queue: str
    key: str
    payload: str
    correlation: str
    enqueued_at: datetime
    quarantined_at: datetime
    attempts: int
    error: str
    message: str
    state: State
    decided_by: str | None
    decided_at: datetime | None
    decided_because: str | None
    replayed_as: UUID | None


@dataclass(frozen=True, slots=True)
class Later:
    """How many messages of its key came after one, and how many of them still wait."""

    came: int
    waiting: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Who decided about a message, why and when."""

    by: str
    because: str
    at: datetime


async def list_quarantined(  # noqa: PLR0913 - what is looked for, each by name
    connection: asyncpg.Connection,
    org_id: UUID,
    *,
    states: Sequence[State] = (State.HELD,),
    queue: str | None = None,
    error: str | None = None,
    after: UUID | None = None,
    most: int = 100,
) -> Sequence[Quarantined]:
    """Return messages of the org that the transaction is bound to, those first that came first.

    `after` is the last message of the page before.
    """
    found = await connection.fetch(_LIST, org_id, list(states), queue, most, error, after)
    return [_read(row) for row in found]


async def find_quarantined(connection: asyncpg.Connection, org_id: UUID, id_: UUID) -> Quarantined:
    """Return a message, whatever was decided about it. Raises NotHeld."""
    row = await connection.fetchrow(_FIND, org_id, id_)
    if row is None:
        raise _not_held(id_)
    return _read(row)


async def later_than(connection: asyncpg.Connection, org_id: UUID, id_: UUID) -> Later:
    """Tell what of its lane came after a message: those of them that do not wait are done, or held too."""
    return Later(*await connection.fetchrow(_LATER, org_id, id_))


async def replay(
    connection: asyncpg.Connection, org_id: UUID, id_: UUID, decision: Decision, *, first: bool = False
) -> UUID:
    """Put a message back into its lane, and return its new id there. Raises NotHeld.

    It goes to the end, as if it had come now. With `first` it goes where it was: before everything that
    waits, and after what a worker has already taken. Either way what came later and was done is not done
    again, and no later message takes its place. Runs in a transaction bound to the org.
    """
    new = uuid7()
    row = await _decide(connection, org_id, id_, State.REPLAYED, decision, new)
    last = await connection.fetchval(_MAKE_ROOM, org_id, row["lane_id"], first, decision.at)
    seq = row["seq"] if first else last
    await connection.execute(
        _PUT, org_id, new, row["lane_id"], seq, row["payload"], row["correlation"], row["enqueued_at"]
    )
    return new


async def discard(connection: asyncpg.Connection, org_id: UUID, id_: UUID, decision: Decision) -> None:
    """Give a message up; it stays on record with the decision. Raises NotHeld."""
    await _decide(connection, org_id, id_, State.DISCARDED, decision, None)


async def _decide(  # noqa: PLR0913, PLR0917 - what is decided of which message
    connection: asyncpg.Connection,
    org_id: UUID,
    id_: UUID,
    state: State,
    decision: Decision,
    replayed_as: UUID | None,
) -> asyncpg.Record:
    row = await connection.fetchrow(
        _DECIDE, org_id, id_, state, decision.by, decision.at, decision.because, replayed_as
    )
    if row is None:
        raise _not_held(id_)
    return row


def _not_held(id_: UUID) -> NotHeld:
    return NotHeld((NotHeld.__doc__ or "").format(id=id_))


def _read(row: asyncpg.Record) -> Quarantined:
    return Quarantined(**dict(row) | {"state": State(row["state"])})
