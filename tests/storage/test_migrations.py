from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from itertools import count

import asyncpg
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.ext.asyncio import create_async_engine

import storage.alert_tables
import storage.allowances
import storage.audit_tables
import storage.change_tables
import storage.data_keys
import storage.hook_tables
import storage.idempotency_keys
import storage.inbox_tables
import storage.lane_tables
import storage.oauth_tables
import storage.policy_tables
import storage.salesforce_tables
import storage.sync_tables  # noqa: F401 - all declare tables in the metadata
from storage import migrate
from storage.embedded import Cluster
from storage.embedded_roles import OWNER
from storage.row_security import INSTALLATION_TABLES, LOG_TABLES, ORG_TABLE, security_ddl
from storage.tables import metadata
from tests.storage.catalogue import BOOKKEEPING, Catalogue, catalogue, difference

HEAD = ScriptDirectory(str(migrate.MIGRATIONS)).get_current_head()
REVISIONS = [each.revision for each in ScriptDirectory(str(migrate.MIGRATIONS)).walk_revisions()][::-1]
_numbers = count()


@pytest.fixture
def empty(cluster: Cluster) -> Iterator[Callable[[], str]]:
    """Makes databases without tables; gives their URL for the owner."""
    made: list[str] = []

    def make() -> str:
        made.append(f"migrations_{next(_numbers)}")
        _run(cluster.dsn("postgres", "postgres"), f"CREATE DATABASE {made[-1]} OWNER {OWNER}")
        return cluster.dsn(OWNER, made[-1])

    yield make
    for name in made:
        _run(cluster.dsn("postgres", "postgres"), f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def migrated(owner_url: str) -> Catalogue:
    return asyncio.run(catalogue(owner_url))


def _run(url: str, *statements: str) -> None:
    async def run() -> None:
        connection = await asyncpg.connect(url)
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    asyncio.run(run())


def _with_connection(url: str, work: Callable[[sa.Connection], object]) -> object:
    async def run() -> object:
        engine = create_async_engine(url.replace("postgresql://", "postgresql+asyncpg://"))
        try:
            async with engine.begin() as connection:
                return await connection.run_sync(work)
        finally:
            await engine.dispose()

    return asyncio.run(run())


def test_alembic_finds_no_difference_between_head_and_the_declarations(owner_url: str) -> None:
    def compare(connection: sa.Connection) -> object:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        return compare_metadata(context, metadata)

    assert _with_connection(owner_url, compare) == []


def test_the_catalogue_after_migrations_equals_that_of_the_declarations(
    migrated: Catalogue, empty: Callable[[], str]
) -> None:
    declared = empty()
    _with_connection(declared, metadata.create_all)
    _run(declared, *(ddl for table in metadata.sorted_tables for ddl in security_ddl(table.name)))
    assert not (lines := difference(asyncio.run(catalogue(declared)), migrated)), "\n".join(lines)


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE contract DROP CONSTRAINT ck_contract_status",
        "ALTER TABLE contract DROP CONSTRAINT pk_contract CASCADE",
        "ALTER TABLE contract DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE contract NO FORCE ROW LEVEL SECURITY",
        "ALTER POLICY tenant ON contract USING (true)",
        "GRANT TRUNCATE ON contract TO contract_graph_rw",
        "GRANT SELECT (title) ON contract TO PUBLIC",
        "COMMENT ON COLUMN contract.title IS 'something else'",
        "ALTER TABLE contract ALTER title DROP NOT NULL",
        "ALTER TABLE contract ALTER title TYPE varchar(80)",
        "DROP INDEX ix_contract_org_id_title_id",
        "CREATE SEQUENCE numbers",
    ],
)
def test_the_catalogue_tells_of_every_such_change(owner_url: str, migrated: Catalogue, change: str) -> None:
    _run(owner_url, change)
    assert difference(migrated, asyncio.run(catalogue(owner_url)))


def _tables(found: Catalogue) -> set[str]:
    return {str(row[0]) for row in found["tables"]} - {ORG_TABLE, *INSTALLATION_TABLES}


def _definitions(found: Catalogue, kind: str) -> dict[str, list[str]]:
    """The definitions of one kind of constraint by table, without that of orgs."""
    made: dict[str, list[str]] = {table: [] for table in _tables(found)}
    for table, _, contype, definition, *_ in found["constraints"]:
        if contype == kind and table in made:
            made[str(table)].append(str(definition))
    return made


def test_every_table_but_that_of_orgs_has_the_primary_key_of_org_and_id(migrated: Catalogue) -> None:
    assert len(_tables(migrated)) > 15
    assert all(keys == ["PRIMARY KEY (org_id, id)"] for keys in _definitions(migrated, "p").values())


