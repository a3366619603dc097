"""GraphQL inputs derived from domain/: one filter and one order per entity."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from enum import Enum, StrEnum
from typing import Annotated, Any, Optional
from uuid import UUID

import strawberry

from api.object_types import Required
from api.scalars import Duration
from domain.field import DeclaredField, Entity, Kind, fields_of
from domain.graph import ENTITIES
from domain.term import Period

Operators = dict[str, tuple[Any, str]]

_MODULE = __name__
_IN = "One of these; an empty list matches nothing."
_EQ = "Equal to this."
_NULL = "Whether the value is absent."
_RANGE = {"gt": "After or above.", "gte": "At or above.", "lt": "Before or below.", "lte": "At or below."}


@strawberry.enum(description="Direction of an order; absent values come last in both.")
class Direction(Enum):
    """Upwards or downwards."""

    ASC = "ASC"
    DESC = "DESC"


def input_type(name: str, description: str, members: Iterable[tuple[str, Any, str]]) -> Any:  # noqa: ANN401
    """Build an input type whose members may be left out unless `Required`; make it importable from here."""
    body: dict[str, Any] = {"__annotations__": {}, "__module__": _MODULE}
    for member, annotation, meaning in members:
        # Python's own words carry an underscore here, and none in GraphQL.
        graph_name = member.removesuffix("_") if member.endswith("_") else None
        if isinstance(annotation, Required):
            body["__annotations__"][member] = annotation.form
            body[member] = strawberry.field(name=graph_name, description=meaning)
            continue
        body["__annotations__"][member] = Optional[annotation]  # noqa: UP045 - a lazy type has no |
        body[member] = strawberry.field(name=graph_name, description=meaning, default=strawberry.UNSET)
    made = strawberry.input(type(name, (), body), name=name, description=description)
    globals()[name] = made
    return made


def lazy(name: str) -> Any:  # noqa: ANN401 - a type form
    """Name an input type that may not be built yet."""
    return Annotated[name, strawberry.lazy(_MODULE)]


def listed(form: Any) -> Any:  # noqa: ANN401 - a type form
    """Say that a value is a list without gaps."""
    return list[form]


def _operators(name: str, described: str, operators: Operators) -> Any:  # noqa: ANN401 - a type form
    return input_type(name, described, [(op, type_, text) for op, (type_, text) in operators.items()])


def _range(type_: Any) -> Operators:  # noqa: ANN401 - a type form
    return (
        {"eq": (type_, _EQ)} | {op: (type_, text) for op, text in _RANGE.items()} | {"is_null": (bool, _NULL)}
    )


def _one_of(type_: Any) -> Operators:  # noqa: ANN401 - a type form
    return {"eq": (type_, _EQ), "in_": (list[type_], _IN), "is_null": (bool, _NULL)}


_TEXT: Operators = _one_of(str) | {
    "contains": (str, "Contains this, in upper or lower case."),
    "starts_with": (str, "Starts with this, in upper or lower case."),
}
SCALAR_FILTERS: dict[type, Any] = {
    str: _operators("StringFilter", "Conditions on a text; all must hold.", _TEXT),
    bool: _operators(
        "BooleanFilter", "Conditions on a yes or no.", {"eq": (bool, _EQ), "is_null": (bool, _NULL)}
    ),
    int: _operators("IntFilter", "Conditions on a whole number; all must hold.", _range(int)),
    Decimal: _operators("DecimalFilter", "Conditions on a number; all must hold.", _range(Decimal)),
    date: _operators("DateFilter", "Conditions on a day; all must hold.", _range(date)),
    datetime: _operators("DateTimeFilter", "Conditions on a moment; all must hold.", _range(datetime)),
    Period: _operators(
        "DurationFilter", "Conditions on a length of time.", {"eq": (Duration, _EQ), "is_null": (bool, _NULL)}
    ),
    UUID: _operators(
        "IdFilter", "Conditions on an id.", {"eq": (strawberry.ID, _EQ), "in_": (list[strawberry.ID], _IN)}
    ),
}
_operators(
    "SealedStringFilter",
    "Conditions on a text that is stored encrypted, in upper or lower case; all must hold.",
    _one_of(str),
)
_operators(
    "MoneyFilter",
    "Conditions on an amount, within one currency; all must hold.",
    {"currency": (str, "ISO 4217 code; obligatory beside an amount.")} | _range(Decimal),
)
ENUMS: dict[type[StrEnum], Any] = {}


def enum_type(enum: type[StrEnum]) -> Any:  # noqa: ANN401 - a type form
    """Return the GraphQL enum of a domain enum, with a filter of its own."""
    if enum not in ENUMS:
        ENUMS[enum] = strawberry.enum(enum, description=(enum.__doc__ or "").strip())
        _operators(f"{enum.__name__}Filter", f"Conditions on a {enum.__name__}.", _one_of(ENUMS[enum]))
    return ENUMS[enum]


def _filter_of(declared: DeclaredField) -> Any:  # noqa: ANN401 - a type form
    match declared.kind:
        case Kind.MONEY:
            return lazy("MoneyFilter")
        case Kind.REFERENCE:
            return lazy(f"{declared.target}Filter")
        case Kind.LIST:
            return lazy(f"{declared.target}ListFilter")
    if declared.sealed:
        return lazy("SealedStringFilter")
    if issubclass(declared.type, StrEnum):
        enum_type(declared.type)
        return lazy(f"{declared.type.__name__}Filter")
    return SCALAR_FILTERS[declared.type]


def orderable(entity: type[Entity]) -> list[DeclaredField]:
    """Return the fields one may order by: all but references, lists, durations and what is encrypted."""
    kinds = (Kind.SCALAR, Kind.MONEY)
    return [f for f in fields_of(entity) if f.kind in kinds and f.type is not Period and not f.sealed]


def _build_filter(entity: type[Entity]) -> None:
    name = f"{entity.__name__}Filter"
    members = [(f.graph_name, _filter_of(f), f.field.meaning) for f in fields_of(entity)]
    extra: list[tuple[str, Any, str]] = [
        ("and_", listed(lazy(name)), "All of these; an empty list matches everything."),
        ("or_", listed(lazy(name)), "At least one of these; an empty list matches nothing."),
        ("not_", lazy(name), "What this does not match."),
    ]
    if any(f.field.search for f in fields_of(entity)):
        extra.append(("text", str, "Text in any of its searched fields, or of its parts, in any case."))
    if any(f.name == "updated_at" for f in fields_of(entity)):
        extra.append(("updatedSince", datetime, "Changed at or after this moment."))
    input_type(name, f"Conditions on a {entity.__name__}; all must hold.", [*members, *extra])
    input_type(
        f"{entity.__name__}ListFilter",
        f"Conditions on a list of {entity.__name__}.",
        [("some", lazy(name), "At least one matches."), ("none", lazy(name), "None matches.")],
    )


def _build_order(entity: type[Entity]) -> None:
    name = entity.__name__
    values = {f.graph_name: f.graph_name for f in orderable(entity)}
    choices: Any = Enum(f"{name}OrderField", values)  # type: ignore[misc]  # names known at run time only
    field_enum = strawberry.enum(
        choices,
        name=f"{name}OrderField",
        description=f"What a list of {name} can be ordered by; money by currency, then amount.",
    )
    body: dict[str, Any] = {
        "__annotations__": {"field": field_enum, "direction": Direction},
        "__module__": _MODULE,
        "direction": Direction.ASC,
    }
    made = type(f"{name}Order", (), body)
    globals()[f"{name}Order"] = strawberry.input(
        made, description=f"One term of the order of a list of {name}."
    )


for _entity in ENTITIES.values():
    _build_filter(_entity)
    _build_order(_entity)
