"""Ordered work per key: enqueued in the writer's transaction, leased by any number of workers, fenced.

A lane is the messages of one key in one queue of one org. One worker at a time has its lease, and works on
its messages in the order in which their transactions committed; lanes wait for nothing but themselves.
Every moment is given by the caller, so workers' clocks should agree to within a second or so. Where they do
not, a lease ends early or late; that nothing is finished twice rests on the fence, never on a clock.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from operator import itemgetter
from uuid import UUID

import asyncpg

from domain.identity import uuid7
from storage.lane_outcome import Fault

# The lane's row counts its messages, and is locked from here to the commit: what it says of them holds.
# Whether any wait is never asked of the messages themselves, which may not be visible yet.
_JOINS = """excluded.pending = 1 AND l.pending > 0 AND l.tail = excluded.tail
            AND (l.lease IS NULL OR l.taken < l.last_seq)"""
_ENQUEUE = f"""
    WITH given AS (
        SELECT *, count(*) OVER (PARTITION BY lane_id) AS n,
               row_number() OVER (PARTITION BY lane_id ORDER BY place) AS nth
          FROM unnest($4::uuid[], $5::uuid[], $6::text[], $7::text[], $8::text[], $9::text[])
               WITH ORDINALITY AS g (id, lane_id, key, payload, correlation, tail, place)),
    counted AS (
        INSERT INTO lane AS l (org_id, id, queue, key, last_seq, pending, next_at, tail,
                               attempts, alone, taken)
        SELECT $1, lane_id, $2, key, n, n, $3, tail, 0, 0, 0 FROM given WHERE nth = n ORDER BY lane_id
            ON CONFLICT (org_id, id) DO UPDATE
           SET last_seq = l.last_seq + CASE WHEN {_JOINS} THEN 0 ELSE excluded.pending END,
               pending = l.pending + CASE WHEN {_JOINS} THEN 0 ELSE excluded.pending END,
               next_at = CASE WHEN l.pending = 0 THEN excluded.next_at ELSE l.next_at END,
               tail = excluded.tail
        RETURNING id, last_seq)
    INSERT INTO lane_message (org_id, id, lane_id, seq, payload, correlation, enqueued_at)
    SELECT $1, g.id, g.lane_id, c.last_seq - g.n + g.nth, g.payload, g.correlation, $3
      FROM given AS g JOIN counted AS c ON c.id = g.lane_id
        ON CONFLICT (org_id, lane_id, seq) DO UPDATE  -- it joins the last message, which has this place
       SET payload = excluded.payload, correlation = excluded.correlation"""  # noqa: S608 - all of it stands above

# How many are looked for stands in the text: PostgreSQL plans for so few, and so by the index.
_CLAIM = """
    WITH due AS (
        SELECT org_id, id FROM lane WHERE queue = $1 AND next_at <= $2 AND next_at < 'infinity'
         ORDER BY next_at LIMIT {lanes:d} FOR UPDATE SKIP LOCKED)
    UPDATE lane AS l
       SET next_at = $3, lease = $4, attempts = l.attempts + 1,
           alone = CASE WHEN l.lease IS NULL THEN l.alone ELSE greatest(l.alone, {messages:d}) END,
           taken = l.last_seq - greatest(l.pending - CASE
               WHEN l.attempts > 0 OR l.alone > 0 OR l.lease IS NOT NULL THEN 1 ELSE {messages:d} END, 0)
      FROM due WHERE l.org_id = due.org_id AND l.id = due.id
    RETURNING l.org_id, l.id, l.key, l.attempts, l.alone"""
_PENDING = "SELECT pending FROM lane WHERE org_id = $1 AND id = $2"
_BACKLOG = """
    SELECT coalesce(sum(pending), 0)::int AS waiting, min(next_at) FILTER (WHERE next_at <= $2) AS since
      FROM lane WHERE queue = $1 AND next_at < 'infinity'"""

_AT_ONCE = 1000


class Queue(StrEnum):
    """Whose work a lane is."""

    ALERT = "alert"
    BULK = "bulk"
    CHANGE = "change"
    DRIFT = "drift"
    FETCH = "fetch"
    FOLLOW = "follow"
    HOOK = "hook"
    INBOX = "inbox"
    OUTBOX = "outbox"
    POLL = "poll"
    RESYNC = "resync"
    STREAM = "stream"


class Fenced(Exception):
    """The lease of the lane had ended, and it was given to another worker."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """Something to be done after all that came before it for the same key.

    A later message of the same `coalesce` name takes the place of an earlier one if nothing came in between
    and no worker has it yet: whatever others of the key say is done before and after it as ever. So a message
    of a name must be all that the one before it was: `write this record as it now is`, never a difference.
    The payload lies in clear: what is personal in it is sealed by whoever enqueues it.
    """

    key: str
    payload: str
    correlation: str
    coalesce: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """A lane that is ours until `until`: at most its first `messages`, its first begun `attempts` times."""

    id: UUID
    org_id: UUID
    lane_id: UUID
    queue: Queue
    key: str
    attempts: int
    messages: int
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A message that is worked on."""

    id: UUID
    seq: int
    payload: str
    correlation: str
    enqueued_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """What became of a lease: the messages that are done, quarantined, and left in the lane.

    The lane waits until `retry_at` for the message of the correlation `waits_for`, where it is tried again;
    with `routine` nothing failed, and it is only due again.
    """

    done: int
    quarantined: Sequence[tuple[Taken, Fault]]
    left: int
    retry_at: datetime | None
    waits_for: str | None = None
    routine: bool = False