def test_every_foreign_key_carries_the_org_on_both_sides(migrated: Catalogue) -> None:
    for table, definitions in _definitions(migrated, "f").items():
        if table in LOG_TABLES:
            # A log outlasts what it tells of, and no insert locks the row of the org.
            assert not definitions
            continue
        assert "FOREIGN KEY (org_id) REFERENCES org(id)" in definitions, table
        for definition in set(definitions) - {"FOREIGN KEY (org_id) REFERENCES org(id)"}:
            assert definition.startswith("FOREIGN KEY (org_id, "), definition
            assert definition.endswith("(org_id, id)"), definition


ACROSS_ORGS = {"ix_lane_due"}
"""Workers look for what is due in every org at once."""


def test_every_unique_constraint_and_index_begins_with_the_org(migrated: Catalogue) -> None:
    for definitions in _definitions(migrated, "u").values():
        assert all(definition.startswith("UNIQUE (org_id, ") for definition in definitions)
    for table, name, definition in migrated["indexes"]:
        if table not in (ORG_TABLE, *INSTALLATION_TABLES) and name not in ACROSS_ORGS:
            assert "(org_id, " in str(definition), definition


def test_no_reference_is_set_null_or_followed_when_its_target_goes_or_changes(migrated: Catalogue) -> None:
    actions = {(row[6], row[7]) for row in migrated["constraints"] if row[2] == "f"}
    assert actions == {("a", "a")}


@pytest.mark.parametrize("kind", ["triggers", "functions", "enums", "column grants"])
def test_there_are_none(migrated: Catalogue, kind: str) -> None:
    assert not migrated[kind]


def test_there_are_tables_and_nothing_else(migrated: Catalogue) -> None:
    assert {row[0] for row in migrated["tables"] if row[1] != "r"} == {"audit_event"}
    assert {row[1] for row in migrated["tables"]} == {"r", "p"}  # which is one in partitions


def test_ids_are_uuids_that_the_application_makes(migrated: Catalogue) -> None:
    for table, column, type_, required, identity, generated, default, *_ in migrated["columns"]:
        assert (identity, generated, default) == ("", "", None), (table, column)
        if column in ("id", "org_id"):
            assert (type_, required) == ("uuid", True), (table, column)


def test_every_table_is_under_forced_row_level_security(migrated: Catalogue) -> None:
    assert {(row[2], row[3]) for row in migrated["tables"]} == {(True, True)}
    assert _tables(migrated) | {ORG_TABLE} == {row[0] for row in migrated["policies"] if row[1] == "tenant"}


def test_down_to_nothing_and_up_again_comes_to_the_same(empty: Callable[[], str]) -> None:
    url = empty()
    assert asyncio.run(migrate.upgrade(url)) == REVISIONS
    first = asyncio.run(catalogue(url))

    async def down() -> None:
        await migrate._run(url, lambda config: migrate.command.downgrade(config, "base"))

    asyncio.run(down())
    left = asyncio.run(catalogue(url))
    assert not any(left.values())
    assert asyncio.run(migrate.upgrade(url)) == REVISIONS
    assert difference(first, asyncio.run(catalogue(url))) == []


def test_a_second_upgrade_runs_nothing(owner_url: str) -> None:
    assert asyncio.run(migrate.upgrade(owner_url)) == []
    assert asyncio.run(migrate.current(owner_url)) == HEAD


def test_of_two_upgrades_at_once_one_does_the_work(empty: Callable[[], str]) -> None:
    url = empty()

    def upgrade() -> list[str]:
        return asyncio.run(migrate.upgrade(url))

    async def both() -> list[list[str]]:
        return await asyncio.gather(asyncio.to_thread(upgrade), asyncio.to_thread(upgrade))

    done = asyncio.run(both())
    assert sorted(done, key=len) == [[], REVISIONS]


def test_a_migration_waits_for_a_lock_briefly_and_tries_again(owner_url: str) -> None:
    assert asyncio.run(_migrate_behind_a_reader(owner_url)) == migrate.LOCK_TIMEOUT
    assert asyncio.run(migrate.current(owner_url)) is None


async def _migrate_behind_a_reader(url: str) -> str:
    """Go down to base while somebody reads, and let go once the migration has met the lock timeout."""
    reader, other = await asyncpg.connect(url), await asyncpg.connect(url)
    try:
        idle = reader.transaction()
        await idle.start()
        await reader.fetch("SELECT FROM contract")
        met: list[str] = []

        def down() -> None:
            def attempt(config: object) -> object:
                connection = config.attributes["connection"]  # type: ignore[attr-defined]
                met.append(connection.scalar(sa.text("SHOW lock_timeout")))
                connection.rollback()
                return migrate.command.downgrade(config, "base")  # type: ignore[arg-type]

            asyncio.run(migrate._run(url, lambda config: migrate._retried(lambda: attempt(config))))

        migration = asyncio.create_task(asyncio.to_thread(down))
        while len(met) < 2:
            assert not migration.done()
            await asyncio.sleep(0.02)
        # The first attempt has given up its place in the queue: others read on.
        await other.fetch("SELECT FROM contract")
        await idle.rollback()
        await migration
        return met[0]
    finally:
        await reader.close()
        await other.close()


