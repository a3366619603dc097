"""The rows of one org in memory, and how a plain program finds its way among them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from functools import cached_property
from typing import Any
from uuid import UUID

from domain.field import ENTITIES, DeclaredField, Entity, back_reference, derive, fields_of
from domain.org import Org


class Rows:
    """Every record of one org; stored derived fields are computed, live ones when they are read."""

    def __init__(self, org: Org, records: Iterable[Entity], today: date) -> None:
        self.org = org
        self.today = today
        self.by_entity: dict[str, list[Entity]] = {name: [] for name in ENTITIES}
        for record in records:
            self.by_entity[type(record).__name__].append(settled(record, today))
        self._live: dict[UUID, dict[str, Any]] = {}
        self._children: dict[tuple[str, str], dict[UUID, list[Entity]]] = {}

    @cached_property
    def by_id(self) -> dict[UUID, Entity]:
        return {record.id: record for records in self.by_entity.values() for record in records}

    def find(self, entity: str, id_: UUID | None) -> Entity | None:
        """Return the record of that entity and id."""
        found = self.by_id.get(id_) if id_ else None
        return found if type(found).__name__ == entity else None

    def children(self, parent: Entity, declared: DeclaredField) -> list[Entity]:
        """Return the records that a list field of the parent holds, in no particular order."""
        child, by = declared.target, back_reference(type(parent).__name__, declared.target).name
        if (child, by) not in self._children:
            grouped: defaultdict[UUID, list[Entity]] = defaultdict(list)
            for record in self.by_entity[child]:
                grouped[getattr(record, by)].append(record)
            self._children[child, by] = grouped
        return self._children[child, by].get(parent.id, [])

    def value(self, record: Entity, declared: DeclaredField) -> Any:
        """Return the value of a scalar, money or reference field."""
        if not declared.live or hasattr(record, "moment"):
            return getattr(record, declared.name)
        if record.id not in self._live:
            self._live[record.id] = dict(derive(record, self.today))
        return self._live[record.id][declared.name]


def settled(record: Entity, today: date) -> Entity:
    """Return the record with its stored derived fields computed, as a save computes them."""
    rules = {f.name for f in fields_of(type(record)) if f.field.rule and not f.live}
    derived = derive(record, today) if rules else {}
    return replace(record, **{name: derived[name] for name in rules})
