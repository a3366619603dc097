"""Pages of a list: which of its rows, in which order, and found without reading the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from api.planner.parameters import as_is, page_size
from api.planner.plan import Connection, CursorValue, Edges, Every, Selection
from api.planner.reach_sql import Expression, Row
from api.planner.sources import SourceWriter, columns_read, stored_columns
from domain.field import back_reference, fields_of
from domain.graph import ENTITIES
from storage.tables import is_stored

Clause = Callable[[sa.Select[Any]], sa.Select[Any]]


class PageWriter(SourceWriter):
    """Writes the FROM, WHERE, ORDER BY and LIMIT of pages."""

    def belonging(self, connection: Connection, parent: Row | None, row: Row) -> list[Expression]:
        """Keep to the rows of the list: of its org, of its parent, matching its filter."""
        if connection.field is not None and parent is not None:
            back = back_reference(connection.field.entity, connection.entity)
            clauses = [*self.seen_under(back, row, parent), row.c[back.name] == parent.c.id]
        else:
            clauses = self.seen(connection.entity, row)
        if connection.where != Every(()):
            clauses.append(self.condition(connection.where, row))
        return clauses

    def page(
        self, connection: Connection, parent: Row | None, selections: Sequence[Any], *, one_more: bool
    ) -> tuple[Row, Clause, list[Expression]]:
        """Return the row of the list, a clause for its page, and the order that the clause puts it in."""
        size = self.parameters.bind(connection.page.size, page_size, sa.Integer())
        limit = size + sa.literal_column("1") if one_more else size
        row = self.alias(connection.entity)
        clauses: list[Expression] = []
        if _in_two_ranges(connection):
            row = self._two_ranges(connection, row, self._columns_wanted(connection, selections), limit)
        else:
            clauses = [*self.belonging(connection, parent, row), *self._cursors(connection, row)]
        ordering = self._ordering(connection, row)
        source = self.source(row, selections)

        def clause(select: sa.Select[Any]) -> sa.Select[Any]:
            found = select.select_from(source).order_by(*ordering).limit(limit)
            return found.where(*clauses).correlate_except(row, source)

        return row, clause, ordering

    def _columns_wanted(self, connection: Connection, selections: Iterable[Selection]) -> list[str]:
        """Return the columns that a page reads: for its rows, who reaches them, and their order; no other."""
        names = {"id"}.union(*(columns_read(each) for each in selections))
        names |= self.columns_of_reach(connection.entity)
        names |= {name for term in connection.order.terms for name in stored_columns(term.field)}
        stored = [field for field in fields_of(ENTITIES[connection.entity]) if is_stored(field)]
        return [name for field in stored for name in sorted(stored_columns(field)) if name in names]

    def _cursors(self, connection: Connection, row: Row) -> list[Expression]:
        page = connection.page
        return [
            self.after_cursor(connection.order, row, cursor, backward=backward)
            for cursor, backward in ((page.after, False), (page.before, True))
            if cursor is not None
        ]

    def _ordering(self, connection: Connection, row: Row) -> list[Expression]:
        backward = connection.page.backward
        terms = self.ordered_by(connection.order, row)
        ordering = [_ordered(column, descending, backward) for column, _, descending in terms]
        return [*ordering, row.c.id.desc() if backward else row.c.id.asc()]

    def _two_ranges(self, connection: Connection, row: Row, columns: Sequence[str], limit: Expression) -> Row:
        """Read rows with and without a value in the first column of the order apart, each from an index."""
        branches = []
        for absent in (False, True):
            each = self.alias(connection.entity)
            first, _, descending = self.ordered_by(connection.order, each)[0]
            bound = first.is_(None) if absent else self._from_cursor(connection, first, descending=descending)
            clauses = [*self.belonging(connection, None, each), *self._cursors(connection, each), bound]
            # Where no value is absent, or each is, the index has the order without a word on absent values.
            leading = first.desc() if descending and not absent else first.asc()
            branch = sa.select(*(each.c[name] for name in columns)).where(*clauses)
            ordering = [leading, *self._ordering(connection, each)[1:]]
            branches.append(branch.order_by(*ordering).limit(limit).correlate_except(each))
        return sa.union_all(*branches).subquery(f"ranges_{row.name}")

    def _from_cursor(self, connection: Connection, first: Expression, *, descending: bool) -> Expression:
        if connection.page.after is None:
            return first.is_not(None)
        value = self.parameters.bind(
            CursorValue(connection.page.after, connection.order, 0), as_is, first.type
        )
        return first <= value if descending else first >= value


def selections_of(parts: Iterable[Any]) -> list[Selection]:
    """Return what the parts of a connection want of its rows."""
    found: list[Selection] = []
    for part in parts:
        if isinstance(part, Selection):
            found.append(part)
        elif isinstance(part, Edges):
            found += [each for _, each in part.parts if isinstance(each, Selection)]
    return found


def _in_two_ranges(connection: Connection) -> bool:
    """Whether a list at the root goes on from a cursor, or downwards, by a column that may be absent."""
    page, terms = connection.page, connection.order.terms
    if connection.field is not None or page.backward or page.before is not None or not terms:
        return False
    first = terms[0]
    return first.field.optional and is_stored(first.field) and (page.after is not None or first.descending)


def _ordered(column: Expression, descending: bool, backward: bool) -> Expression:  # noqa: FBT001
    """Order by a column with absent values last; read backwards, all of it turns round."""
    if backward:
        return (column.asc() if descending else column.desc()).nulls_first()
    return (column.desc() if descending else column.asc()).nulls_last()
