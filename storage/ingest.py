"""Records of a feed, stored in bulk: nothing doubled, nothing written that did not change."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import sqlalchemy as sa

from domain.field import Entity
from domain.graph import save_order
from storage.aggregate import load_many
from storage.identities import Clash, Identities, clashes_of, identify, ids_of, key_of, missing_links
from storage.memo import memoized
from storage.records import layout_of, owner_of, to_row, with_parts
from storage.salesforce_access import forget_changed
from storage.sealing import NO_KEYS, Seals, Vault, seals_for
from storage.statement import Statement
from storage.tables import table_of
from storage.tenancy import bind_org
from storage.upsert import of_org, touch, upsert
from storage.vanished import remove_vanished


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A field of a record that points at another, which is known by the value of its text field `by`."""

    entity: type[Entity]
    source_key: str
    field: str
    target: type[Entity]
    value: str
    by: str = "source_key"


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """What became of the records of one call, counted by entity, their parts included."""

    inserted: Counter[str] = field(default_factory=Counter)
    updated: Counter[str] = field(default_factory=Counter)
    unchanged: Counter[str] = field(default_factory=Counter)
    deleted: Counter[str] = field(default_factory=Counter)
    clashes: tuple[Clash, ...] = ()
    unresolved: tuple[Reference, ...] = ()


class Ingest:
    """Stores records for one org through one connection, each call in a transaction of its own.

    A record is recognised by its source key; its id and those it points at are provisional. An absent
    value leaves what is stored, so that a feed never erases what people added; stored derived values are
    computed anew from the record as it then is. A part that its source no longer has is removed.
    """

    def __init__(
        self,
        connection: asyncpg.Connection,
        org_id: UUID,
        clock: Callable[[], datetime],
        vault: Vault = NO_KEYS,
    ) -> None:
        self._connection = connection
        self._org_id = org_id
        self._clock = clock
        self._vault = vault

    async def save(
        self,
        records: Sequence[Entity],
        links: Sequence[Entity] = (),
        references: Iterable[Reference] = (),
        *,
        match_names: bool = False,
    ) -> Saved:
        """Store whole records with their parts; of two with one source key the last counts.

        `links` are stored where they are missing and never updated; with `match_names` a stored record of
        the same name will do. A reference that leads nowhere comes back in `unresolved`, and a unique value
        that another record has in `clashes`: both are left out. Raises asyncpg errors, and stores nothing.
        """
        now = self._clock()
        latest = {(type(record), key_of(record)): record for record in records}
        async with self._connection.transaction():
            await self._begin()
            known = Identities()
            await identify(self._connection, self._org_id, (p for r in records for p in with_parts(r)), known)
            fresh = await missing_links(self._connection, self._org_id, links, known, by_name=match_names)
            whole = [*latest.values(), *fresh]
            clashes = await clashes_of(self._connection, self._org_id, whole, known)
            whole = list(_without(whole, clashes))
            targets, unresolved = await self._resolve(references, known)
            entities = {type(part) for record in whole for part in with_parts(record)}
            seals = await seals_for(self._vault, self._connection, self._org_id, entities)
            batch = _Batch(whole, targets, known, self._org_id, now, seals)
            return await self._write(batch, replace(Saved(), clashes=tuple(clashes), unresolved=unresolved))

    async def link(self, references: Iterable[Reference]) -> tuple[Reference, ...]:
        """Set references of records that are stored already; return those that still lead nowhere."""
        now = self._clock()
        async with self._connection.transaction():
            await self._begin()
            targets, unresolved = await self._resolve(references, Identities())
            for (entity, key), values in targets.items():
                for name, target in values.items():
                    statement = _point(entity, name)
                    arguments = statement.arguments(org_id=self._org_id, key=key, target=target)
                    changed = await self._connection.fetch(statement.text, *arguments)
                    ids = [row["id"] for row in changed]
                    await touch(self._connection, self._org_id, entity, ids, now)
                    await forget_changed(self._connection, self._org_id, {entity: ids}, now)
        return unresolved

    async def ids_of(
        self, entity: type[Entity], values: Iterable[str], by: str = "source_key"
    ) -> dict[str, UUID]:
        """Return the ids of stored records by their source keys, or by another text field."""
        async with self._connection.transaction():
            await self._begin()
            return await ids_of(self._connection, self._org_id, entity, values, by)

    async def _begin(self) -> None:
        await bind_org(self._connection, self._org_id)
        # Two imports into one org would both find a record missing, and both insert it.
        lock = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))"
        await self._connection.execute(lock, f"ingest {self._org_id}")

    async def _resolve(
        self, references: Iterable[Reference], known: Identities
    ) -> tuple[dict[tuple[type[Entity], str], dict[str, UUID]], tuple[Reference, ...]]:
        grouped: defaultdict[tuple[type[Entity], str], list[Reference]] = defaultdict(list)
        for reference in references:
            grouped[reference.target, reference.by].append(reference)
        targets: defaultdict[tuple[type[Entity], str], dict[str, UUID]] = defaultdict(dict)
        unresolved: list[Reference] = []
        for (entity, by), members in grouped.items():
            values = {member.value for member in members}
            found = await ids_of(self._connection, self._org_id, entity, values, by)
            for member in members:
                value = member.value.lower() if by == "name" else member.value
                here = known.by_key.get((entity, value)) if by == "source_key" else None
                if target := here or found.get(value):
                    targets[member.entity, member.source_key][member.field] = target
                else:
                    unresolved.append(member)
        return dict(targets), tuple(unresolved)

    async def _write(self, batch: _Batch, saved: Saved) -> Saved:
        changed: set[UUID] = set()  # roots of which a part changed
        updated: defaultdict[type[Entity], set[UUID]] = defaultdict(set)
        for entity in save_order():
            rows = batch.rows.get(entity, {})
            written = await upsert(
                self._connection,
                self._org_id,
                entity,
                list(rows.values()),
                now=batch.now,
                keep_absent=True,
            )
            updated[entity] = written & batch.known.existing
            changed |= {batch.roots[id_] for id_ in written}
            saved.inserted[entity.__name__] += len(written) - len(updated[entity])
            saved.unchanged[entity.__name__] += len(rows) - len(written)
        changed |= await self._remove_vanished(batch, saved)
        for entity, roots in batch.existing_roots().items():
            touched = [id_ for id_ in roots if id_ in changed and id_ not in updated[entity]]
            await touch(self._connection, self._org_id, entity, touched, batch.now)
            updated[entity].update(touched)
            saved.unchanged[entity.__name__] -= len(touched)
        for entity, ids in updated.items():
            saved.updated[entity.__name__] += len(ids)
            await self._derive_again(entity, ids, batch)
        await forget_changed(self._connection, self._org_id, updated, batch.now)
        return saved

    async def _remove_vanished(self, batch: _Batch, saved: Saved) -> set[UUID]:
        roots: set[UUID] = set()
        for entity, owners in batch.existing_roots().items():
            gone = await remove_vanished(self._connection, self._org_id, entity, owners, batch.roots)
            for part, ids in gone.items():
                saved.deleted[part.__name__] += len(ids)
                roots |= {batch.roots.get(owner, owner) for owner in ids.values()}
        return roots

    async def _derive_again(self, entity: type[Entity], ids: set[UUID], batch: _Batch) -> None:
        """Compute stored derived values from the whole record as it now is, the parts of others included."""
        if not (ids and layout_of(entity).derived):
            return
        records = await load_many(self._connection, self._org_id, entity, list(ids), self._vault)
        rows = [
            to_row(record, self._org_id, batch.now.date(), seals=batch.seals) for record in records.values()
        ]
        await upsert(
            self._connection, self._org_id, entity, rows, now=batch.now, keep_absent=False, counted=False
        )


