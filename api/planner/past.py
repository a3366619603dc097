"""What is asked of a contract as it was: who may ask, and what is known of the past at all."""

from __future__ import annotations

from dataclasses import replace

from api.errors import AccessDenied, BadUserInput
from api.planner.from_graphql import SelectionReader
from api.planner.plan import Column, Comparison, Connection, Every, MoneyParts, One, Output, Selection, Value
from auth.decision import Deny, Show
from domain.field import DeclaredField, Kind, field_named
from domain.history import FieldChange
from domain.past import COUNTED, has_past, told_by

LINES = FieldChange.__name__


def require_past(reader: SelectionReader, path: str) -> None:
    """Refuse the past to whom its lines are nowhere shown; note where they are in some records only."""
    reader.entities.add(LINES)
    for field in told_by():
        decision = reader.view.reach(field)
        there = reader.view.entity(LINES)
        if isinstance(decision, Show) and isinstance(there, Deny):
            decision = there
        if not isinstance(decision, Show):
            raise AccessDenied(
                f"{field.coordinate} tells what was known in the past: {decision.reason}",
                field=field.coordinate,
                rule=decision.rule,
            )
        reader.uses(path, field)


def in_past(selection: Selection, as_of: Value) -> Selection:
    """Return what is wanted of a contract as it was: of `changes` those until then. Raises BadUserInput."""
    return replace(selection, outputs=tuple((key, _then(output, as_of)) for key, output in selection.outputs))


def _then(output: Output, as_of: Value) -> Output:
    match output:
        case Connection() if output.entity == LINES:
            until = Comparison(field_named(LINES, "recorded_at"), "lte", as_of)
            return replace(output, where=Every((output.where, until)))
        case Column() | MoneyParts() | One() | Connection():
            if output.field is not None and not has_past(output.field):
                raise BadUserInput(
                    f"{output.field.coordinate} is not known of a past moment: {_why(output.field)};"
                    " leave it out, or ask without asOf"
                )
    return output


def _why(field: DeclaredField) -> str:
    if field.kind is Kind.LIST:
        return "of what it lists only the present state is kept"
    if field.name in COUNTED:
        return "history has no lines of it"
    return "it is computed from lists, of which only the present state is kept"
