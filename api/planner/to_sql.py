"""A plan's operation written as one SQL statement that returns the whole answer as JSON."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSON

from api.planner import json_sql
from api.planner.cells import CellWriter
from api.planner.cursor import cursor_of
from api.planner.json_sql import Expression, Pairs
from api.planner.page_sql import WholePage, boolean, is_of_page
from api.planner.pages import selections_of
from api.planner.parameters import Parameter, as_is, identity, page_size, salesforce, text
from api.planner.plan import (
    REVIEW,
    SCOPES,
    Caller,
    Column,
    Connection,
    Constant,
    CursorValue,
    Edges,
    Literally,
    Lookup,
    MoneyParts,
    One,
    Operation,
    Output,
    PageInfo,
    Payload,
    Portfolio,
    Results,
    Review,
    Root,
    Selection,
    Shown,
    Tenant,
    TotalCount,
    Variable,
)
from api.planner.portfolio_sql import portfolio_object
from api.planner.reach_sql import Row
from api.planner.record_ids import RECORD_KEY
from api.planner.results_sql import results_source, told_of
from domain.field import field_named
from storage.tables import org


class StatementWriter(CellWriter):
    """Writes one operation."""

    def statement(self, operation: Operation) -> sa.Select[Any]:
        """Write the statement; binding the org rides in it, so that an answer costs one round trip."""
        answer = json_sql.small_object([(key, self._root(root)) for key, root in operation.roots])
        bound = sa.func.set_config(
            sa.literal_column("'app.org'"),
            sa.cast(self.parameters.org(), sa.Text),
            sa.literal_column("true"),
        )
        # OFFSET 0 keeps the planner from pulling the binding apart: it must run before any row is looked at.
        scope = sa.select(bound.label("org")).offset(sa.literal_column("0")).subquery("scope")
        inner = (
            sa.select(answer.label("answer"))
            .where(scope.c.org.is_not(None))
            .correlate(scope)
            .lateral("answered")
        )
        begun = scope if self.view.reaches_all else scope.join(self.caller(), sa.true())
        return sa.select(inner.c.answer).select_from(begun.join(inner, sa.true()))

    def _root(self, root: Root) -> Expression:
        match root:
            case Literally():
                return self.constant(root)
            case Lookup():
                return self._lookup(root)
            case Connection():
                return self._connection(root, None)
            case Portfolio():
                return portfolio_object(self, root)
            case Review():
                return sa.cast(self.parameters.bind(Variable((REVIEW, root.key)), as_is, sa.Text()), JSON)
            case Results():
                return self._results(root)
            case Payload():
                return json_sql.small_object([(key, self._root(part)) for key, part in root.parts])
            case Caller():
                return json_sql.row_object([(key, self._caller(part)) for key, part in root.parts])

    def _results(self, results: Results) -> Expression:
        made = results_source(self.parameters, results)
        pairs: list[tuple[str, Expression]] = []
        for key, part in results.parts:
            if isinstance(part, Selection):
                row = self.alias(part.entity)
                found = [*self.seen(part.entity, row), row.c.id == made.c.record]
                pairs.append((key, self._row(part, row, found)))
            else:
                pairs.append((key, told_of(made, key)))
        return json_sql.row_list(
            pairs, lambda select: select.select_from(made).order_by(made.c.place).correlate_except(made)
        )

    def _lookup(self, root: Lookup) -> Expression:
        found = []
        for selection in root.selections:
            row = self.alias(selection.entity)
            field = field_named(selection.entity, root.key)
            convert = {"id": identity, "salesforce_id": salesforce}.get(root.key, text)
            value = self.parameters.bind(root.value, convert, row.c[field.name].type)
            is_it = self.shown(field, row, row.c[field.name]) == value
            where = [*self.seen(selection.entity, row), is_it]
            if root.as_of is not None:
                where += self.go_back(row, selection, root.as_of)
            found.append(self._row(selection, row, where))
        return found[0] if len(found) == 1 else sa.func.coalesce(*found, type_=JSON())

    def _caller(self, part: Tenant | Variable | Constant | Literally | Any) -> Expression:  # noqa: ANN401
        if isinstance(part, Literally):
            return self.constant(part)
        if isinstance(part, Tenant):
            pairs = [
                (key, self.constant(name) if isinstance(name, Literally) else org.c[ORG_COLUMNS[name]])
                for key, name in part.parts
            ]
            own = org.c.id == self.parameters.org()
            return json_sql.row_object(
                pairs, lambda select: select.select_from(org).where(own).correlate_except(org)
            )
        if part == Variable(SCOPES):
            return self.parameters.bind(part, sorted, ARRAY(sa.Text()))
        return self.parameters.bind(part, as_is, sa.Text())

    def _pairs(self, selection: Selection, row: Row) -> Pairs:
        outputs = [(key, self._output(output, row)) for key, output in selection.outputs]
        return [(RECORD_KEY, row.c.id), *outputs]

    def _output(self, output: Output, row: Row) -> Expression:
        match output:
            case Literally():
                return self.constant(output)
            case Column() | MoneyParts():
                return self.cell(output, row)
            case Shown():
                return self.is_shown(output.field, row)
            case One():
                return self.shown(output.field, row, self._one(output, row))
            case Connection():
                found = self._connection(output, row)
                return self.shown(output.field, row, found) if output.field is not None else found

    def _one(self, one: One, row: Row) -> Expression:
        there = self.alias(one.field.target)
        is_it = there.c.id == self.stored(row).c[one.field.name]
        if one.field.field.part and self.view.sees_with(one.field.target, one.field.entity):
            return self._row(one.selection, there, [self.in_org(there), is_it])
        return self._row(one.selection, there, [*self.seen(one.field.target, there), is_it])

    def _row(self, selection: Selection, row: Row, found: list[Expression]) -> Expression:
        """Build the object of the one row that is found."""
        source = self.source(row, [selection])
        return json_sql.row_object(
            self._pairs(selection, row),
            lambda select: select.select_from(source).where(*found).correlate_except(row, source),
        )

    # Lists

    def _connection(self, connection: Connection, parent: Row | None) -> Expression:
        of_page = [part for _, part in connection.parts if is_of_page(part, connection.page)]
        nodes: Expression | None = None
        if not of_page:
            self._check(connection)
        elif len(of_page) == 1 and isinstance(of_page[0], Selection) and not connection.page.backward:
            row, clause, _ = self.page(connection, parent, of_page, one_more=False)
            nodes = json_sql.row_list(self._pairs(of_page[0], row), clause)
        else:
            return self._in_one_pass(connection, parent)
        return json_sql.small_object(
            [
                (
                    key,
                    nodes
                    if nodes is not None and part is of_page[0]
                    else self._outside(connection, part, parent),
                )
                for key, part in connection.parts
            ]
        )

    def _check(self, connection: Connection) -> None:
        """Have the page refused that nobody reads: a wrong argument is wrong whatever is asked beside it."""
        page = connection.page
        if not any(isinstance(part, TotalCount) for _, part in connection.parts):
            self.condition(connection.where, self.alias(connection.entity))
        self.parameters.checks.append(Parameter(page.size, page_size))
        for cursor in (page.after, page.before):
            if cursor is not None:
                self.parameters.checks.append(Parameter(CursorValue(cursor, connection.order, 0), as_is))

    def _outside(self, connection: Connection, part: Any, parent: Row | None) -> Expression:  # noqa: ANN401
        """Answer what does not depend on the page."""
        if isinstance(part, Literally):
            return self.constant(part)
        if isinstance(part, PageInfo):
            page = connection.page
            beside = {"hasNextPage": page.before, "hasPreviousPage": page.after}
            known = [
                (
                    key,
                    self.constant(name) if isinstance(name, Literally) else boolean(beside[name] is not None),
                )
                for key, name in part.parts
            ]
            return json_sql.small_object(known)
        row = self.alias(connection.entity)
        counted = sa.select(sa.cast(sa.func.count(), sa.Integer)).select_from(row)
        return counted.where(*self.belonging(connection, parent, row)).correlate_except(row).scalar_subquery()

    def _in_one_pass(self, connection: Connection, parent: Row | None) -> Expression:
        """Read the page once, whatever is asked of it: rows with their place, their JSON and their keys."""
        infos = [part for _, part in connection.parts if isinstance(part, PageInfo)]
        asked = {name for info in infos for _, name in info.parts if isinstance(name, str)}
        ahead = "hasPreviousPage" if connection.page.backward else "hasNextPage"
        selections = selections_of(part for _, part in connection.parts)
        row, clause, ordering = self.page(connection, parent, selections, one_more=ahead in asked)
        keys = [(column, type_) for column, type_, _ in self.ordered_by(connection.order, row)]
        columns: list[Any] = [sa.func.row_number().over(order_by=ordering).label("place")]
        if asked & {"startCursor", "endCursor"}:
            columns += [
                column.label(f"key_{index}") for index, (column, _) in enumerate([*keys, (row.c.id, str)])
            ]
        wanted: dict[int, str] = {}
        for index, (_, part) in enumerate(connection.parts):
            if isinstance(part, Selection | Edges):
                wanted[index] = f"row_{index}"
                whole = (
                    json_sql.row_object(self._pairs(part, row))
                    if isinstance(part, Selection)
                    else self._edge(part, row, cursor_of(connection.order, keys, row.c.id))
                )
                columns.append(whole.label(wanted[index]))
        seen = clause(sa.select(*columns)).subquery(f"page_{row.name}")
        size = self.parameters.bind(connection.page.size, page_size, sa.Integer())
        page = WholePage(connection, seen, [type_ for _, type_ in keys], size)
        pairs = [
            (
                key,
                page.listed(seen.c[wanted[index]]) if index in wanted else self._of_page(page, part, parent),
            )
            for index, (key, part) in enumerate(connection.parts)
        ]
        return json_sql.row_object(pairs, lambda select: select.select_from(seen).correlate_except(seen))

    def _edge(self, edges: Edges, page: Row, cursor: Expression) -> Expression:
        pairs: list[tuple[str, Expression]] = []
        for key, part in edges.parts:
            if isinstance(part, Selection):
                pairs.append((key, json_sql.row_object(self._pairs(part, page))))
            else:
                pairs.append((key, cursor if part == "cursor" else self.constant(part)))
        told = [part for _, part in edges.parts]
        if "cursor" in told and not any(isinstance(part, Selection) for part in told):
            # A cursor tells of its record too.
            pairs.insert(0, (RECORD_KEY, page.c.id))
        return json_sql.row_object(pairs)

    def _of_page(self, page: WholePage, part: Any, parent: Row | None) -> Expression:  # noqa: ANN401
        if not isinstance(part, PageInfo) or not is_of_page(part, page.connection.page):
            return self._outside(page.connection, part, parent)
        return json_sql.small_object(
            [
                (key, self.constant(name) if isinstance(name, Literally) else page.info(name))
                for key, name in part.parts
            ]
        )


ORG_COLUMNS = {"id": "id", "name": "name", "salesforceOrgId": "salesforce_org_id"}