class _Batch:
    """The rows of one call by entity and stored id, and for each the id of the record it belongs to."""

    def __init__(  # noqa: PLR0913, PLR0917 - what makes a row of a record
        self,
        records: Iterable[Entity],
        targets: dict[tuple[type[Entity], str], dict[str, UUID]],
        known: Identities,
        org_id: UUID,
        now: datetime,
        seals: Seals,
    ) -> None:
        self.known = known
        self.now = now
        self.seals = seals
        self.rows: defaultdict[type[Entity], dict[UUID, tuple[Any, ...]]] = defaultdict(dict)
        self.roots: dict[UUID, UUID] = {}
        self._root_keys: defaultdict[type[Entity], dict[UUID, str]] = defaultdict(dict)
        for root in records:
            root_id = known.ids[root.id]
            self._root_keys[type(root)][root_id] = key_of(root)
            for each in with_parts(root):
                found: dict[str, Any] = targets.get((type(each), key_of(each)), {})
                record = replace(each, **found) if found else each
                id_ = known.ids[each.id]
                self.rows[type(each)][id_] = to_row(record, org_id, now.date(), known.ids, seals)
                self.roots[id_] = root_id

    def existing_roots(self) -> dict[type[Entity], dict[UUID, str]]:
        """Return the source keys of whole records that were stored before, by entity and id."""
        return {
            entity: {id_: key for id_, key in keys.items() if id_ in self.known.existing}
            for entity, keys in self._root_keys.items()
            if owner_of(entity) is None
        }


def _without(records: Iterable[Entity], clashes: Iterable[Clash]) -> Iterator[Entity]:
    """The records, without the unique values that are others'."""
    absent: defaultdict[tuple[type[Entity], str], dict[str, Any]] = defaultdict(dict)
    for clash in clashes:
        absent[clash.entity, clash.source_key][clash.field] = None
    for record in records:
        values = absent.get((type(record), key_of(record)))
        yield replace(record, **values) if values else record


@memoized
def _point(entity: type[Entity], name: str) -> Statement:
    table = table_of(entity.__name__)
    target = sa.bindparam("target", type_=sa.Uuid())
    keyed = table.c.source_key == sa.bindparam("key", type_=sa.Text())
    return Statement.of(
        sa.update(table)
        .where(of_org(table), keyed, table.c[name].is_distinct_from(target))
        .values({name: target})
        .returning(table.c.id)
    )
