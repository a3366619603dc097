"""Rows with encrypted values as they lie in their tables: found, and rewritten."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import asyncpg
import sqlalchemy as sa

from domain.field import ENTITIES, DeclaredField, sealed_fields
from storage.sealing import SealedText
from storage.statement import Statement
from storage.tables import clear_name, column_names, index_name, table_name, table_of
from storage.upsert import of_org

FIRST = UUID(int=0)
_ID = sa.bindparam("id", type_=sa.Uuid())


async def encrypted_by_others(  # noqa: PLR0913, PLR0917 - where to look, for what, and how far
    connection: asyncpg.Connection,
    org_id: UUID,
    fields: Sequence[DeclaredField],
    kid: str,
    after: UUID,
    limit: int,
) -> Sequence[Mapping[str, Any]]:
    """Return ids and ciphertexts of rows of one entity with a value that another key than this encrypted.

    They are those after an id, in the order of ids, and locked. Must run in a transaction bound to the org.
    """
    table = _table(fields)
    prefix = sa.bindparam("prefix", type_=sa.Text())
    others = sa.or_(*(sa.not_(sa.func.starts_with(table.c[each.name], prefix)) for each in fields))
    statement = _rows(fields, others)
    arguments = statement.arguments(org_id=org_id, after=after, limit=limit, prefix=f"v1.{kid}.")
    found: Sequence[Mapping[str, Any]] = await connection.fetch(statement.text, *arguments)
    return found


async def in_clear(
    connection: asyncpg.Connection, org_id: UUID, fields: Sequence[DeclaredField], after: UUID, limit: int
) -> Sequence[Mapping[str, Any]]:
    """Return ids and values of rows of one entity that were stored before their fields were encrypted.

    A value that is not encrypted is absent from its index. As `encrypted_by_others`.
    """
    table = _table(fields)
    clear = sa.or_(
        *(sa.and_(table.c[each.name].is_not(None), table.c[index_name(each)].is_(None)) for each in fields)
    )
    statement = _rows(fields, clear)
    arguments = statement.arguments(org_id=org_id, after=after, limit=limit)
    found: Sequence[Mapping[str, Any]] = await connection.fetch(statement.text, *arguments)
    return found


async def rewrite(
    connection: asyncpg.Connection, org_id: UUID, declared: DeclaredField, sealed: Mapping[UUID, SealedText]
) -> None:
    """Put encrypted values in their rows, by id. It is no change of a fact: versions stay."""
    table = _table([declared])
    names = column_names(declared)
    values = {name: sa.bindparam(f"new_{name}", type_=sa.Text()) for name in names}
    statement = Statement.of(sa.update(table).where(of_org(table), table.c.id == _ID).values(values))
    rows = [
        statement.arguments(
            org_id=org_id, id=id_, **{f"new_{name}": text for name, text in zip(names, each, strict=True)}
        )
        for id_, each in sealed.items()
    ]
    await connection.executemany(statement.text, rows)


async def empty_masks(connection: asyncpg.Connection, org_id: UUID) -> None:
    """Take away what masks show of the org's encrypted values. Must run in a transaction bound to it."""
    for entity in ENTITIES.values():
        for declared in sealed_fields(entity):
            table = _table([declared])
            mask = table.c[clear_name(declared)]
            emptied = sa.update(table).where(of_org(table), mask.is_not(None))
            statement = Statement.of(emptied.values({mask.name: sa.literal_column("''")}))
            await connection.execute(statement.text, *statement.arguments(org_id=org_id))


def sealed_tables() -> list[str]:
    """Return the tables that hold encrypted values."""
    return sorted(table_name(name) for name, entity in ENTITIES.items() if sealed_fields(entity))


async def columns_of(connection: asyncpg.Connection, fields: Sequence[DeclaredField]) -> set[str]:
    """Return the columns that the table of these fields has in this database, which may be an older one."""
    found = await connection.fetch(
        "SELECT attname::text FROM pg_attribute WHERE attrelid = to_regclass($1)"
        " AND attnum > 0 AND NOT attisdropped",
        f'"{_table(fields).name}"',
    )
    return {row["attname"] for row in found}


def _table(fields: Sequence[DeclaredField]) -> sa.Table:
    return table_of(fields[0].entity)


def _rows(fields: Sequence[DeclaredField], wanted: sa.ColumnElement[bool]) -> Statement:
    table = _table(fields)
    columns = [table.c.id, *(table.c[name] for each in fields for name in (each.name, index_name(each)))]
    after = table.c.id > sa.bindparam("after", type_=sa.Uuid())
    chosen = sa.select(*columns).where(of_org(table), after, wanted).order_by(table.c.id)
    return Statement.of(chosen.limit(sa.bindparam("limit", type_=sa.Integer())).with_for_update())
