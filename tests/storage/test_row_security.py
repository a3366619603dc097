from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from uuid import UUID

import asyncpg
import pytest

from domain.org import Org
from storage.embedded import Cluster
from storage.embedded_roles import OWNER, READ_WRITE
from storage.orgs import list_orgs, save_org
from storage.row_security import INSTALLATION_TABLES, KEPT_TABLES, LOG_TABLES, ORG_TABLE
from storage.tenancy import bind_org

ONE, OTHER = UUID(int=1), UUID(int=2)
ORGS = (ONE, OTHER)
DATABASE = "row_security"

COLUMNS = """
    SELECT c.relname AS on_table, a.attname AS name, format_type(a.atttypid, NULL) AS type,
           a.attnotnull AS required
      FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
       AND a.attnum > 0 AND NOT a.attisdropped
       AND c.relname <> ALL ($1)"""

VALUES = {
    "text": "''",
    "text[]": "'{}'",
    "uuid[]": "'{}'",
    "boolean": "true",
    "integer": "1",
    "integer[]": "'{}'",
    "bigint": "1",
    "bytea": "''",
    "numeric": "1",
    "date": "'2026-01-01'",
    "timestamp with time zone": "'2026-01-01'",
}
"""A value of each type, written without its meaning: the checks are put aside while rows are made."""


@pytest.fixture(scope="module")
def filled(cluster: Cluster, template: str) -> Iterator[Callable[[str], str]]:
    """A database in which every table holds a row of either org; gives its URL for a role."""

    async def administer(statement: str) -> None:
        connection = await asyncpg.connect(cluster.dsn("postgres", "postgres"))
        await connection.execute(statement)
        await connection.close()

    async def fill() -> None:
        connection = await asyncpg.connect(cluster.dsn("postgres", DATABASE))
        await connection.execute("SET session_replication_role = replica")  # foreign keys rest meanwhile
        for org in ORGS:
            await connection.execute("INSERT INTO org (id, name) VALUES ($1, $2)", org, f"Org {org}")
        for table, columns in (await _columns(connection)).items():
            await _without_checks(connection, table)
            for org in ORGS if table != ORG_TABLE else ():
                await connection.execute(_insert(table, columns, org, UUID(int=10)))
        await connection.close()

    asyncio.run(administer(f"CREATE DATABASE {DATABASE} TEMPLATE {template} OWNER {OWNER}"))
    asyncio.run(fill())
    yield lambda role: cluster.dsn(role, DATABASE)
    asyncio.run(administer(f"DROP DATABASE {DATABASE} WITH (FORCE)"))


async def _columns(connection: asyncpg.Connection) -> dict[str, dict[str, str]]:
    """Every table that belongs to orgs, with the type of each column that needs a value."""
    found: dict[str, dict[str, str]] = {}
    for row in await connection.fetch(COLUMNS, ["alembic_version", *INSTALLATION_TABLES]):
        required = found.setdefault(row["on_table"], {})
        if row["required"]:
            required[row["name"]] = row["type"]
    return found


async def _without_checks(connection: asyncpg.Connection, table: str) -> None:
    checks = "SELECT conname FROM pg_constraint WHERE contype = 'c' AND conrelid = $1::text::regclass"
    for row in await connection.fetch(checks, f'"{table}"'):
        await connection.execute(f'ALTER TABLE "{table}" DROP CONSTRAINT "{row["conname"]}"')


def _insert(table: str, columns: dict[str, str], org: UUID, record: UUID) -> str:
    given = {"org_id": f"'{org}'", "id": f"'{record}'"}
    values = [given.get(name, VALUES.get(type_, f"'{record}'")) for name, type_ in columns.items()]
    names = ", ".join(f'"{name}"' for name in columns)
    return f'INSERT INTO "{table}" ({names}) VALUES ({", ".join(values)})'


