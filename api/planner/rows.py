"""Rows of an entity in SQL: its columns, its live fields, and the conditions and orders on them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import count
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql.selectable import NamedFromClause

from api.planner.cursor import term_type
from api.planner.parameters import Convert, Parameter, as_is, converter, many, text
from api.planner.plan import (
    ORG,
    TODAY,
    Comparison,
    Condition,
    CursorValue,
    Every,
    Not,
    Order,
    Related,
    Some,
    Value,
    Variable,
)
from domain.field import DeclaredField, Kind, back_reference, field_named
from storage.derived import TWINS
from storage.tables import column_type, is_stored, table_of

Expression = sa.ColumnElement[Any]
Row = NamedFromClause[Any]
TRUE, FALSE = sa.true(), sa.false()


class Parameters:
    """The parameters of a statement under way; equal ones are one."""

    def __init__(self) -> None:
        self.by_name: dict[str, Parameter] = {}
        self.checks: list[Parameter] = []
        self._names: dict[Any, str] = {}

    def bind(
        self, value: Value | CursorValue, convert: Convert, type_: sa.types.TypeEngine[Any]
    ) -> Expression:
        """Return the place of a value in the statement."""
        key = (repr(value), convert, str(type_))
        name = self._names.get(key)
        if name is None:
            name = self._names[key] = f"p{len(self._names)}"
            self.by_name[name] = Parameter(value, convert)
        return sa.bindparam(name, type_=type_)

    def org(self) -> Expression:
        """Return the caller's org."""
        return self.bind(Variable(ORG), as_is, sa.Uuid())

    def today(self) -> Expression:
        """Return the day on which the request is answered."""
        return self.bind(Variable(TODAY), as_is, sa.Date())


class RowWriter:
    """Writes what concerns single rows: columns, conditions and orders."""

    def __init__(self) -> None:
        self.parameters = Parameters()
        self.computed: dict[tuple[str, str], Expression] = {}
        self._aliases = count(1)

    def alias(self, entity: str) -> Row:
        """Return the table of an entity under a name of its own."""
        return _alias(entity, f"t{next(self._aliases)}")

    def in_org(self, row: Row) -> Expression:
        """Keep to the rows of the caller's org; row-level security is the net below."""
        own: Expression = row.c.org_id == self.parameters.org()
        return own

    def column(self, field: DeclaredField, row: Row) -> Expression:
        """Return the value of a scalar field, computed where it depends on today."""
        if (row.name, field.name) in self.computed:
            return self.computed[row.name, field.name]
        if is_stored(field):
            stored: Expression = row.c[field.name]
            return stored
        assert field.field.rule is not None  # noqa: S101 - a field without columns has a rule
        inputs = {
            name: self.parameters.today()
            if name == "today"
            else self.column(field_named(field.entity, name), row)
            for name in field.inputs
        }
        return TWINS[field.field.rule](**inputs)

    def ordered_by(self, order: Order, row: Row) -> list[tuple[Expression, type, bool]]:
        """Return the columns of an order with their types and whether they descend, the id last."""
        columns: list[tuple[Expression, type, bool]] = []
        for term in order.terms:
            if term.field.kind is Kind.MONEY:
                name = term.field.name
                columns.append((row.c[f"{name}_currency"], str, term.descending))
                columns.append((row.c[f"{name}_amount"], sa.Numeric, term.descending))
            else:
                columns.append((self.column(term.field, row), term_type(term), term.descending))
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
            joined = there.c.id == row.c[field.name]
        else:
            joined = there.c[back_reference(field.entity, field.target).name] == row.c.id
        matching = self.in_org(there), joined, self.condition(condition.part, there)
        one = sa.select(sa.literal_column("1", sa.Integer)).select_from(there).correlate_except(there)
        return sa.exists(one.where(*matching))

    def _compare(self, comparison: Comparison, row: Row) -> Expression:
        field, operator = comparison.field, comparison.operator
        column: Expression
        if comparison.part is None:
            column, type_, convert = self.column(field, row), column_type(field), converter(field)
        else:
            column = row.c[f"{field.name}_{comparison.part}"]
            type_, convert = MONEY_PARTS[comparison.part]
        if operator == "is_null":
            asked = self.parameters.bind(comparison.value, as_is, sa.Boolean())
            return column.is_(None) == asked
        if operator == "in":
            return column == sa.any_(self.parameters.bind(comparison.value, many(convert), ARRAY(type_)))
        return OPERATORS[operator](column, self.parameters.bind(comparison.value, convert, type_))


MONEY_PARTS: dict[str, tuple[sa.types.TypeEngine[Any], Convert]] = {
    "amount": (sa.Numeric(), as_is),
    "currency": (sa.Text(), text),
}


@cache
def _alias(entity: str, name: str) -> Row:
    # Kept, because an alias of a wide table takes longer to make than all that is then said of it.
    return sa.alias(table_of(entity), name)


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


def _beyond(column: Expression, value: Expression, *, descending: bool) -> Expression:
    return column < value if descending else column > value
