from __future__ import annotations

import asyncio
import os
import random
import signal
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from storage import database as module
from storage import migrate
from storage.database import DatabaseUnavailable
from storage.embedded import Cluster
from storage.embedded_roles import OWNER, READ_WRITE
from tests.storage.connections import (
    BOUND,
    ONE,
    OURS,
    PID,
    connected,
    gone,
    kill_all,
    opened,
    run,
    until_active,
)


def test_more_readers_than_connections_wait_and_are_served(database_url: str) -> None:
    async def work() -> None:
        async with opened(database_url, size=2) as database:
            reads = [database.read("SELECT pg_backend_pid(), pg_sleep(0.01)", ()) for _ in range(40)]
            pids = set(await asyncio.gather(*reads))
            assert len(pids) == 2

    run(work())


def test_connections_are_opened_when_needed_and_kept(database_url: str) -> None:
    async def work() -> None:
        async with opened(database_url, size=8) as database:
            assert len({await database.read(PID, ()) for _ in range(5)}) == 1

    run(work())


def test_a_killed_backend_is_replaced_and_the_read_tried_again(database_url: str, superuser_url: str) -> None:
    async def work() -> None:
        async with opened(database_url) as database, connected(superuser_url) as administrator:
            first = await database.read(PID, ())
            await administrator.execute("SELECT pg_terminate_backend($1, 5000)", first)
            second = await database.read(PID, ())
            assert second != first

    run(work())


def test_reads_go_on_when_every_backend_is_killed_under_them(database_url: str, superuser_url: str) -> None:
    async def work() -> None:
        async with opened(database_url, size=3) as database, connected(superuser_url) as administrator:
            reads = [asyncio.create_task(database.read("SELECT 7 FROM pg_sleep(0.2)", ())) for _ in range(3)]
            await until_active(administrator, 3)
            await kill_all(administrator)
            assert await asyncio.gather(*reads) == [7, 7, 7]
            assert await asyncio.gather(*(database.read("SELECT 7", ()) for _ in range(9))) == [7] * 9

    run(work())


def test_waiting_readers_outlive_the_connection_that_they_wait_for(
    database_url: str, superuser_url: str
) -> None:
    async def work() -> None:
        async with opened(database_url, size=1) as database, connected(superuser_url) as administrator:
            holding = asyncio.create_task(database.read("SELECT 1 FROM pg_sleep(0.2)", ()))
            await until_active(administrator, 1)
            waiting = [asyncio.create_task(database.read("SELECT 7", ())) for _ in range(5)]
            await asyncio.sleep(0)
            await kill_all(administrator)
            assert await asyncio.gather(holding, *waiting) == [1, *[7] * 5]

    run(work())


def test_waiting_readers_outlive_the_transaction_that_they_wait_for(
    database_url: str, superuser_url: str
) -> None:
    """A transaction is not tried again, so nobody opens the connection anew but one of the waiting."""

    async def work() -> None:
        async with opened(database_url, size=1) as database, connected(superuser_url) as administrator:
            waiting: list[asyncio.Task[Any]] = []
            with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, DatabaseUnavailable, OSError)):  # noqa: PT012
                async with database.transaction(ONE) as connection:
                    waiting += [asyncio.create_task(database.read("SELECT 7", ())) for _ in range(5)]
                    await asyncio.sleep(0)
                    await kill_all(administrator)
                    await connection.execute("SELECT 1")
            assert await asyncio.gather(*waiting) == [7] * 5

    run(work())


def test_nobody_waits_for_a_connection_that_could_not_be_opened(database_url: str, tmp_path: Path) -> None:
    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.05)
        writer.close()

    async def work() -> None:
        server = await asyncio.start_unix_server(hang_up, tmp_path / ".s.PGSQL.5432")
        async with server, opened(database_url, size=2) as database:
            await database._free.pop().connection.close()
            database._open = 0
            database._url = f"postgresql://contract_graph_rw@/contract_graph?host={tmp_path}"
            results = await asyncio.gather(
                *(database.read("SELECT 7", ()) for _ in range(6)), return_exceptions=True
            )
            assert {type(result) for result in results} == {DatabaseUnavailable}

    run(work())


def test_a_transaction_is_not_begun_on_a_connection_that_is_known_to_be_closed(
    database_url: str, superuser_url: str
) -> None:
    async def work() -> None:
        async with opened(database_url) as database, connected(superuser_url) as administrator:
            await kill_all(administrator)
            while not database._free[0].connection.is_closed():  # noqa: ASYNC110 - asyncpg tells nobody
                await asyncio.sleep(0.01)
            async with database.transaction(ONE) as connection:
                assert await connection.fetchval(BOUND) == str(ONE)

    run(work())


