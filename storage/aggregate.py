"""Whole records with all their parts, read generically over what the domain declares."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeVar
from uuid import UUID

import asyncpg
import sqlalchemy as sa

from domain.field import Entity, back_reference
from storage.memo import memoized
from storage.records import entity_named, from_row, parts_of, whole_of
from storage.sealing import NO_KEYS, Seals, Vault, seals_for
from storage.statement import Statement
from storage.tables import table_of
from storage.upsert import any_of, of_org

E = TypeVar("E", bound=Entity)


async def load_many(
    connection: asyncpg.Connection,
    org_id: UUID,
    entity: type[E],
    ids: Sequence[UUID],
    vault: Vault = NO_KEYS,
) -> dict[UUID, E]:
    """Return the records with these ids, whole: with their parts, and theirs, each list in the order of ids.

    One statement per table, however many records. Lists that are no parts stay empty. Personal values are
    decrypted; one whose key was destroyed is absent. Raises DamagedValue.
    """
    seals = await seals_for(vault, connection, org_id, whole_of(entity))
    return {record.id: record for record in await _load(connection, org_id, entity, "id", ids, seals)}


async def _load(  # noqa: PLR0913, PLR0917 - a walk carries where it is
    connection: asyncpg.Connection,
    org_id: UUID,
    entity: type[E],
    column: str,
    ids: Sequence[UUID],
    seals: Seals,
) -> list[E]:
    statement = _select(entity, column)
    rows = await connection.fetch(statement.text, *statement.arguments(org_id=org_id, ids=list(ids)))
    records: list[E] = [from_row(entity, row, seals) for row in rows]  # type: ignore[misc]
    found = [record.id for record in records]
    for declared in parts_of(entity) if found else ():
        owner = back_reference(entity.__name__, declared.target).name
        parts = await _load(connection, org_id, entity_named(declared.target), owner, found, seals)
        by_owner: defaultdict[UUID, list[Entity]] = defaultdict(list)
        for part in parts:
            by_owner[getattr(part, owner)].append(part)
        lists: dict[UUID, dict[str, Any]] = {
            id_: {declared.name: tuple(members)} for id_, members in by_owner.items()
        }
        records = [replace(each, **lists[each.id]) if each.id in lists else each for each in records]
    return records


@memoized
def _select(entity: type[Entity], column: str) -> Statement:
    table = table_of(entity.__name__)
    chosen = table.c[column] == any_of("ids", sa.Uuid())
    return Statement.of(sa.select(table).where(of_org(table), chosen).order_by(table.c.id))
