"""By which way a caller reaches one contract: the policy's row scopes taken apart, in the planner's SQL."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from api.planner.parameters import as_is
from api.planner.plan import Variable
from api.planner.reach_sql import ME, Expression, Row
from api.planner.review_sql import ReviewWriter
from auth.rows import SUBJECT_OF_TERMS, Scope
from domain.field import back_reference
from domain.reach import beneath, leading, owning, team_of

NUMBER = Variable(("number",))


class WayWriter(ReviewWriter):
    """Writes one statement about one contract, found by its number in the caller's org."""

    def statement(self, asked: dict[str, Expression], row: Row) -> sa.Select[Any]:
        """Ask for each of these about the contract; no row where there is none of this number."""
        number = self.parameters.bind(NUMBER, as_is, sa.Text())
        columns = [sa.func.coalesce(told, sa.false()).label(name) for name, told in asked.items()]
        return sa.select(*columns).select_from(self.over(row)).where(self.in_org(row), row.c.number == number)

    def ways(self, row: Row) -> Iterator[tuple[str, Expression]]:
        """Give every way by which a contract may be the caller's, in words and in SQL."""
        yield from self._ways(SUBJECT_OF_TERMS, row, SUBJECT_OF_TERMS)
        for field in beneath(SUBJECT_OF_TERMS):
            there = self.alias(field.entity)
            led = self._some(there, there.c[field.name] == row.c.id, self._owned(field.entity, there))
            yield f"{Scope.OWN}: the caller owns a {field.entity} that points at it", led
        for asked, led in self.readable(SUBJECT_OF_TERMS, row) if self.view.asks_salesforce else ():
            yield f"{Scope.SALESFORCE}: Salesforce lets the caller read its {asked}, as it said of late", led

    def _ways(self, entity: str, row: Row, path: str) -> Iterator[tuple[str, Expression]]:
        for field in owning(entity):
            yield f"{Scope.OWN}: {path}.{field.graph_name} is the caller", row.c[field.name] == ME
        joining = team_of(entity)
        if joining is not None:
            member = self.alias(joining.entity)
            of_row = member.c[back_reference(entity, joining.entity).name] == row.c.id
            is_member = self._some(member, of_row, member.c[joining.name] == ME)
            yield f"{Scope.ACCOUNT_TEAM}: the caller is on the team of {path}", is_member
        for field in leading(entity):
            there = self.alias(field.target)
            for told, led in self._ways(field.target, there, f"{path}.{field.graph_name}"):
                yield told, self._some(there, there.c.id == row.c[field.name], led)
