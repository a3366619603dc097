"""One contract as a whole: loaded with all its parts, saved only by a writer who has seen the latest."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import datetime
from typing import Any, cast
from uuid import UUID

import asyncpg
import sqlalchemy as sa

from domain.contract import Contract
from domain.field import Entity, back_reference
from domain.graph import save_order
from storage.aggregate import load_many
from storage.memo import memoized
from storage.records import layout_of, parts_of, to_row, whole_of, with_parts
from storage.sealing import NO_KEYS, Seals, Vault, seals_for
from storage.statement import Statement
from storage.tables import table_of
from storage.tenancy import bind_org
from storage.upsert import delete, of_org, upsert

NEW = 0
"""The expected version of a contract that is not there yet."""


class VersionConflict(Exception):
    """the contract is at version {found}, and this change was made to version {expected}: read it again."""

    def __init__(self, expected: int, found: int) -> None:
        super().__init__((type(self).__doc__ or "").format(expected=expected, found=found))
        self.expected, self.found = expected, found


async def load(
    connection: asyncpg.Connection, org_id: UUID, contract_id: UUID, *, vault: Vault = NO_KEYS
) -> Contract | None:
    """Return the contract with all its parts, or None; live derived fields are absent from it."""
    async with connection.transaction():
        await bind_org(connection, org_id)
        return (await load_many(connection, org_id, Contract, [contract_id], vault)).get(contract_id)


async def save(  # noqa: PLR0913 - what is saved, where, by whom it was last seen, and when
    connection: asyncpg.Connection,
    org_id: UUID,
    contract: Contract,
    expected_version: int,
    *,
    now: datetime,
    vault: Vault = NO_KEYS,
) -> Contract:
    """Write the contract and make its stored parts match; return it as stored, one version later.

    `expected_version` is the version that the writer read, or NEW. Raises VersionConflict and writes
    nothing if another writer came first; `found` is 0 where there is no such contract.
    """
    async with connection.transaction():
        await bind_org(connection, org_id)
        statement = _version()
        locked = statement.arguments(org_id=org_id, id=contract.id)
        found = await connection.fetchval(statement.text, *locked) or NEW
        if found != expected_version:
            raise VersionConflict(expected_version, found)
        whole = cast("Contract", _owned(contract))
        stored = (await load_many(connection, org_id, Contract, [contract.id], vault)).get(contract.id)
        changed = replace(whole, version=expected_version + 1, updated_at=now)
        seals = await seals_for(vault, connection, org_id, whole_of(Contract))
        await _write(connection, org_id, changed, stored, now, seals)
        return (await load_many(connection, org_id, Contract, [contract.id], vault))[contract.id]


async def _write(  # noqa: PLR0913, PLR0917 - as save
    connection: asyncpg.Connection,
    org_id: UUID,
    contract: Contract,
    stored: Contract | None,
    now: datetime,
    seals: Seals,
) -> None:
    kept = {record.id for record in with_parts(contract)}
    gone: defaultdict[type[Entity], list[UUID]] = defaultdict(list)
    for record in with_parts(stored) if stored else ():
        if record.id not in kept:
            gone[type(record)].append(record.id)
    rows: defaultdict[type[Entity], list[tuple[Any, ...]]] = defaultdict(list)
    for record in with_parts(contract):
        rows[type(record)].append(to_row(record, org_id, now.date(), seals=seals))
    for entity in save_order():
        await upsert(connection, org_id, entity, rows[entity], now=now, keep_absent=False)
    for entity in reversed(save_order()):
        await delete(connection, org_id, entity, gone[entity])
    settle = _settle()
    values = settle.arguments(org_id=org_id, id=contract.id, version=contract.version, now=now)
    await connection.execute(settle.text, *values)


def _owned(record: Entity) -> Entity:
    """The record, with every part of it pointing at what it is a part of."""
    lists: dict[str, Any] = {}
    for declared in parts_of(type(record)):
        owner = back_reference(type(record).__name__, declared.target).name
        parts = getattr(record, declared.name)
        lists[declared.name] = tuple(_owned(replace(part, **{owner: record.id})) for part in parts)
    return replace(record, **lists)


@memoized
def _version() -> Statement:
    table = table_of("Contract")
    chosen = table.c.id == sa.bindparam("id", type_=sa.Uuid())
    return Statement.of(sa.select(table.c.version).where(of_org(table), chosen).with_for_update())


@memoized
def _settle() -> Statement:
    """A save counts as one change, whether the contract's own row or only a part of it differed."""
    table = table_of("Contract")
    if not layout_of(Contract).has_revision:
        raise TypeError("a contract without a version cannot be saved by one")
    version = sa.bindparam("version", type_=sa.Integer())
    now = sa.bindparam("now", type_=sa.DateTime(timezone=True))
    chosen = table.c.id == sa.bindparam("id", type_=sa.Uuid())
    return Statement.of(sa.update(table).where(of_org(table), chosen).values(version=version, updated_at=now))
