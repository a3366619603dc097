"""Where an org's people sign in, and who was sent there and has not come back."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import asyncpg


@dataclass(frozen=True, slots=True)
class SignInProvider:
    """The OpenID provider of an org, what we are called there, and our secret there, encrypted."""

    issuer: str
    client_id: str
    client_secret: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """A sign-in under way: `request` is what the client asked for, as a query."""

    id: UUID
    browser: bytes
    request: str
    nonce: str = field(repr=False)
    code_verifier: str = field(repr=False)
    expires_at: datetime


async def set_provider(connection: asyncpg.Connection, org_id: UUID, provider: SignInProvider) -> None:
    """Say where an org's people sign in, inside a transaction that is bound to it."""
    await connection.execute(
        "INSERT INTO sign_in_provider (org_id, id, issuer, client_id, client_secret)"
        " VALUES ($1, $1, $2, $3, $4) ON CONFLICT (org_id, id) DO UPDATE SET issuer = excluded.issuer,"
        " client_id = excluded.client_id, client_secret = excluded.client_secret",
        org_id, provider.issuer, provider.client_id, provider.client_secret,
    )  # fmt: skip


async def find_provider(connection: asyncpg.Connection, org_id: UUID) -> SignInProvider | None:
    """Return where an org's people sign in, if it was said."""
    row = await connection.fetchrow(
        "SELECT issuer, client_id, client_secret FROM sign_in_provider WHERE org_id = $1", org_id
    )
    return None if row is None else SignInProvider(**dict(row))


async def begin(connection: asyncpg.Connection, org_id: UUID, sign_in: SignIn, now: datetime) -> None:
    """Remember somebody who is sent to sign in; those who never came back are forgotten."""
    await connection.execute(
        "DELETE FROM sign_in WHERE org_id = $1 AND id IN (SELECT id FROM sign_in WHERE org_id = $1"
        " AND expires_at < $2 ORDER BY expires_at LIMIT 10 FOR UPDATE SKIP LOCKED)",
        org_id, now,
    )  # fmt: skip
    await connection.execute(
        "INSERT INTO sign_in (org_id, id, browser, request, nonce, code_verifier, expires_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7)",
        org_id, sign_in.id, sign_in.browser, sign_in.request, sign_in.nonce, sign_in.code_verifier,
        sign_in.expires_at,
    )  # fmt: skip


async def finish(
    connection: asyncpg.Connection, org_id: UUID, sign_in_id: UUID, browser: bytes, now: datetime
) -> SignIn | None:
    """Return the sign-in that a browser began, once; None for another's, a finished or an expired one."""
    row = await connection.fetchrow(
        "DELETE FROM sign_in WHERE org_id = $1 AND id = $2 AND browser = $3 AND expires_at > $4"
        " RETURNING id, browser, request, nonce, code_verifier, expires_at",
        org_id, sign_in_id, browser, now,
    )  # fmt: skip
    return None if row is None else SignIn(**dict(row))
