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
from random import SystemRandom
from uuid import UUID

import asyncpg

from domain.identity import uuid7
from storage.lane_outcome import Fault, Outcome, Patience, Poison, Retry

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
_TAKE = """
    SELECT m.id, m.seq, m.payload, m.correlation, m.enqueued_at
      FROM lane AS l JOIN lane_message AS m ON m.org_id = l.org_id AND m.lane_id = l.id AND m.seq <= l.taken
     WHERE l.org_id = $1 AND l.id = $2 AND l.lease = $3 AND m.org_id = $1 AND m.lane_id = $2
     ORDER BY m.seq LIMIT {messages:d}"""
_FINISH = """
    WITH held AS (
        UPDATE lane
           SET lease = NULL, pending = pending - $4, alone = greatest(alone - $4, 0),
               attempts = $5, reason = $6,
               next_at = CASE WHEN pending = $4 THEN 'infinity' ELSE $7::timestamptz END,
               tail = CASE WHEN last_seq = $8 THEN NULL ELSE tail END
         WHERE org_id = $1 AND id = $2 AND lease = $3 RETURNING pending),
    gone AS (
        DELETE FROM lane_message AS m USING held
         WHERE m.org_id = $1 AND m.lane_id = $2 AND m.seq = ANY ($9) RETURNING m.*),
    quarantined AS (
        INSERT INTO quarantined_message (org_id, id, lane_id, seq, payload, correlation, enqueued_at,
                                         quarantined_at, attempts, error, message, state)
        SELECT g.org_id, g.id, g.lane_id, g.seq, g.payload, g.correlation, g.enqueued_at,
               $10, p.attempts, p.error, p.message, 'HELD'
          FROM unnest($11::bigint[], $12::int[], $13::text[], $14::text[])
               AS p (seq, attempts, error, message) JOIN gone AS g ON g.seq = p.seq)
    SELECT pending FROM held"""
_RELEASE = """
    UPDATE lane SET lease = NULL, attempts = attempts - 1, next_at = $4, alone = greatest(alone, $5)
     WHERE org_id = $1 AND id = $2 AND lease = $3"""
_PENDING = "SELECT pending FROM lane WHERE org_id = $1 AND id = $2"
_RENEW = "UPDATE lane SET next_at = $4 WHERE org_id = $1 AND id = $2 AND lease = $3"
_BACKLOG = """
    SELECT coalesce(sum(pending), 0)::int AS waiting, min(next_at) FILTER (WHERE next_at <= $2) AS since
      FROM lane WHERE queue = $1 AND next_at < 'infinity'"""

_AT_ONCE = 1000
_chance = SystemRandom()


class Queue(StrEnum):
    """Whose work a lane is."""

    ALERT = "alert"
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


async def take(connection: asyncpg.Connection, lease: Lease) -> Sequence[Taken]:
    """Return the messages to work on, in order, in a transaction bound to the org. Raises Fenced."""
    rows = await connection.fetch(
        _TAKE.format(messages=lease.messages), lease.org_id, lease.lane_id, lease.id
    )
    if not rows:
        raise Fenced
    return [Taken(**dict(row)) for row in rows]


async def finish(
    connection: asyncpg.Connection,
    lease: Lease,
    outcomes: Sequence[tuple[Taken, Outcome]],
    now: datetime,
    patience: Patience,
) -> Finished:
    """End a lease with what became of its first messages; nothing after a Retry is looked at.

    Runs in a transaction bound to the org, best in the one that did the work and as its last statement: what
    a worker did whose lease had ended is then undone with it. Raises Fenced, after which nothing may commit.
    """
    gone, poison, retry = _sorted(lease, outcomes, patience)
    attempts, next_at = 0, now
    if retry is not None:
        attempts = (1 if gone else lease.attempts) - (retry.after is not None)
        next_at = now + max(patience.rest(max(attempts, 1), _chance), retry.least)
        if retry.after is not None:
            next_at = max(next_at, retry.after)  # a time that has passed must not bring it back at once
    left = await connection.fetchval(
        _FINISH, lease.org_id, lease.lane_id, lease.id, len(gone), attempts,
        f"{retry.reason.kind}: {retry.reason.message}" if retry else None,
        next_at, gone[-1].seq if gone else 0, [each.seq for each in gone], now,
        [each.seq for each, _, _ in poison], [tried for _, _, tried in poison],
        [fault.kind for _, fault, _ in poison], [fault.message for _, fault, _ in poison],
    )  # fmt: skip
    if left is None:
        raise Fenced
    return Finished(
        done=len(gone) - len(poison),
        quarantined=[(each, fault) for each, fault, _ in poison],
        left=left,
        retry_at=next_at if retry else None,
        waits_for=outcomes[len(gone)][0].correlation if retry else None,
        routine=retry is not None and retry.routine,
    )


def _sorted(
    lease: Lease, outcomes: Sequence[tuple[Taken, Outcome]], patience: Patience
) -> tuple[list[Taken], list[tuple[Taken, Fault, int]], Retry | None]:
    """Return what leaves the lane, what of it goes to quarantine after how many attempts, and what stays."""
    gone: list[Taken] = []
    poison: list[tuple[Taken, Fault, int]] = []
    for each, outcome in outcomes:
        attempts = 1 if gone else lease.attempts
        if isinstance(outcome, Retry) and (outcome.after is not None or attempts < patience.attempts):
            return gone, poison, outcome
        if isinstance(outcome, Retry | Poison):
            poison.append((each, outcome.reason, attempts))
        gone.append(each)
    return gone, poison, None


async def release(connection: asyncpg.Connection, lease: Lease, now: datetime, alone: int = 0) -> None:
    """Give a lane back as it was, in a transaction bound to the org; no attempt is counted.

    With `alone` it gives so many of its next messages one by one. What is not ours any more is left alone.
    """
    await connection.execute(_RELEASE, lease.org_id, lease.lane_id, lease.id, now, alone)


async def renew(connection: asyncpg.Connection, lease: Lease, until: datetime) -> None:
    """Have a lease end later, in a transaction bound to the org, which is undone where it is not ours.

    Raises Fenced, after which nothing may commit.
    """
    done = await connection.execute(_RENEW, lease.org_id, lease.lane_id, lease.id, until)
    if not done.endswith(" 1"):
        raise Fenced


async def is_waited_for(connection: asyncpg.Connection, org_id: UUID, queue: Queue, key: str) -> bool:
    """Whether anything of a key waits or is worked on, in a transaction bound to the org."""
    pending = await connection.fetchval(_PENDING, org_id, lane_id(queue, key))
    return bool(pending)


async def backlog(connection: asyncpg.Connection, queue: Queue, now: datetime) -> Backlog:
    """Count what waits in all orgs. Must run in `Database.claiming`."""
    return Backlog(*await connection.fetchrow(_BACKLOG, queue, now))
