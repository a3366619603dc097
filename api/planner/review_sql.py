"""Statements about the rows that a caller reaches: the planner's conditions, outside of an operation."""

from __future__ import annotations

import sqlalchemy as sa

from api.planner.reach_sql import ReachWriter, Row


class ReviewWriter(ReachWriter):
    """Writes what a reviewer asks about one caller; the transaction has bound the org."""

    def over(self, row: Row) -> sa.FromClause:
        """Return a table beside the caller, whom the conditions of reach compare with."""
        scope = sa.select(self.parameters.org().label("org")).subquery("scope")
        return scope.join(self.caller(), sa.true()).join(row, sa.true())
