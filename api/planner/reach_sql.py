"""Which records a caller reaches, in SQL: the row scopes and terms of the policy."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import count
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql.selectable import NamedFromClause

from api.planner.parameters import Convert, Parameter, as_is
from api.planner.plan import (
    ORG,
    SHARED_SINCE,
    SUBJECT,
    TODAY,
    BlindIndex,
    Constant,
    CursorValue,
    Value,
    Variable,
)
from auth.policy import declared_at
from auth.rows import SUBJECT_OF_TERMS, Rows, Scope, Terms
from auth.view import View
from domain.field import DeclaredField, back_reference
from domain.reach import beneath, leading, narrowest_first, owning, shared_by, team_of, whole_of
from storage.salesforce_tables import salesforce_access
from storage.statement import DIALECT
from storage.tables import table_of

Expression = sa.ColumnElement[Any]
Row = NamedFromClause[Any]
TRUE, FALSE = sa.true(), sa.false()
ME: Expression = sa.literal_column("caller.id", sa.Uuid())
"""The caller's user, as `ReachWriter.caller` finds it."""


class Parameters:
    """The parameters of a statement under way; equal ones are one."""

    def __init__(self) -> None:
        self.by_name: dict[str, Parameter] = {}
        self.checks: list[Parameter] = []
        self._bound: dict[Any, sa.BindParameter[Any]] = {}
        self._org: Expression | None = None

    def bind(
        self, value: Value | CursorValue | BlindIndex, convert: Convert, type_: sa.types.TypeEngine[Any]
    ) -> Expression:
        """Return the place of a value in the statement."""
        key = (repr(value), convert, type_.compile(dialect=DIALECT))
        if key not in self._bound:
            name = f"p{len(self._bound)}"
            self._bound[key] = sa.bindparam(name, type_=type_)
            self.by_name[name] = Parameter(value, convert)
        return self._bound[key]

    def org(self) -> Expression:
        """Return the caller's org."""
        # Every table of a statement asks for it.
        if self._org is None:
            self._org = self.bind(Variable(ORG), as_is, sa.Uuid())
        return self._org

    def today(self) -> Expression:
        """Return the day on which the request is answered."""
        return self.bind(Variable(TODAY), as_is, sa.Date())


