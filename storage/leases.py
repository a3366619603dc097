"""What is done under leases: messages taken, leases ended, those of many lanes in one statement.

Every function runs in a transaction that is bound to the org of its leases.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from random import SystemRandom
from typing import Final
from uuid import UUID

import asyncpg

from storage.lane_outcome import Fault, Outcome, Patience, Poison, Retry
from storage.lanes import Fenced, Finished, Lease, Taken

# How many are taken of a lane stands in the text: PostgreSQL plans for so few, and so by the index. What is
# LATERAL is looked for in one lane after the other: of a table that has no statistics yet PostgreSQL takes
# an org for a two hundredth, and would rather read all that it has.
_TAKE = """
    SELECT g.lane_id, m.id, m.seq, m.payload, m.correlation, m.enqueued_at
      FROM unnest($2::uuid[], $3::uuid[]) AS g (lane_id, lease)
     CROSS JOIN LATERAL (
           SELECT taken FROM lane WHERE org_id = $1 AND id = g.lane_id AND lease = g.lease OFFSET 0) AS l
     CROSS JOIN LATERAL (
           SELECT id, lane_id, seq, payload, correlation, enqueued_at FROM lane_message AS m
            WHERE m.org_id = $1 AND m.lane_id = g.lane_id AND m.seq <= l.taken
            ORDER BY m.seq LIMIT {messages:d}) AS m
     ORDER BY m.lane_id, m.seq"""
# Writers lock lanes in the order of their ids, too. Messages that are taken are where they are: they can be
# neither replaced nor deleted by anybody else while the lease holds.
_FINISH = """
    WITH given AS (
        SELECT * FROM unnest($3::uuid[], $4::uuid[], $5::int[], $6::int[], $7::text[], $8::timestamptz[],
                             $9::bigint[], array_fill($1::uuid, ARRAY[cardinality($3::uuid[])]))
                   AS g (lane_id, lease, done, attempts, reason, next_at, last, org_id) ORDER BY lane_id),
    locked AS (
        SELECT g.* FROM given AS g CROSS JOIN LATERAL (
               SELECT FROM lane WHERE org_id = $1 AND id = g.lane_id AND lease = g.lease FOR UPDATE) AS l),
    held AS (
        UPDATE lane AS l
           SET lease = NULL, pending = l.pending - k.done, alone = greatest(l.alone - k.done, 0),
               attempts = k.attempts, reason = k.reason,
               next_at = CASE WHEN l.pending = k.done THEN 'infinity' ELSE k.next_at END,
               tail = CASE WHEN l.last_seq = k.last THEN NULL ELSE l.tail END
          FROM locked AS k WHERE l.org_id = k.org_id AND l.id = k.lane_id RETURNING l.id, l.pending),
    gone AS (
        DELETE FROM lane_message AS m WHERE m.org_id = $1 AND m.ctid = ANY (ARRAY(
               SELECT f.ctid FROM held JOIN unnest($10::uuid[], $11::bigint[]) AS d (lane_id, seq)
                                         ON d.lane_id = held.id
                CROSS JOIN LATERAL (
                      SELECT ctid FROM lane_message
                       WHERE org_id = $1 AND lane_id = d.lane_id AND seq = d.seq OFFSET 0) AS f))
        RETURNING m.*),
    quarantined AS (
        INSERT INTO quarantined_message (org_id, id, lane_id, seq, payload, correlation, enqueued_at,
                                         quarantined_at, attempts, error, message, state)
        SELECT g.org_id, g.id, g.lane_id, g.seq, g.payload, g.correlation, g.enqueued_at,
               $2, p.attempts, p.error, p.message, 'HELD'
          FROM unnest($12::uuid[], $13::int[], $14::text[], $15::text[])
               AS p (id, attempts, error, message) JOIN gone AS g ON g.id = p.id)
    SELECT id, pending FROM held"""
_RELEASE = """
    UPDATE lane SET lease = NULL, attempts = attempts - 1, next_at = $4, alone = greatest(alone, $5)
     WHERE org_id = $1 AND id = $2 AND lease = $3"""
_RENEW = "UPDATE lane SET next_at = $4 WHERE org_id = $1 AND id = $2 AND lease = $3"

_chance: Final = SystemRandom()


async def take(connection: asyncpg.Connection, lease: Lease) -> Sequence[Taken]:
    """Return the messages to work on, in order. Raises Fenced."""
    (taken,) = await take_all(connection, [lease])
    return taken


async def take_all(connection: asyncpg.Connection, leases: Sequence[Lease]) -> Sequence[Sequence[Taken]]:
    """Return the messages to work on of each of an org's leases, in order. Raises Fenced if one has ended."""
    rows = await connection.fetch(
        _TAKE.format(messages=max(each.messages for each in leases)), leases[0].org_id,
        [each.lane_id for each in leases], [each.id for each in leases],
    )  # fmt: skip
    taken: defaultdict[UUID, list[Taken]] = defaultdict(list)
    for row in rows:
        taken[row["lane_id"]].append(
            Taken(
                id=row["id"], seq=row["seq"], payload=row["payload"], correlation=row["correlation"],
                enqueued_at=row["enqueued_at"],
            )
        )  # fmt: skip
    if len(taken) < len(leases):
        raise Fenced
    return [taken[each.lane_id][: each.messages] for each in leases]


