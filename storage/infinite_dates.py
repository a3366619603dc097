"""Days that were stored as infinities: what an older release made of the first and of the last day.

PostgreSQL's infinities come after and before every day, but have no difference from any, and are no dates for
readers of JSON. What is read as the nearest day (`storage/database.py`) is stored as that day here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

import asyncpg
import sqlalchemy as sa

from domain.field import ENTITIES
from storage.memo import memoized
from storage.tables import table_of

_NEAREST: Final = {"infinity": date.max.isoformat(), "-infinity": date.min.isoformat()}


async def find_infinite(connection: asyncpg.Connection) -> Mapping[str, int]:
    """Count by column the days of an org that are infinities, in a transaction bound to it."""
    found: dict[str, int] = {}
    for table, columns in _dates().items():
        counted = ", ".join(f"count(*) FILTER (WHERE {_is_infinite(each)})" for each in columns)
        row = await connection.fetchrow(f"SELECT {counted} FROM {table} WHERE {_any(columns)}")  # noqa: S608 - own names
        found |= {f"{table}.{name}": count for name, count in zip(columns, row, strict=True) if count}
    return found


async def mend_infinite(connection: asyncpg.Connection) -> None:
    """Store the days that the infinities of an org are read as, in a transaction bound to it.

    Nothing else of a record is touched: to its readers it is as it was.
    """
    for table, columns in _dates().items():
        mended = ", ".join(f"{each} = {_mended(each)}" for each in columns)
        await connection.execute(f"UPDATE {table} SET {mended} WHERE {_any(columns)}")  # noqa: S608 - own names


@memoized
def _dates() -> Mapping[str, Sequence[str]]:
    """The columns of the graph that hold days, by table."""
    tables = {table_of(entity) for entity in ENTITIES}
    found = {
        str(table.name): [str(each.name) for each in table.columns if isinstance(each.type, sa.Date)]
        for table in tables
    }
    return {table: columns for table, columns in sorted(found.items()) if columns}


def _is_infinite(column: str) -> str:
    return f"{column} IN ('infinity', '-infinity')"


def _any(columns: Sequence[str]) -> str:
    return " OR ".join(map(_is_infinite, columns))


def _mended(column: str) -> str:
    days = " ".join(f"WHEN '{there}' THEN '{day}'::date" for there, day in _NEAREST.items())
    return f"CASE {column} {days} ELSE {column} END"
