"""What a filter means: one record against one filter, in plain Python."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any
from unicodedata import normalize
from uuid import UUID

from domain.field import ENTITIES, DeclaredField, Entity, Kind, back_reference, fields_of
from tests.reference.refusal import AccessDenied, BadUserInput, Refusal
from tests.reference.seen import Seen

Filter = dict[str, Any]
Decide = Callable[[str], bool]
Words = Callable[[str], frozenset[str]]

AMOUNTS = {"eq": operator.eq, "gt": operator.gt, "gte": operator.ge, "lt": operator.lt, "lte": operator.le}


def lower(text: str) -> str:
    """Return the text in lower case, as PostgreSQL's C.UTF-8 knows it."""
    return text.lower()


@cache
def graph_field(entity: str, graph_name: str) -> DeclaredField:
    return next(f for f in fields_of(ENTITIES[entity]) if f.graph_name == graph_name)


def as_uuid(text: str) -> UUID:
    """Return the id that a text spells: in its usual form alone, though UUID() reads others."""
    try:
        found = UUID(text)
    except ValueError:
        raise BadUserInput(f"not an id: {text}") from None
    if str(found) != text.lower():
        raise BadUserInput(f"not an id: {text}")
    return found


def searched(entity: str) -> list[tuple[DeclaredField | None, DeclaredField]]:
    """Return what `text` looks at: own fields, and fields of parts with the list that holds them."""
    own = [(None, f) for f in fields_of(ENTITIES[entity]) if f.field.search]
    parts = [
        (held, f)
        for held in fields_of(ENTITIES[entity])
        if held.kind is Kind.LIST and back_reference(entity, held.target).field.part
        for f in fields_of(ENTITIES[held.target])
        if f.field.search
    ]
    return [*own, *parts]


def may_use(declared: DeclaredField, shows: Decide) -> bool:
    """Whether one may filter and order by a field: it is shown, and tells nothing of other fields."""
    return declared.field.named_by is None and shows(declared.coordinate)


def shown_value(record: Entity, declared: DeclaredField, value: Any, words: Words) -> Any:
    """Return the value as far as it is shown: one of another field of the contract only with that field."""
    if declared.field.named_by is None:
        return value
    named = getattr(record, declared.field.named_by)
    found = (f for f in fields_of(ENTITIES["Contract"]) if named in (f.name, f.graph_name))
    return value if any(words(f.coordinate) == {"show"} for f in found) else None


def refusals(entity: str, given: Filter | None, shows: Decide) -> Iterator[Refusal]:
    """Give every reason for which a filter is refused."""
    for name, member in (given or {}).items():
        if member is None:
            continue
        match name:
            case "and" | "or":
                for part in member:
                    yield from refusals(entity, part, shows)
            case "not":
                yield from refusals(entity, member, shows)
            case "text":
                used = [f for held, own in searched(entity) for f in (held, own) if f]
                yield from (AccessDenied(f.coordinate) for f in used if not may_use(f, shows))
                yield from _texts(member)
            case "updatedSince":
                if not shows(f"{entity}.updatedAt"):
                    yield AccessDenied(f"{entity}.updatedAt")
            case _:
                yield from _of_field(graph_field(entity, name), member, shows)


def used(entity: str, given: Filter | None) -> Iterator[DeclaredField]:
    """Give every field that a filter looks at, in the order in which it stands there."""
    for name, member in (given or {}).items():
        if member is None:
            continue
        if name in ("and", "or", "not"):
            for part in member if name != "not" else [member]:
                yield from used(entity, part)
        elif name == "text":
            yield from (each for pair in searched(entity) for each in pair if each)
        else:
            yield from _used_by(graph_field(entity, "updatedAt" if name == "updatedSince" else name), member)


def _used_by(declared: DeclaredField, member: Any) -> Iterator[DeclaredField]:
    yield declared
    if declared.kind is Kind.REFERENCE:
        yield from used(declared.target, member)
    elif declared.kind is Kind.LIST:
        for part in member.values():
            yield from used(declared.target, part)


