from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from storage import database as module
from storage import migrate
from storage.database import (
    STATEMENTS_PER_CONNECTION,
    Database,
    DatabaseUnavailable,
    RoleTooPowerful,
    SchemaMissing,
    connect,
)
from storage.embedded import Cluster
from storage.embedded_roles import OWNER, READ_WRITE

ONE, OTHER = UUID(int=1), UUID(int=2)
PID = "SELECT pg_backend_pid()"
BOUND = "SELECT current_setting('app.org', true)"
BIND = "SELECT set_config('app.org', $1, true)"


@asynccontextmanager
async def opened(url: str, size: int = 2) -> AsyncIterator[Database]:
    database = await Database.open(url, size)
    try:
        yield database
    finally:
        await database.close()


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(work, 20))


@pytest.fixture
def role(cluster: Cluster) -> Iterator[Callable[[str], str]]:
    """Makes a role with the given attributes; gives its name."""
    made: list[str] = []

    async def administer(statement: str) -> None:
        async with connected(cluster.dsn("postgres", "postgres")) as connection:
            await connection.execute(statement)

    def make(attributes: str) -> str:
        made.append(f"role_{len(made)}")
        asyncio.run(administer(f"CREATE ROLE {made[-1]} LOGIN {attributes}"))
        return made[-1]

    yield make
    for name in made:
        asyncio.run(administer(f"DROP ROLE {name}"))


@pytest.mark.parametrize(
    ("attributes", "reason"), [("SUPERUSER", "is a superuser"), ("BYPASSRLS", "may bypass it")]
)
def test_a_role_that_row_security_does_not_bind_is_refused(
    cluster: Cluster, database: str, role: Callable[[str], str], attributes: str, reason: str
) -> None:
    async def work(name: str) -> None:
        async with connected(cluster.dsn("postgres", database)) as administrator:
            await administrator.execute(f"GRANT CONNECT ON DATABASE {database} TO {name}")
            with pytest.raises(RoleTooPowerful) as refused:
                await Database.open(cluster.dsn(name, database))
            await administrator.execute(f"REVOKE CONNECT ON DATABASE {database} FROM {name}")
        assert f"The role {name} of DATABASE_URL {reason}" in str(refused.value)
        assert "use contract_graph_rw" in str(refused.value)

    run(work(role(attributes)))


def test_the_owner_of_tables_is_refused(owner_url: str) -> None:
    async def work() -> None:
        with pytest.raises(RoleTooPowerful, match=f"The role {OWNER} of DATABASE_URL owns tables"):
            await Database.open(owner_url)

    run(work())


@pytest.mark.parametrize("member_of", [OWNER, "powerful"])
def test_a_role_that_may_become_a_powerful_one_is_refused(
    cluster: Cluster, database: str, role: Callable[[str], str], member_of: str
) -> None:
    async def work(name: str, powerful: str) -> None:
        async with connected(cluster.dsn("postgres", database)) as administrator:
            await administrator.execute(f"GRANT {powerful}, {READ_WRITE} TO {name}")
            with pytest.raises(RoleTooPowerful):
                await Database.open(cluster.dsn(name, database))

    run(work(role(""), OWNER if member_of == OWNER else role("SUPERUSER")))


def test_a_refused_connection_is_closed(owner_url: str, superuser_url: str) -> None:
    async def work() -> None:
        with pytest.raises(RoleTooPowerful):
            await Database.open(owner_url)
        async with connected(superuser_url) as administrator:
            await gone(administrator, f"usename = '{OWNER}' AND datname = current_database()")

    run(work())


async def gone(administrator: asyncpg.Connection, condition: str) -> None:
    """Wait until no such backend is left."""
    while await administrator.fetchval(f"SELECT count(*) FROM pg_stat_activity WHERE {condition}"):
        await asyncio.sleep(0.01)


def test_a_database_without_tables_is_refused_with_what_to_run(cluster: Cluster) -> None:
    async def work() -> None:
        with pytest.raises(SchemaMissing, match="has no tables of contract-graph: run `contract-graph db upgrade`"):
            await Database.open(cluster.dsn(READ_WRITE))

    run(work())


