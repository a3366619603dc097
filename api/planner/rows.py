"""Rows of an entity in SQL: its columns, its live fields, and the conditions and orders on them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from api.planner.cursor import term_type
from api.planner.parameters import Convert, as_is, converter, many, text
from api.planner.plan import (
    BlindIndex,
    Comparison,
    Condition,
    CursorValue,
    Every,
    Not,
    Order,
    Related,
    Some,
    Value,
)
from api.planner.reach_sql import FALSE, TRUE, Expression, ReachWriter, Row
from auth.view import View
from domain.field import DeclaredField, Kind, back_reference, field_named
from storage.derived import TWINS
from storage.tables import column_type, index_name, is_stored


@dataclass(frozen=True, slots=True)
class Past:
    """What was known of a row at a moment: the columns that are read of it, and the day of that moment."""

    values: sa.FromClause
    day: Expression


class RowWriter(ReachWriter):
    """Writes what concerns single rows: columns, conditions and orders."""

    def __init__(self, view: View) -> None:
        super().__init__(view)
        self.computed: dict[tuple[str, str], Expression] = {}
        self.pasts: dict[str, Past] = {}

    def stored(self, row: Row) -> sa.FromClause:
        """Return what the columns of a row are read from: itself, or what was known of it at a moment."""
        past = self.pasts.get(row.name)
        return row if past is None else past.values

    def today(self, row: Row) -> Expression:
        """Return the day on which the live fields of a row are computed."""
        past = self.pasts.get(row.name)
        return self.parameters.today() if past is None else past.day

    def column(self, field: DeclaredField, row: Row) -> Expression:
        """Return the value of a scalar field, computed where it depends on today."""
        if (row.name, field.name) in self.computed:
            return self.computed[row.name, field.name]
        if is_stored(field):
            stored: Expression = self.stored(row).c[field.name]
            return stored
        assert field.field.rule is not None  # noqa: S101 - a field without columns has a rule
        inputs = {
            name: self.today(row) if name == "today" else self.column(field_named(field.entity, name), row)
            for name in field.inputs
        }
        return TWINS[field.field.rule](**inputs)

    def is_shown(self, field: DeclaredField, row: Row) -> Expression:
        """Whether the caller sees a field in a row that they see."""
        guard = self.view.guard(field.coordinate)
        return self.reached(guard, field.entity, row) if guard else TRUE

    def shown(self, field: DeclaredField, row: Row, column: Expression) -> Expression:
        """Return a column of a field where the caller sees it, and nothing where not."""
        is_shown = self.is_shown(field, row)
        return column if is_shown is TRUE else sa.case((is_shown, column))

    def ordered_by(self, order: Order, row: Row) -> list[tuple[Expression, type, bool]]:
        """Return the columns of an order with their types and whether they descend, the id last."""
        columns: list[tuple[Expression, type, bool]] = []
        for term in order.terms:
            if term.field.kind is Kind.MONEY:
                for part, type_ in (("currency", str), ("amount", sa.Numeric)):
                    column = self.shown(term.field, row, row.c[f"{term.field.name}_{part}"])
                    columns.append((column, type_, term.descending))
            else:
                column = self.shown(term.field, row, self.column(term.field, row))
                columns.append((column, term_type(term), term.descending))
        return columns

    def after_cursor(self, order: Order, row: Row, cursor: Value, *, backward: bool) -> Expression:
        """Keep to the rows beyond a cursor: those after it, or those before it."""
        columns = self.ordered_by(order, row)

        def given(index: int, type_: sa.types.TypeEngine[Any]) -> Expression:
            return self.parameters.bind(CursorValue(cursor, order, index), as_is, type_)

        found: Expression = _beyond(row.c.id, given(len(columns), sa.Uuid()), descending=backward)
        for index, (column, _, descending) in reversed(list(enumerate(columns))):
            value = given(index, column.type)
            beyond = _beyond(column, value, descending=descending is not backward)
            absent_beyond = (
                sa.and_(column.is_not(None), value.is_(None))
                if backward
                else sa.and_(column.is_(None), value.is_not(None))
            )
            found = sa.or_(beyond, absent_beyond, sa.and_(column.is_not_distinct_from(value), found))
        return found

    def condition(self, condition: Condition, row: Row) -> Expression:
        """Write a condition on a row."""
        match condition:
            case Every():
                return sa.and_(TRUE, *(self.condition(part, row) for part in condition.parts))
            case Some():
                return sa.or_(FALSE, *(self.condition(part, row) for part in condition.parts))
            case Not():
                return self.condition(condition.part, row).is_not(TRUE)
            case Related():
                return self._related(condition, row)
            case Comparison():
                return self._compare(condition, row)

    def _related(self, condition: Related, row: Row) -> Expression:
        field = condition.field
        there = self.alias(field.target)
        if field.kind is Kind.REFERENCE:
            joined = [*self.seen(field.target, there), there.c.id == row.c[field.name]]
        else:
            back = back_reference(field.entity, field.target)
            joined = [*self.seen_under(back, there, row), there.c[back.name] == row.c.id]
        is_shown = self.is_shown(field, row)
        one = sa.select(sa.literal_column("1", sa.Integer)).select_from(there).correlate_except(there)
        found = sa.exists(one.where(*joined, self.condition(condition.part, there)))
        return found if is_shown is TRUE else sa.and_(is_shown, found)

    def _compare(self, comparison: Comparison, row: Row) -> Expression:
        field, operator = comparison.field, comparison.operator
        if field.sealed and operator != "is_null":
            return self._found_blindly(comparison, row)
        column: Expression
        if comparison.part is None:
            column, type_, convert = self.column(field, row), column_type(field), converter(field)
        else:
            column = row.c[f"{field.name}_{comparison.part}"]
            type_, convert = MONEY_PARTS[comparison.part]
        column = self.shown(field, row, column)
        if operator == "is_null":
            asked = self.parameters.bind(comparison.value, as_is, sa.Boolean())
            return column.is_(None) == asked
        if operator == "in":
            return column == sa.any_(self.parameters.bind(comparison.value, many(convert), ARRAY(type_)))
        return OPERATORS[operator](column, self.parameters.bind(comparison.value, convert, type_))

    def _found_blindly(self, comparison: Comparison, row: Row) -> Expression:
        """Compare an encrypted value by its index; other comparisons than these do not exist for it."""
        value = BlindIndex(comparison.value, comparison.field)
        column = self.shown(comparison.field, row, row.c[index_name(comparison.field)])
        match comparison.operator:
            case "eq":
                return column == self.parameters.bind(value, text, sa.Text())
            case "in":
                return column == sa.any_(self.parameters.bind(value, many(text), ARRAY(sa.Text())))
        raise TypeError(f"{comparison.field.coordinate} cannot be compared by {comparison.operator}")


MONEY_PARTS: dict[str, tuple[sa.types.TypeEngine[Any], Convert]] = {
    "amount": (sa.Numeric(), as_is),
    "currency": (sa.Text(), text),
}


OPERATORS: dict[str, Callable[[Any, Any], Expression]] = {
    "eq": lambda column, value: column == value,
    "gt": lambda column, value: column > value,
    "gte": lambda column, value: column >= value,
    "lt": lambda column, value: column < value,
    "lte": lambda column, value: column <= value,
    "contains": lambda column, value: (
        sa.func.strpos(sa.func.lower(column), sa.func.lower(value)) > sa.literal_column("0")
    ),
    "starts_with": lambda column, value: sa.func.starts_with(sa.func.lower(column), sa.func.lower(value)),
}


def stored_fields(field: DeclaredField) -> set[DeclaredField]:
    """Return the stored fields that a field is read from: itself, or those its rule is computed from."""
    if is_stored(field):
        return {field}
    inputs = (field_named(field.entity, name) for name in field.inputs if name != "today")
    return {found for each in inputs for found in stored_fields(each)}


def _beyond(column: Expression, value: Expression, *, descending: bool) -> Expression:
    return column < value if descending else column > value
