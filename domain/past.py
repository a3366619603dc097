"""What was known here of a contract's own fields at a moment of the past, by the lines of its history."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from domain.field import DeclaredField, Entity, Kind, field_named, fields_of, graph_field
from domain.history import Decision, FieldChange
from domain.written import pattern_of, read_written

CONTRACT: Final = "Contract"
COUNTED: Final = frozenset({"version", "updated_at"})
"""What every change moves on: no line is written of it."""


@dataclass(frozen=True, slots=True)
class Told:
    """What history tells of a field: its value as text, None where there was none."""

    text: str | None


def told_by() -> list[DeclaredField]:
    """Return the fields of a line that tell the past: who may not see one of them is told nothing of it."""
    names = ("id", "field", "before", "after", "recorded_at", "part", "decision")
    return [field_named(FieldChange.__name__, name) for name in names]


def has_past(declared: DeclaredField) -> bool:
    """Whether a field of the contract is known as it was.

    A live field is computed from what was known. Of the parts in a list only the latest state is kept, and
    so of stored values that are computed from them.
    """
    if declared.kind is Kind.LIST or declared.name in COUNTED:
        return False
    return declared.live or declared.field.rule is None


def told_at(lines: Iterable[FieldChange], declared: DeclaredField, moment: datetime) -> Told | None:
    """Tell what was known of a field at a moment; None where history has nothing of it, ever.

    It is what the last accepted line recorded until then has as `after`, or else what the first has as
    `before`.
    """
    about = [line for line in lines if line.part is None and line.decision is Decision.ACCEPTED]
    own = [line for line in about if line.field in declared.spellings]
    own.sort(key=lambda line: (line.recorded_at, line.id))
    until = [line for line in own if line.recorded_at <= moment]
    if until:
        return Told(until[-1].after)
    return Told(own[0].before) if own else None


def value_at(
    lines: Iterable[FieldChange],
    declared: DeclaredField,
    moment: datetime,
    present: Any,  # noqa: ANN401 - a value of any field
) -> Any:  # noqa: ANN401 - as above
    """Return the value of a stored field at a moment; None where the text that tells it is no value."""
    told = told_at(lines, declared, moment)
    if told is None:
        return present
    pattern = pattern_of(declared)
    if told.text is None or (pattern is not None and not re.search(pattern, told.text)):
        return None
    return read_written(declared, told.text)


def was_known(lines: Iterable[FieldChange], moment: datetime) -> bool:
    """Whether the contract was heard of by then; one whose beginning no line tells always was."""
    told = told_at(lines, graph_field(CONTRACT, "id"), moment)
    return told is None or told.text is not None


def with_past(entity: type[Entity]) -> tuple[DeclaredField, ...]:
    """Return the fields that history is kept of: those of which the past is told, and not computed."""
    return tuple(each for each in fields_of(entity) if has_past(each) and not each.live)