@pytest.mark.parametrize(
    "url",
    ["postgresql://contract_graph_rw@127.0.0.1:1/contract_graph", "postgresql:///contract_graph?host=/nowhere"],
)
def test_a_database_that_is_not_there_is_unavailable(url: str) -> None:
    async def work() -> None:
        with pytest.raises(DatabaseUnavailable, match="the database cannot be reached"):
            await Database.open(url)

    run(work())


def test_a_database_or_role_that_does_not_exist_is_unavailable(cluster: Cluster) -> None:
    async def work() -> None:
        for url in (cluster.dsn(READ_WRITE, "no_such_database"), cluster.dsn("no_such_role")):
            with pytest.raises(DatabaseUnavailable):
                await Database.open(url)

    run(work())


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
            reads = [
                asyncio.create_task(database.read("SELECT 7 FROM pg_sleep(0.2)", ())) for _ in range(3)
            ]
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
            with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, DatabaseUnavailable, OSError)):
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
            while not database._free[0].connection.is_closed():
                await asyncio.sleep(0.01)
            async with database.transaction(ONE) as connection:
                assert await connection.fetchval(BOUND) == str(ONE)

    run(work())


async def until_active(administrator: asyncpg.Connection, count: int) -> None:
    active = f"SELECT count(*) FROM pg_stat_activity WHERE {OURS} AND state = 'active'"
    while await administrator.fetchval(active) < count:
        await asyncio.sleep(0.01)


