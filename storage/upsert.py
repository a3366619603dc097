"""Many rows of one table at once: copied beside it, then inserted, and updated only where they differ."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, insert

from domain.field import Entity
from storage.memo import memoized
from storage.records import REVISION, layout_of
from storage.statement import Statement
from storage.tables import table_of

_stages = sa.MetaData()


async def upsert(  # noqa: PLR0913 - rows, where they go and how
    connection: asyncpg.Connection,
    org_id: UUID,
    entity: type[Entity],
    rows: Sequence[tuple[Any, ...]],
    *,
    now: datetime,
    keep_absent: bool,
    counted: bool = True,
) -> set[UUID]:
    """Insert rows, or update those that are there already and differ; return the ids of all written.

    Rows are in the order of `layout_of(entity).columns`. With `keep_absent` a value that is absent leaves
    what is stored, and stored derived values are left as well: see `storage.ingest`. Unless `counted`, an
    update is no change to the record's version. Must run in a transaction that is bound to the org.
    """
    if not rows:
        return set()
    stage = stage_of(entity)
    creation = sa.schema.CreateTable(stage, if_not_exists=True)
    await connection.execute(Statement.of(creation).text)
    await connection.copy_records_to_table(stage.name, records=rows, columns=layout_of(entity).columns)
    statement = _upsert(entity, keep_absent=keep_absent, counted=counted)
    written = await connection.fetch(statement.text, *statement.arguments(org_id=org_id, now=now))
    clear = Statement.of(sa.delete(stage))
    await connection.execute(clear.text)
    return {row["id"] for row in written}


async def delete(
    connection: asyncpg.Connection, org_id: UUID, entity: type[Entity], ids: Sequence[UUID]
) -> None:
    """Delete rows by id; nothing that points at them is touched."""
    if ids:
        statement = _delete(entity)
        await connection.execute(statement.text, *statement.arguments(org_id=org_id, ids=list(ids)))


async def touch(
    connection: asyncpg.Connection, org_id: UUID, entity: type[Entity], ids: Sequence[UUID], now: datetime
) -> None:
    """Count a change of each record, because one of its parts changed."""
    if ids and layout_of(entity).has_revision:
        statement = _touch(entity)
        await connection.execute(statement.text, *statement.arguments(org_id=org_id, ids=list(ids), now=now))


def any_of(name: str, type_: sa.types.TypeEngine[Any]) -> sa.ColumnElement[Any]:
    """Return `any($n)` over an array parameter of that name."""
    return sa.any_(sa.bindparam(name, type_=ARRAY(type_)))


def of_org(table: sa.FromClause) -> sa.ColumnElement[bool]:
    """Return the predicate that every statement carries."""
    return table.c.org_id == sa.bindparam("org_id", type_=sa.Uuid())


@memoized
def stage_of(entity: type[Entity]) -> sa.Table:
    """Return the temporary table in which rows of an entity wait; it is emptied at every commit."""
    table = table_of(entity.__name__)
    columns = [sa.Column(name, table.c[name].type) for name in layout_of(entity).columns]
    return sa.Table(
        f"stage_{table.name}", _stages, *columns, prefixes=["TEMPORARY"], postgresql_on_commit="DELETE ROWS"
    )


@memoized
def _upsert(entity: type[Entity], *, keep_absent: bool, counted: bool) -> Statement:
    layout, table, stage = layout_of(entity), table_of(entity.__name__), stage_of(entity)
    now = sa.bindparam("now", type_=sa.DateTime(timezone=True))
    revision = set(REVISION) if layout.has_revision else set()
    source = [now if name == "updated_at" and revision else stage.c[name] for name in layout.columns]
    statement = insert(table).from_select(layout.columns, sa.select(*source))
    fixed = {"org_id", "id", *revision, *(layout.derived if keep_absent else ())}
    incoming: dict[str, Any] = {}
    for name in layout.columns:
        if name not in fixed:
            new = statement.excluded[name]
            incoming[name] = sa.func.coalesce(new, table.c[name]) if keep_absent else new
    # Of a ciphertext the columns beside it say whether its value differs: encrypted anew, it always would.
    compared = {name: new for name, new in incoming.items() if name not in layout.ciphertexts}
    differs = sa.or_(*(new.is_distinct_from(table.c[name]) for name, new in compared.items()))
    change: dict[str, Any] = {}
    if revision and counted:
        change = {"version": table.c.version + sa.literal_column("1"), "updated_at": now}
    return Statement.of(
        statement.on_conflict_do_update(
            index_elements=["org_id", "id"], set_=incoming | change, where=sa.and_(of_org(table), differs)
        ).returning(table.c.id)
    )


@memoized
def _delete(entity: type[Entity]) -> Statement:
    table = table_of(entity.__name__)
    return Statement.of(sa.delete(table).where(of_org(table), table.c.id == any_of("ids", sa.Uuid())))


@memoized
def _touch(entity: type[Entity]) -> Statement:
    table = table_of(entity.__name__)
    now = sa.bindparam("now", type_=sa.DateTime(timezone=True))
    return Statement.of(
        sa.update(table)
        .where(of_org(table), table.c.id == any_of("ids", sa.Uuid()))
        .values(version=table.c.version + sa.literal_column("1"), updated_at=now)
    )
