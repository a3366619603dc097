"""One record at a time: added, locked while it is judged, and found by its values."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar, cast
from uuid import UUID

import asyncpg
import sqlalchemy as sa

from domain.field import Entity
from storage.memo import memoized
from storage.records import from_row, layout_of, to_row
from storage.statement import Statement
from storage.tables import table_of
from storage.upsert import of_org

E = TypeVar("E", bound=Entity)


async def add(connection: asyncpg.Connection, org_id: UUID, record: Entity, now: datetime) -> None:
    """Insert a record without parts and without personal values, in a transaction bound to its org."""
    layout = layout_of(type(record))
    values = dict(zip(layout.columns, to_row(record, org_id, now.date()), strict=True))
    statement = _insert(type(record))
    await connection.execute(statement.text, *statement.arguments(**values))


async def locked(connection: asyncpg.Connection, org_id: UUID, entity: type[E], id_: UUID) -> E | None:
    """Return a record without its parts, which no other writer changes until the transaction ends."""
    statement = _locked(entity)
    row = await connection.fetchrow(statement.text, *statement.arguments(org_id=org_id, id=id_))
    return None if row is None else cast("E", from_row(entity, row))


async def found_by(
    connection: asyncpg.Connection, org_id: UUID, entity: type[Entity], values: Mapping[str, Any]
) -> UUID | None:
    """Return the id of the first record that has these values in its columns, None for absent, or None."""
    absent = tuple(name for name, value in values.items() if value is None)
    given = {name: value for name, value in values.items() if value is not None}
    statement = _found(entity, tuple(given), absent)
    id_: UUID | None = await connection.fetchval(statement.text, *statement.arguments(org_id=org_id, **given))
    return id_


async def change(
    connection: asyncpg.Connection, org_id: UUID, entity: type[Entity], id_: UUID, values: Mapping[str, Any]
) -> None:
    """Write values into columns of a record that counts no versions; the transaction is bound to its org."""
    statement = _changed(entity, tuple(values))
    await connection.execute(statement.text, *statement.arguments(org_id=org_id, id=id_, **values))


@memoized
def _insert(entity: type[Entity]) -> Statement:
    table = table_of(entity.__name__)
    return Statement.of(
        sa.insert(table).values({name: _given(table, name) for name in layout_of(entity).columns})
    )


@memoized
def _locked(entity: type[Entity]) -> Statement:
    table = table_of(entity.__name__)
    return Statement.of(
        sa.select(table).where(of_org(table), table.c.id == _given(table, "id")).with_for_update()
    )


@memoized
def _found(entity: type[Entity], names: tuple[str, ...], absent: tuple[str, ...]) -> Statement:
    table = table_of(entity.__name__)
    same = [table.c[name] == _given(table, name) for name in names]
    same += [table.c[name].is_(None) for name in absent]
    return Statement.of(sa.select(table.c.id).where(of_org(table), *same).order_by(table.c.id))


@memoized
def _changed(entity: type[Entity], names: tuple[str, ...]) -> Statement:
    table = table_of(entity.__name__)
    chosen = sa.update(table).where(of_org(table), table.c.id == _given(table, "id"))
    return Statement.of(chosen.values({name: _given(table, name) for name in names}))


def _given(table: sa.Table, name: str) -> sa.BindParameter[Any]:
    return sa.bindparam(name, type_=table.c[name].type)