@dataclass(frozen=True, slots=True)
class Backlog:
    """How many messages of a queue wait in all orgs, and since when the longest waiting lane is due."""

    waiting: int
    since: datetime | None


def lane_id(queue: Queue, key: str) -> UUID:
    """Return the id of the lane of a key."""
    return UUID(bytes=hashlib.sha256(f"{queue}\0{key}".encode()).digest()[:16])


async def enqueue(
    connection: asyncpg.Connection, org_id: UUID, queue: Queue, messages: Sequence[Message], now: datetime
) -> None:
    """Add messages in a transaction that is bound to the org: they are there once it commits.

    It locks their lanes until then: let it be the last that a transaction does, with all its messages of the
    queue at once. Two that lock the same lanes do so in the same order. A statement takes a thousand.
    """
    found = [(lane_id(queue, each.key), each) for each in _coalesced(messages)]
    found.sort(key=itemgetter(0))  # messages of a lane stay in their order
    for first in range(0, len(found), _AT_ONCE):
        lanes, part = zip(*found[first : first + _AT_ONCE], strict=True)
        await connection.execute(
            _ENQUEUE, org_id, queue, now, [uuid7() for _ in part], lanes, [each.key for each in part],
            [each.payload for each in part], [each.correlation for each in part],
            [each.coalesce for each in part],
        )  # fmt: skip


def _coalesced(messages: Sequence[Message]) -> Sequence[Message]:
    """Leave out what the next of its key takes the place of."""
    kept: list[Message | None] = []
    last: dict[str, int] = {}
    for each in messages:
        place = last.get(each.key)
        before = None if place is None else kept[place]
        if place is not None and before is not None and before.coalesce == each.coalesce is not None:
            kept[place] = None
        last[each.key] = len(kept)
        kept.append(each)
    return [each for each in kept if each is not None]


async def claim(  # noqa: PLR0913 - how much, for how long, from when
    connection: asyncpg.Connection,
    queue: Queue,
    *,
    lanes: int,
    messages: int,
    lease_for: timedelta,
    now: datetime,
) -> Sequence[Lease]:
    """Lease lanes that are due, in any org, those first that waited longest; others' claims are no hindrance.

    Must run in `Database.claiming`. A lane whose first message failed, or whose worker did not come back
    from a whole batch, gives its messages one by one until it is past them: the one at fault is then alone.
    """
    lease, until = uuid7(), now + lease_for
    statement = _CLAIM.format(lanes=lanes, messages=messages)
    rows = await connection.fetch(statement, queue, now, until, lease)
    return [
        Lease(
            id=lease, org_id=row["org_id"], lane_id=row["id"], queue=queue, key=row["key"],
            attempts=row["attempts"], until=until,
            messages=1 if row["attempts"] > 1 or row["alone"] else messages,
        )
        for row in rows
    ]  # fmt: skip


async def is_waited_for(connection: asyncpg.Connection, org_id: UUID, queue: Queue, key: str) -> bool:
    """Whether anything of a key waits or is worked on, in a transaction bound to the org."""
    pending = await connection.fetchval(_PENDING, org_id, lane_id(queue, key))
    return bool(pending)


async def backlog(connection: asyncpg.Connection, queue: Queue, now: datetime) -> Backlog:
    """Count what waits in all orgs. Must run in `Database.claiming`."""
    return Backlog(*await connection.fetchrow(_BACKLOG, queue, now))
