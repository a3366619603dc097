"""The first and the last day that Python knows are days like any other, and no infinity of PostgreSQL."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta

import pytest

from storage.database import connect

DAYS = [
    date.min,
    date.min + timedelta(days=1),
    date(1999, 12, 31),
    date(2000, 1, 1),
    date(2026, 2, 28),
    date.max,
]


@pytest.mark.parametrize("day", DAYS, ids=str)
def test_a_day_is_stored_as_it_is_and_read_back(database_url: str, day: date) -> None:
    async def run() -> None:
        connection = await connect(database_url)
        try:
            assert await connection.fetchval("SELECT ($1::date)::text", day) == f"{day:%Y-%m-%d}".zfill(10)
            assert await connection.fetchval("SELECT $1::date", day) == day
            assert await connection.fetchval("SELECT isfinite($1::date)", day)
            assert (
                await connection.fetchval("SELECT $1::date - DATE '2026-11-27'", day)
                == (day - date(2026, 11, 27)).days
            )
            assert await connection.fetchval("SELECT $1::date[]", [day, None]) == [day, None]
        finally:
            await connection.close()

    asyncio.run(run())


def test_an_infinite_day_that_an_older_version_stored_is_read_as_the_last_one(database_url: str) -> None:
    async def run() -> None:
        connection = await connect(database_url)
        try:
            assert await connection.fetchval("SELECT DATE 'infinity'") == date.max
            assert await connection.fetchval("SELECT DATE '-infinity'") == date.min
        finally:
            await connection.close()

    asyncio.run(run())
