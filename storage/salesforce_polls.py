"""The objects of Salesforce whose records are asked for now and then, and up to where each was."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

_SET = """
    INSERT INTO salesforce_poll (org_id, id, object, minutes, recent) VALUES ($1, $2, $3, $4, '{}')
        ON CONFLICT (org_id, id) DO UPDATE SET minutes = excluded.minutes, ended_at = NULL"""
_NOTE = """
    UPDATE salesforce_poll SET polled_to = $3, recent = $4, whole_at = coalesce($5, whole_at)
     WHERE org_id = $1 AND id = $2"""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPoll:
    """A poll of one object; `recent` has the SystemModstamp of records that were seen of late, by id."""

    object: str
    minutes: int
    polled_to: datetime | None
    recent: Mapping[str, str]
    whole_at: datetime | None
    ended_at: datetime | None


async def set_poll(connection: asyncpg.Connection, org_id: UUID, object_name: str, minutes: int) -> None:
    """Have an object asked for, or as often as this from now on."""
    await connection.execute(_SET, org_id, _id(object_name), object_name, minutes)


async def find_poll(connection: asyncpg.Connection, org_id: UUID, object_name: str) -> StoredPoll | None:
    """Return the poll of an object, ended or not."""
    row = await connection.fetchrow(
        "SELECT object, minutes, polled_to, recent, whole_at, ended_at FROM salesforce_poll"
        " WHERE org_id = $1 AND id = $2",
        org_id,
        _id(object_name),
    )
    return None if row is None else StoredPoll(**dict(row) | {"recent": json.loads(row["recent"])})


async def note_polled(  # noqa: PLR0913, PLR0917 - how far, and what of late
    connection: asyncpg.Connection,
    org_id: UUID,
    object_name: str,
    polled_to: datetime | None,
    recent: Mapping[str, str],
    whole_at: datetime | None,
) -> None:
    """Keep up to where an object was asked for; without `whole_at` that stays as it was."""
    text = json.dumps(dict(recent))
    await connection.execute(_NOTE, org_id, _id(object_name), polled_to, text, whole_at)


async def end_polls(connection: asyncpg.Connection, org_id: UUID, now: datetime) -> None:
    """Ask for no object of an org any more."""
    await connection.execute(
        "UPDATE salesforce_poll SET ended_at = $2 WHERE org_id = $1 AND ended_at IS NULL", org_id, now
    )


def _id(object_name: str) -> UUID:
    return UUID(bytes=hashlib.sha256(object_name.encode()).digest()[:16])
