"""A part of a contract that is in conflict, as text for whoever decides about it, and back.

History keeps of a claim about a part only that it was made; what it said is kept beside it for as long as a
person may take it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from domain.claim import Claim
from domain.field import DERIVED, ENTITIES, DeclaredField, Entity, Kind, fields_of
from domain.written import read_written, written

_KEY: Final = "key"

Named = tuple[str, str]
"""What a reference leads to where its id is not known yet: an entity, and a source key."""


@dataclass(frozen=True, slots=True)
class Contested:
    """What a claim in conflict said of a part, by the line of history that keeps that it was made."""

    line: UUID
    text: str


def siblings(claims: Iterable[Claim]) -> Mapping[UUID, str]:
    """Return the source keys of the parts that one report speaks of, by the ids that it gave them."""
    return {each.value.id: each.part for each in claims if each.part is not None and each.value is not None}


def told(part: Entity, beside: Mapping[UUID, str]) -> str:
    """Write a part with its own parts as JSON; one that was told beside it is named by its source key."""
    return json.dumps(_told(part, beside), ensure_ascii=False)


def names_in(entity: type[Entity], text: str) -> frozenset[Named]:
    """Return what a part refers to by source keys."""
    return frozenset(_names(entity, json.loads(text)))


def part_of(entity: type[Entity], text: str, found: Mapping[Named, UUID]) -> Entity:
    """Read a part; `found` leads to what it refers to by source keys."""
    return _part(entity, json.loads(text), lambda declared, key: found[declared.target, key])


def claimed_of(entity: type[Entity]) -> Iterator[DeclaredField]:
    """Give the fields by which a part is told, those of its own parts too."""
    for declared in _own(entity):
        if declared.kind is Kind.LIST:
            yield from claimed_of(ENTITIES[declared.target])
        else:
            yield declared


def _own(entity: type[Entity]) -> Iterator[DeclaredField]:
    for declared in fields_of(entity):
        if declared.field.rule is None and declared.field.owner is not DERIVED and not declared.sealed:
            yield declared


def _told(part: Entity, beside: Mapping[UUID, str]) -> dict[str, Any]:
    said: dict[str, Any] = {}
    for declared in _own(type(part)):
        value = getattr(part, declared.name)
        if declared.kind is Kind.LIST:
            said[declared.name] = [_told(each, beside) for each in value]
        elif declared.kind is Kind.REFERENCE and not declared.field.part and value in beside:
            said[declared.name] = {_KEY: beside[value]}
        elif value is not None:
            said[declared.name] = written(value)
    return said


def _names(entity: type[Entity], said: Mapping[str, Any]) -> Iterator[Named]:
    for declared in _own(entity):
        value = said.get(declared.name)
        if declared.kind is Kind.LIST:
            for each in value or ():
                yield from _names(ENTITIES[declared.target], each)
        elif isinstance(value, dict):
            yield declared.target, value[_KEY]


def _part(entity: type[Entity], said: Mapping[str, Any], led: Callable[[DeclaredField, str], UUID]) -> Entity:
    values: dict[str, Any] = {}
    for declared in _own(entity):
        value = said.get(declared.name)
        if declared.kind is Kind.LIST:
            values[declared.name] = tuple(_part(ENTITIES[declared.target], each, led) for each in value or ())
        elif isinstance(value, dict):
            values[declared.name] = led(declared, value[_KEY])
        elif declared.kind is Kind.REFERENCE:
            values[declared.name] = None if value is None else UUID(value)
        else:
            values[declared.name] = read_written(declared, value)
    return entity(**values)
