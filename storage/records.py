"""Rows to records of the domain and back, by what each entity declares."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from operator import attrgetter
from typing import Any
from uuid import UUID

from domain.field import DeclaredField, Entity, Kind, back_reference, derive, fields_of
from domain.graph import ENTITIES
from domain.money import Money
from domain.term import Period
from storage.memo import memoized
from storage.sealing import NO_KEYS, Seals
from storage.tables import column_names, is_stored

REVISION = ("version", "updated_at")
"""The columns by which a record counts its own changes: written by storage/, never compared."""

_PLAIN = frozenset({str, int, bool, Decimal, date, datetime})

_NO_IDS: Mapping[UUID, UUID] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How an entity lies in its table: the stored fields, and the columns in the order of its rows."""

    entity: type[Entity]
    stored: tuple[DeclaredField, ...]
    columns: tuple[str, ...]
    derived: frozenset[str]
    ciphertexts: frozenset[str]
    has_revision: bool
    read: Callable[[Entity], tuple[Any, ...]]
    plain: tuple[bool, ...]


@memoized
def layout_of(entity: type[Entity]) -> Layout:
    """Return the layout of an entity; `columns` begin with org_id, `derived` names columns of rules.

    `ciphertexts` names columns of which equal values differ: they are never compared. `read` gives a record's
    stored values at once, and `plain` says of each whether it lies in the table as it is in the record.
    """
    stored = tuple(declared for declared in fields_of(entity) if is_stored(declared))
    columns = tuple(name for declared in stored for name in column_names(declared))
    derived = frozenset(name for declared in stored if declared.field.rule for name in column_names(declared))
    return Layout(
        entity=entity,
        stored=stored,
        columns=("org_id", *columns),
        derived=derived,
        ciphertexts=frozenset(declared.name for declared in stored if declared.sealed),
        has_revision=set(REVISION) <= set(columns),
        read=attrgetter(*(declared.name for declared in stored)),
        plain=tuple(_is_plain(declared) for declared in stored),
    )


def _is_plain(declared: DeclaredField) -> bool:
    return declared.type in _PLAIN and not (declared.field.rule or declared.sealed)


@memoized
def parts_of(entity: type[Entity]) -> tuple[DeclaredField, ...]:
    """Return the list fields whose records live and die with a record of the entity."""
    lists = (declared for declared in fields_of(entity) if declared.kind is Kind.LIST)
    return tuple(each for each in lists if back_reference(entity.__name__, each.target).field.part)


@memoized
def whole_of(entity: type[Entity]) -> frozenset[type[Entity]]:
    """Return the entity with those of its parts, and of theirs."""
    parts = (entity_named(declared.target) for declared in parts_of(entity))
    return frozenset({entity}).union(*(whole_of(part) for part in parts))


@memoized
def owner_of(entity: type[Entity]) -> DeclaredField | None:
    """Return the reference by which a part points at what it is a part of, or None."""
    return next((f for f in fields_of(entity) if f.kind is Kind.REFERENCE and f.field.part), None)


def entity_named(name: str) -> type[Entity]:
    """Return the class of an entity."""
    return ENTITIES[name]


def with_parts(record: Entity) -> Iterator[Entity]:
    """Give the record, then its parts and theirs, each before its own parts."""
    yield record
    for declared in parts_of(type(record)):
        if found := getattr(record, declared.name):
            # Most parts have none of their own: an import asks about each of millions.
            if parts_of(type(found[0])):
                for part in found:
                    yield from with_parts(part)
            else:
                yield from found


def to_row(
    record: Entity,
    org_id: UUID,
    today: date,
    ids: Mapping[UUID, UUID] = _NO_IDS,
    seals: Seals = NO_KEYS,
) -> tuple[Any, ...]:
    """Return the record's values in the order of `layout_of(...).columns`.

    Stored derived fields are computed; ids and references found in `ids` are replaced; personal values are
    encrypted for the row. Raises NoKeysGiven for one without `seals`.
    """
    layout = layout_of(type(record))
    derived = derive(record, today) if layout.derived else {}
    row: list[Any] = [org_id]
    for declared, plain, told in zip(layout.stored, layout.plain, layout.read(record), strict=True):
        if plain:
            row.append(told)
            continue
        value = derived[declared.name] if declared.field.rule else told
        if declared.kind is Kind.MONEY:
            row += (None, None) if value is None else (value.amount, value.currency)
        elif declared.sealed:
            place = ids.get(record.id, record.id)
            row += (None, None, None) if value is None else seals.seal(declared, place, value)
        elif isinstance(value, UUID):
            row.append(ids.get(value, value))
        elif isinstance(value, StrEnum):
            row.append(value.value)
        else:
            row.append(str(value) if isinstance(value, Period) else value)
    return tuple(row)


def from_row(entity: type[Entity], row: Mapping[str, Any], seals: Seals = NO_KEYS) -> Entity:
    """Return the record that a row holds; its lists are empty and its live derived fields absent.

    Raises DamagedValue, and NoKeysGiven for a personal value without `seals`.
    """
    values: dict[str, Any] = {}
    for declared in layout_of(entity).stored:
        if declared.kind is Kind.MONEY:
            amount, currency = (row[name] for name in column_names(declared))
            values[declared.name] = None if amount is None else Money(amount, currency)
        elif declared.sealed:
            value = row[declared.name]
            values[declared.name] = None if value is None else seals.open(declared, row["id"], value)
        else:
            value = row[declared.name]
            values[declared.name] = value if value is None else _reader(declared.type)(value)
    return entity(**values)


def _reader(type_: type) -> Callable[[Any], Any]:
    if type_ is Period:
        return Period.parse
    return type_ if issubclass(type_, StrEnum) else _same


def _same(value: Any) -> Any:  # noqa: ANN401 - a value that PostgreSQL and the domain share
    return value
