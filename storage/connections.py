"""The connections of contract systems and their keys, kept by org; what is secret of them is encrypted."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import asyncpg


class UnknownConnection(Exception):
    """This org has no such connection as {name!r}: `contract-graph clm list` names those that it has."""

    def __init__(self, name: str) -> None:
        super().__init__((type(self).__doc__ or "").format(name=name))


class NameTaken(Exception):
    """This org has a connection {name!r} already: history tells connections apart by their names."""

    def __init__(self, name: str) -> None:
        super().__init__((type(self).__doc__ or "").format(name=name))


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredConnection:
    """A connection as it is stored: `credentials` are encrypted, moments carry an offset."""

    org_id: UUID
    id: UUID
    name: str
    vendor: str
    settings: Mapping[str, str]
    mapping: str | None = field(default=None, repr=False)
    base_address: str | None = None
    credentials: str | None = field(default=None, repr=False)
    made_at: datetime
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionKey:
    """A key of a connection: its secret is encrypted."""

    id: UUID
    connection_id: UUID
    secret: str = field(repr=False)
    made_at: datetime
    ended_at: datetime | None = None


_COLUMNS = "org_id, id, name, vendor, settings, mapping, base_address, credentials, made_at, ended_at"
_KEY_COLUMNS = "id, connection_id, secret, made_at, ended_at"


async def add_connection(connection: asyncpg.Connection, made: StoredConnection) -> None:
    """Set up a connection, inside a transaction that is bound to its org. Raises NameTaken."""
    try:
        await connection.execute(
            f"INSERT INTO clm_connection ({_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",  # noqa: S608 - own names
            made.org_id, made.id, made.name, made.vendor, json.dumps(dict(made.settings)), made.mapping,
            made.base_address, made.credentials, made.made_at, made.ended_at,
        )  # fmt: skip
    except asyncpg.UniqueViolationError as error:
        raise NameTaken(made.name) from error


async def find_connection(
    connection: asyncpg.Connection, org_id: UUID, connection_id: UUID
) -> StoredConnection | None:
    """Return a connection, ended or not."""
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM clm_connection WHERE org_id = $1 AND id = $2",  # noqa: S608 - own names
        org_id, connection_id,
    )  # fmt: skip
    return None if row is None else _connection(row)


async def named_connection(connection: asyncpg.Connection, org_id: UUID, name: str) -> StoredConnection:
    """Return the connection of a name. Raises UnknownConnection."""
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM clm_connection WHERE org_id = $1 AND name = $2",  # noqa: S608 - own names
        org_id, name,
    )  # fmt: skip
    if row is None:
        raise UnknownConnection(name)
    return _connection(row)


async def list_connections(connection: asyncpg.Connection, org_id: UUID) -> Sequence[StoredConnection]:
    """Return an org's connections by name."""
    rows = await connection.fetch(
        f"SELECT {_COLUMNS} FROM clm_connection WHERE org_id = $1 ORDER BY name",  # noqa: S608 - own names
        org_id,
    )
    return [_connection(row) for row in rows]


async def end_connection(
    connection: asyncpg.Connection, org_id: UUID, connection_id: UUID, now: datetime
) -> None:
    """Let nothing that comes by a connection be believed from now on; what came stays."""
    await connection.execute(
        "UPDATE clm_connection SET ended_at = $3 WHERE org_id = $1 AND id = $2 AND ended_at IS NULL",
        org_id, connection_id, now,
    )  # fmt: skip


async def add_key(connection: asyncpg.Connection, org_id: UUID, key: ConnectionKey) -> None:
    """Add a key to a connection, beside those that it has."""
    await connection.execute(
        f"INSERT INTO clm_key (org_id, {_KEY_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6)",  # noqa: S608 - own names
        org_id, key.id, key.connection_id, key.secret, key.made_at, key.ended_at,
    )  # fmt: skip


async def keys_of(
    connection: asyncpg.Connection, org_id: UUID, connection_id: UUID
) -> Sequence[ConnectionKey]:
    """Return the keys of a connection, ended ones too, in the order in which they were added."""
    rows = await connection.fetch(
        f"SELECT {_KEY_COLUMNS} FROM clm_key WHERE org_id = $1 AND connection_id = $2 ORDER BY id",  # noqa: S608 - own names
        org_id, connection_id,
    )  # fmt: skip
    return [ConnectionKey(**dict(row)) for row in rows]


async def end_key(connection: asyncpg.Connection, org_id: UUID, key_id: UUID, now: datetime) -> bool:
    """End a key; returns whether there was one to end."""
    done = await connection.fetchval(
        "UPDATE clm_key SET ended_at = $3 WHERE org_id = $1 AND id = $2 AND ended_at IS NULL RETURNING id",
        org_id, key_id, now,
    )  # fmt: skip
    return done is not None


def _connection(row: asyncpg.Record) -> StoredConnection:
    return StoredConnection(**dict(row) | {"settings": json.loads(row["settings"])})
