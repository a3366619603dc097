"""The webhooks of an org that are told when something goes wrong; what is secret of them is encrypted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import asyncpg

_COLUMNS = "org_id, id, name, shape, address, signing_key, kinds, made_at, ended_at"


class UnknownTarget(Exception):
    """This org has no alert target {name!r} that is told of anything: see `contract-graph alerts list`."""

    def __init__(self, name: str) -> None:
        super().__init__((type(self).__doc__ or "").format(name=name))


class TargetExists(Exception):
    """This org has an alert target {name!r} already: end it, or choose another name."""

    def __init__(self, name: str) -> None:
        super().__init__((type(self).__doc__ or "").format(name=name))


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredTarget:
    """A target as it is stored: without `kinds` it is told of everything; one that ended has no secrets."""

    org_id: UUID
    id: UUID
    name: str
    shape: str
    address: str | None = field(repr=False)
    signing_key: str | None = field(default=None, repr=False)
    kinds: Sequence[str] | None = None
    made_at: datetime
    ended_at: datetime | None = None


async def add_target(connection: asyncpg.Connection, made: StoredTarget) -> None:
    """Set up a target, inside a transaction that is bound to its org. Raises TargetExists."""
    try:
        await connection.execute(
            f"INSERT INTO alert_target ({_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",  # noqa: S608 - own names
            made.org_id, made.id, made.name, made.shape, made.address, made.signing_key,
            None if made.kinds is None else list(made.kinds), made.made_at, made.ended_at,
        )  # fmt: skip
    except asyncpg.UniqueViolationError as error:
        raise TargetExists(made.name) from error


async def find_target(connection: asyncpg.Connection, org_id: UUID, target_id: UUID) -> StoredTarget | None:
    """Return a target, ended or not."""
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM alert_target WHERE org_id = $1 AND id = $2",  # noqa: S608 - own names
        org_id, target_id,
    )  # fmt: skip
    return None if row is None else StoredTarget(**dict(row))


async def named_target(connection: asyncpg.Connection, org_id: UUID, name: str) -> StoredTarget:
    """Return the target of a name that has not ended. Raises UnknownTarget."""
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM alert_target WHERE org_id = $1 AND name = $2 AND ended_at IS NULL",  # noqa: S608 - own names
        org_id, name,
    )  # fmt: skip
    if row is None:
        raise UnknownTarget(name)
    return StoredTarget(**dict(row))


async def list_targets(connection: asyncpg.Connection, org_id: UUID) -> Sequence[tuple[StoredTarget, int]]:
    """Return an org's targets by name, each with how much it has not been told yet."""
    rows = await connection.fetch(
        f"SELECT {_COLUMNS}, (SELECT coalesce(sum(y.raised - y.told), 0)::bigint FROM alert_tally AS y"  # noqa: S608 - own names
        " WHERE y.org_id = $1 AND y.target_id = t.id) AS untold"
        " FROM alert_target AS t WHERE t.org_id = $1 ORDER BY t.name, t.made_at",
        org_id,
    )
    return [(StoredTarget(**{k: v for k, v in row.items() if k != "untold"}), row["untold"]) for row in rows]


async def end_target(connection: asyncpg.Connection, org_id: UUID, target_id: UUID, now: datetime) -> None:
    """Tell a target of nothing more, and forget its address and key."""
    await connection.execute(
        "UPDATE alert_target SET ended_at = $3, address = NULL, signing_key = NULL"
        " WHERE org_id = $1 AND id = $2 AND ended_at IS NULL",
        org_id, target_id, now,
    )  # fmt: skip