@asynccontextmanager
async def _as(url: str, org: UUID | None = None) -> AsyncIterator[asyncpg.Connection]:
    """A connection inside a transaction, bound to the org if there is one; what it did is undone."""
    connection = await asyncpg.connect(url)
    try:
        transaction = connection.transaction()
        await transaction.start()
        if org is not None:
            await bind_org(connection, org)
        yield connection
        await transaction.rollback()
    finally:
        await connection.close()


def _org_column(table: str) -> str:
    return "id" if table == ORG_TABLE else "org_id"


async def _seen(connection: asyncpg.Connection) -> dict[str, set[UUID]]:
    """The orgs whose rows are seen, by table."""
    return {
        table: {
            row[0] for row in await connection.fetch(f'SELECT DISTINCT {_org_column(table)} FROM "{table}"')
        }
        for table in await _columns(connection)
    }


def test_a_superuser_sees_that_every_table_holds_a_row_of_either_org(filled: Callable[[str], str]) -> None:
    async def run() -> None:
        async with _as(filled("postgres")) as connection:
            seen = await _seen(connection)
        assert len(seen) > 15
        assert all(orgs == set(ORGS) for orgs in seen.values())

    asyncio.run(run())


@pytest.mark.parametrize(
    ("org", "expected"), [(None, set()), (ONE, {ONE}), (OTHER, {OTHER}), (UUID(int=3), set())]
)
def test_the_application_sees_the_rows_of_the_bound_org_in_every_table(
    filled: Callable[[str], str], org: UUID | None, expected: set[UUID]
) -> None:
    async def run() -> None:
        async with _as(filled(READ_WRITE), org) as connection:
            seen = await _seen(connection)
        assert {table: orgs for table, orgs in seen.items() if orgs != expected} == {}

    asyncio.run(run())


def test_the_owner_sees_orgs_and_of_their_contents_the_bound_ones_only(filled: Callable[[str], str]) -> None:
    async def run() -> None:
        for org, expected in ((None, set()), (ONE, {ONE})):
            async with _as(filled(OWNER), org) as connection:
                seen = await _seen(connection)
            assert seen.pop(ORG_TABLE) == set(ORGS)
            assert {table: orgs for table, orgs in seen.items() if orgs != expected} == {}

    asyncio.run(run())


@pytest.mark.parametrize("role", [READ_WRITE, OWNER])
def test_nobody_writes_into_another_org(filled: Callable[[str], str], role: str) -> None:
    async def run() -> None:
        async with _as(filled(role), ONE) as connection:
            for table, columns in (await _columns(connection)).items():
                if table == ORG_TABLE:
                    continue
                refused = f'row-level security policy for table "{table}"'
                if role == READ_WRITE and table in LOG_TABLES:
                    refused = f'{refused}|permission denied for table "?{table}'
                with pytest.raises(asyncpg.InsufficientPrivilegeError, match=refused):
                    async with connection.transaction():
                        await connection.execute(_insert(table, columns, OTHER, UUID(int=11)))
                if table in KEPT_TABLES and role == READ_WRITE:
                    continue
                with pytest.raises(asyncpg.InsufficientPrivilegeError, match=refused):
                    async with connection.transaction():
                        await connection.execute(f'UPDATE "{table}" SET org_id = $1', OTHER)
                if role == OWNER or table not in LOG_TABLES:
                    deleted = await connection.execute(f'DELETE FROM "{table}" WHERE org_id = $1', OTHER)
                    assert deleted == "DELETE 0"

    asyncio.run(run())


@pytest.mark.parametrize("table", KEPT_TABLES)
@pytest.mark.parametrize("change", ["UPDATE {} SET org_id = org_id", "DELETE FROM {}", "TRUNCATE {}"])
def test_what_is_kept_the_application_neither_changes_nor_ends(
    filled: Callable[[str], str], table: str, change: str
) -> None:
    async def run() -> None:
        async with _as(filled(READ_WRITE), ONE) as connection:
            assert await connection.fetchval(f"SELECT count(*) FROM {table}") == 1
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="permission denied"):
                await connection.execute(change.format(table))

    asyncio.run(run())