async def kill_all(administrator: asyncpg.Connection) -> None:
    await administrator.execute(f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE {OURS}")


OURS = f"usename = '{READ_WRITE}' AND datname = current_database()"


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


def test_a_connection_keeps_as_many_statements_as_its_bound_and_no_more(database_url: str) -> None:
    async def work() -> None:
        count = "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE 'SELECT % AS numbered'"
        async with opened(database_url, size=1) as database:
            for number in range(STATEMENTS_PER_CONNECTION + 30):
                assert await database.read(f"SELECT {number} AS numbered", ()) == number
            assert await database.read("SELECT 0 AS numbered", ()) == 0  # dropped, and prepared anew
            reader = database._free[0]
            assert len(reader._prepared) == STATEMENTS_PER_CONNECTION
            # asyncpg closes what was dropped before it sends its next statement.
            assert await database.read(count, ()) <= STATEMENTS_PER_CONNECTION

    run(work())


def test_the_statement_used_last_is_dropped_last(database_url: str) -> None:
    async def work() -> None:
        async with opened(database_url, size=1) as database:
            for number in range(STATEMENTS_PER_CONNECTION):
                await database.read(f"SELECT {number}", ())
            await database.read("SELECT 0", ())
            await database.read("SELECT 'one more'", ())
            assert "SELECT 0" in database._free[0]._prepared
            assert "SELECT 1" not in database._free[0]._prepared

    run(work())


def test_an_org_bound_by_one_statement_is_not_bound_for_the_next(database_url: str) -> None:
    async def work() -> None:
        async with opened(database_url, size=1) as database:
            pid = await database.read(PID, ())
            assert await database.read(BIND, (str(ONE),)) == str(ONE)
            assert await database.read(BOUND, ()) in ("", None)
            async with database.transaction(OTHER) as connection:
                assert await connection.fetchval(BOUND) == str(OTHER)
            assert await database.read(BOUND, ()) == ""
            with pytest.raises(asyncpg.DivisionByZeroError):
                await database.read("SELECT set_config('app.org', $1, true), 1 / 0", (str(ONE),))
            assert await database.read(BOUND, ()) == ""
            assert await database.read(PID, ()) == pid

    run(work())


def test_a_session_writes_days_and_moments_alike_everywhere(database_url: str) -> None:
    async def work() -> None:
        async with opened(f"{database_url}&timezone=Asia/Tokyo", size=1) as database:
            text = "SELECT '2026-11-21T10:00:00+09'::timestamptz::text || ' ' || date '2026-11-21'"
            assert await database.read(text, ()) == "2026-11-21 01:00:00+00 2026-11-21"
            for name, value in (
                ("timezone", "UTC"), ("datestyle", "ISO, MDY"), ("statement_timeout", "4s"), ("lock_timeout", "1s"),
                ("idle_in_transaction_session_timeout", "1min"), ("jit", "off"), ("application_name", "contract-graph"),
            ):  # fmt: skip
                assert await database.read(f"SHOW {name}", ()) == value, name

    run(work())


def test_json_comes_as_the_bytes_that_postgresql_wrote(database_url: str) -> None:
    async def work() -> None:
        async with opened(database_url, size=1) as database:
            assert await database.read("SELECT '{\"a\":  1}'::json", ()) == b'{"a":  1}'

    run(work())


def test_a_bulk_load_may_set_its_own_timeout(database_url: str) -> None:
    async def work() -> None:
        connection = await connect(database_url, statement_timeout="0")
        assert await connection.fetchval("SHOW statement_timeout") == "0"
        await connection.close()

    run(work())


def test_a_transaction_commits_and_one_that_fails_leaves_nothing(database_url: str, owner_url: str) -> None:
    insert = 'INSERT INTO "user" (org_id, id, name, active) VALUES ($1, $2, $3, true)'
    count = """SELECT count(*) FROM "user" WHERE org_id = $1"""

    async def work() -> None:
        async with connected(owner_url) as owner:
            await owner.execute("INSERT INTO org (id, name) VALUES ($1, 'Northwind')", ONE)
        async with opened(database_url, size=1) as database:
            async with database.transaction(ONE) as connection:
                await connection.execute(insert, ONE, UUID(int=10), "Kept")
            with pytest.raises(LookupError):
                async with database.transaction(ONE) as connection:
                    await connection.execute(insert, ONE, UUID(int=11), "Undone")
                    raise LookupError
            assert await database.read(count, (ONE,)) == 0
            async with database.transaction(ONE) as connection:
                assert await connection.fetchval(count, ONE) == 1
            async with database.transaction(OTHER) as connection:
                assert await connection.fetchval(count, ONE) == 0

    run(work())


def test_an_error_of_a_statement_is_told_and_the_connection_kept(database_url: str) -> None:
    async def work() -> None:
        async with opened(database_url, size=1) as database:
            pid = await database.read(PID, ())
            for failing, error in (
                ("SELECT 1 / $1::int", asyncpg.DivisionByZeroError),
                ("SELECT nothing FROM contract WHERE $1::int = 1", asyncpg.UndefinedColumnError),
            ):
                with pytest.raises(error):
                    await database.read(failing, (0,))
            assert await database.read(PID, ()) == pid

    run(work())


def test_a_value_of_the_wrong_type_is_an_error_and_no_lost_connection(database_url: str) -> None:
    async def work() -> None:
        async with opened(database_url, size=1) as database:
            pid = await database.read(PID, ())
            with pytest.raises(asyncpg.DataError):
                await database.read("SELECT $1::int", ("seven",))
            assert await database.read(PID, ()) == pid

    run(work())


def test_a_statement_that_takes_too_long_is_ended_and_the_connection_kept(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(module.SESSION, "statement_timeout", "50ms")

    async def work() -> None:
        async with opened(database_url, size=1) as database:
            pid = await database.read(PID, ())
            with pytest.raises(asyncpg.QueryCanceledError):
                await database.read("SELECT 1 FROM pg_sleep(9)", ())
            assert await database.read(PID, ()) == pid

    run(work())


def test_a_prepared_statement_survives_a_migration(database_url: str, owner_url: str) -> None:
    """A migration changes a table under statements that were prepared before it."""

    async def work() -> None:
        async with opened(database_url, size=1) as database, connected(owner_url) as owner:
            for statement in ("SELECT count(*) FROM contract", "SELECT contract FROM contract LIMIT 1"):
                await database.read(statement, ())
                await owner.execute("ALTER TABLE contract ADD COLUMN more text")
                await database.read(statement, ())
                await owner.execute("ALTER TABLE contract DROP COLUMN more")
                await database.read(statement, ())

    run(work())


def test_a_closed_database_leaves_no_connection(database_url: str, superuser_url: str) -> None:
    async def work() -> None:
        async with connected(superuser_url) as administrator:
            async with opened(database_url, size=4) as database:
                await asyncio.gather(*(database.read("SELECT 1 FROM pg_sleep(0.01)", ()) for _ in range(8)))
            await gone(administrator, OURS)

    run(work())


