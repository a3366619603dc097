"""The keys that encrypt an org's personal values, themselves encrypted, and what became of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import sqlalchemy as sa

from storage.database import Database
from storage.tables import metadata

data_key = sa.Table(
    "data_key",
    metadata,
    sa.Column("org_id", sa.Uuid(), sa.ForeignKey("org.id"), nullable=False),
    sa.Column("id", sa.Uuid(), nullable=False, comment="The kid that ciphertexts name, in hex."),
    sa.Column("table_name", sa.Text(), comment="Whose values it encrypts; absent for that of blind indexes."),
    sa.Column("wrapped", sa.Text(), comment="Encrypted by auth/crypto.py."),
    sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("made_by", sa.Text(), nullable=False),
    sa.Column("shredded_at", sa.DateTime(timezone=True), comment="When it was destroyed."),
    sa.Column("shredded_by", sa.Text()),
    sa.PrimaryKeyConstraint("org_id", "id"),
    sa.CheckConstraint(
        "num_nonnulls(wrapped, shredded_at) = 1 AND (shredded_at IS NULL) = (shredded_by IS NULL)",
        name="shredded",
    ),
    comment="A key that encrypts values of one table of one org.",
)

_COLUMNS = "id, table_name, wrapped, made_at, made_by, shredded_at, shredded_by"


_READ = (
    "SELECT found.keys FROM (SELECT set_config('app.org', $1::uuid::text, true) AS org OFFSET 0) AS scope"  # noqa: S608 - our own
    " JOIN LATERAL (SELECT coalesce((SELECT json_agg(row_to_json(k) ORDER BY k.made_at, k.id)"
    f" FROM (SELECT {_COLUMNS} FROM data_key WHERE org_id = $1::uuid) AS k), '[]'::json) AS keys"
    " WHERE scope.org IS NOT NULL) AS found ON true"
)
"""Binds the org before any row is looked at, as a plan does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DataKey:
    """A key as it is stored: `wrapped` is encrypted, and absent once the key was destroyed."""

    id: UUID
    table_name: str | None
    wrapped: str | None = field(repr=False)
    made_at: datetime
    made_by: str
    shredded_at: datetime | None = None
    shredded_by: str | None = None

    @property
    def kid(self) -> str:
        """The name of the key in ciphertexts."""
        return self.id.hex


async def hold(connection: asyncpg.Connection, org_id: UUID) -> None:
    """Keep the org's keys from being destroyed until the end of the transaction."""
    await connection.execute("SELECT pg_advisory_xact_lock_shared(hashtextextended($1, 0))", _lock(org_id))


async def hold_alone(connection: asyncpg.Connection, org_id: UUID) -> None:
    """Wait for whoever holds the org's keys, and let nobody else until the end of the transaction."""
    await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", _lock(org_id))


async def alone_in_making(connection: asyncpg.Connection, org_id: UUID) -> None:
    """Let nobody else make the first keys of an org until the end of the transaction."""
    lock = f"making of {_lock(org_id)}"
    await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", lock)


async def load(connection: asyncpg.Connection, org_id: UUID) -> Sequence[DataKey]:
    """Return every key of the org, the oldest first."""
    rows = await connection.fetch(
        f"SELECT {_COLUMNS} FROM data_key WHERE org_id = $1 ORDER BY made_at, id",  # noqa: S608 - our own
        org_id,
    )
    return [DataKey(**dict(row)) for row in rows]


async def read(database: Database, org_id: UUID) -> Sequence[DataKey]:
    """Return every key of the org, the oldest first, in one round trip. Raises DatabaseUnavailable."""
    return [_key(row) for row in json.loads(await database.read(_READ, (org_id,)))]


def _key(row: dict[str, Any]) -> DataKey:
    moments = {name: row[name] and datetime.fromisoformat(row[name]) for name in ("made_at", "shredded_at")}
    return DataKey(**row | moments | {"id": UUID(row["id"])})


async def add(connection: asyncpg.Connection, org_id: UUID, key: DataKey) -> None:
    """Store a key."""
    await connection.execute(
        "INSERT INTO data_key (org_id, id, table_name, wrapped, made_at, made_by)"
        " VALUES ($1, $2, $3, $4, $5, $6)",
        org_id, key.id, key.table_name, key.wrapped, key.made_at, key.made_by,
    )  # fmt: skip


async def replace_wrapped(connection: asyncpg.Connection, org_id: UUID, key: DataKey, wrapped: str) -> None:
    """Store the same key as another key-encryption key encrypts it, unless it was destroyed meanwhile."""
    await connection.execute(
        "UPDATE data_key SET wrapped = $3 WHERE org_id = $1 AND id = $2 AND wrapped IS NOT NULL",
        org_id, key.id, wrapped,
    )  # fmt: skip


async def shred(connection: asyncpg.Connection, org_id: UUID, now: datetime, by: str) -> int:
    """Destroy every key of the org, and return how many there were; their rows stay, as evidence."""
    gone = await connection.fetch(
        "UPDATE data_key SET wrapped = NULL, shredded_at = $2, shredded_by = $3"
        " WHERE org_id = $1 AND wrapped IS NOT NULL RETURNING id",
        org_id, now, by,
    )  # fmt: skip
    return len(gone)


def _lock(org_id: UUID) -> str:
    return f"data keys of {org_id}"
