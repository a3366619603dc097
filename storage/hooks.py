"""The webhooks of an org that are told of changes; what is secret of them is encrypted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import asyncpg

from storage.contract_changes import Position

_COLUMNS = "org_id, id, name, address, subject, roles, filter, read_xid, read_id, made_at, ended_at"


class UnknownHook(Exception):
    """This org has no webhook {name!r} that is told of anything: see `contract-graph hooks list`."""

    def __init__(self, name: str) -> None:
        super().__init__((type(self).__doc__ or "").format(name=name))


class HookExists(Exception):
    """This org has a webhook {name!r} already: end it, or choose another name."""

    def __init__(self, name: str) -> None:
        super().__init__((type(self).__doc__ or "").format(name=name))


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredHook:
    """A webhook as it is stored: messages were made of all changes up to `read`."""

    org_id: UUID
    id: UUID
    name: str
    address: str | None = field(repr=False)
    subject: str
    roles: Sequence[str]
    filter: str = field(repr=False)
    read: Position
    made_at: datetime
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredHookKey:
    """A key as it is stored; without an end it is the one in use."""

    id: UUID
    hook_id: UUID
    secret: str = field(repr=False)
    made_at: datetime
    ends_at: datetime | None = None


async def add_hook(connection: asyncpg.Connection, made: StoredHook) -> None:
    """Set up a webhook, inside a transaction that is bound to its org. Raises HookExists."""
    try:
        await connection.execute(
            f"INSERT INTO hook ({_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",  # noqa: S608 - own names
            made.org_id, made.id, made.name, made.address, made.subject, list(made.roles), made.filter,
            made.read.xid, made.read.id, made.made_at, made.ended_at,
        )  # fmt: skip
    except asyncpg.UniqueViolationError as error:
        raise HookExists(made.name) from error


async def find_hook(
    connection: asyncpg.Connection, org_id: UUID, hook_id: UUID, *, locked: bool = False
) -> StoredHook | None:
    """Return a webhook, ended or not; `locked` until the transaction ends."""
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM hook WHERE org_id = $1 AND id = $2{' FOR UPDATE' if locked else ''}",  # noqa: S608 - own names
        org_id, hook_id,
    )  # fmt: skip
    return None if row is None else _hook(row)


async def named_hook(connection: asyncpg.Connection, org_id: UUID, name: str) -> StoredHook:
    """Return the webhook of a name that has not ended. Raises UnknownHook."""
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM hook WHERE org_id = $1 AND name = $2 AND ended_at IS NULL",  # noqa: S608 - own names
        org_id, name,
    )  # fmt: skip
    if row is None:
        raise UnknownHook(name)
    return _hook(row)


async def list_hooks(connection: asyncpg.Connection, org_id: UUID) -> Sequence[StoredHook]:
    """Return an org's webhooks by name."""
    rows = await connection.fetch(
        f"SELECT {_COLUMNS} FROM hook WHERE org_id = $1 ORDER BY name, made_at",  # noqa: S608 - own names
        org_id,
    )
    return [_hook(row) for row in rows]


async def note_read_to(connection: asyncpg.Connection, org_id: UUID, hook_id: UUID, read: Position) -> None:
    """Note up to which change messages were made, in the transaction that made them."""
    await connection.execute(
        "UPDATE hook SET read_xid = $3, read_id = $4 WHERE org_id = $1 AND id = $2",
        org_id, hook_id, read.xid, read.id,
    )  # fmt: skip


async def end_hook(connection: asyncpg.Connection, org_id: UUID, hook_id: UUID, now: datetime) -> None:
    """Tell a webhook of nothing more, and forget its address and keys."""
    await connection.execute("DELETE FROM hook_key WHERE org_id = $1 AND hook_id = $2", org_id, hook_id)
    await connection.execute(
        "UPDATE hook SET ended_at = $3, address = NULL WHERE org_id = $1 AND id = $2 AND ended_at IS NULL",
        org_id, hook_id, now,
    )  # fmt: skip


async def put_key(
    connection: asyncpg.Connection, org_id: UUID, made: StoredHookKey, others_end_at: datetime
) -> None:
    """Sign with another key from now on; those before it end by then, and those that ended are forgotten."""
    of_hook = org_id, made.hook_id
    await connection.execute(
        "DELETE FROM hook_key WHERE org_id = $1 AND hook_id = $2 AND ends_at <= $3", *of_hook, made.made_at
    )
    await connection.execute(
        "UPDATE hook_key SET ends_at = least(ends_at, $3) WHERE org_id = $1 AND hook_id = $2",
        *of_hook, others_end_at,
    )  # fmt: skip
    await connection.execute(
        "INSERT INTO hook_key (org_id, id, hook_id, secret, made_at, ends_at)"
        " VALUES ($1, $2, $3, $4, $5, $6)",
        org_id, made.id, made.hook_id, made.secret, made.made_at, made.ends_at,
    )  # fmt: skip


async def keys_of(
    connection: asyncpg.Connection, org_id: UUID, hook_id: UUID, now: datetime
) -> Sequence[StoredHookKey]:
    """Return the keys that messages are signed with now, the newest first."""
    rows = await connection.fetch(
        "SELECT id, hook_id, secret, made_at, ends_at FROM hook_key WHERE org_id = $1 AND hook_id = $2"
        " AND (ends_at IS NULL OR ends_at > $3) ORDER BY made_at DESC, id DESC",
        org_id, hook_id, now,
    )  # fmt: skip
    return [StoredHookKey(**dict(row)) for row in rows]


def _hook(row: asyncpg.Record) -> StoredHook:
    known = dict(row)
    return StoredHook(read=Position(known.pop("read_xid"), known.pop("read_id")), **known)