def test_the_same_database_works_again_after_the_server_was_away(pg_folder: Path) -> None:
    server = Cluster(home=pg_folder / "home", durable=False)
    server.start()
    try:
        asyncio.run(migrate.upgrade(server.dsn(OWNER)))

        async def work() -> None:
            async with opened(server.dsn(READ_WRITE), size=2) as database:
                assert await asyncio.gather(*(database.read("SELECT 7", ()) for _ in range(4))) == [7] * 4
                await asyncio.to_thread(server.stop)
                for _ in range(3):
                    with pytest.raises(DatabaseUnavailable, match="the database cannot be reached"):
                        await database.read("SELECT 7", ())
                results = await asyncio.gather(
                    *(database.read("SELECT 7", ()) for _ in range(9)), return_exceptions=True
                )
                assert {type(result) for result in results} == {DatabaseUnavailable}
                with pytest.raises(DatabaseUnavailable):
                    async with database.transaction(ONE):
                        pass
                await asyncio.to_thread(server.start)
                assert await asyncio.gather(*(database.read("SELECT 7", ()) for _ in range(9))) == [7] * 9
                async with database.transaction(ONE) as connection:
                    assert await connection.fetchval(BOUND) == str(ONE)

        run(work())
    finally:
        server.stop("immediate")


@pytest.mark.parametrize("also_served", [False, True])
def test_a_waiter_who_gives_up_loses_no_connection(database_url: str, also_served: bool) -> None:  # noqa: FBT001
    """Cancelled while waiting, and in the very turn of the loop in which its connection comes free."""

    async def work() -> None:
        async with opened(database_url, size=1) as database:
            for _ in range(5):
                reader = await database._take()
                waiter = asyncio.create_task(database.read("SELECT 1", ()))
                await asyncio.sleep(0)
                if also_served:
                    database._give_back(reader)
                waiter.cancel()
                if not also_served:
                    database._give_back(reader)
                with pytest.raises(asyncio.CancelledError):
                    await waiter
                assert await database.read("SELECT 7", ()) == 7

    run(work())


def test_a_reader_who_gives_up_while_its_statement_runs_leaves_a_connection_that_works(
    database_url: str,
) -> None:
    async def work() -> None:
        async with opened(database_url, size=1) as database:
            for _ in range(3):
                with pytest.raises(TimeoutError):
                    await asyncio.wait_for(database.read("SELECT 1 FROM pg_sleep(3)", ()), 0.05)
                assert await database.read("SELECT 7", ()) == 7

    run(work())


def test_a_closed_database_leaves_no_connection(database_url: str, superuser_url: str) -> None:
    async def work() -> None:
        async with connected(superuser_url) as administrator:
            async with opened(database_url, size=4) as database:
                await asyncio.gather(*(database.read("SELECT 1 FROM pg_sleep(0.01)", ()) for _ in range(8)))
            await gone(administrator, OURS)

    run(work())


def test_a_transaction_that_was_given_up_at_any_moment_is_nobody_elses(database_url: str) -> None:
    async def work() -> None:
        chance = random.Random(3)
        async with opened(database_url, size=1) as database:

            async def works() -> None:
                async with database.transaction(ONE) as connection:
                    await connection.fetchval("SELECT 1")

            for _ in range(60):
                given_up = asyncio.create_task(works())
                await asyncio.sleep(chance.random() * 0.002)
                given_up.cancel()
                await asyncio.gather(given_up, return_exceptions=True)
                await works()

    run(work())


def test_a_transaction_whose_begin_was_not_answered_in_time_is_nobody_elses(
    database_url: str, superuser_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL hears of the BEGIN later: what is then written over that connection must be committed."""
    monkeypatch.setattr(module, "SILENT_FOR", 0.5)
    added = "INSERT INTO audit_access (org_id, id, body) VALUES ($1, $2, '{}')"

    async def work() -> None:
        async with opened(database_url, size=1) as database, connected(superuser_url) as administrator:

            async def add(connection: asyncpg.Connection) -> None:
                await connection.execute(added, ONE, uuid4())

            frozen = await database.read(PID, ())
            os.kill(frozen, signal.SIGSTOP)
            try:
                begun = asyncio.create_task(database.write(ONE, add))
                await asyncio.sleep(0.8)
            finally:
                os.kill(frozen, signal.SIGCONT)
            await begun
            await database.write(ONE, add)
            assert await administrator.fetchval("SELECT count(*) FROM audit_access") == 2
            idle = "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%' AND "
            assert await administrator.fetchval(idle + OURS) == 0

    run(work())
