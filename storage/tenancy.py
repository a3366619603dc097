"""The org that a transaction works for, told to PostgreSQL so that row-level security can hold it."""

from __future__ import annotations

from uuid import UUID

import asyncpg


async def bind_org(connection: asyncpg.Connection, org_id: UUID) -> None:
    """Bind the org until the end of the running transaction; outside of one it would bind nothing."""
    if not connection.is_in_transaction():
        raise RuntimeError("an org is bound inside a transaction only")
    await connection.execute("SELECT set_config('app.org', $1, true)", str(org_id))
