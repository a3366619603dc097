"""The twin of `domain.past` in SQL: what the lines of a contract's history tell of it at a moment."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, distinct_on

from api.planner.parameters import as_is
from api.planner.plan import Column, Constant, MoneyParts, One, Selection, Value
from api.planner.reach_sql import TRUE, Expression, Row
from api.planner.rows import Past, RowWriter, stored_fields
from domain.field import DeclaredField, Kind, fields_of
from domain.graph import ENTITIES
from domain.history import Decision, FieldChange
from domain.past import CONTRACT, told_by
from domain.written import pattern_of
from storage.tables import column_names, column_type, is_stored

_ONCE: Expression = sa.literal_column("0", sa.Integer)
_DAY = timedelta(days=1)
_KNOWN = "id"
"""The field whose line says when the contract was first heard of."""


class PastWriter(RowWriter):
    """Writes what was known of a row."""

    def __init__(self, *given: Any) -> None:  # noqa: ANN401 - as the writer of rows
        super().__init__(*given)
        self._origins: dict[str, sa.FromClause] = {}

    def origin(self, row: Row) -> sa.FromClause:
        """Return the row, with what was known of it beside it where that is asked for."""
        return self._origins.get(row.name, row)

    def go_back(self, row: Row, selection: Selection, as_of: Value) -> list[Expression]:
        """Have a contract's columns read as they were known at a moment; return where it was known at all.

        Its lines are read once. Only those count that are about a field which is read here, and whoever
        asks must see them.
        """
        moment = self.parameters.bind(as_of, as_is, sa.DateTime(timezone=True))
        fields = _fields_read(selection)
        told = self._told(row, fields, moment).lateral(f"told_{row.name}")
        columns = [each for field in fields for each in _columns(field, row, told.c.told)]
        values = sa.select(*columns).offset(_ONCE).correlate(row, told).lateral(f"past_{row.name}")
        self.pasts[row.name] = Past(values, self.parameters.bind(as_of, day_of, sa.Date()))
        self._origins[row.name] = row.join(told, sa.true()).join(values, sa.true())
        is_known = sa.or_(~_is_told(told.c.told, _KNOWN), _text(told.c.told, _KNOWN).is_not(None))
        return [*self._seeing_lines(row), is_known]

    def _seeing_lines(self, row: Row) -> list[Expression]:
        """Keep to the contracts whose lines the caller sees, with all that the past is told by."""
        sets = dict.fromkeys(self.view.cell(field.coordinate).shown for field in told_by())
        found = [self.reached(each, CONTRACT, row) for each in sets]
        return [each for each in found if each is not TRUE]

    def _told(self, row: Row, fields: list[DeclaredField], moment: Expression) -> Any:  # noqa: ANN401 - a select
        """Write the text that history tells of each field, by its name, as JSON."""
        line = self.alias(FieldChange.__name__)
        spelled = [(name, field.name) for field in fields for name in field.spellings]
        texts = ARRAY(sa.Text())
        named = sa.func.unnest(
            *(self.parameters.bind(Constant(list(each)), as_is, texts) for each in zip(*spelled, strict=True))
        ).table_valued("spelled", "name", name=f"named_{row.name}")
        named = named.render_derived(name=f"named_{row.name}")
        is_past = line.c.recorded_at <= moment
        text = sa.case((is_past, line.c.after), else_=line.c.before)
        accepted = self.parameters.bind(Constant(Decision.ACCEPTED.value), as_is, sa.Text())
        # The last of those until then, or else the first of those since.
        order = [
            named.c.name,
            is_past.desc(),
            sa.case((is_past, line.c.recorded_at)).desc(),
            line.c.recorded_at,
            sa.case((is_past, line.c.id)).desc(),
            line.c.id,
        ]
        one = (
            sa.select(named.c.name, text.label("text"))
            .ext(distinct_on(named.c.name))
            .select_from(line.join(named, named.c.spelled == line.c.field))
            .where(
                self.in_org(line),
                line.c.contract_id == row.c.id,
                line.c.part.is_(None),
                line.c.decision == accepted,
            )
            .order_by(*order)
            .correlate(row)
            .subquery(f"line_{row.name}")
        )
        whole = sa.func.jsonb_object_agg(one.c.name, one.c.text, type_=JSONB())
        nothing = sa.literal_column("'{}'::jsonb", JSONB)
        return sa.select(sa.func.coalesce(whole, nothing, type_=JSONB()).label("told")).select_from(one)


def day_of(moment: datetime) -> date:
    """Return the day of a moment, as `today` is reckoned: of the calendar's first and last the one beside.

    asyncpg sends those two as infinite dates, from which PostgreSQL counts no days.
    """
    return min(max(moment.astimezone(UTC).date(), date.min + _DAY), date.max - _DAY)


def _fields_read(selection: Selection) -> list[DeclaredField]:
    wanted: set[DeclaredField] = set()
    for _, output in selection.outputs:
        if isinstance(output, Column | MoneyParts | One):
            wanted |= stored_fields(output.field)
    stored = (each for each in fields_of(ENTITIES[selection.entity]) if is_stored(each))
    return [each for each in stored if each in wanted or each.name == _KNOWN]


def _columns(field: DeclaredField, row: Row, told: Expression) -> list[Any]:
    """Give the columns of a field: as history tells them, as they are where it is silent."""
    names = column_names(field)
    if field.name == _KNOWN:
        return [row.c[name].label(name) for name in names]
    is_told = _is_told(told, field.name)
    return [
        sa.case((is_told, read), else_=row.c[name]).label(name)
        for name, read in zip(names, _read(field, _text(told, field.name)), strict=True)
    ]


def _read(field: DeclaredField, text: Expression) -> list[Expression]:
    """Read the text of a value; one that is none of the field's values is nothing, and never cast."""
    pattern = pattern_of(field)
    if pattern is None:
        return [text]
    is_value = text.regexp_match(_quoted(pattern))
    if field.kind is Kind.MONEY:
        amount, currency = (
            sa.func.split_part(text, _quoted(" "), _whole(n), type_=sa.Text()) for n in (1, 2)
        )
        return [sa.case((is_value, sa.cast(amount, sa.Numeric))), sa.case((is_value, currency))]
    type_ = column_type(field)
    return [sa.case((is_value, text if isinstance(type_, sa.Text) else sa.cast(text, type_)))]


def _is_told(told: Expression, name: str) -> Expression:
    return sa.func.jsonb_exists(told, _quoted(name), type_=sa.Boolean())


def _text(told: Expression, name: str) -> Expression:
    return sa.func.jsonb_extract_path_text(told, _quoted(name), type_=sa.Text())


def _whole(constant: int) -> Expression:
    return sa.literal_column(str(constant), sa.Integer)


def _quoted(constant: str) -> Expression:
    """One of our own words, which hold no quotes."""
    return sa.literal_column(f"'{constant}'", sa.Text)
