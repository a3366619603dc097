"""Migrations: the database brought to the form that domain/ declares."""

from __future__ import annotations

import io
import random
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, redirect_stdout
from pathlib import Path

import asyncpg
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import Script, ScriptDirectory
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from storage.migration_locks import Locks

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"
ADVISORY_LOCK = 0x636F6E74726163
"""One migration at a time on a database, whoever starts it."""

LOCK_TIMEOUT = "250ms"
"""Readers wait for as long behind a migration, at each table that it alters: a second is what they have."""

ATTEMPTS = 30


class NewerDatabase(Exception):
    """The database was migrated by a newer contract-graph ({revision}): upgrade the program."""


class TablesInUse(Exception):
    """A table that a migration alters is in use all the time: run it again when fewer read and write."""


async def upgrade(url: str, revision: str = "head") -> list[str]:
    """Bring the database to a revision as the owner of its tables, and return the revisions that were run.

    A statement waits for a lock for a quarter of a second only, so that it never holds up the readers behind
    it; the migration is then tried again.
    """
    await current(url)
    seen: list[str | None] = []

    def work(config: Config) -> None:
        # Looked at under the lock: what somebody else ran meanwhile is theirs.
        seen.append(_revision(config))
        with Locks(config.attributes["connection"]):
            _retried(lambda: command.upgrade(config, revision))
        seen.append(_revision(config))

    await _run(url, work)
    before, after = seen
    script = ScriptDirectory(str(MIGRATIONS))
    return (
        [each.revision for each in script.iterate_revisions(after, before)][::-1] if after != before else []
    )


async def stops_to_seal(url: str) -> list[str]:
    """Return the revisions at which clear values have to be encrypted before the upgrade goes on.

    Each is the one before a revision that says `TAKES_SEALED_VALUES_ONLY`; those passed already are left out.
    """
    before = await current(url)
    script = ScriptDirectory(str(MIGRATIONS))
    waiting = [each for each in script.iterate_revisions("head", before or "base") if each.revision != before]
    return [
        str(each.down_revision)
        for each in reversed(waiting)
        if getattr(each.module, "TAKES_SEALED_VALUES_ONLY", False)
    ]


def _revision(config: Config) -> str | None:
    connection: sa.Connection = config.attributes["connection"]
    found = MigrationContext.configure(connection).get_current_revision()
    connection.rollback()
    return found


async def current(url: str) -> str | None:
    """Return the revision of a database. Raises NewerDatabase for one that this program does not know."""
    found: list[str | None] = []
    await _run(
        url,
        lambda config: found.append(
            MigrationContext.configure(config.attributes["connection"]).get_current_revision()
        ),
    )
    known = {each.revision for each in ScriptDirectory(str(MIGRATIONS)).walk_revisions()}
    if found[0] is not None and found[0] not in known:
        raise NewerDatabase((NewerDatabase.__doc__ or "").format(revision=found[0]))
    return found[0]


async def revise(url: str, message: str, folder: Path = MIGRATIONS) -> Path:
    """Write the migration that leads from the database, which is at head, to what domain/ declares."""
    written: list[Path] = []

    def generate(config: Config) -> None:
        # Alembic tells on stdout what our caller tells itself.
        with redirect_stdout(io.StringIO()):
            made = command.revision(config, message, autogenerate=True)
        if not isinstance(made, Script):
            raise TypeError("one revision was asked for")
        written.append(Path(made.path))

    await _run(url, generate, folder)
    return written[0]


async def _run(url: str, work: Callable[[Config], object], folder: Path = MIGRATIONS) -> None:
    async def dial() -> asyncpg.Connection:
        return await asyncpg.connect(url, server_settings={"lock_timeout": LOCK_TIMEOUT, "timezone": "UTC"})

    engine = create_async_engine("postgresql+asyncpg://", async_creator=dial, poolclass=NullPool)
    config = Config()
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.set_main_option("path_separator", "os")

    def inside(connection: sa.Connection) -> None:
        with _alone(connection):
            config.attributes["connection"] = connection
            work(config)

    try:
        async with engine.connect() as connection:
            await connection.run_sync(inside)
            await connection.commit()
    finally:
        await engine.dispose()


class _alone(AbstractContextManager[None]):  # noqa: N801 - reads as a word of `with`
    """Hold the advisory lock of migrations for a session."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def __enter__(self) -> None:
        # Asked for again and again rather than waited for: lock_timeout would end a wait.
        while not self._connection.scalar(sa.select(sa.func.pg_try_advisory_lock(ADVISORY_LOCK))):
            time.sleep(0.1)
        self._connection.commit()

    def __exit__(self, *_: object) -> None:
        if self._connection.in_transaction():
            self._connection.rollback()
        self._connection.execute(sa.select(sa.func.pg_advisory_unlock(ADVISORY_LOCK)))
        self._connection.commit()


def _retried(work: Callable[[], object]) -> None:
    for attempt in range(1, ATTEMPTS + 1):
        try:
            work()
        except sa.exc.DBAPIError as error:
            if "lock timeout" not in str(error):
                raise
            if attempt == ATTEMPTS:
                raise TablesInUse(TablesInUse.__doc__) from error
            time.sleep(random.uniform(0.1, 0.2) * min(attempt, 10))  # noqa: S311 - spreads retries, guards nothing
        else:
            return