def test_unbound_nothing_is_written(filled: Callable[[str], str]) -> None:
    async def run() -> None:
        async with _as(filled(READ_WRITE)) as connection:
            for table, columns in (await _columns(connection)).items():
                if table == ORG_TABLE:
                    continue
                refused = "row-level security policy|permission denied"
                with pytest.raises(asyncpg.InsufficientPrivilegeError, match=refused):
                    async with connection.transaction():
                        await connection.execute(_insert(table, columns, ONE, UUID(int=11)))
                if table not in KEPT_TABLES and table not in LOG_TABLES:
                    assert await connection.execute(f'DELETE FROM "{table}"') == "DELETE 0"


ADDED = ("audit_event", "audit_access")


@pytest.mark.parametrize("table", sorted(set(LOG_TABLES) - {"audit_event_rest"}))
def test_the_application_adds_to_a_log_and_changes_nothing_in_it(
    filled: Callable[[str], str], table: str
) -> None:
    statements = [f'UPDATE "{table}" SET id = id', f'DELETE FROM "{table}"', f'TRUNCATE "{table}"']

    async def run() -> None:
        async with _as(filled(READ_WRITE), ONE) as connection:
            columns = (await _columns(connection))[table]
            added = _insert(table, columns, ONE, UUID(int=12))
            if table in ADDED:
                await connection.execute(added)
            for statement in statements if table in ADDED else [*statements, added]:
                with pytest.raises(asyncpg.InsufficientPrivilegeError, match="permission denied"):
                    async with connection.transaction():
                        await connection.execute(statement)

    asyncio.run(run())


@pytest.mark.parametrize("table", ADDED)
def test_events_of_several_orgs_are_added_by_who_names_them(filled: Callable[[str], str], table: str) -> None:
    async def run() -> None:
        async with _as(filled(READ_WRITE)) as connection:
            columns = (await _columns(connection))[table]
            await connection.execute("SELECT set_config('app.log_orgs', $1, true)", f"{ONE},{OTHER}")
            for org in ORGS:
                await connection.execute(_insert(table, columns, org, UUID(int=13)))
            assert await connection.fetchval(f'SELECT count(*) FROM "{table}"') == 0  # adding is not reading
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security policy"):
                await connection.execute(_insert(table, columns, UUID(int=3), UUID(int=13)))

    asyncio.run(run())


@pytest.mark.parametrize("statement", ["SELECT", "DELETE", "UPDATE", "INSERT"])
def test_the_application_reaches_a_partition_through_its_table_alone(
    filled: Callable[[str], str], statement: str
) -> None:
    texts = {
        "SELECT": "SELECT FROM audit_event_rest",
        "DELETE": "DELETE FROM audit_event_rest",
        "UPDATE": "UPDATE audit_event_rest SET body = ''",
        "INSERT": f"INSERT INTO audit_event_rest VALUES ('{ONE}', '{OTHER}', '')",
    }

    async def run() -> None:
        async with _as(filled(READ_WRITE), ONE) as connection:
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="permission denied"):
                await connection.execute(texts[statement])

    asyncio.run(run())

    asyncio.run(run())


def test_the_application_may_not_touch_what_tables_are(filled: Callable[[str], str]) -> None:
    forbidden = (
        'TRUNCATE "{}"',
        'DROP TABLE "{}"',
        'ALTER TABLE "{}" ADD COLUMN more text',
        'ALTER TABLE "{}" DISABLE ROW LEVEL SECURITY',
        'ALTER TABLE "{}" NO FORCE ROW LEVEL SECURITY',
        'DROP POLICY tenant ON "{}"',
        'CREATE POLICY every ON "{}" USING (true)',
        'CREATE INDEX ON "{}" (id)',
        'LOCK TABLE "{}" IN ACCESS EXCLUSIVE MODE; ALTER TABLE "{}" RENAME TO other',
    )

    async def run() -> None:
        async with _as(filled(READ_WRITE), ONE) as connection:
            for table in await _columns(connection):
                for statement in forbidden:
                    with pytest.raises(asyncpg.InsufficientPrivilegeError):
                        async with connection.transaction():
                            await connection.execute(statement.format(table, table))

    asyncio.run(run())


