"""The programs that may ask for tokens, kept by org; of their secrets only the hash."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from typing import Self
from uuid import UUID

import asyncpg

NOTED_AGAIN = timedelta(minutes=1)


class UnknownClient(Exception):
    """This org has no such client as {id!r}: `contract-graph clients list` names those that it has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuthClient:
    """A registered client: its roles are names of the policy, its moments carry an offset.

    It has a secret or public keys, and asks for itself; or certificates, and vouches for its org's users; or
    addresses to which people come back who signed in. It may ask for `scopes` and no others; without any, for
    what is usual for its kind.
    """

    org_id: UUID
    id: UUID
    name: str
    secret_hash: bytes | None = field(default=None, repr=False)
    certificates: tuple[str, ...] = field(default=(), repr=False)
    algorithms: tuple[str, ...] = ()
    public_keys: tuple[str, ...] = ()
    redirect_uris: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    roles: frozenset[str]
    exchanges: bool = False
    created_at: datetime
    rotated_at: datetime | None = None
    disabled_at: datetime | None = None
    last_used_at: datetime | None = None

    def was_unused(self, now: datetime) -> bool:
        """Return whether its last use is to be noted: once a minute, or it would wait for itself."""
        return self.last_used_at is None or now - self.last_used_at > NOTED_AGAIN

    @classmethod
    def of(cls, row: asyncpg.Record) -> Self:
        lists = {name: tuple(row[name] or ()) for name in _LISTS} | {"roles": frozenset(row["roles"])}
        return cls(**dict(row) | lists)


_LISTS = ("certificates", "algorithms", "public_keys", "redirect_uris", "scopes")
_COLUMNS = ", ".join(column.name for column in fields(OAuthClient))


async def add_client(connection: asyncpg.Connection, client: OAuthClient) -> None:
    """Register a client, inside a transaction that is bound to its org."""
    lists = {name: getattr(client, name) or None for name in _LISTS} | {"roles": sorted(client.roles)}
    values = [lists.get(column.name, getattr(client, column.name)) for column in fields(OAuthClient)]
    places = ", ".join(f"${number}" for number in range(1, len(values) + 1))
    await connection.execute(f"INSERT INTO oauth_client ({_COLUMNS}) VALUES ({places})", *values)  # noqa: S608


async def find_client(connection: asyncpg.Connection, org_id: UUID, client_id: UUID) -> OAuthClient | None:
    """Return a client, disabled or not."""
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM oauth_client WHERE org_id = $1 AND id = $2",  # noqa: S608 - own names
        org_id, client_id,
    )  # fmt: skip
    return None if row is None else OAuthClient.of(row)


async def list_clients(connection: asyncpg.Connection, org_id: UUID) -> Sequence[OAuthClient]:
    """Return an org's clients by name."""
    rows = await connection.fetch(
        f"SELECT {_COLUMNS} FROM oauth_client WHERE org_id = $1 ORDER BY name, id",  # noqa: S608 - own names
        org_id,
    )
    return [OAuthClient.of(row) for row in rows]


async def replace_secret(
    connection: asyncpg.Connection, org_id: UUID, client_id: UUID, secret_hash: bytes, now: datetime
) -> None:
    """Give a client another secret; the old one is good for nothing from then on. Raises UnknownClient."""
    done = await connection.execute(
        "UPDATE oauth_client SET secret_hash = $3, rotated_at = $4 WHERE org_id = $1 AND id = $2"
        " AND secret_hash IS NOT NULL",
        org_id, client_id, secret_hash, now,
    )  # fmt: skip
    _require_one(done, client_id)


async def set_scopes(
    connection: asyncpg.Connection, org_id: UUID, client_id: UUID, scopes: Sequence[str]
) -> None:
    """Say what a client may ask for from now on; its tokens keep what they have. Raises UnknownClient."""
    done = await connection.execute(
        "UPDATE oauth_client SET scopes = $3 WHERE org_id = $1 AND id = $2", org_id, client_id, list(scopes)
    )
    _require_one(done, client_id)


async def disable_client(
    connection: asyncpg.Connection, org_id: UUID, client_id: UUID, now: datetime
) -> None:
    """Let a client get no more tokens; once disabled it stays so. Raises UnknownClient."""
    done = await connection.execute(
        "UPDATE oauth_client SET disabled_at = coalesce(disabled_at, $3) WHERE org_id = $1 AND id = $2",
        org_id, client_id, now,
    )  # fmt: skip
    _require_one(done, client_id)


async def note_use(connection: asyncpg.Connection, org_id: UUID, client_id: UUID, now: datetime) -> None:
    """Record that a client got a token."""
    await connection.execute(
        "UPDATE oauth_client SET last_used_at = $3 WHERE org_id = $1 AND id = $2", org_id, client_id, now
    )


def _require_one(done: str, client_id: UUID) -> None:
    if done != "UPDATE 1":
        raise UnknownClient((UnknownClient.__doc__ or "").format(id=client_id))