class ReachWriter:
    """Writes which rows are there for the caller, and which of them belong to a set of the policy."""

    def __init__(self, view: View) -> None:
        self.parameters = Parameters()
        self.view = view
        self._wholes: dict[str, Row] = {}
        self._aliases = count(1)

    def alias(self, entity: str) -> Row:
        """Return the table of an entity under a name of its own."""
        return _alias(entity, f"t{next(self._aliases)}")

    def in_org(self, row: Row) -> Expression:
        """Keep to the rows of the caller's org; row-level security is the net below."""
        own: Expression = row.c.org_id == self.parameters.org()
        return own

    def seen(self, entity: str, row: Row) -> list[Expression]:
        """Keep to the rows that are there for the caller."""
        found = self.reached(self.view.rows(entity), entity, row)
        return [self.in_org(row)] if found is TRUE else [self.in_org(row), found]

    def seen_under(self, back: DeclaredField, row: Row, parent: Row) -> list[Expression]:
        """Keep to the rows that are there for the caller, of those that point at a row which is."""
        if back.field.part:
            self._wholes[row.name] = parent
            if self.view.sees_with(back.entity, back.target):
                return [self.in_org(row)]
        return self.seen(back.entity, row)

    def reached(self, sets: tuple[Rows, ...], entity: str, row: Row) -> Expression:
        """Whether a row belongs to one of these sets."""
        if any(each.is_everything for each in sets):
            return TRUE
        return sa.or_(FALSE, *(self._belongs(each, entity, row) for each in sets))

    def columns_of_reach(self, entity: str) -> set[str]:
        """Return the columns of a row by which its sets are told, as far as this caller's are."""
        if self.view.reaches_all:
            return set()
        names = {field.name for field in (*owning(entity), *leading(entity))}
        key = shared_by(entity)
        if key is not None and self.view.asks_salesforce:
            names.add(key.name)
        if entity == SUBJECT_OF_TERMS:
            names |= {declared_at(f"{entity}.{name}").name for name in self.view.terms}
        return names

    def _belongs(self, rows: Rows, entity: str, row: Row) -> Expression:
        whole = whole_of(entity)
        if whole is not None:
            if row.name in self._wholes:
                return self._belongs(rows, whole.target, self._wholes[row.name])
            there = self.alias(whole.target)
            is_whole = there.c.id == row.c[whole.name]
            return self._some(there, is_whole, self._belongs(rows, whole.target, there))
        found = [] if rows.scope is Scope.ORG else [self._in_scope(rows.scope, entity, row)]
        if entity == SUBJECT_OF_TERMS:
            found += [self._hold(terms, row) for terms in sorted(rows.when)]
            found += [self._hold(terms, row).is_not(TRUE) for terms in sorted(rows.unless)]
        return sa.and_(TRUE, *found)

    def _in_scope(self, scope: Scope, entity: str, row: Row) -> Expression:
        """Whether the caller holds a row, or owns one that points at it, or Salesforce lets them read it."""
        if scope is Scope.SALESFORCE:
            return sa.or_(FALSE, *(led for _, led in self.readable(entity, row)))
        ways = [self._held(scope, entity, row)]
        for field in beneath(entity):
            there = self.alias(field.entity)
            ways.append(self._some(there, there.c[field.name] == row.c.id, self._owned(field.entity, there)))
        return sa.or_(*ways)

    def readable(self, entity: str, row: Row) -> Iterator[tuple[str, Expression]]:
        """Give the ways by which Salesforce lets the caller read a row, each with what it asks about.

        What Salesforce is not asked about goes with the first that leads to it: the deal before the account.
        """
        key = shared_by(entity)
        if key is not None:
            yield entity, self._said_readable(row.c[key.name])
            return
        before: list[Expression] = []
        for field in narrowest_first(entity):
            there = self.alias(field.target)
            for asked, led in self.readable(field.target, there):
                yield asked, sa.and_(*before, self._some(there, there.c.id == row.c[field.name], led))
            before.append(row.c[field.name].is_(None))
        if not before:
            # Nothing leads to it that Salesforce knows: it is the caller's own, or nobody's.
            yield entity, self._owned(entity, row)

    def _said_readable(self, record: Expression) -> Expression:
        said = sa.alias(salesforce_access, f"t{next(self._aliases)}")
        user = self.parameters.bind(Variable(SUBJECT), as_is, sa.Text())
        since = self.parameters.bind(Variable(SHARED_SINCE), as_is, sa.DateTime(timezone=True))
        asked = said.c.user_id == user, said.c.record_id == record
        return self._some(said, *asked, said.c.may_read, said.c.asked_at > since)

    def _held(self, scope: Scope, entity: str, row: Row) -> Expression:
        """Whether a row is the caller's own, of an account they work on, or led to by a row that is."""
        ways = [self._owned(entity, row)] if owning(entity) else []
        joining = team_of(entity) if scope is Scope.ACCOUNT_TEAM else None
        if joining is not None:
            member = self.alias(joining.entity)
            of_row = member.c[back_reference(entity, joining.entity).name] == row.c.id
            ways.append(self._some(member, of_row, member.c[joining.name] == ME))
        for field in leading(entity):
            there = self.alias(field.target)
            led = self._held(scope, field.target, there)
            ways.append(self._some(there, there.c.id == row.c[field.name], led))
        return sa.or_(FALSE, *ways)

    def _owned(self, entity: str, row: Row) -> Expression:
        return sa.or_(FALSE, *(row.c[field.name] == ME for field in owning(entity)))

    def caller(self) -> sa.FromClause:
        """Find the mirrored user whom the token was issued for: once a statement, after the org is bound."""
        user = _alias("User", "mirrored")
        subject = self.parameters.bind(Variable(SUBJECT), as_is, sa.Text())
        own = sa.select(user.c.id).where(self.in_org(user), user.c.salesforce_id == subject)
        bound = sa.literal_column("scope.org").is_not(None)
        found = sa.select(own.scalar_subquery().label("id")).where(bound)
        return found.offset(sa.literal_column("0")).lateral("caller")

    def _some(self, there: Row, *found: Expression) -> Expression:
        """Whether there is a row of which all of this holds."""
        one = sa.select(sa.literal_column("1", sa.Integer)).select_from(there).correlate_except(there)
        return sa.exists(one.where(self.in_org(there), *found))

    def _hold(self, terms: Terms, row: Row) -> Expression:
        held = []
        for name, values in terms.fields:
            column = row.c[declared_at(f"{SUBJECT_OF_TERMS}.{name}").name]
            given = self.parameters.bind(Constant(list(values)), as_is, ARRAY(column.type))
            held.append(column == sa.any_(given))
        return sa.and_(TRUE, *held)


@cache
def _alias(entity: str, name: str) -> Row:
    # Kept, because an alias of a wide table takes longer to make than all that is then said of it.
    return sa.alias(table_of(entity), name)
