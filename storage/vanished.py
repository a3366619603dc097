"""Parts that an earlier import of the same contract brought, and that the newer one no longer has."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from uuid import UUID

import asyncpg
import sqlalchemy as sa

from domain.field import Entity, Kind, back_reference, fields_of
from domain.graph import ENTITIES, save_order
from storage.memo import memoized
from storage.records import entity_named, parts_of
from storage.statement import Statement
from storage.tables import table_of
from storage.upsert import any_of, delete, of_org

Gone = dict[type[Entity], dict[UUID, UUID]]
"""By entity: the id of each part to remove, with the id of the record that it is a part of."""

SEPARATOR = "#"
"""Stands between the source key of a record and the rest of the source key of its part."""


async def remove_vanished(
    connection: asyncpg.Connection,
    org_id: UUID,
    entity: type[Entity],
    owners: Mapping[UUID, str],
    kept: Collection[UUID],
) -> Gone:
    """Delete the parts of `owners` that came from the same source and are not `kept`; return what went.

    `owners` are source keys by id. The same source: the part's key is the owner's, the separator and more.
    What people or other systems added has other keys and stays; so does a part that something else still
    points at. The parts of a part that goes, go with it.
    """
    gone: Gone = {}
    await _collect(connection, org_id, entity, owners, kept, gone)
    for part in reversed(save_order()):
        if part in gone:
            await delete(connection, org_id, part, list(gone[part]))
    return gone


async def _collect(  # noqa: PLR0913, PLR0917 - a walk carries where it is and what it has found
    connection: asyncpg.Connection,
    org_id: UUID,
    entity: type[Entity],
    owners: Mapping[UUID, str],
    kept: Collection[UUID],
    gone: Gone,
) -> None:
    for declared in parts_of(entity) if owners else ():
        part = entity_named(declared.target)
        statement = _pointing(part, back_reference(entity.__name__, declared.target).name)
        rows = await connection.fetch(statement.text, *statement.arguments(org_id=org_id, ids=list(owners)))
        # Compared here: PostgreSQL would compare every pair of keys, as row-level security forbids its index.
        same = [row for row in rows if _is_from(row["source_key"], owners[row["pointed_at"]])]
        lost = {row["id"]: row["pointed_at"] for row in same if row["id"] not in kept}
        pinned = await _pinned(connection, org_id, part, lost)
        lost = {id_: owner for id_, owner in lost.items() if id_ not in pinned}
        await _with_all_parts(connection, org_id, part, lost, gone)
        staying = {row["id"]: row["source_key"] for row in same if row["id"] in kept}
        await _collect(connection, org_id, part, staying, kept, gone)


async def _with_all_parts(
    connection: asyncpg.Connection, org_id: UUID, entity: type[Entity], lost: dict[UUID, UUID], gone: Gone
) -> None:
    if not lost:
        return
    gone.setdefault(entity, {}).update(lost)
    for declared in parts_of(entity):
        part = entity_named(declared.target)
        statement = _pointing(part, back_reference(entity.__name__, declared.target).name)
        rows = await connection.fetch(statement.text, *statement.arguments(org_id=org_id, ids=list(lost)))
        below = {row["id"]: row["pointed_at"] for row in rows}
        await _with_all_parts(connection, org_id, part, below, gone)


def _is_from(source_key: str | None, owner: str) -> bool:
    return source_key is not None and source_key.startswith(owner + SEPARATOR)


async def _pinned(
    connection: asyncpg.Connection, org_id: UUID, entity: type[Entity], lost: dict[UUID, UUID]
) -> set[UUID]:
    """Those of the lost that a record points at without being a part of them."""
    pinned: set[UUID] = set()
    for other, name in _referring(entity) if lost else ():
        statement = _pointing(other, name)
        rows = await connection.fetch(statement.text, *statement.arguments(org_id=org_id, ids=list(lost)))
        pinned |= {row["pointed_at"] for row in rows}
    return pinned


@memoized
def _referring(entity: type[Entity]) -> tuple[tuple[type[Entity], str], ...]:
    return tuple(
        (other, declared.name)
        for other in ENTITIES.values()
        for declared in fields_of(other)
        if declared.kind is Kind.REFERENCE and declared.target == entity.__name__ and not declared.field.part
    )


@memoized
def _pointing(entity: type[Entity], name: str) -> Statement:
    table = table_of(entity.__name__)
    chosen = table.c[name] == any_of("ids", sa.Uuid())
    return Statement.of(
        sa.select(table.c.id, table.c.source_key, table.c[name].label("pointed_at")).where(
            of_org(table), chosen
        )
    )
