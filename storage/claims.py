"""What is stored of a contract for claims to be judged beside, and what comes of them, written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final, cast
from uuid import UUID

import asyncpg
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from domain.contract import Contract
from domain.field import HERE, DeclaredField, Entity, Kind, back_reference, derive, field_named, fields_of
from domain.graph import save_order
from domain.history import FieldChange
from domain.ledger import Outcome, Stored
from domain.provenance import Provenance
from domain.reconcile import is_judged_anew
from storage.aggregate import load_many
from storage.contract_changes import add_change
from storage.few_rows import change, put
from storage.identities import Identities, identify, ids_of, key_of
from storage.memo import memoized
from storage.records import entity_named, from_row, layout_of, to_row, with_parts
from storage.sealing import NO_KEYS, Vault
from storage.single import locked
from storage.statement import Statement
from storage.tables import table_of
from storage.upsert import any_of, of_org
from storage.vanished import remove_vanished

TICK: Final = timedelta(microseconds=1)
"""The least that two moments of the database differ by."""

_AS_THEY_ARE: Mapping[UUID, UUID] = {}


class ClaimStore:
    """Reads and writes contracts as claims need it, for one org, inside a transaction bound to it.

    `now` is the moment that is recorded: once a contract is locked, later than its last change.
    """

    def __init__(
        self, connection: asyncpg.Connection, org_id: UUID, now: datetime, vault: Vault = NO_KEYS
    ) -> None:
        self._connection = connection
        self._org_id = org_id
        self.now = now
        self._vault = vault
        self._made: UUID | None = None

    async def lock(self, reference: str, new: Contract | None) -> Contract | None:
        """Return the contract of an external reference, kept from other writers until the transaction ends.

        One that is not there is made of `new`, which has that reference; without `new` it is None. Its lists
        are empty.
        """
        statement = _find()
        asked = statement.arguments(org_id=self._org_id, reference=reference)
        row = await self._connection.fetchrow(statement.text, *asked)
        if row is None and new is not None:
            # Another writer may have made it a moment ago: the unique reference lets one of them in.
            insertion, names = _insert(), layout_of(Contract).columns
            given = dict(zip(names, self._row(new), strict=True))
            done = await self._connection.execute(insertion.text, *insertion.arguments(**given))
            self._made = new.id if done.endswith(" 1") else None
            row = await self._connection.fetchrow(statement.text, *asked)
        if row is None:
            return None
        return self._locked(cast("Contract", from_row(Contract, row)))

    async def lock_known(self, contract_id: UUID) -> Contract | None:
        """Return the contract of an id, kept from other writers as by `lock`."""
        contract = await locked(self._connection, self._org_id, Contract, contract_id)
        return None if contract is None else self._locked(contract)

    def _locked(self, contract: Contract) -> Contract:
        if contract.updated_at is not None:
            # Whoever had the lock before may have looked at the clock after us: history keeps its order.
            self.now = max(self.now, contract.updated_at + TICK)
        return contract

    async def line(self, id_: UUID) -> FieldChange | None:
        """Return a line of history."""
        return cast("FieldChange | None", await self._record(FieldChange, id_))

    async def lines_of(self, contract_id: UUID, field: str, event: str) -> Sequence[FieldChange]:
        """Return the lines of one field that an event brought, those first that were recorded first."""
        statement = _lines_of()
        asked = statement.arguments(org_id=self._org_id, id=contract_id, field=field, event=event)
        found = await self._connection.fetch(statement.text, *asked)
        return [cast("FieldChange", from_row(FieldChange, row)) for row in found]

    async def stored(self, contract: Contract) -> Stored:
        """Return what claims about a contract are judged beside."""
        sources, lines = _sources(), _lines()
        which = {"org_id": self._org_id, "id": contract.id}
        known = await self._connection.fetch(sources.text, *sources.arguments(**which))
        names = _judged_anew()
        told = await self._connection.fetch(lines.text, *lines.arguments(names=names, **which))
        return Stored(
            contract=contract,
            provenance=[cast("Provenance", from_row(Provenance, row)) for row in known],
            history=[cast("FieldChange", from_row(FieldChange, row)) for row in told],
            is_new=contract.id == self._made,
        )

    async def write(self, contract: Contract, outcome: Outcome) -> None:
        """Write what came of claims: values, parts, history, provenance; the contract counts one change."""
        await self._write_parts(contract.id, outcome.parts)
        derived: dict[DeclaredField, Any] = {}
        if outcome.values or outcome.parts:
            derived = await self._derived_again(contract.id, outcome)
            values = {field_named("Contract", name): value for name, value in outcome.values.items()}
            await change(self._connection, self._org_id, contract, values | derived, self.now)
        await self._tell(contract, outcome, derived)
        await put(self._connection, FieldChange, [self._row(each) for each in outcome.lines])
        await put(self._connection, Provenance, [self._row(each) for each in outcome.provenance])

    async def _tell(self, contract: Contract, outcome: Outcome, derived: Mapping[DeclaredField, Any]) -> None:
        """Note for whoever follows the changes what is otherwise now."""
        changed = {field_named("Contract", name) for name in outcome.values}
        changed |= {declared for declared, _ in outcome.parts}
        changed |= {each for each, value in derived.items() if value != getattr(contract, each.name)}
        names = {each.graph_name for each in changed} | ({"id"} if contract.id == self._made else set())
        if names:
            await add_change(self._connection, self._org_id, contract.id, names, self.now)

    async def referred(self, declared: DeclaredField, name: str) -> UUID | None:
        """Return the record that a reference names: by Salesforce id, external reference or source key."""
        target = entity_named(declared.target)
        names = {each.name for each in fields_of(target)}
        for by in ("salesforce_id", "external_reference", "source_key"):
            if by in names and (found := await ids_of(self._connection, self._org_id, target, [name], by)):
                return found[name]
        return None

    async def is_connection(self, name: str) -> bool:
        """Whether a connection of the org has, or had, this name."""
        statement = "SELECT EXISTS (SELECT FROM clm_connection WHERE org_id = $1 AND name = $2)"
        found: bool = await self._connection.fetchval(statement, self._org_id, name)
        return found

    def _row(self, record: Entity, ids: Mapping[UUID, UUID] = _AS_THEY_ARE) -> tuple[Any, ...]:
        return to_row(record, self._org_id, self.now.date(), ids)

    async def _write_parts(self, contract_id: UUID, parts: Sequence[tuple[DeclaredField, Entity]]) -> None:
        if not parts:
            return
        known = Identities()
        whole = [each for _, part in parts for each in with_parts(part)]
        await identify(self._connection, self._org_id, whole, known)
        rows: defaultdict[type[Entity], list[tuple[Any, ...]]] = defaultdict(list)
        for declared, part in parts:
            fixed: dict[str, Any] = {back_reference("Contract", declared.target).name: contract_id}
            before = await self._record(type(part), known.ids[part.id])
            if before is not None:
                fixed |= _of_others(declared, before)
            for each in with_parts(replace(part, **fixed)):
                rows[type(each)].append(self._row(each, known.ids))
        for entity in save_order():
            await put(self._connection, entity, rows[entity])
        for _, part in parts:
            owners = {known.ids[part.id]: key_of(part)}
            kept = set(known.ids.values())
            await remove_vanished(self._connection, self._org_id, type(part), owners, kept)

    async def _record(self, entity: type[Entity], id_: UUID) -> Entity | None:
        statement = _record(entity)
        asked = statement.arguments(org_id=self._org_id, id=id_)
        row = await self._connection.fetchrow(statement.text, *asked)
        return None if row is None else from_row(entity, row)

    async def _derived_again(self, contract_id: UUID, outcome: Outcome) -> dict[DeclaredField, Any]:
        """Compute the stored derived values that depend on what changes."""
        changed = {*outcome.values, *(declared.name for declared, _ in outcome.parts)}
        stale = [each for each in layout_of(Contract).stored if each.field.rule and _depends(each, changed)]
        if not stale:
            return {}
        found = await load_many(self._connection, self._org_id, Contract, [contract_id], self._vault)
        known = derive(replace(found[contract_id], **outcome.values), self.now.date())
        return {each: known[each.name] for each in stale}


def _of_others(declared: DeclaredField, before: Entity) -> dict[str, Any]:
    """What systems that do not own the list own of a part of it: it stays as they said."""
    return {
        each.name: getattr(before, each.name)
        for each in fields_of(type(before))
        if each.kind is not Kind.LIST and each.field.owner not in {declared.field.owner, HERE}
    }


def _depends(declared: DeclaredField, changed: set[str]) -> bool:
    names = [name for name in declared.inputs if name != "today"]
    return any(name in changed or _depends(field_named(declared.entity, name), changed) for name in names)


@memoized
def _judged_anew() -> list[str]:
    return [each.graph_name for each in fields_of(Contract) if is_judged_anew(each)]


@memoized
def _find() -> Statement:
    table = table_of("Contract")
    chosen = table.c.external_reference == sa.bindparam("reference", type_=sa.Text())
    return Statement.of(sa.select(table).where(of_org(table), chosen).with_for_update())


@memoized
def _insert() -> Statement:
    table = table_of("Contract")
    given = {name: sa.bindparam(name, type_=table.c[name].type) for name in layout_of(Contract).columns}
    return Statement.of(insert(table).values(given).on_conflict_do_nothing())


@memoized
def _sources() -> Statement:
    table = table_of("Provenance")
    return Statement.of(
        sa.select(table).where(of_org(table), table.c.contract_id == sa.bindparam("id", type_=sa.Uuid()))
    )


@memoized
def _lines() -> Statement:
    table = table_of("FieldChange")
    return Statement.of(
        sa.select(table)
        .where(
            of_org(table),
            table.c.contract_id == sa.bindparam("id", type_=sa.Uuid()),
            table.c.field == any_of("names", sa.Text()),
            table.c.source.is_not(None),
        )
        .order_by(table.c.recorded_at, table.c.id)
    )


@memoized
def _lines_of() -> Statement:
    table = table_of("FieldChange")
    return Statement.of(
        sa.select(table)
        .where(
            of_org(table),
            table.c.contract_id == sa.bindparam("id", type_=sa.Uuid()),
            table.c.field == sa.bindparam("field", type_=sa.Text()),
            table.c.event == sa.bindparam("event", type_=sa.Text()),
        )
        .order_by(table.c.recorded_at, table.c.id)
    )


@memoized
def _record(entity: type[Entity]) -> Statement:
    table = table_of(entity.__name__)
    chosen: Any = table.c.id == sa.bindparam("id", type_=sa.Uuid())
    return Statement.of(sa.select(table).where(of_org(table), chosen))
