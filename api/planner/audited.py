"""Which fields an operation gives out, masks and denies: what the audit log says of a plan."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from api.planner.plan import (
    Column,
    Connection,
    Edges,
    Group,
    Lookup,
    MoneyParts,
    One,
    Operation,
    Payload,
    Portfolio,
    Results,
    Review,
    Selection,
    Totals,
)
from auth.audit import Access
from domain.field import field_named


def audited_access(operation: Operation) -> Access:
    """Sum up what an operation may give out, whatever rows it finds."""
    denied = [(each.field, each.rule) for each in operation.denials]
    masked = [(each.field, each.rule) for each in operation.maskings]
    coarse = {each.field for each in operation.maskings if each.records == "all"}
    shown = {coordinate for _, root in operation.roots for coordinate in _shown(root)} - coarse
    return Access.of(sorted(shown), masked, denied, sorted(operation.used))


def _shown(part: Any) -> Iterator[str]:  # noqa: ANN401 - any noun of a plan
    """Give the coordinates of the fields that a part of an operation tells."""
    match part:
        case Column() | MoneyParts():
            yield part.field.coordinate
        case One() | Connection():
            if part.field is not None:
                yield part.field.coordinate
        case Group():
            yield part.by.coordinate
        case Review():
            yield from (field.coordinate for field in part.tells)
        case Totals():
            yield field_named("Contract", "total_value").coordinate
    for each in inside(part):
        yield from _shown(each)


def inside(part: Any) -> Iterable[Any]:  # noqa: ANN401 - as above
    """Return the parts of a part."""
    match part:
        case One():
            return [part.selection]
        case Lookup():
            return part.selections
        case Selection():
            return [output for _, output in part.outputs]
        case Connection() | Edges() | Portfolio() | Group() | Payload() | Results():
            return [each for _, each in part.parts]
    return ()
