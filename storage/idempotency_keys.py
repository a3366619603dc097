"""Which requests to change something were answered already: a key stands for one request and what it made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from storage.tables import metadata

KEPT_FOR = timedelta(days=7)

idempotency_key = sa.Table(
    "idempotency_key",
    metadata,
    sa.Column("org_id", sa.Uuid(), sa.ForeignKey("org.id"), nullable=False),
    sa.Column(
        "id", sa.Uuid(), nullable=False, comment="First 128 bits of SHA-256 of who sent the key, and of it."
    ),
    sa.Column("request", sa.LargeBinary(), nullable=False, comment="SHA-256 of what was asked for."),
    sa.Column("made", ARRAY(sa.Uuid()), nullable=False, comment="Ids of what the request made or changed."),
    sa.Column(
        "told", sa.Text(), comment="JSON: what became of each of several things that were asked for at once."
    ),
    sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False, comment="When it may be forgotten."),
    sa.PrimaryKeyConstraint("org_id", "id"),
    sa.Index(None, "org_id", "expires_at"),
    comment="A key under which something was changed, so that the same request changes nothing twice.",
)

_FORGET = """
    DELETE FROM idempotency_key WHERE org_id = $1 AND expires_at < $3 AND (id = $2 OR id IN (
        SELECT id FROM idempotency_key WHERE org_id = $1 AND expires_at < $3
         ORDER BY expires_at LIMIT 10 FOR UPDATE SKIP LOCKED))"""
_TAKE = (
    "INSERT INTO idempotency_key (org_id, id, request, made, expires_at) VALUES ($1, $2, $3, '{}', $4)"
    " ON CONFLICT (org_id, id) DO NOTHING RETURNING id"
)


@dataclass(frozen=True, slots=True)
class Kept:
    """What a request made: ids, and as JSON what it was told beside them."""

    made: Sequence[UUID]
    told: str | None = None


class KeyReused(Exception):
    """The key was sent before with another request."""


async def take_key(
    connection: asyncpg.Connection, org_id: UUID, key_id: UUID, request: bytes, now: datetime
) -> Kept | None:
    """Take a key for a request: None where it is new, else what the same request made before.

    Works inside a transaction bound to the org; whoever sends the key at the same time waits for its end.
    Raises KeyReused where the key stands for another request.
    """
    await connection.execute(_FORGET, org_id, key_id, now)
    if await connection.fetchval(_TAKE, org_id, key_id, request, now + KEPT_FOR) is not None:
        return None
    known = await connection.fetchrow(
        "SELECT request, made, told FROM idempotency_key WHERE org_id = $1 AND id = $2", org_id, key_id
    )
    if known["request"] != request:
        raise KeyReused
    return Kept(known["made"], known["told"])


async def note_made(connection: asyncpg.Connection, org_id: UUID, key_id: UUID, kept: Kept) -> None:
    """Note what the request of a key made, in the transaction that took it."""
    await connection.execute(
        "UPDATE idempotency_key SET made = $3, told = $4 WHERE org_id = $1 AND id = $2",
        org_id, key_id, list(kept.made), kept.told,
    )  # fmt: skip
