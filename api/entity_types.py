"""The object types of the entities in domain/, their pages, and what they are made of."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

import strawberry

from api import inputs
from api.inputs import listed
from api.object_types import lazy, object_type, optional, unresolved
from api.scalars import Duration
from domain.field import DeclaredField, Entity, Kind, fields_of
from domain.graph import ENTITIES
from domain.term import Period

DEFAULT_PAGE, LARGEST_PAGE = 50, 100

_PAGING: dict[str, tuple[Any, str]] = {
    "first": (int, f"How many from the start, {LARGEST_PAGE} at most; {DEFAULT_PAGE} where unsaid."),
    "after": (str, "Only those after this cursor."),
    "last": (int, f"How many from the end, {LARGEST_PAGE} at most; instead of first."),
    "before": (str, "Only those before this cursor."),
}


def filter_of(entity: str) -> Any:  # noqa: ANN401 - a type form
    """Name the filter of an entity."""
    return inputs.lazy(f"{entity}Filter")


@strawberry.interface(description="Anything with an id that `node` can find again.")
class Node:
    """Anything with an id."""

    id: strawberry.ID = strawberry.field(
        description="Identity in the contract graph, the same in every system."
    )


Money = object_type(
    "Money",
    "An exact amount in one currency.",
    {
        "amount": (Decimal, "Amount, with the decimals of its currency."),
        "currency": (str, "ISO 4217 code."),
    },
)
PageInfo = object_type(
    "PageInfo",
    "Where a page stands in its list.",
    {
        "has_next_page": (bool, "Whether more follow."),
        "has_previous_page": (bool, "Whether others come before."),
        "start_cursor": (optional(str), "Cursor of the first of the page."),
        "end_cursor": (optional(str), "Cursor of the last of the page."),
    },
)


def connection_field(entity: str, description: str) -> Any:  # noqa: ANN401 - a field
    """Declare a Relay connection with paging, filter and order."""
    return unresolved(
        optional(lazy(f"{entity}Connection")),
        description,
        **_PAGING,
        filter=(filter_of(entity), "Only those that match."),
        order_by=(
            listed(inputs.lazy(f"{entity}Order")),
            "Order of the list; the id decides where it leaves a tie, and alone where unsaid.",
        ),
    )


def _described(declared: DeclaredField) -> str:
    return f"{declared.meaning} Owner: {declared.field.owner}. Audience: {declared.field.audience}."


def _output(declared: DeclaredField) -> Any:  # noqa: ANN401 - a type form or a field
    match declared.kind:
        case Kind.LIST:
            return connection_field(declared.target, _described(declared))
        case Kind.REFERENCE:
            return optional(lazy(declared.target))
        case Kind.MONEY:
            return optional(Money)
    if issubclass(declared.type, StrEnum):
        return optional(inputs.enum_type(declared.type))
    return optional(Duration if declared.type is Period else declared.type)


def _build(entity: type[Entity]) -> None:
    name, meaning = entity.__name__, (entity.__doc__ or "").strip()
    members = {
        f.graph_name: (_output(f), _described(f))
        for f in fields_of(entity)
        if f.type is not UUID or f.field.to
    }
    object_type(name, meaning, members, bases=(Node,))
    object_type(
        f"{name}Edge",
        f"A {name} in a list, with its cursor.",
        {
            "node": (lazy(name), f"The {name}."),
            "cursor": (str, "Where it stands in the list."),
        },
    )
    object_type(
        f"{name}Connection",
        f"A page of a list of {name}.",
        {
            "edges": (listed(lazy(f"{name}Edge")), "The page, with cursors."),
            "nodes": (listed(lazy(name)), "The page."),
            "page_info": (PageInfo, "Where the page stands in the list."),
            "total_count": (int, "How many the list holds over all pages."),
        },
    )


for _entity in ENTITIES.values():
    _build(_entity)
