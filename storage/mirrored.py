"""Records that Salesforce owns as the graph holds them: found by their Salesforce id, and brought up to date.

Each field of them has a stamp, of when its value is: an older value never takes the place of a newer one,
in whatever order they come and however often.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg
import sqlalchemy as sa

from domain.contract import Contract
from domain.field import DeclaredField, Entity, fields_of
from storage.few_rows import put
from storage.memo import memoized
from storage.records import from_row, to_row
from storage.sealing import Vault, seals_for
from storage.statement import Statement
from storage.tables import table_of
from storage.upsert import delete, of_org

Stamp = tuple[int, int]
"""Of when a value is: milliseconds since 1970, and where its commit stands among those of that one."""


class Stamps(NamedTuple):
    """Of when each field of a record is, and since when the record is gone."""

    fields: Mapping[str, Stamp]
    gone_at: datetime | None


_BY_KEY = "source_key"
_BY_ID = "salesforce_id"
_STAMP = """
    INSERT INTO salesforce_stamp (org_id, id, object, salesforce_id, stamps, gone_at)
    VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (org_id, id) DO UPDATE SET stamps = excluded.stamps, gone_at = excluded.gone_at"""
# In one order, whoever asks: two that hold several wait for each other at most once.
_HOLD = """
    SELECT id, stamps, gone_at FROM salesforce_stamp WHERE org_id = $1 AND id = ANY ($2)
     ORDER BY id FOR UPDATE"""
_KNOW = """
    INSERT INTO salesforce_stamp (org_id, id, object, salesforce_id, stamps)
    SELECT $1, given.id, $3, given.record, '{}' FROM unnest($2::uuid[], $4::text[]) AS given (id, record)
        ON CONFLICT (org_id, id) DO NOTHING"""
_TOLD = "SELECT contract_id FROM salesforce_record WHERE org_id = $1 AND salesforce_id = $2 AND object = $3"
_RECORDS = """
    SELECT DISTINCT salesforce_id FROM salesforce_record
     WHERE org_id = $1 AND object = $2 AND salesforce_id > $3 ORDER BY salesforce_id LIMIT $4"""


def mirror_key(record_id: str) -> str:
    """Return the source key of a record that was first heard of by Salesforce."""
    return f"salesforce:{record_id}"


async def hold_stamps(
    connection: asyncpg.Connection, org_id: UUID, object_name: str, record_ids: Collection[str]
) -> Mapping[str, Stamps]:
    """Return of when each field of records is, kept from other writers until the transaction ends.

    A record of which nothing is known is made known, so that there is something to keep.
    """
    ids = {_id(object_name, each): each for each in record_ids}
    rows = await connection.fetch(_HOLD, org_id, list(ids))
    if missing := sorted(ids.keys() - {row["id"] for row in rows}):
        await connection.execute(_KNOW, org_id, missing, object_name, [ids[each] for each in missing])
        rows = await connection.fetch(_HOLD, org_id, list(ids))
    return {ids[row["id"]]: _stamps(row) for row in rows}


def _stamps(row: asyncpg.Record) -> Stamps:
    told = json.loads(row["stamps"])
    return Stamps({name: (at, number) for name, (at, number) in told.items()}, row["gone_at"])


async def keep_stamps(  # noqa: PLR0913, PLR0917 - of which record, and what
    connection: asyncpg.Connection,
    org_id: UUID,
    object_name: str,
    record_id: str,
    stamps: Mapping[str, Stamp],
    gone_at: datetime | None,
) -> None:
    """Keep of when each field of a record is."""
    id_ = _id(object_name, record_id)
    await connection.execute(_STAMP, org_id, id_, object_name, record_id, json.dumps(dict(stamps)), gone_at)


async def find_mirrored(
    connection: asyncpg.Connection, org_id: UUID, entity: type[Entity], record_id: str, vault: Vault
) -> Entity | None:
    """Return a record without its lists, kept from other writers until the transaction ends."""
    by = _name_of(entity)
    statement = _find(entity, by)
    known = record_id if by == _BY_ID else mirror_key(record_id)
    row = await connection.fetchrow(statement.text, *statement.arguments(org_id=org_id, known=known))
    if row is None:
        return None
    return from_row(entity, row, await seals_for(vault, connection, org_id, [entity]))


async def keep_mirrored(
    connection: asyncpg.Connection, org_id: UUID, record: Entity, now: datetime, vault: Vault
) -> None:
    """Store a record as it now is, with what follows from it."""
    seals = await seals_for(vault, connection, org_id, [type(record)])
    await put(connection, type(record), [to_row(record, org_id, now.date(), seals=seals)])


async def remove_mirrored(connection: asyncpg.Connection, org_id: UUID, record: Entity) -> None:
    """Remove a record that nothing points at."""
    await delete(connection, org_id, type(record), [record.id])


async def held(
    connection: asyncpg.Connection, org_id: UUID, entity: type[Entity], after: str, limit: int
) -> Sequence[str]:
    """Return the Salesforce ids of records that the graph holds, those after one, in their order."""
    if entity is Contract:
        rows = await connection.fetch(_RECORDS, org_id, Contract.__name__, after, limit)
        return [row[0] for row in rows]
    by = _name_of(entity)
    known = after if by == _BY_ID else mirror_key(after)
    statement = _held(entity, by)
    prefix = mirror_key("") if by == _BY_KEY else ""
    arguments = statement.arguments(org_id=org_id, after=known, limit=limit, prefix=prefix)
    rows = await connection.fetch(statement.text, *arguments)
    return [row[0].removeprefix(mirror_key("")) for row in rows]


async def contracts_of_record(
    connection: asyncpg.Connection, org_id: UUID, object_name: str, record_id: str
) -> set[UUID]:
    """Return the contracts that a record is, as far as we made it or wrote to it."""
    return {row[0] for row in await connection.fetch(_TOLD, org_id, record_id, object_name)}


async def contracts_pointing(
    connection: asyncpg.Connection, org_id: UUID, via: DeclaredField, record_id: str
) -> set[UUID]:
    """Return the contracts of which a reference leads to a record."""
    statement = _pointing(via)
    rows = await connection.fetch(statement.text, *statement.arguments(org_id=org_id, known=record_id))
    return {row[0] for row in rows}


def _id(object_name: str, record_id: str) -> UUID:
    return UUID(bytes=hashlib.sha256(f"{object_name}\0{record_id}".encode()).digest()[:16])


@memoized
def _name_of(entity: type[Entity]) -> str:
    return _BY_ID if any(each.name == _BY_ID for each in fields_of(entity)) else _BY_KEY


@memoized
def _find(entity: type[Entity], by: str) -> Statement:
    table = table_of(entity.__name__)
    chosen = table.c[by] == sa.bindparam("known", type_=sa.Text())
    return Statement.of(sa.select(table).where(of_org(table), chosen).with_for_update())


@memoized
def _held(entity: type[Entity], by: str) -> Statement:
    table = table_of(entity.__name__)
    column = table.c[by]
    after, prefix = (sa.bindparam(name, type_=sa.Text()) for name in ("after", "prefix"))
    return Statement.of(
        sa.select(column)
        .where(of_org(table), column > after, sa.func.starts_with(column, prefix))
        .order_by(column)
        .limit(sa.bindparam("limit", type_=sa.Integer()))
    )


@memoized
def _pointing(via: DeclaredField) -> Statement:
    table, target = table_of("Contract"), table_of(via.target)
    chosen = target.c[_BY_ID] == sa.bindparam("known", type_=sa.Text())
    ids = sa.select(target.c.id).where(of_org(target), chosen)
    return Statement.of(sa.select(table.c.id).where(of_org(table), table.c[via.name].in_(ids)))
