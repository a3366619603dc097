"""Which assertions were redeemed already: one statement decides, so that of many at once one wins."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import asyncpg

_REDEEM = """
    WITH forgotten AS (
        DELETE FROM redeemed_assertion WHERE org_id = $1 AND id IN (
            SELECT id FROM redeemed_assertion WHERE org_id = $1 AND expires_at < $5 AND id <> $2
             ORDER BY expires_at LIMIT 10 FOR UPDATE SKIP LOCKED))
    INSERT INTO redeemed_assertion AS r (org_id, id, uses, expires_at) VALUES ($1, $2, 1, $3)
    ON CONFLICT (org_id, id) DO UPDATE SET uses = r.uses + 1 WHERE r.uses < $4 RETURNING uses"""


async def redeem(  # noqa: PLR0913 - each is said by another part of the rule, and by name
    connection: asyncpg.Connection,
    org_id: UUID,
    assertion_id: UUID,
    *,
    most_uses: int,
    expires_at: datetime,
    now: datetime,
) -> bool:
    """Count one use of an assertion, inside a transaction bound to its org; False where it has none left."""
    uses = await connection.fetchval(_REDEEM, org_id, assertion_id, expires_at, most_uses, now)
    return uses is not None
