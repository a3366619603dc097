"""Contracts in figures, written in SQL: one pass over the contracts, then sums of sums."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSON, aggregate_order_by

from api.planner import json_sql
from api.planner.json_sql import Expression
from api.planner.plan import Group, Literally, Portfolio, Totals
from domain.field import field_named
from storage.tables import column_names

if TYPE_CHECKING:
    from api.planner.rows import RowWriter


def portfolio_object(writer: RowWriter, portfolio: Portfolio) -> Expression:
    """Build the portfolio's object."""
    pairs: list[tuple[str, Expression]] = []
    for key, part in portfolio.parts:
        match part:
            case Literally():
                pairs.append((key, json_sql.constant(part.json)))
            case Group():
                pairs.append((key, _groups(writer, portfolio, part)))
            case Totals():
                cells = _cells(writer, portfolio, None, summed=True)
                totals = sa.select(_totals(part, cells)).select_from(cells)
                pairs.append((key, totals.correlate_except(cells).scalar_subquery()))
            case _:
                cells = _cells(writer, portfolio, None, summed=False)
                counted = sa.select(_count(cells)).select_from(cells)
                pairs.append((key, counted.correlate_except(cells).scalar_subquery()))
    return json_sql.row_object(pairs)


def _cells(writer: RowWriter, portfolio: Portfolio, group: Group | None, *, summed: bool) -> Any:  # noqa: ANN401 - a subquery
    """Count the contracts per group, and per currency where their values are summed."""
    row = writer.alias("Contract")
    key: Expression = sa.literal_column("NULL")
    if group is not None:
        key = writer.shown(group.by, row, writer.column(group.by, row))
        if group.monthly:
            # Through timestamp without time zone: the month of a day is the same everywhere.
            key = sa.cast(
                sa.func.date_trunc(sa.literal_column("'month'"), sa.cast(key, sa.DateTime(timezone=False))),
                sa.Date,
            )
    columns: list[Any] = [key.label("key"), sa.func.count().label("contracts")]
    groups = [sa.text("1")]
    if summed:
        value = field_named("Contract", "total_value")
        currency, amount = (writer.shown(value, row, row.c[name]) for name in reversed(column_names(value)))
        columns.append(currency.label("currency"))
        columns.append(sa.func.sum(amount).label("amount"))
        groups.append(sa.text("3"))
    counted = (
        sa.select(*columns)
        .select_from(row)
        .where(*writer.seen("Contract", row), writer.condition(portfolio.where, row))
    )
    return counted.group_by(*groups).subquery(f"cells_{row.name}")


def _groups(writer: RowWriter, portfolio: Portfolio, group: Group) -> Expression:
    summed = any(isinstance(part, Totals) for _, part in group.parts)
    cells = _cells(writer, portfolio, group, summed=summed)
    pairs: list[tuple[str, Expression]] = []
    for key, part in group.parts:
        match part:
            case Literally():
                pairs.append((key, json_sql.constant(part.json)))
            case Totals():
                pairs.append((key, _totals(part, cells)))
            case "count":
                pairs.append((key, _count(cells)))
            case _:
                pairs.append((key, cells.c.key))
    return json_sql.row_list(
        pairs,
        lambda select: (
            select.select_from(cells)
            .group_by(cells.c.key)
            .order_by(cells.c.key.asc().nulls_last())
            .correlate_except(cells)
        ),
    )


def _count(cells: Any) -> Expression:  # noqa: ANN401 - a subquery
    return sa.cast(sa.func.coalesce(sa.func.sum(cells.c.contracts), sa.literal_column("0")), sa.Integer)


def _totals(totals: Totals, cells: Any) -> Expression:  # noqa: ANN401 - a subquery
    columns = {
        "currency": cells.c.currency,
        "amount": sa.cast(cells.c.amount, sa.Text),
        "count": sa.cast(cells.c.contracts, sa.Integer),
    }
    pairs = [
        (key, json_sql.constant(part.json) if isinstance(part, Literally) else columns[part])
        for key, part in totals.parts
    ]
    listed = sa.func.json_agg(
        aggregate_order_by(json_sql.small_object(pairs), cells.c.currency), type_=JSON()
    ).filter(cells.c.currency.is_not(None))
    return sa.func.coalesce(listed, json_sql.EMPTY_LIST)
