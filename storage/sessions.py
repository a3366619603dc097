"""What keeps somebody signed in: the code that a client exchanges, and refresh tokens, each good once."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from typing import TypeVar
from uuid import UUID

import asyncpg


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationCode:
    """A code for a signed-in person; of the code itself only a hash, which is its id."""

    id: UUID
    client_id: UUID
    salesforce_user_id: str
    redirect_uri: str
    scope: str
    code_challenge: str
    session_id: UUID
    expires_at: datetime
    dpop_jkt: str | None = None
    used_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshToken:
    """A refresh token of a session; of the token itself only a hash, which is its id."""

    id: UUID
    client_id: UUID
    salesforce_user_id: str
    scope: str
    session_id: UUID
    session_ends_at: datetime
    expires_at: datetime
    dpop_jkt: str | None = None
    used_at: datetime | None = None


Once = TypeVar("Once", AuthorizationCode, RefreshToken)
_TABLES = {AuthorizationCode: "authorization_code", RefreshToken: "refresh_token"}


async def save(
    connection: asyncpg.Connection, org_id: UUID, made: AuthorizationCode | RefreshToken, now: datetime
) -> None:
    """Save one, inside a transaction that is bound to its org; those long expired are forgotten."""
    table, columns = _TABLES[type(made)], [column.name for column in fields(made)]
    await connection.execute(
        f"DELETE FROM {table} WHERE org_id = $1 AND id IN (SELECT id FROM {table} WHERE org_id = $1"  # noqa: S608
        " AND expires_at < $2 ORDER BY expires_at LIMIT 10 FOR UPDATE SKIP LOCKED)",
        org_id, now,
    )  # fmt: skip
    places = ", ".join(f"${number}" for number in range(2, len(columns) + 2))
    await connection.execute(
        f"INSERT INTO {table} (org_id, {', '.join(columns)}) VALUES ($1, {places})",  # noqa: S608 - own names
        org_id, *(getattr(made, column) for column in columns),
    )  # fmt: skip


async def use(  # noqa: PLR0913 - each is said by another part of the rule, and by name
    connection: asyncpg.Connection,
    kind: type[Once],
    org_id: UUID,
    *,
    id_: UUID,
    client_id: UUID,
    now: datetime,
) -> Once | None:
    """Use one up; of many at once one gets it. What is returned with `used_at` was used before."""
    table, columns = _TABLES[kind], ", ".join(column.name for column in fields(kind))
    row = await connection.fetchrow(
        f"UPDATE {table} SET used_at = $4 WHERE org_id = $1 AND id = $2 AND client_id = $3"  # noqa: S608
        f" AND used_at IS NULL AND expires_at > $4 RETURNING {columns}",
        org_id, id_, client_id, now,
    )  # fmt: skip
    if row is not None:
        return kind(**dict(row) | {"used_at": None})
    row = await connection.fetchrow(
        f"SELECT {columns} FROM {table} WHERE org_id = $1 AND id = $2 AND client_id = $3"  # noqa: S608
        " AND used_at IS NOT NULL",
        org_id, id_, client_id,
    )  # fmt: skip
    return None if row is None else kind(**dict(row))


async def find_refresh(connection: asyncpg.Connection, org_id: UUID, id_: UUID) -> RefreshToken | None:
    """Return a refresh token, also one that was used, as long as it is known."""
    columns = ", ".join(column.name for column in fields(RefreshToken))
    row = await connection.fetchrow(
        f"SELECT {columns} FROM refresh_token WHERE org_id = $1 AND id = $2",  # noqa: S608 - own names
        org_id, id_,
    )  # fmt: skip
    return None if row is None else RefreshToken(**dict(row))


async def end_session(connection: asyncpg.Connection, org_id: UUID, session_id: UUID) -> None:
    """Let no refresh token of a session be good for anything."""
    deleted = ""
    while deleted != "DELETE 0":
        # Whoever was refreshing kept us waiting, and has left another, which only the next look sees.
        deleted = await connection.execute(
            "DELETE FROM refresh_token WHERE org_id = $1 AND session_id = $2", org_id, session_id
        )
