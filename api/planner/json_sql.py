"""JSON built in SQL: objects, lists and constants, and the three shapes in which PostgreSQL makes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSON, array

Expression = sa.ColumnElement[Any]
Pairs = Sequence[tuple[str, Expression]]

EMPTY_LIST: Expression = sa.literal_column("'[]'::json", JSON)
NULL: Expression = sa.literal_column("NULL::json", JSON)
LONGEST_ALIAS = 63
"""PostgreSQL cuts longer names silently."""


def constant(text: str) -> Expression:
    """Write JSON text of our own into the statement."""
    return NULL if text == "null" else sa.literal_column("'" + text.replace("'", "''") + "'::json", JSON)


def row_object(pairs: Pairs, *tail: Any) -> sa.ScalarSelect[Any]:  # noqa: ANN401 - clauses of a select
    """Build one object out of a row; `tail` is applied to the select of its columns, one call a clause."""
    columns, whole = _row(pairs)
    inner = _apply(sa.select(*columns), tail)
    row = sa.func.row_to_json(whole(inner), type_=JSON()) if whole is _record else whole(inner)
    return sa.select(row).select_from(inner).correlate_except(inner).scalar_subquery()


def row_list(pairs: Pairs, *tail: Any) -> sa.ScalarSelect[Any]:  # noqa: ANN401 - as row_object
    """Build a list of objects, one a row, in the order of the rows."""
    columns, whole = _row(pairs)
    inner = _apply(sa.select(*columns), tail)
    listed = sa.func.coalesce(sa.func.json_agg(whole(inner)), EMPTY_LIST)
    return sa.select(listed).select_from(inner).correlate_except(inner).scalar_subquery()


def small_object(pairs: Pairs) -> Expression:
    """Build an object of few members out of expressions: at most 50, which the limit on aliases ensures."""
    members: list[Any] = []
    for key, value in pairs:
        members += (sa.literal_column(f"'{key}'"), value)
    return sa.func.json_build_object(*members, type_=JSON())


def _apply(select: Any, tail: Sequence[Any]) -> Any:  # noqa: ANN401 - SQLAlchemy's select and subquery
    for clause in tail or (_of_the_row_around,):
        select = clause(select)
    # A name that no response key can have: row_to_json would take a column of that name for the row.
    return select.subquery("$")


def _text(constant: str) -> Expression:
    return sa.literal_column(f"'{constant}'", sa.Text)


def _of_the_row_around(select: Any) -> Any:  # noqa: ANN401 - SQLAlchemy's select
    return select.correlate_except(None)


def _row(pairs: Pairs) -> tuple[list[Expression], Any]:
    if all(len(key) <= LONGEST_ALIAS for key, _ in pairs):
        labelled: list[Any] = [value.label(key) for key, value in pairs]
        return labelled, _record
    members = [
        _text(f'"{key}":') + sa.func.coalesce(sa.cast(sa.func.to_json(value), sa.Text), _text("null"))
        for key, value in pairs
    ]
    text = _text("{") + sa.func.array_to_string(array(members), _text(","), type_=sa.Text()) + _text("}")
    return [sa.cast(text, JSON).label("whole")], _only_column


def _record(inner: Any) -> Any:  # noqa: ANN401 - a subquery and its row
    return inner.table_valued()


def _only_column(inner: Any) -> Any:  # noqa: ANN401 - a subquery and its column
    return inner.c.whole
