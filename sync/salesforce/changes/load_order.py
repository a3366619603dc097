"""In which order objects are loaded: what others point at comes before them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache

from domain.contract import Contract
from domain.field import Entity, Kind
from storage.records import entity_named
from sync.salesforce.changes.change import mirrored
from sync.salesforce.mapping import mapped, object_of


def in_order(objects: Iterable[str]) -> Sequence[str]:
    """Return objects in the order to load them in: as they are given, but for what they point at."""
    wanted = tuple(objects)
    found: dict[str, None] = {}

    def add(name: str, above: tuple[str, ...]) -> None:
        for each in wanted:
            if each in points_at(name) and each not in above:
                add(each, (*above, each))
        found.setdefault(name)

    for each in wanted:
        add(each, (each,))
    return tuple(found)


@cache
def points_at(name: str) -> frozenset[str]:
    """Return the objects that records of an object point at."""
    entity = _entity(name)
    return frozenset(
        there
        for place in (mapped(entity).values() if entity else ())
        if place.declared.kind is Kind.REFERENCE
        and (there := object_of(entity_named(place.declared.target))) is not None
    )


@cache
def own_references(name: str) -> Sequence[str]:
    """Return the fields by which records of an object point at others of it: the parent of an account."""
    entity = mirrored(name)
    return tuple(
        place.name
        for place in (mapped(entity).values() if entity else ())
        if place.declared.kind is Kind.REFERENCE and entity_named(place.declared.target) is entity
    )


def _entity(name: str) -> type[Entity] | None:
    return Contract if name == object_of(Contract) else mirrored(name)
