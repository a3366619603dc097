"""What is stored of a contract for claims to be judged beside, and what comes of them, written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final, cast
from uuid import UUID

import asyncpg
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, insert

from domain.contract import Contract
from domain.field import HERE, DeclaredField, Entity, Kind, back_reference, derive, field_named, fields_of
from domain.graph import save_order
from domain.history import FieldChange
from domain.ledger import Outcome, Stored
from domain.provenance import Provenance
from domain.reconcile import is_judged_anew
from storage.aggregate import load_many
from storage.contested_parts import keep_contested
from storage.contract_changes import add_changes
from storage.few_rows import Change, change, put
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Locked:
    """A contract that no other writer changes until the transaction ends; its lists are empty.

    `at` is the moment that is recorded of it, later than its last change; `is_new` is one made just now.
    """

    contract: Contract
    at: datetime
    is_new: bool = False


class ClaimStore:
    """Reads and writes contracts as claims need it, for one org, inside a transaction bound to it.

    Each step is a statement or two, of however many contracts.
    """

    def __init__(
        self, connection: asyncpg.Connection, org_id: UUID, now: datetime, vault: Vault = NO_KEYS
    ) -> None:
        self._connection = connection
        self._org_id = org_id
        self._now = now
        self._vault = vault

    async def lock(self, references: Mapping[str, Contract | None]) -> Mapping[str, Locked]:
        """Return contracts by their external references.

        One that is not there is made of what its reference leads to, which has that reference; without that
        it stays away.
        """
        found = await self._found(references)
        made = {reference: new for reference, new in references.items() if new and reference not in found}
        if not made:
            return found
        insertion, names = _insert(), layout_of(Contract).columns
        new: set[str] = set()
        for reference, contract in sorted(made.items(), key=lambda each: each[1].id):
            # Another writer may have made it a moment ago: the unique reference lets one of them in.
            given = dict(zip(names, self._row(contract, self._now), strict=True))
            done = await self._connection.execute(insertion.text, *insertion.arguments(**given))
            if done.endswith(" 1"):
                new.add(reference)
        return {**found, **await self._found(made, new)}

    async def _found(
        self, references: Collection[str], new: Collection[str] = frozenset()
    ) -> Mapping[str, Locked]:
        if not references:
            return {}
        statement = _find()
        asked = statement.arguments(org_id=self._org_id, references=list(references))
        rows = await self._connection.fetch(statement.text, *asked)
        return {
            row["external_reference"]: self._locked(
                cast("Contract", from_row(Contract, row)), is_new=row["external_reference"] in new
            )
            for row in rows
        }

    async def lock_known(self, contract_id: UUID) -> Locked | None:
        """Return the contract of an id."""
        contract = await locked(self._connection, self._org_id, Contract, contract_id)
        return None if contract is None else self._locked(contract)

    def _locked(self, contract: Contract, *, is_new: bool = False) -> Locked:
        # Whoever had the lock before may have looked at the clock after us: history keeps its order.
        at = self._now if contract.updated_at is None else max(self._now, contract.updated_at + TICK)
        return Locked(contract=contract, at=at, is_new=is_new)

    async def line(self, id_: UUID) -> FieldChange | None:
        """Return a line of history."""
        return cast("FieldChange | None", await self._record(FieldChange, id_))

    async def lines_of(self, contract_id: UUID, field: str, event: str) -> Sequence[FieldChange]:
        """Return the lines of one field that an event brought, those first that were recorded first."""
        statement = _lines_of()
        asked = statement.arguments(org_id=self._org_id, id=contract_id, field=field, event=event)
        found = await self._connection.fetch(statement.text, *asked)
        return [cast("FieldChange", from_row(FieldChange, row)) for row in found]

    async def stored(self, contracts: Sequence[Locked]) -> Sequence[Stored]:
        """Return what claims about each contract are judged beside."""
        if not contracts:
            return ()
        which = {"org_id": self._org_id, "ids": [each.contract.id for each in contracts]}
        provenance: defaultdict[UUID, list[Provenance]] = defaultdict(list)
        history: defaultdict[UUID, list[FieldChange]] = defaultdict(list)
        sources, lines = _sources(), _lines()
        for row in await self._connection.fetch(sources.text, *sources.arguments(**which)):
            provenance[row["contract_id"]].append(cast("Provenance", from_row(Provenance, row)))
        asked = lines.arguments(names=_judged_anew(), **which)
        for row in await self._connection.fetch(lines.text, *asked):
            history[row["contract_id"]].append(cast("FieldChange", from_row(FieldChange, row)))
        return [
            Stored(
                contract=each.contract, provenance=provenance[each.contract.id],
                history=history[each.contract.id], is_new=each.is_new,
            )
            for each in contracts
        ]  # fmt: skip

    async def write(self, outcomes: Sequence[tuple[Locked, Outcome]]) -> None:
        """Write what came of claims: values, parts, history, provenance; each contract counts one change."""
        for locked_, outcome in outcomes:
            await self._write_parts(locked_, outcome.parts)
        derived = await self._derived_again({each.contract.id: outcome for each, outcome in outcomes})
        changes = [
            Change(
                id=each.contract.id, at=each.at,
                values={field_named("Contract", name): value for name, value in outcome.values.items()}
                | derived[each.contract.id],
            )
            for each, outcome in outcomes
            if outcome.values or outcome.parts
        ]  # fmt: skip
        await change(self._connection, self._org_id, Contract, changes)
        await self._tell(outcomes, derived)
        lines = [self._row(line, each.at) for each, outcome in outcomes for line in outcome.lines]
        await put(self._connection, FieldChange, lines)
        await keep_contested(
            self._connection, self._org_id, [each for _, outcome in outcomes for each in outcome.contested]
        )
        known = [self._row(line, each.at) for each, outcome in outcomes for line in outcome.provenance]
        await put(self._connection, Provenance, known)

    async def _tell(
        self,
        outcomes: Sequence[tuple[Locked, Outcome]],
        derived: Mapping[UUID, Mapping[DeclaredField, Any]],
    ) -> None:
        """Note for whoever follows the changes what is otherwise now."""
        told = []
        for each, outcome in outcomes:
            contract = each.contract
            changed = {field_named("Contract", name) for name in outcome.values}
            changed |= {declared for declared, _ in outcome.parts}
            changed |= {
                field for field, value in derived.get(contract.id, {}).items()
                if value != getattr(contract, field.name)
            }  # fmt: skip
            names = {field.graph_name for field in changed} | ({"id"} if each.is_new else set())
            if names:
                told.append((contract.id, names, each.at))
        await add_changes(self._connection, self._org_id, told)

    async def referred(self, target: str, names: Collection[str]) -> Mapping[str, UUID]:
        """Return the records that names lead to: by Salesforce id, external reference or source key."""
        entity = entity_named(target)
        has = {each.name for each in fields_of(entity)}
        found: dict[str, UUID] = {}
        for by in ("salesforce_id", "external_reference", "source_key"):
            left = [name for name in names if name not in found]
            if left and by in has:
                found |= await ids_of(self._connection, self._org_id, entity, left, by)
        return found

    async def connections(self, names: Collection[str]) -> Collection[str]:
        """Return those of some names that a connection of the org has, or had."""
        if not names:
            return ()
        statement = "SELECT name FROM clm_connection WHERE org_id = $1 AND name = ANY ($2)"
        rows = await self._connection.fetch(statement, self._org_id, list(names))
        return {row["name"] for row in rows}

    def _row(self, record: Entity, at: datetime, ids: Mapping[UUID, UUID] = _AS_THEY_ARE) -> tuple[Any, ...]:
        return to_row(record, self._org_id, at.date(), ids)

    async def _write_parts(self, of: Locked, parts: Sequence[tuple[DeclaredField, Entity]]) -> None:
        if not parts:
            return
        known = Identities()
        whole = [each for _, part in parts for each in with_parts(part)]
        await identify(self._connection, self._org_id, whole, known)
        rows: defaultdict[type[Entity], list[tuple[Any, ...]]] = defaultdict(list)
        for declared, part in parts:
            fixed: dict[str, Any] = {back_reference("Contract", declared.target).name: of.contract.id}
            before = await self._record(type(part), known.ids[part.id])
            if before is not None:
                fixed |= _of_others(declared, before)
            for each in with_parts(replace(part, **fixed)):
                rows[type(each)].append(self._row(each, of.at, known.ids))
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

    async def _derived_again(
        self, outcomes: Mapping[UUID, Outcome]
    ) -> Mapping[UUID, dict[DeclaredField, Any]]:
        """Compute the stored derived values that depend on what changes."""
        again: defaultdict[UUID, dict[DeclaredField, Any]] = defaultdict(dict)
        stale = {id_: fields for id_, outcome in outcomes.items() if (fields := _stale(outcome))}
        if stale:
            found = await load_many(self._connection, self._org_id, Contract, list(stale), self._vault)
        for id_, fields in stale.items():
            known = derive(replace(found[id_], **outcomes[id_].values), self._now.date())
            again[id_] = {each: known[each.name] for each in fields}
        return again


def _stale(outcome: Outcome) -> Sequence[DeclaredField]:
    changed = frozenset((*outcome.values, *(declared.name for declared, _ in outcome.parts)))
    return _that_depend_on(changed) if changed else ()


@memoized
def _that_depend_on(changed: frozenset[str]) -> Sequence[DeclaredField]:
    return [each for each in layout_of(Contract).stored if each.field.rule and _depends(each, changed)]


def _of_others(declared: DeclaredField, before: Entity) -> dict[str, Any]:
    """What systems that do not own the list own of a part of it: it stays as they said."""
    return {
        each.name: getattr(before, each.name)
        for each in fields_of(type(before))
        if each.kind is not Kind.LIST and each.field.owner not in {declared.field.owner, HERE}
    }


def _depends(declared: DeclaredField, changed: Collection[str]) -> bool:
    names = [name for name in declared.inputs if name != "today"]
    return any(name in changed or _depends(field_named(declared.entity, name), changed) for name in names)


@memoized
def _judged_anew() -> list[str]:
    return [each.graph_name for each in fields_of(Contract) if is_judged_anew(each)]


@memoized
def _find() -> Statement:
    table = table_of("Contract")
    chosen = table.c.external_reference == any_of("references", sa.Text())
    return Statement.of(sa.select(table).where(of_org(table), chosen).order_by(table.c.id).with_for_update())


@memoized
def _insert() -> Statement:
    table = table_of("Contract")
    given = {name: sa.bindparam(name, type_=table.c[name].type) for name in layout_of(Contract).columns}
    return Statement.of(insert(table).values(given).on_conflict_do_nothing())


@memoized
def _sources() -> Statement:
    return _of_each("Provenance")


@memoized
def _lines() -> Statement:
    table = table_of("FieldChange")
    claimed = table.c.field == any_of("names", sa.Text()), table.c.source.is_not(None)
    return _of_each("FieldChange", *claimed, order=("recorded_at", "id"))


def _of_each(entity: str, *chosen: sa.ColumnElement[bool], order: Sequence[str] = ()) -> Statement:
    """Look for what hangs on contracts, of one after the other: the planner may know of no statistics yet."""
    table = table_of(entity)
    ids = sa.bindparam("ids", type_=ARRAY(sa.Uuid()))
    contract = sa.func.unnest(ids).table_valued("id").render_derived(name="contract")
    own = table.c.contract_id == contract.c.id
    found = (
        sa.select(table).where(of_org(table), own, *chosen).offset(sa.literal_column("0")).lateral("found")
    )
    return Statement.of(
        sa.select(found)
        .select_from(contract.join(found, sa.true()))
        .order_by(*(found.c[name] for name in order))
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