@pytest.mark.parametrize(
    "statement",
    [
        "SET ROLE contract_graph_owner",
        "SET ROLE postgres",
        "SET SESSION AUTHORIZATION contract_graph_owner",
        "ALTER ROLE contract_graph_rw BYPASSRLS",
        "CREATE ROLE other",
        "CREATE FUNCTION all_of_them() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE VIEW everything AS SELECT * FROM contract",
        "CREATE TABLE mine (id int)",
        "CREATE SCHEMA mine",
        "CREATE EXTENSION pg_trgm",
        "ALTER DATABASE row_security SET app.org = '00000000-0000-0000-0000-000000000002'",
        "COPY contract TO '/tmp/contracts'",
        "COPY contract TO PROGRAM 'cat'",
        "INSERT INTO org (id, name) VALUES ('00000000-0000-0000-0000-000000000009', 'mine')",
        "UPDATE org SET name = 'mine'",
        "DELETE FROM org",
        "SELECT * FROM alembic_version",
        "SET row_security = off; SELECT * FROM contract",
        "SELECT pg_read_file('PG_VERSION')",
    ],
)
def test_the_application_may_not(filled: Callable[[str], str], statement: str) -> None:
    async def run() -> None:
        async with _as(filled(READ_WRITE), ONE) as connection:
            with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.InvalidParameterValueError)):
                await connection.execute(statement)

    asyncio.run(run())


def test_a_setting_that_has_gone_back_to_nothing_gives_no_rows_and_no_error(
    filled: Callable[[str], str],
) -> None:
    async def run() -> None:
        connection = await asyncpg.connect(filled(READ_WRITE))
        try:
            async with connection.transaction():
                await bind_org(connection, ONE)
                assert await connection.fetchval("SELECT count(*) FROM contract") == 1
            assert await connection.fetchval("SELECT current_setting('app.org', true)") == ""
            assert all(orgs == set() for orgs in (await _seen(connection)).values())
        finally:
            await connection.close()

    asyncio.run(run())


def test_a_plan_made_while_unbound_serves_the_org_that_is_bound_later(filled: Callable[[str], str]) -> None:
    async def run() -> None:
        connection = await asyncpg.connect(filled(READ_WRITE))
        try:
            await connection.execute("SET plan_cache_mode = force_generic_plan")
            prepared = await connection.prepare("SELECT org_id FROM contract")
            assert await prepared.fetch() == []
            for org in ORGS:
                async with connection.transaction():
                    await bind_org(connection, org)
                    assert [row["org_id"] for row in await prepared.fetch()] == [org]
        finally:
            await connection.close()

    asyncio.run(run())


def test_an_org_that_is_no_uuid_is_an_error_and_not_every_row(filled: Callable[[str], str]) -> None:
    async def run() -> None:
        async with _as(filled(READ_WRITE)) as connection:
            await connection.execute("SELECT set_config('app.org', '%', true)")
            with pytest.raises(asyncpg.InvalidTextRepresentationError):
                await connection.fetch("SELECT FROM contract")

    asyncio.run(run())


def test_the_owner_makes_and_names_orgs(owner_url: str, database_url: str) -> None:
    async def run() -> list[Org]:
        owner, application = await asyncpg.connect(owner_url), await asyncpg.connect(database_url)
        try:
            await save_org(owner, Org(id=ONE, name="Northwind"))
            await save_org(owner, Org(id=ONE, name="Northwind Ltd"))
            assert await list_orgs(application) == []
            return await list_orgs(owner)
        finally:
            await owner.close()
            await application.close()

    assert asyncio.run(run()) == [Org(id=ONE, name="Northwind Ltd")]


def test_an_org_is_bound_inside_a_transaction_only(database_url: str) -> None:
    async def run() -> None:
        connection = await asyncpg.connect(database_url)
        try:
            with pytest.raises(RuntimeError, match="inside a transaction only"):
                await bind_org(connection, ONE)
        finally:
            await connection.close()

    asyncio.run(run())
