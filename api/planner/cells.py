"""Single values of a row in SQL: as they are, as their mask leaves them, or opened once they are read."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSON

from api.planner import json_sql
from api.planner.pages import PageWriter
from api.planner.parameters import as_is
from api.planner.plan import Column, Constant, Literally, MoneyParts
from api.planner.reach_sql import TRUE, Expression, Row
from api.planner.sealed_sql import clear_part, sealed_value
from storage.masks import MASKS

Made = Callable[[Expression], Expression]
"""What is made of a column: itself, or what its mask leaves of it."""

LONGEST_LITERAL = 500
"""Longer constants travel as parameters: a statement should stay readable."""


class CellWriter(PageWriter):
    """Writes single values; `opens` says that some of them are encrypted and to be opened afterwards."""

    opens = False

    def constant(self, constant: Literally) -> Expression:
        """Write a value that is known already."""
        if len(constant.json) <= LONGEST_LITERAL:
            return json_sql.constant(constant.json)
        return sa.cast(self.parameters.bind(Constant(constant.json), as_is, sa.Text()), JSON)

    def cell(self, output: Column | MoneyParts, row: Row) -> Expression:
        """Write a value as the policy has it: shown, masked or hidden, each where it says so."""
        cell = self.view.cell(output.field.coordinate)
        cases: list[tuple[Expression, Expression]] = []
        if cell.show is not None:
            cases.append((self.is_shown(output.field, row), self._value(output, row, as_it_is)))
        if cell.mask is not None and (not cases or cases[0][0] is not TRUE):
            guard = self.view.mask_guard(output.field.coordinate)
            is_masked = self.reached(guard, output.field.entity, row) if guard else TRUE
            cases.append((is_masked, self._value(output, row, MASKS[cell.mask.kind])))
        if cases[-1][0] is not TRUE:
            return sa.case(*cases)
        *before, (_, last) = cases
        return sa.case(*before, else_=last) if before else last

    def _value(self, output: Column | MoneyParts, row: Row, made: Made) -> Expression:
        return (
            self._column(output, row, made) if isinstance(output, Column) else self._money(output, row, made)
        )

    def _column(self, output: Column, row: Row, made: Made) -> Expression:
        if output.field.sealed:
            return self._sealed(output, row, made)
        column = made(self.column(output.field, row))
        if output.named is not None and output.field.field.named_by is not None:
            names = self.parameters.bind(Constant(list(output.named)), as_is, ARRAY(sa.Text()))
            return sa.case((row.c[output.field.field.named_by] == sa.any_(names), column))
        return sa.cast(column, sa.Text) if isinstance(column.type, sa.Numeric) else column

    def _sealed(self, output: Column, row: Row, made: Made) -> Expression:
        """Write an encrypted value, to be opened afterwards; what a mask shows is stored beside it."""
        if made is as_it_is:
            self.opens = True
            return sealed_value(output.field, row)
        # JSON as the other is: some records may show the value where others have it masked.
        return sa.func.to_json(clear_part(output.field, row), type_=JSON())

    def _money(self, money: MoneyParts, row: Row, made: Made) -> Expression:
        stored = self.stored(row)
        amount, currency = (stored.c[f"{money.field.name}_{part}"] for part in ("amount", "currency"))
        columns: dict[str, Expression] = {"amount": sa.cast(made(amount), sa.Text), "currency": currency}
        pairs = [
            (key, self.constant(part) if isinstance(part, Literally) else columns[part])
            for key, part in money.parts
        ]
        return sa.case((amount.is_not(None), json_sql.small_object(pairs)))


def as_it_is(column: Expression) -> Expression:
    """Leave a column alone."""
    return column
