"""Where the rows of a selection come from: a table with what is computed once for each of its rows."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from api.planner.past_sql import PastWriter
from api.planner.plan import Column, MoneyParts, One, Selection
from api.planner.reach_sql import Row
from api.planner.rows import stored_fields
from domain.field import DeclaredField
from storage.tables import column_names


class SourceWriter(PastWriter):
    """Writes the FROM of selections."""

    def source(self, row: Row, selections: Iterable[Selection]) -> sa.FromClause:
        """Return the row, with those live fields beside it from which others that are wanted are computed.

        OFFSET 0 keeps PostgreSQL from writing the computation out again at each of its uses.
        """
        wanted = [field for each in selections for field in live_fields(each)]
        shared = [field for field in wanted if any(field.name in other.inputs for other in wanted)]
        origin = self.origin(row)
        if not shared:
            return origin
        columns = [self.column(field, row).label(field.name) for field in dict.fromkeys(shared)]
        computed = sa.select(*columns).offset(sa.literal_column("0"))
        once = computed.correlate(row, self.stored(row)).lateral(f"live_{row.name}")
        for field in shared:
            self.computed[row.name, field.name] = once.c[field.name]
        return origin.join(once, sa.true())


def live_fields(selection: Selection) -> list[DeclaredField]:
    """Return the fields of a selection that depend on today."""
    columns = [output.field for _, output in selection.outputs if isinstance(output, Column)]
    return [field for field in columns if field.live]


def columns_read(selection: Selection) -> set[str]:
    """Return the columns of its row that a selection reads."""
    names = {"id"}
    for _, output in selection.outputs:
        if isinstance(output, Column | MoneyParts | One):
            names |= stored_columns(output.field)
        if isinstance(output, Column) and output.field.field.named_by is not None:
            names.add(output.field.field.named_by)
    return names


def stored_columns(field: DeclaredField) -> set[str]:
    """Return the columns that a field is read from: its own, or those its rule is computed from."""
    return {name for each in stored_fields(field) for name in column_names(each)}
