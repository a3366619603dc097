"""Where another policy would decide otherwise about an operation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from api.errors import AccessDenied, ApiError
from api.planner.plan import Operation
from auth.view import View

Read = Operation | ApiError


@dataclass(frozen=True, slots=True)
class Difference:
    """A field of an operation, or the records of an entity, as two policies have them."""

    subject: str
    was: str
    would_be: str


def differences(view: View, other: View, read: Read, otherwise: Read) -> tuple[Difference, ...]:
    """Compare an operation as it was read for two views of the same caller."""
    if isinstance(read, ApiError) or isinstance(otherwise, ApiError):
        return _refusals(read, otherwise)
    one, two = _states(read), _states(otherwise)
    found = [
        Difference(field, one.get((path, field), "shown"), two.get((path, field), "shown"))
        for path, field in one | two
        if one.get((path, field)) != two.get((path, field))
    ]
    for field in sorted(read.selected | read.used):
        was, would_be = (_rows(each, field) for each in (view, other))
        if was != would_be and type(view.decision(field)) is type(other.decision(field)):
            found.append(Difference(field, was, would_be))
    for entity in sorted(read.entities):
        was, would_be = ("; ".join(map(str, each.rows(entity))) or "none" for each in (view, other))
        if was != would_be:
            found.append(Difference(f"records of {entity}", was, would_be))
    return tuple(dict.fromkeys(found))


def _rows(view: View, field: str) -> str:
    """Tell in which of the records that are seen a field is shown and masked, where they differ."""
    shown, masked = view.guard(field), view.mask_guard(field)
    told = [f"shown in {'; '.join(map(str, shown))}"] if shown else []
    told += [f"masked in {'; '.join(map(str, masked))}"] if masked else []
    return ", ".join(told) or "in every record that is seen"


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
