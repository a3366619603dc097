"""The streams of changes that orgs are subscribed to, and up to where each is read."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

_COLUMNS = "topic, address, replay_id, read_at, restarted_at, made_at, ended_at"
_SET = f"""
    INSERT INTO salesforce_stream (org_id, id, {_COLUMNS}) VALUES ($1, $2, $3, $4, NULL, NULL, NULL, $5, NULL)
        ON CONFLICT (org_id, id) DO UPDATE SET address = excluded.address, ended_at = NULL"""  # noqa: S608 - own names


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredStream:
    """A subscription of an org; without `replay_id` it is read from the earliest event that is kept."""

    topic: str
    address: str
    replay_id: bytes | None = None
    read_at: datetime | None = None
    restarted_at: datetime | None = None
    made_at: datetime
    ended_at: datetime | None = None


async def set_stream(
    connection: asyncpg.Connection, org_id: UUID, topic: str, address: str, now: datetime
) -> None:
    """Subscribe an org to a topic, or go on where that had ended; it stays read up to where it is."""
    await connection.execute(_SET, org_id, _id(topic), topic, address, now)


async def find_streams(connection: asyncpg.Connection, org_id: UUID) -> list[StoredStream]:
    """Return the subscriptions of an org, ended ones too."""
    rows = await connection.fetch(
        f"SELECT {_COLUMNS} FROM salesforce_stream WHERE org_id = $1 ORDER BY topic",  # noqa: S608 - own names
        org_id,
    )
    return [StoredStream(**dict(row)) for row in rows]


async def find_stream(connection: asyncpg.Connection, org_id: UUID, topic: str) -> StoredStream | None:
    """Return the subscription of an org to a topic, ended or not."""
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM salesforce_stream WHERE org_id = $1 AND id = $2",  # noqa: S608 - own names
        org_id,
        _id(topic),
    )
    return None if row is None else StoredStream(**dict(row))


async def note_read(
    connection: asyncpg.Connection, org_id: UUID, topic: str, replay_id: bytes, now: datetime
) -> None:
    """Keep up to where a topic is read, in the transaction that keeps what was read."""
    await connection.execute(
        "UPDATE salesforce_stream SET replay_id = $3, read_at = $4 WHERE org_id = $1 AND id = $2",
        org_id, _id(topic), replay_id, now,
    )  # fmt: skip


async def note_restart(connection: asyncpg.Connection, org_id: UUID, topic: str, now: datetime) -> None:
    """Have a topic read from the earliest event: up to where it was read means nothing any more."""
    await connection.execute(
        "UPDATE salesforce_stream SET replay_id = NULL, restarted_at = $3 WHERE org_id = $1 AND id = $2",
        org_id, _id(topic), now,
    )  # fmt: skip


async def end_streams(connection: asyncpg.Connection, org_id: UUID, now: datetime) -> None:
    """Read no stream of an org any more; up to where they are read stays known."""
    await connection.execute(
        "UPDATE salesforce_stream SET ended_at = $2 WHERE org_id = $1 AND ended_at IS NULL", org_id, now
    )


def _id(topic: str) -> UUID:
    return UUID(bytes=hashlib.sha256(topic.encode()).digest()[:16])
