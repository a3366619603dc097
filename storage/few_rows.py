"""A few rows of one table, written in one round trip: inserted, or replaced where they are there already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import asyncpg
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from domain.field import DeclaredField, Entity, Kind
from domain.term import Period
from storage.memo import memoized
from storage.records import REVISION, layout_of
from storage.statement import Statement
from storage.tables import column_names, table_of
from storage.upsert import of_org


async def put(connection: asyncpg.Connection, entity: type[Entity], rows: Sequence[tuple[Any, ...]]) -> None:
    """Write rows in the order of `layout_of(entity).columns`; for many at once see `storage.upsert`.

    Must run in a transaction that is bound to the org of the rows.
    """
    if rows:
        statement = _put(entity)
        names = layout_of(entity).columns
        await connection.executemany(
            statement.text, [statement.arguments(**dict(zip(names, row, strict=True))) for row in rows]
        )


async def change(
    connection: asyncpg.Connection,
    org_id: UUID,
    record: Entity,
    values: Mapping[DeclaredField, Any],
    now: datetime,
) -> None:
    """Set fields of a stored record that counts its changes, and count one."""
    columns: dict[str, Any] = {}
    for declared, value in values.items():
        if declared.kind is Kind.MONEY:
            amount, currency = column_names(declared)
            columns[amount] = None if value is None else value.amount
            columns[currency] = None if value is None else value.currency
        else:
            columns[declared.name] = _stored(value)
    statement = _change(type(record), tuple(sorted(columns)))
    given = {f"new_{name}": value for name, value in columns.items()}
    await connection.execute(
        statement.text, *statement.arguments(org_id=org_id, record_id=record.id, now=now, **given)
    )


def _stored(value: Any) -> Any:  # noqa: ANN401 - a value of any field
    return str(value) if isinstance(value, Period | StrEnum) else value


@memoized
def _put(entity: type[Entity]) -> Statement:
    table = table_of(entity.__name__)
    names = layout_of(entity).columns
    given = {name: sa.bindparam(name, type_=table.c[name].type) for name in names}
    statement = insert(table).values(given)
    fixed = {"org_id", "id"}
    renewed = {name: statement.excluded[name] for name in names if name not in fixed}
    return Statement.of(
        statement.on_conflict_do_update(
            index_elements=["org_id", "id"], set_=renewed, where=table.c.org_id == statement.excluded.org_id
        )
    )


@memoized
def _change(entity: type[Entity], names: tuple[str, ...]) -> Statement:
    table = table_of(entity.__name__)
    version, updated_at = REVISION
    values: dict[str, Any] = {
        name: sa.bindparam(f"new_{name}", type_=table.c[name].type) for name in names
    } | {
        version: table.c[version] + sa.literal_column("1"),
        updated_at: sa.bindparam("now", type_=sa.DateTime(timezone=True)),
    }
    chosen = table.c.id == sa.bindparam("record_id", type_=sa.Uuid())
    return Statement.of(sa.update(table).where(of_org(table), chosen).values(values))
