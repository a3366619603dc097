"""Loads of whole objects of Salesforce, and up to where each was applied."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import asyncpg

_COLUMNS = "object, state, job, locator, in_page, rows, total, asked_at, ended_at"
_SET = f"""
    INSERT INTO salesforce_load (org_id, id, {_COLUMNS})
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        ON CONFLICT (org_id, id) DO UPDATE
       SET state = excluded.state, job = excluded.job, locator = excluded.locator,
           in_page = excluded.in_page, rows = excluded.rows, total = excluded.total,
           asked_at = excluded.asked_at, ended_at = excluded.ended_at"""  # noqa: S608 - own names


class LoadState(StrEnum):
    """Where a load stands: Salesforce gathers the records, they are applied, they are linked, all is done.

    Records that point at others of their own object are gone through twice: what they point at may come
    after them.
    """

    GATHERED = "GATHERED"
    APPLIED = "APPLIED"
    LINKED = "LINKED"
    DONE = "DONE"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredLoad:
    """The load of one object: `in_page` records of the page at `locator`, and `rows` in all, are applied.

    `asked_at` is when its job was begun: no value that it tells is younger.
    """

    object: str
    state: LoadState
    job: str
    locator: str | None = None
    in_page: int = 0
    rows: int = 0
    total: int | None = None
    asked_at: datetime
    ended_at: datetime | None = None


async def set_load(connection: asyncpg.Connection, org_id: UUID, load: StoredLoad) -> None:
    """Keep how a load stands, in the transaction that applies what it tells."""
    await connection.execute(
        _SET, org_id, _id(load.object), load.object, load.state.value, load.job, load.locator, load.in_page,
        load.rows, load.total, load.asked_at, load.ended_at,
    )  # fmt: skip


async def find_load(
    connection: asyncpg.Connection, org_id: UUID, object_name: str, *, held: bool = False
) -> StoredLoad | None:
    """Return the load of an object; `held` keeps it from whoever else loads until the transaction ends."""
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM salesforce_load WHERE org_id = $1 AND id = $2"  # noqa: S608 - own names
        + (" FOR UPDATE" if held else ""),
        org_id,
        _id(object_name),
    )
    return None if row is None else StoredLoad(**dict(row) | {"state": LoadState(row["state"])})


async def forget_load(connection: asyncpg.Connection, org_id: UUID, object_name: str) -> None:
    """Have an object loaded from its beginning when it is loaded next."""
    await connection.execute(
        "DELETE FROM salesforce_load WHERE org_id = $1 AND id = $2", org_id, _id(object_name)
    )


def _id(object_name: str) -> UUID:
    return UUID(bytes=hashlib.sha256(object_name.encode()).digest()[:16])
