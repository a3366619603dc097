"""Statements about the rows that a caller reaches: the planner's conditions, outside of an operation."""

from __future__ import annotations

import sqlalchemy as sa

from api.planner.reach_sql import Expression, ReachWriter, Row
from auth.rows import SUBJECT_OF_TERMS, Rows


class ReviewWriter(ReachWriter):
    """Writes what a reviewer asks about one caller; the transaction has bound the org."""

    def over(self, row: Row) -> sa.FromClause:
        """Return a table beside the caller, whom the conditions of reach compare with."""
        scope = sa.select(self.parameters.org().label("org")).subquery("scope")
        return scope.join(self.caller(), sa.true()).join(row, sa.true())

    def holds(self, sets: tuple[Rows, ...], row: Row) -> Expression:
        """Whether the contract of a row belongs to one of these sets."""
        return sa.and_(sa.true(), self.reached(sets, SUBJECT_OF_TERMS, row))
