"""A few rows of one table, written in one round trip: inserted, or replaced where they are there already."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import asyncpg
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, insert

from domain.field import DeclaredField, Entity, Kind
from domain.term import Period
from storage.memo import memoized
from storage.records import REVISION, layout_of
from storage.statement import Statement
from storage.tables import column_names, table_of
from storage.upsert import of_org


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Fields to be set of a stored record, and when."""

    id: UUID
    at: datetime
    values: Mapping[DeclaredField, Any]


async def put(connection: asyncpg.Connection, entity: type[Entity], rows: Sequence[tuple[Any, ...]]) -> None:
    """Write rows in the order of `layout_of(entity).columns`; for many at once see `storage.upsert`.

    Of those with one id the last is written. Must run in a transaction that is bound to the org of the rows.
    """
    if rows:
        statement = _put(entity)
        names = layout_of(entity).columns
        place = names.index("id")
        columns = zip(*{row[place]: row for row in rows}.values(), strict=True)
        await connection.execute(
            statement.text, *statement.arguments(**dict(zip(names, columns, strict=True)))
        )


async def change(
    connection: asyncpg.Connection, org_id: UUID, entity: type[Entity], changes: Sequence[Change]
) -> None:
    """Set fields of stored records of an entity that counts its changes, and count one of each."""
    alike: defaultdict[tuple[str, ...], list[tuple[Change, Mapping[str, Any]]]] = defaultdict(list)
    for each in changes:
        columns = _columns(each.values)
        alike[tuple(sorted(columns))].append((each, columns))
    for names, some in alike.items():
        statement = _change(entity, names)
        given = {f"new_{name}": [columns[name] for _, columns in some] for name in names}
        ids, moments = [each.id for each, _ in some], [each.at for each, _ in some]
        await connection.execute(
            statement.text, *statement.arguments(org_id=org_id, ids=ids, moments=moments, **given)
        )


def _columns(values: Mapping[DeclaredField, Any]) -> Mapping[str, Any]:
    columns: dict[str, Any] = {}
    for declared, value in values.items():
        if declared.kind is Kind.MONEY:
            amount, currency = column_names(declared)
            columns[amount] = None if value is None else value.amount
            columns[currency] = None if value is None else value.currency
        else:
            columns[declared.name] = _stored(value)
    return columns


def _stored(value: Any) -> Any:  # noqa: ANN401 - a value of any field
    return str(value) if isinstance(value, Period | StrEnum) else value


def _given(**types: tuple[str, sa.types.TypeEngine[Any]]) -> sa.TableValuedAlias:
    """Return rows that are given by column, each an array parameter; names lead to parameters."""
    arrays = (sa.bindparam(parameter, type_=ARRAY(type_)) for parameter, type_ in types.values())
    return sa.func.unnest(*arrays).table_valued(*types).render_derived(name="given")


@memoized
def _put(entity: type[Entity]) -> Statement:
    table = table_of(entity.__name__)
    names = layout_of(entity).columns
    given = _given(**{name: (name, table.c[name].type) for name in names})
    statement = insert(table).from_select(names, sa.select(*(given.c[name] for name in names)))
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
    moments = sa.DateTime(timezone=True)
    given = _given(
        id=("ids", sa.Uuid()), moment=("moments", moments),
        **{f"new_{name}": (f"new_{name}", table.c[name].type) for name in names},
    )  # fmt: skip
    values: dict[str, Any] = {name: given.c[f"new_{name}"] for name in names} | {
        version: table.c[version] + sa.literal_column("1"),
        updated_at: given.c.moment,
    }
    return Statement.of(sa.update(table).where(of_org(table), table.c.id == given.c.id).values(values))
