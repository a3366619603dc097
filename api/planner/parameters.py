"""The parameters of a statement: where each value comes from, and how it is checked on its way in."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Any
from uuid import UUID

import orjson

from api.entity_types import LARGEST_PAGE
from api.errors import BadUserInput
from api.planner.arguments import Tree, checked
from api.planner.cursor import order_digest
from api.planner.plan import BLIND, BlindIndex, Constant, CursorValue, Items, Order, Value, Variable
from api.scalars import read_date, read_datetime, read_decimal
from domain.error import DomainError
from domain.field import DeclaredField, Kind
from domain.identity import salesforce_id

Convert = Callable[[Any], Any]
Environment = dict[Any, Any]
"""The variables by name, what plan.py names with a `$`, and cursors, once they are read."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a statement."""

    value: Value | CursorValue | BlindIndex
    convert: Convert

    @property
    def name(self) -> str | None:
        """The key of the environment that the value stands under, where it lies no deeper."""
        if isinstance(self.value, Variable) and len(self.value.path) == 1:
            return str(self.value.path[0])
        return None

    @property
    def is_fixed(self) -> bool:
        """Whether every request has the same value."""
        return isinstance(self.value, Constant)

    def resolve(self, environment: Environment) -> Any:  # noqa: ANN401 - any SQL value
        """Return the value of this request. Raises BadUserInput where it does not fit its place."""
        if isinstance(self.value, CursorValue):
            return _cursor(self.value, environment)[self.value.index]
        if isinstance(self.value, BlindIndex):
            return _blind(self.value, self.convert(_lookup(self.value.value, environment)), environment)
        return self.convert(_lookup(self.value, environment))


def _blind(value: BlindIndex, read: Any, environment: Environment) -> Any:  # noqa: ANN401 - one or a list
    blind = environment[BLIND]
    return [blind(value.field, each) for each in read] if isinstance(read, list) else blind(value.field, read)


def _cursor(value: CursorValue, environment: Environment) -> list[Any]:
    """Read a cursor, once a request however many of its values are wanted."""
    cursor = _lookup(value.cursor, environment)
    read = environment.get((cursor, id(value.order)))
    if read is None:
        read = environment[cursor, id(value.order)] = decode_cursor(cursor, value.order)
    return read


def _lookup(value: Value, environment: Environment) -> Any:  # noqa: ANN401 - any input value
    if isinstance(value, Constant):
        return value.value
    if isinstance(value, Items):
        return [_lookup(item, environment) for item in value.values]
    found: Any = environment
    for step in value.path:
        found = found[step]
    return found


def given_value(tree: Tree, environment: Environment) -> Any:  # noqa: ANN401 - any input value
    """Return what a tree of arguments stands for in this request."""
    if isinstance(tree, dict):
        return {name: given_value(member, environment) for name, member in tree.items()}
    if isinstance(tree, list):
        return [given_value(member, environment) for member in tree]
    return None if tree is None else _lookup(tree, environment)


def text(value: Any) -> str:  # noqa: ANN401 - a string or an enum of them
    """Pass a text or the value of an enum."""
    return str(checked(value.value if isinstance(value, Enum) else value, "text"))


def identity(value: Any) -> UUID:  # noqa: ANN401 - an ID
    """Read an id of the graph."""
    if not UUID_TEXT.fullmatch(str(value)):
        given = f"{str(value)[:_MOST_SHOWN]!r} is none"
        raise BadUserInput(
            f"an id of this graph is a UUID, such as 0190163d-8694-739b-aea5-966c26f8ad90: {given}"
        )
    return UUID(value)


def salesforce(value: Any) -> str:  # noqa: ANN401 - a string
    """Read a Salesforce id of 15 or 18 characters."""
    try:
        return salesforce_id(str(value))
    except DomainError as error:
        raise BadUserInput(str(error)) from None


def page_size(value: Any) -> int:  # noqa: ANN401 - a coerced Int or null
    """Check a page size."""
    if not isinstance(value, int) or not 0 <= value <= LARGEST_PAGE:
        raise BadUserInput(f"a page holds from 0 to {LARGEST_PAGE} records")
    return value


def as_is(value: Any) -> Any:  # noqa: ANN401 - any value that its scalar has checked
    """Pass a value that its scalar has read already."""
    return value


@cache
def many(convert: Convert) -> Convert:
    """Convert each item of a list."""

    def convert_all(values: Any) -> list[Any]:  # noqa: ANN401 - a coerced list
        return [convert(value) for value in values or () if value is not None]

    return convert_all


def converter(field: DeclaredField) -> Convert:
    """Return how a value is read that is compared with a field."""
    if field.kind is Kind.MONEY:
        return as_is
    if field.type is UUID:
        return identity
    return as_is if field.type in (bool, int, Decimal, date, datetime) else text


def _only_text(value: Any) -> str:  # noqa: ANN401 - any JSON
    if not isinstance(value, str):
        raise TypeError(value)
    return str(checked(value, "cursor"))


def _whole_number(text: str) -> int:
    if not WHOLE_NUMBER.fullmatch(text) or abs(int(text)) >= LARGEST_INT:
        raise ValueError(text)
    return int(text)


READERS: dict[type, Convert] = {
    bool: {"true": True, "false": False}.__getitem__,
    int: _whole_number,
    Decimal: read_decimal,
    date: read_date,
    datetime: read_datetime,
    UUID: identity,
}
LARGEST_INT = 2**31
UUID_TEXT = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
_MOST_SHOWN = 60
"""Characters of a value that are told back to who sent it."""
NO_CURSOR = "the cursor was not made by this API"
WHOLE_NUMBER = re.compile(r"-?\d{1,10}", re.ASCII)


def decode_cursor(cursor: Any, order: Order) -> list[Any]:  # noqa: ANN401 - any input
    """Return the values that a cursor of this order carries, the id last."""
    digest, values = _unpacked(cursor)
    if digest != order_digest(order):
        raise BadUserInput("the cursor belongs to another list, or to another order of this one")
    readers: list[Convert] = []
    for term in order.terms:
        money = (text, read_decimal)
        readers += money if term.field.kind is Kind.MONEY else (READERS.get(term.field.type, text),)
    readers.append(identity)
    try:
        found = [
            None if value is None else reader(_only_text(value))
            for value, reader in zip(values, readers, strict=True)
        ]
    except (ValueError, TypeError, KeyError, ArithmeticError, BadUserInput):
        raise BadUserInput(NO_CURSOR) from None
    if found[-1] is None:
        raise BadUserInput(NO_CURSOR)
    return found


def _unpacked(cursor: Any) -> tuple[Any, list[Any]]:  # noqa: ANN401 - any input
    """Return the digest and the values of a cursor."""
    try:
        padded = str(cursor) + "=" * (-len(str(cursor)) % 4)
        digest, *values = orjson.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, TypeError, RecursionError, binascii.Error):
        raise BadUserInput(NO_CURSOR) from None
    return digest, values