def _of_field(declared: DeclaredField, member: Filter, shows: Decide) -> Iterator[Refusal]:
    if not may_use(declared, shows):
        yield AccessDenied(declared.coordinate)
    if declared.kind is Kind.REFERENCE:
        yield from refusals(declared.target, member, shows)
    elif declared.kind is Kind.LIST:
        for part in member.values():
            yield from refusals(declared.target, part, shows)
    else:
        yield from (BadUserInput(f"{name} is null") for name, value in member.items() if value is None)
        if declared.kind is Kind.MONEY and set(member) & set(AMOUNTS) and "currency" not in member:
            yield BadUserInput("an amount without its currency")
        for value in member.values():
            for item in value if isinstance(value, list) else [value]:
                yield from _texts(item)
                if declared.type is UUID and isinstance(item, str):
                    yield from _ids(item)


def _texts(value: object) -> Iterator[Refusal]:
    if isinstance(value, str) and "\0" in value:
        yield BadUserInput("U+0000")


def _ids(text: str) -> Iterator[Refusal]:
    try:
        as_uuid(text)
    except BadUserInput as refusal:
        yield refusal


def matches(rows: Seen, record: Entity, given: Filter | None) -> bool:
    """Whether a record matches a filter that was not refused."""
    members = ((name, member) for name, member in (given or {}).items() if member is not None)
    return all(_member(rows, record, name, member) for name, member in members)


def _member(rows: Seen, record: Entity, name: str, member: Any) -> bool:
    match name:
        case "and":
            return all(matches(rows, record, part) for part in member)
        case "or":
            return any(matches(rows, record, part) for part in member)
        case "not":
            return not matches(rows, record, member)
        case "text":
            return _text(rows, record, member)
        case "updatedSince":
            return _holds(record.updated_at, "gte", member)  # type: ignore[attr-defined]
    declared = graph_field(type(record).__name__, name)
    if declared.kind is Kind.LIST:
        children = rows.children(record, declared)
        given = ((quantifier, part) for quantifier, part in member.items() if part is not None)
        return all(
            any(matches(rows, child, part) for child in children) is (quantifier == "some")
            for quantifier, part in given
        )
    value = rows.value(record, declared)
    if declared.kind is Kind.REFERENCE:
        there = rows.find(declared.target, value)
        return there is not None and matches(rows, there, member)
    if declared.kind is Kind.MONEY:
        return all(_money(value, op, operand) for op, operand in member.items())
    if declared.sealed and value is not None:
        value = _folded(value)
        member = {op: _folded(operand) for op, operand in member.items()}
    return all(_holds(value, op, operand) for op, operand in member.items())


def _text(rows: Seen, record: Entity, text: str) -> bool:
    for held, declared in searched(type(record).__name__):
        for each in rows.children(record, held) if held else [record]:
            if _holds(rows.value(each, declared), "contains", text):
                return True
    return False


def _money(value: Any, op: str, operand: Any) -> bool:
    if op == "isNull":
        return (value is None) is operand
    if value is None:
        return False
    return value.currency == operand if op == "currency" else _holds(value.amount, op, operand)


def _holds(value: Any, op: str, operand: Any) -> bool:
    if op == "isNull":
        return (value is None) is operand
    if value is None:
        return False
    if isinstance(value, UUID):
        operand = [as_uuid(each) for each in operand] if op == "in" else as_uuid(operand)
    match op:
        case "in":
            return _plain(value) in operand
        case "contains":
            return lower(operand) in lower(value)
        case "startsWith":
            return lower(value).startswith(lower(operand))
    return bool(AMOUNTS[op](_plain(value), operand))


def _folded(value: Any) -> Any:
    """A text, or each of a list, without regard to case and outer spaces: so are encrypted ones compared."""
    if isinstance(value, list):
        return [_folded(each) for each in value]
    return normalize("NFC", value.strip().casefold()) if isinstance(value, str) else value


def _plain(value: Any) -> Any:
    """A value as the scalars of the schema parse one: periods by their text."""
    return value if not hasattr(value, "whole_months") else str(value)
