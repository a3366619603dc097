"""What no longer counts: tokens issued up to a moment, by what they were issued for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from storage.database import Database

_REVOKED = "SELECT FROM revocation WHERE org_id = $1 AND id = ANY($2) AND issued_until >= $3"
_STANDS = f"SELECT NOT EXISTS ({_REVOKED})"
_BOUND_AND_STANDS = (
    # In one round trip; OFFSET keeps the binding from being moved behind the question.
    f"{_STANDS} FROM (SELECT set_config('app.org', CAST($1::uuid AS text), true) AS org OFFSET 0) AS bound"
    " WHERE bound.org IS NOT NULL"
)


async def revoke(
    connection: asyncpg.Connection, org_id: UUID, ids: Sequence[UUID], now: datetime, expires_at: datetime
) -> None:
    """End the tokens issued until now, inside a transaction bound to the org; forgotten when none lives."""
    await connection.execute("DELETE FROM revocation WHERE org_id = $1 AND expires_at < $2", org_id, now)
    await connection.execute(
        "INSERT INTO revocation AS r (org_id, id, issued_until, expires_at)"
        " SELECT $1, id, $3, $4 FROM unnest($2::uuid[]) AS id"
        " ON CONFLICT (org_id, id) DO UPDATE"
        " SET issued_until = greatest(r.issued_until, excluded.issued_until),"
        " expires_at = greatest(r.expires_at, excluded.expires_at)",
        # In one order: of two that end the same tokens neither waits for the other.
        org_id, sorted(set(ids)), now, expires_at,
    )  # fmt: skip


async def still_stands(
    asked: Database | asyncpg.Connection, org_id: UUID, ids: Sequence[UUID], issued_at: datetime
) -> bool:
    """Return whether nothing that a token was issued for was revoked since.

    A connection is in a transaction that is bound to the org; a Database raises DatabaseUnavailable.
    """
    arguments = (org_id, list(ids), issued_at)
    if isinstance(asked, Database):
        return bool(await asked.read(_BOUND_AND_STANDS, arguments))
    return bool(await asked.fetchval(_STANDS, *arguments))
