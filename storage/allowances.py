"""How much of an allowance is left, shared by all workers: when a bucket would be full again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import asyncpg
import sqlalchemy as sa

from storage.tables import metadata

allowance = sa.Table(
    "allowance",
    metadata,
    sa.Column("org_id", sa.Uuid(), sa.ForeignKey("org.id"), nullable=False),
    sa.Column("id", sa.Uuid(), nullable=False, comment="First 128 bits of SHA-256 of whose it is."),
    sa.Column("full_at", sa.DateTime(timezone=True), nullable=False, comment="When nothing of it is used."),
    sa.PrimaryKeyConstraint("org_id", "id"),
    comment="What a user or a client may still ask for.",
)


async def draw(
    connection: asyncpg.Connection,
    org_id: UUID,
    id_: UUID,
    now: datetime,
    decide: Callable[[datetime], datetime],
) -> datetime:
    """Let `decide` say when a bucket is full again, from when it was to be, which is returned.

    Inside a transaction bound to the org. Nobody else draws from the same bucket meanwhile.
    """
    await connection.execute(
        "INSERT INTO allowance (org_id, id, full_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        org_id, id_, now,
    )  # fmt: skip
    was: datetime = await connection.fetchval(
        "SELECT full_at FROM allowance WHERE org_id = $1 AND id = $2 FOR UPDATE", org_id, id_
    )
    becomes = decide(was)
    if becomes != was:
        await connection.execute(
            "UPDATE allowance SET full_at = $3 WHERE org_id = $1 AND id = $2", org_id, id_, becomes
        )
    return was
