"""A contract as it was known at a moment: a record like the others, with the values of then."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from domain.contract import Contract
from domain.field import derive, fields_of
from domain.past import told_by, value_at, was_known, with_past
from tests.reference.seen import Seen

MOMENT = "moment"
"""The attribute by which a record of the past is known."""


def as_it_was(seen: Seen, contract: Any, moment: datetime) -> Contract | None:
    """Return the contract of that moment; None where it was not known, or its lines are not shown."""
    facts = seen.facts(contract)
    if any(seen.evaluator.word(field.coordinate, facts) != "show" for field in told_by()):
        return None
    lines: list[Any] = [each for each in seen.all.by_entity["FieldChange"] if each.contract_id == contract.id]  # type: ignore[attr-defined]
    if not was_known(lines, moment):
        return None
    fixed = {"id"}
    then = replace(contract, **{
        each.name: value_at(lines, each, moment, getattr(contract, each.name))
        for each in with_past(Contract) if each.name not in fixed
    })  # fmt: skip
    live = {each.name for each in fields_of(Contract) if each.live}
    # The first and the last day of the calendar cannot be sent to PostgreSQL: see `day_of` in past_sql.py.
    day = min(max(moment.astimezone(UTC).date(), date(1, 1, 2)), date(9999, 12, 30))
    derived = derive(then, day)
    then = replace(then, **{name: derived[name] for name in live})
    object.__setattr__(then, MOMENT, moment)
    return then
