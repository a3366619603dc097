"""The signing keys of the installation, stored encrypted, and the log of what became of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg

from domain.identity import uuid7
from storage.database import Database

_LOCK = 0x6B657973
_LOAD = (
    "SELECT coalesce(json_agg(row_to_json(k) ORDER BY k.signs_from, k.id), '[]') FROM"
    " (SELECT id, kid, private_key, made_at, signs_from, ends_at FROM signing_key) AS k"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredKey:
    """A signing key as it is stored: `private_key` is encrypted, moments carry an offset."""

    id: UUID
    kid: str
    private_key: str = field(repr=False)
    made_at: datetime
    signs_from: datetime
    ends_at: datetime | None = None

    def verifies(self, now: datetime) -> bool:
        return self.ends_at is None or now < self.ends_at


@dataclass(frozen=True, slots=True)
class KeyEvent:
    """What became of a key, when, and by whom."""

    kid: str
    event: str
    happened_at: datetime
    by: str


async def load(asked: Database | asyncpg.Connection) -> Sequence[StoredKey]:
    """Return every key, the one that signs first first."""
    found = await (asked.read(_LOAD, ()) if isinstance(asked, Database) else asked.fetchval(_LOAD))
    return [_stored(row) for row in json.loads(found)]


def _stored(row: dict[str, Any]) -> StoredKey:
    moments = {
        name: row[name] and datetime.fromisoformat(row[name]) for name in ("made_at", "signs_from", "ends_at")
    }
    return StoredKey(**row | moments | {"id": UUID(row["id"])})


async def lock(connection: asyncpg.Connection) -> None:
    """Let nobody else make or end keys until the end of the transaction."""
    await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)


async def add(connection: asyncpg.Connection, key: StoredKey, by: str) -> None:
    """Store a key, and log it."""
    await connection.execute(
        "INSERT INTO signing_key (id, kid, private_key, made_at, signs_from) VALUES ($1, $2, $3, $4, $5)",
        key.id, key.kid, key.private_key, key.made_at, key.signs_from,
    )  # fmt: skip
    await _log(connection, key.kid, f"made, signs from {key.signs_from:%Y-%m-%d %H:%M:%S} UTC", by)


async def end_others(connection: asyncpg.Connection, key_id: UUID, ends_at: datetime, by: str) -> None:
    """Let every other key end, unless it ends sooner; those that ended already are removed."""
    gone = await connection.fetch(
        "DELETE FROM signing_key WHERE id <> $1 AND ends_at <= $2 RETURNING kid", key_id, datetime.now(UTC)
    )
    for row in gone:
        await _log(connection, row["kid"], "removed", by)
    ended = await connection.fetch(
        "UPDATE signing_key SET ends_at = $2"
        " WHERE id <> $1 AND (ends_at IS NULL OR ends_at > $2) RETURNING kid",
        key_id, ends_at,
    )  # fmt: skip
    for row in ended:
        await _log(connection, row["kid"], f"ends {ends_at:%Y-%m-%d %H:%M:%S} UTC", by)


async def list_events(connection: asyncpg.Connection) -> Sequence[KeyEvent]:
    """Return the log, the latest first."""
    rows = await connection.fetch(
        "SELECT kid, event, happened_at, by FROM signing_key_event ORDER BY happened_at DESC, id DESC"
    )
    return [KeyEvent(**dict(row)) for row in rows]


async def _log(connection: asyncpg.Connection, kid: str, event: str, by: str) -> None:
    await connection.execute(
        "INSERT INTO signing_key_event (id, kid, event, happened_at, by) VALUES ($1, $2, $3, $4, $5)",
        uuid7(), kid, event, datetime.now(UTC), by,
    )  # fmt: skip
