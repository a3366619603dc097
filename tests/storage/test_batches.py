"""Reads in one round trip: each is answered as if it had gone alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest

from storage import batches
from storage.batches import MOST
from storage.database import Database
from tests.storage.connections import (
    BOUND,
    PID,
    connected,
    kill_all,
    opened,
    run,
    take_for_brief,
    until_active,
)

OWN = "SELECT $1::text || ' ' || pg_backend_pid() || ' ' || now()"
"""Who asked, over which connection, in which transaction."""
BOUND_TO = (
    "SELECT $1::text || ' reads as ' || current_setting('app.org', true)"
    " FROM (SELECT set_config('app.org', $1::text, true) AS org OFFSET 0) AS scope"
    " WHERE scope.org IS NOT NULL"
)


@asynccontextmanager
async def batching(url: str, *statements: tuple[str, Any], size: int = 2) -> AsyncIterator[Database]:
    """Open a database that knows statements to be brief, each by an argument."""
    async with opened(url, size) as database:
        for statement, argument in statements:
            await database.answer(statement, (argument,))
        take_for_brief(database)
        yield database


def test_what_is_asked_at_once_goes_together_and_everyone_gets_their_own(database_url: str) -> None:
    async def work() -> None:
        async with batching(database_url, (OWN, "a")) as database:
            found = await asyncio.gather(*(database.answer(OWN, (f"r{n}",)) for n in range(2 * MOST + 3)))
            assert [each.split(" ")[0] for each in found] == [f"r{n}" for n in range(2 * MOST + 3)]
            went = [each.split(" ", 1)[1] for each in found]
            assert [went.count(each) for each in dict.fromkeys(went)] == [MOST, MOST, 3]
            assert (database.batches.batches, database.batches.together) == (3, 2 * MOST + 3)

    run(work())


def test_one_that_comes_alone_goes_alone_and_at_once(database_url: str) -> None:
    async def work() -> None:
        async with batching(database_url, (OWN, "a")) as database:
            for n in range(5):
                assert (await database.answer(OWN, (str(n),))).split(" ")[0] == str(n)
            assert database.batches.batches == 0

    run(work())


def test_each_binds_its_own_org_and_nothing_stays_bound(database_url: str) -> None:
    """Reads of a batch share a transaction: what one has bound must never be what another reads as."""

    async def work() -> None:
        async with batching(database_url, (BOUND_TO, "x"), size=1) as database:
            orgs = [f"org-{n % 3}" for n in range(4 * MOST)]
            found = await asyncio.gather(*(database.answer(BOUND_TO, (org,)) for org in orgs))
            assert found == [f"{org} reads as {org}" for org in orgs]
            assert database.batches.batches == 4
            assert not await database.read(BOUND, ())

    run(work())


def test_one_that_fails_fails_alone(database_url: str) -> None:
    """Whether PostgreSQL refuses an argument, or asyncpg does before it is sent."""
    divided = "SELECT 12 / $1::int"

    async def work() -> None:
        async with batching(database_url, (divided, 1)) as database:
            asked = (1, 0, 2, "three", 4)
            found = await asyncio.gather(
                *(database.answer(divided, (each,)) for each in asked), return_exceptions=True
            )
            assert [found[0], found[2], found[4]] == [12, 6, 3]
            assert isinstance(found[1], asyncpg.DivisionByZeroError)
            assert isinstance(found[3], asyncpg.DataError)
            assert database.in_use == 0

    run(work())


def test_where_one_returns_no_row_nobody_gets_the_row_of_another(database_url: str) -> None:
    some = "SELECT $1::int WHERE $1::int > 1"

    async def work() -> None:
        async with batching(database_url, (some, 2)) as database:
            found = await asyncio.gather(*(database.answer(some, (n,)) for n in (3, 1, 5)))
            assert found == [3, None, 5]

    run(work())


def test_one_that_leaves_takes_nobody_along(database_url: str) -> None:
    slept = "SELECT $1::int FROM pg_sleep($1::int / 1000.0)"

    async def work() -> None:
        async with batching(database_url, (slept, 0)) as database:
            going = [asyncio.create_task(database.answer(slept, (50 + n,))) for n in range(3)]
            await asyncio.sleep(0.01)
            going[0].cancel()
            before = asyncio.create_task(database.answer(slept, (20,)))
            await asyncio.sleep(0)
            before.cancel()  # before anything was sent
            assert await asyncio.gather(*going[1:]) == [51, 52]
            assert going[0].cancelled()
            with pytest.raises(asyncio.CancelledError):
                await before
            assert (database.in_use, database.batches._gathering) == (0, {})

    run(work())


def test_what_takes_long_goes_over_connections_of_its_own(database_url: str) -> None:
    slept = "SELECT pg_backend_pid() FROM pg_sleep($1::float8)"

    async def work() -> None:
        async with batching(database_url, (slept, 0.0), size=4) as database:
            assert len(set(await asyncio.gather(*(database.answer(slept, (0.1,)) for _ in range(4))))) == 1
            assert len(set(await asyncio.gather(*(database.answer(slept, (0.1,)) for _ in range(4))))) == 4
            while database.batches._room(slept) < 4:  # and comes back once it is brief again
                await database.answer(slept, (0.0,))
            assert len(set(await asyncio.gather(*(database.answer(slept, (0.0,)) for _ in range(4))))) == 1

    run(work())


def test_one_that_needs_seconds_takes_none_of_the_others_time(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two that take longer than a request may, together: each is answered, and the brief ones before them."""
    monkeypatch.setattr(batches, "LONGEST", 0.2)
    slept = "SELECT $1::float8 FROM pg_sleep($1::float8)"

    async def work() -> None:
        async with batching(database_url, (slept, 0.0), size=4) as database:
            came: list[float] = []

            async def ask(seconds: float) -> None:
                came.append(await database.answer(slept, (seconds,)))

            await asyncio.gather(*(ask(seconds) for seconds in (0.9, 0.8, 0.0, 0.0)))
            assert came == [0.0, 0.0, 0.8, 0.9]
            assert database.in_use == 0
            assert await database.answer(slept, (0.0,)) == 0.0, "what was ended is nobody else's"

    run(work())


def test_a_batch_whose_connection_is_lost_is_read_anew(database_url: str, superuser_url: str) -> None:
    slept = "SELECT $1::int FROM pg_sleep($1::int / 1000.0)"

    async def work() -> None:
        async with (
            batching(database_url, (slept, 0)) as database,
            connected(superuser_url) as administrator,
        ):
            reads = [asyncio.create_task(database.answer(slept, (200 + n,))) for n in range(4)]
            await until_active(administrator, 1)
            await kill_all(administrator)
            assert await asyncio.gather(*reads) == [200, 201, 202, 203]

    run(work())


def test_a_batch_waits_for_a_connection_and_others_join_it_meanwhile(database_url: str) -> None:
    async def work() -> None:
        async with batching(database_url, (OWN, "a"), size=1) as database:
            holding = asyncio.create_task(database.read(f"{PID} FROM pg_sleep(0.05)", ()))
            await asyncio.sleep(0.01)
            reads = []
            for n in range(4):
                reads.append(asyncio.create_task(database.answer(OWN, (str(n),))))
                await asyncio.sleep(0.002)
            await holding
            assert [each.split(" ")[0] for each in await asyncio.gather(*reads)] == ["0", "1", "2", "3"]
            assert database.batches.together == 4

    run(work())
