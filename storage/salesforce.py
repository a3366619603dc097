"""How the Salesforce of an org is reached; what is secret of it is encrypted."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import asyncpg

from storage.salesforce_access import forget_everything

_COLUMNS = "url, consumer_key, secret, username, audience, currency, last_known_minutes, made_at, ended_at"
_SET = f"""
    INSERT INTO salesforce_connection (org_id, id, {_COLUMNS})
    VALUES ($1, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        ON CONFLICT (org_id, id) DO UPDATE
       SET url = excluded.url, consumer_key = excluded.consumer_key, secret = excluded.secret,
           username = excluded.username, audience = excluded.audience, currency = excluded.currency,
           last_known_minutes = excluded.last_known_minutes, made_at = excluded.made_at,
           ended_at = excluded.ended_at"""  # noqa: S608 - own names


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSalesforce:
    """The connection as it is stored: `secret` is encrypted, and JWT is used where there is a `username`.

    While it cannot be asked, what it said of sharing counts for `last_known_minutes` more, if that is set.
    """

    org_id: UUID
    url: str
    consumer_key: str
    secret: str = field(repr=False)
    username: str | None = None
    audience: str | None = None
    currency: str | None = None
    last_known_minutes: int | None = None
    made_at: datetime
    ended_at: datetime | None = None


async def set_salesforce(connection: asyncpg.Connection, made: StoredSalesforce) -> None:
    """Set how the Salesforce of an org is reached, in place of what was set before.

    It may be another one: what was said of sharing is forgotten.
    """
    await forget_everything(connection, made.org_id)
    await connection.execute(
        _SET, made.org_id, made.url, made.consumer_key, made.secret, made.username, made.audience,
        made.currency, made.last_known_minutes, made.made_at, made.ended_at,
    )  # fmt: skip


async def find_salesforce(connection: asyncpg.Connection, org_id: UUID) -> StoredSalesforce | None:
    """Return the connection of an org, ended or not."""
    row = await connection.fetchrow(
        f"SELECT org_id, {_COLUMNS} FROM salesforce_connection WHERE org_id = $1",  # noqa: S608 - own names
        org_id,
    )
    return None if row is None else StoredSalesforce(**dict(row))


async def end_salesforce(connection: asyncpg.Connection, org_id: UUID, now: datetime) -> None:
    """Have nothing written to Salesforce from now on; what was told it stays known."""
    await connection.execute(
        "UPDATE salesforce_connection SET ended_at = $2 WHERE org_id = $1 AND ended_at IS NULL", org_id, now
    )
