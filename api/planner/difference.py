"""Where another policy would decide otherwise about an operation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from api.errors import AccessDenied
from api.planner.plan import Operation
from auth.view import View

Read = Operation | AccessDenied


@dataclass(frozen=True, slots=True)
class Difference:
    """A field of an operation, or the records of an entity, as two policies have them."""

    subject: str
    was: str
    would_be: str


def differences(view: View, other: View, read: Read, otherwise: Read) -> tuple[Difference, ...]:
    """Compare an operation as it was read for two views of the same caller."""
    if isinstance(read, AccessDenied) or isinstance(otherwise, AccessDenied):
        return _refusals(read, otherwise)
    one, two = _states(read), _states(otherwise)
    found = [
        Difference(field, one.get((path, field), "shown"), two.get((path, field), "shown"))
        for path, field in one | two
        if one.get((path, field)) != two.get((path, field))
    ]
    for entity in sorted(read.entities):
        was, would_be = ("; ".join(map(str, each.rows(entity))) or "none" for each in (view, other))
        if was != would_be:
            found.append(Difference(f"records of {entity}", was, would_be))
    return tuple(dict.fromkeys(found))


def _refusals(read: Read, otherwise: Read) -> tuple[Difference, ...]:
    one, two = (_field(each) for each in (read, otherwise))
    if one == two:
        return ()
    named = [each for each in (one, two) if each is not None]
    return tuple(
        Difference(field, "refused" if field == one else "usable", "refused" if field == two else "usable")
        for field in named
    )


def _field(read: Read) -> str | None:
    return str(read.extensions.get("field")) if isinstance(read, AccessDenied) else None


def _states(operation: Operation) -> dict[tuple[str, str], str]:
    noted: list[tuple[Any, str]] = [(each, "masked") for each in operation.maskings]
    noted += [(each, "denied") for each in operation.denials]
    states: dict[tuple[str, str], str] = {}
    for each, word in noted:
        said = word if each.records == "all" else f"{word} in some records"
        key = each.path, each.field
        states[key] = f"{states[key]}, {said}" if key in states else said
    return states
