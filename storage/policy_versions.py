"""Versions of the policy, what was decided about them, and which is in force."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

import asyncpg

from domain.identity import uuid7
from storage.database import Database

_LOCK = 0x706F6C69


class PolicyEventKind(StrEnum):
    """What may be decided about a version."""

    PROPOSED = "PROPOSED"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    ROLLED_BACK = "ROLLED_BACK"


IN_FORCE = frozenset({PolicyEventKind.APPROVED, PolicyEventKind.ROLLED_BACK})
"""What puts a version in force: one is rolled back to the one before."""


@dataclass(frozen=True, slots=True)
class PolicyEvent:
    """One decision about a version, of somebody, for a reason; the moment carries an offset."""

    digest: str
    kind: PolicyEventKind
    happened_at: datetime
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Standing:
    """Which version is in force and which is tried beside it; None for the shipped one, and for no candidate.

    `before` are the versions that were in force earlier, the latest first.
    """

    in_force: str | None = None
    candidate: PolicyEvent | None = None
    before: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PolicyDifference:
    """Where a candidate would have decided otherwise, for callers with these roles, and how often."""

    roles: str
    subject: str
    was: str
    would_be: str
    requests: int
    example: str


def standing(events: Sequence[PolicyEvent]) -> Standing:
    """Tell from all decisions, the earliest first, how things stand."""
    in_force: list[str] = []
    candidate: PolicyEvent | None = None
    for event in events:
        if event.kind is PolicyEventKind.PROPOSED:
            candidate = event
        elif candidate is not None and event.digest == candidate.digest:
            candidate = None
        if event.kind is PolicyEventKind.APPROVED:
            in_force.append(event.digest)
        elif event.kind is PolicyEventKind.ROLLED_BACK and len(in_force) > 1:
            in_force.pop()
    return Standing(in_force[-1] if in_force else None, candidate, tuple(reversed(in_force[:-1])))


async def lock(connection: asyncpg.Connection) -> None:
    """Let nobody else decide about policies until the end of the transaction."""
    await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)


async def store(connection: asyncpg.Connection, digest: str, text: str) -> None:
    """Keep the text of a version, once."""
    await connection.execute(
        "INSERT INTO policy_version (id, digest, text, stored_at) VALUES ($1, $2, $3, $4)"
        " ON CONFLICT (digest) DO NOTHING",
        uuid7(), digest, text, datetime.now(UTC),
    )  # fmt: skip


async def add_event(connection: asyncpg.Connection, event: PolicyEvent) -> None:
    """Record a decision."""
    await connection.execute(
        'INSERT INTO policy_event (id, digest, kind, happened_at, "by", reason)'
        " VALUES ($1, $2, $3, $4, $5, $6)",
        uuid7(), event.digest, event.kind, event.happened_at, event.by, event.reason,
    )  # fmt: skip


async def list_events(connection: asyncpg.Connection) -> Sequence[PolicyEvent]:
    """Return every decision, the earliest first."""
    rows = await connection.fetch(
        'SELECT digest, kind, happened_at, "by", reason FROM policy_event ORDER BY happened_at, id'
    )
    return [PolicyEvent(**{**dict(row), "kind": PolicyEventKind(row["kind"])}) for row in rows]


async def text_of(connection: asyncpg.Connection, digest: str) -> str | None:
    """Return the text of a version; None where there is none of this digest."""
    text: str | None = await connection.fetchval("SELECT text FROM policy_version WHERE digest = $1", digest)
    return text


async def digest_beginning(connection: asyncpg.Connection, beginning: str) -> str:
    """Return the digest of the version that begins so. Raises LookupError where there is none, or several."""
    rows = await connection.fetch(
        "SELECT digest FROM policy_version WHERE starts_with(digest, $1) LIMIT 2", beginning
    )
    if len(rows) != 1:
        raise LookupError(beginning)
    return str(rows[0]["digest"])


async def forget_differences(connection: asyncpg.Connection, digest: str) -> None:
    """Remove what was counted of a candidate that was decided about."""
    await connection.execute("DELETE FROM policy_difference WHERE digest = $1", digest)


async def event_count(database: Database) -> int:
    """Return how many decisions there are: whether there is a new one, for little."""
    return int(await database.read("SELECT count(*) FROM policy_event", ()))


async def add_differences(
    connection: asyncpg.Connection, digest: str, against: str, found: Sequence[PolicyDifference]
) -> None:
    """Add what one worker counted."""
    now = datetime.now(UTC)
    await connection.executemany(
        "INSERT INTO policy_difference (id, digest, against, roles, subject, was, would_be, requests,"
        " example, counted_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        [
            (uuid7(), digest, against, each.roles, each.subject, each.was, each.would_be, each.requests,
             each.example, now)
            for each in found
        ],
    )  # fmt: skip


async def list_differences(
    connection: asyncpg.Connection, digest: str, against: str
) -> Sequence[PolicyDifference]:
    """Return what all workers counted of a candidate, the most frequent first."""
    rows = await connection.fetch(
        "SELECT roles, subject, was, would_be, sum(requests)::int AS requests, min(example) AS example"
        " FROM policy_difference WHERE digest = $1 AND against = $2"
        " GROUP BY roles, subject, was, would_be ORDER BY 5 DESC, 1, 2",
        digest, against,
    )  # fmt: skip
    return [PolicyDifference(**dict(row)) for row in rows]