async def finish(
    connection: asyncpg.Connection,
    lease: Lease,
    outcomes: Sequence[tuple[Taken, Outcome]],
    now: datetime,
    patience: Patience,
) -> Finished:
    """End a lease with what became of its first messages, as `finish_all` does. Raises Fenced."""
    (finished,) = await finish_all(connection, [(lease, outcomes)], now, patience)
    return finished


async def finish_all(
    connection: asyncpg.Connection,
    ended: Sequence[tuple[Lease, Sequence[tuple[Taken, Outcome]]]],
    now: datetime,
    patience: Patience,
) -> Sequence[Finished]:
    """End an org's leases with what became of their first messages; nothing after a Retry is looked at.

    Runs best in the transaction that did the work and as its last statement: what a worker did whose lease
    had ended is then undone with it. Raises Fenced if one had, after which nothing may commit.
    """
    ends = [_End.of(lease, outcomes, now, patience) for lease, outcomes in ended]
    gone = [(end.lease.lane_id, each.seq) for end in ends for each in end.gone]
    poison = [each for end in ends for each in end.poison]
    rows = await connection.fetch(
        _FINISH, ends[0].lease.org_id, now,
        [end.lease.lane_id for end in ends], [end.lease.id for end in ends], [len(end.gone) for end in ends],
        [end.attempts for end in ends], [end.reason for end in ends], [end.next_at for end in ends],
        [end.gone[-1].seq if end.gone else 0 for end in ends],
        [lane_id for lane_id, _ in gone], [seq for _, seq in gone],
        [each.id for each, _, _ in poison], [tried for _, _, tried in poison],
        [fault.kind for _, fault, _ in poison], [fault.message for _, fault, _ in poison],
    )  # fmt: skip
    left = {row["id"]: row["pending"] for row in rows}
    if len(left) < len(ends):
        raise Fenced
    return [end.finished(left[end.lease.lane_id]) for end in ends]


@dataclass(frozen=True, slots=True, kw_only=True)
class _End:
    """What a lease ends with: what leaves the lane, what of it is poison, and why the rest is put off."""

    lease: Lease
    gone: Sequence[Taken]
    poison: Sequence[tuple[Taken, Fault, int]]
    attempts: int
    next_at: datetime
    reason: str | None = None
    waits_for: str | None = None
    routine: bool = False

    @classmethod
    def of(
        cls, lease: Lease, outcomes: Sequence[tuple[Taken, Outcome]], now: datetime, patience: Patience
    ) -> _End:
        gone, poison, retry = _sorted(lease, outcomes, patience)
        if retry is None:
            return cls(lease=lease, gone=gone, poison=poison, attempts=0, next_at=now)
        attempts = (1 if gone else lease.attempts) - (retry.after is not None)
        if retry.routine:
            attempts = 0  # nothing failed: what went wrong before, over months perhaps, is past
        next_at = now + max(patience.rest(max(attempts, 1), _chance), retry.least)
        if retry.after is not None:
            next_at = max(next_at, retry.after)  # a time that has passed must not bring it back at once
        return cls(
            lease=lease, gone=gone, poison=poison, attempts=attempts, next_at=next_at,
            reason=f"{retry.reason.kind}: {retry.reason.message}",
            waits_for=outcomes[len(gone)][0].correlation, routine=retry.routine,
        )  # fmt: skip

    def finished(self, left: int) -> Finished:
        return Finished(
            done=len(self.gone) - len(self.poison),
            quarantined=[(each, fault) for each, fault, _ in self.poison],
            left=left,
            retry_at=None if self.reason is None else self.next_at,
            waits_for=self.waits_for,
            routine=self.routine,
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
    """Give a lane back as it was; no attempt is counted.

    With `alone` it gives so many of its next messages one by one. What is not ours any more is left alone.
    """
    await connection.execute(_RELEASE, lease.org_id, lease.lane_id, lease.id, now, alone)


async def renew(connection: asyncpg.Connection, lease: Lease, until: datetime) -> None:
    """Have a lease end later; it is undone where it is not ours.

    Raises Fenced, after which nothing may commit.
    """
    done = await connection.execute(_RENEW, lease.org_id, lease.lane_id, lease.id, until)
    if not done.endswith(" 1"):
        raise Fenced