def test_tables_that_others_read_together_all_the_time_are_altered_and_no_reader_fails(
    empty: Callable[[], str],
) -> None:
    # They have locked value_flag when they come to access_request, which the migration has locked by then.
    query = "SELECT (SELECT count(*) FROM value_flag), (SELECT count(*) FROM access_request), pg_sleep(0.01)"
    url = empty()
    asyncio.run(migrate.upgrade(url, "ecc9f463157a"))

    async def read(is_over: asyncio.Event) -> int:
        reader = await asyncpg.connect(url, server_settings={"lock_timeout": "1s"})
        count = 0
        while not is_over.is_set():
            await reader.fetch(query)
            count += 1
        await reader.close()
        return count

    async def run() -> list[int]:
        is_over = asyncio.Event()
        reading = [asyncio.create_task(read(is_over)) for _ in range(6)]
        try:
            await asyncio.sleep(0.2)
            await asyncio.to_thread(lambda: asyncio.run(migrate.upgrade(url, "88aee5edc126")))
        finally:
            is_over.set()
        return await asyncio.gather(*reading)

    assert min(asyncio.run(run())) > 1
    assert asyncio.run(migrate.current(url)) == "88aee5edc126"


def test_a_lock_that_is_never_let_go_ends_the_migration(
    owner_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrate, "ATTEMPTS", 2)

    async def run() -> None:
        reader = await asyncpg.connect(owner_url)
        try:
            async with reader.transaction():
                await reader.fetch("SELECT FROM milestone")
                with pytest.raises(migrate.TablesInUse):
                    await migrate._run(
                        owner_url,
                        lambda config: migrate._retried(lambda: migrate.command.downgrade(config, "base")),
                    )
                assert await reader.fetchval("SELECT count(*) FROM milestone") == 0
        finally:
            await reader.close()

    asyncio.run(run())
    assert asyncio.run(migrate.current(owner_url)) in REVISIONS[:-1]  # those that need no such lock are gone


def test_what_is_no_lock_timeout_is_not_tried_again() -> None:
    tried: list[None] = []

    def fail() -> None:
        tried.append(None)
        raise sa.exc.DBAPIError("SELECT", None, Exception("division by zero"))

    with pytest.raises(sa.exc.DBAPIError, match="division by zero"):
        migrate._retried(fail)
    assert len(tried) == 1


@pytest.mark.parametrize("work", [migrate.current, migrate.upgrade])
def test_a_database_of_a_newer_program_is_left_alone(owner_url: str, work: Callable[[str], object]) -> None:
    _run(owner_url, f"UPDATE {BOOKKEEPING} SET version_num = 'ffffffffffff'")
    before = asyncio.run(catalogue(owner_url))
    with pytest.raises(migrate.NewerDatabase, match=r"newer contract-graph \(ffffffffffff\)"):
        asyncio.run(work(owner_url))  # type: ignore[arg-type]
    assert difference(before, asyncio.run(catalogue(owner_url))) == []


def test_after_a_migration_nobody_holds_its_lock(owner_url: str) -> None:
    asyncio.run(migrate.upgrade(owner_url))

    async def held() -> int:
        connection = await asyncpg.connect(owner_url)
        try:
            return int(
                await connection.fetchval(
                    "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database ="
                    " (SELECT oid FROM pg_database WHERE datname = current_database())"
                )
            )
        finally:
            await connection.close()

    assert asyncio.run(held()) == 0


def test_grants_to_users_are_carried_over_to_what_holds_a_role(empty: Callable[[], str]) -> None:
    url = empty()
    asyncio.run(migrate._run(url, lambda config: migrate.command.upgrade(config, "0c869dabd738")))
    org, user = "00000000-0000-0000-0000-000000000001", "005xx000001X8UzAAK"
    columns = "org_id, id, role, salesforce_user_id, granted_by, granted_at, reason"
    _run(url, f"INSERT INTO org (id, name) VALUES ('{org}', 'Acme')")
    _run(
        url,
        f"SET app.org = '{org}'; INSERT INTO role_grant ({columns})"
        f" VALUES ('{org}', '{org}', 'legal', '{user}', 'Ada', '2026-11-21T12:00:00Z', 'clauses')",
    )
    asyncio.run(migrate.upgrade(url))

    async def found(columns: str) -> list[tuple[object, ...]]:
        connection = await asyncpg.connect(url, server_settings={"app.org": org})
        try:
            return [tuple(row) for row in await connection.fetch(f"SELECT {columns} FROM role_grant")]
        finally:
            await connection.close()

    assert asyncio.run(found("role, holder_kind, holder_id, granted_by, reason")) == [
        ("legal", "USER", user, "Ada", "clauses")
    ]
    asyncio.run(migrate._run(url, lambda config: migrate.command.downgrade(config, "0c869dabd738")))
    assert asyncio.run(found("role, salesforce_user_id, reason")) == [("legal", user, "clauses")]
