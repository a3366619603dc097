from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from uuid import UUID

import asyncpg
import pytest

from storage import database as module
from storage.database import (
    Database,
    DatabaseUnavailable,
    RoleTooPowerful,
    SchemaMissing,
    connect,
)
from storage.embedded import Cluster
from storage.embedded_roles import OWNER, READ_WRITE
from storage.reader import STATEMENTS_PER_CONNECTION
from tests.storage.connections import (
    BIND,
    BOUND,
    ONE,
    OTHER,
    PID,
    connected,
    gone,
    opened,
    run,
)


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


def test_a_database_without_tables_is_refused_with_what_to_run(cluster: Cluster) -> None:
    async def work() -> None:
        with pytest.raises(
            SchemaMissing, match="has no tables of contract-graph: run `contract-graph db upgrade`"
        ):
            await Database.open(cluster.dsn(READ_WRITE))

    run(work())


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://contract_graph_rw@127.0.0.1:1/contract_graph",
        "postgresql:///contract_graph?host=/nowhere",
    ],
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
                ("timezone", "UTC"),
                ("datestyle", "ISO, MDY"),
                ("statement_timeout", "4s"),
                ("lock_timeout", "1s"),
                ("idle_in_transaction_session_timeout", "1min"),
                ("jit", "off"),
                ("application_name", "contract-graph"),
            ):
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
            with pytest.raises(LookupError):  # noqa: PT012
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


def test_a_command_that_is_never_answered_counts_as_lost(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SILENT_FOR", 1.0)

    async def work() -> None:
        async with opened(database_url) as database:
            with pytest.raises(DatabaseUnavailable):
                await database.read("SELECT pg_sleep(9)", ())
            assert await database.read("SELECT 7", ()) == 7

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
