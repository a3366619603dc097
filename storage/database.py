"""The application's connections: a statement for a read, a transaction for a write, each bound to an org."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import date
from typing import Any, Final, Self, TypeVar
from uuid import UUID

import asyncpg

from storage.batches import Batches
from storage.dialing import dial
from storage.reader import Reader
from storage.tenancy import bind_org, bind_queue, bind_work

SESSION = {
    "application_name": "contract-graph",
    # Answers are written as JSON by PostgreSQL: days and moments must come out alike everywhere.
    "datestyle": "ISO",
    "timezone": "UTC",
    # Every read is short: compiling it to machine code would cost more than it saves.
    "jit": "off",
    "statement_timeout": "4s",
    "lock_timeout": "1s",
    "idle_in_transaction_session_timeout": "60s",
}


SILENT_FOR: float = 15.0
"""Seconds after which a command counts as lost: a server that froze answers nothing, and no timeout of
PostgreSQL's ends a commit that waits for a synchronous standby."""

READING = {
    # A statement is planned once: PostgreSQL would plan pages anew each time, not knowing how long one is.
    "plan_cache_mode": "force_generic_plan",
}


LOST = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.AdminShutdownError,
    asyncpg.InternalClientError,  # it was ended in the middle of an answer
    asyncpg.ReadOnlySQLTransactionError,  # it leads to a server that is not the primary, or no more
    OSError,
)
"""What is raised when a connection has gone, or leads to where nothing is written."""

BUSY = (
    asyncpg.QueryCanceledError,
    asyncpg.LockNotAvailableError,
    asyncpg.DeadlockDetectedError,
    asyncpg.InsufficientResourcesError,
)
"""What is raised when a statement was given up: the same may succeed in a moment."""

BEHIND = (asyncpg.UndefinedColumnError, asyncpg.UndefinedTableError)
"""What is raised where the tables are those of an older release."""

_ENDS = (asyncpg.InternalClientError, asyncpg.ReadOnlySQLTransactionError)
"""What a connection does not outlast: as in `Reader`; and the primary is looked for anew."""

T = TypeVar("T")
_Read = Callable[[str, Sequence[Any]], Awaitable[Any]]

# PostgreSQL counts days from 2000-01-01, Python from 0001-01-01.
_EPOCH: Final = date(2000, 1, 1).toordinal()
_FIRST: Final = date.min.toordinal()
_LAST: Final = date.max.toordinal()


class DatabaseError(Exception):
    """The database cannot be used."""


class RoleTooPowerful(DatabaseError):
    """The role {role} of DATABASE_URL {reason}: row security would not bind it; use contract_graph_rw."""


class DatabaseUnavailable(DatabaseError):
    """The database cannot be reached."""


class SchemaMissing(DatabaseError):
    """The database has no tables of contract-graph: run `contract-graph db upgrade`."""


async def connect(url: str, **settings: str) -> asyncpg.Connection:
    """Open one connection whose session writes and reads as the application expects.

    `settings` replace those of SESSION: a bulk load sets `statement_timeout="0"`.
    """
    try:
        bounded = "statement_timeout" not in settings
        connection = await dial(url, SESSION | settings, SILENT_FOR if bounded else None)
    except ValueError:
        # What is wrong with a URL may be its password: say neither.
        message = "the database URL cannot be read: write special characters in it as %40 and the like"
        raise DatabaseUnavailable(message) from None
    except (asyncpg.PostgresError, *LOST) as error:
        raise DatabaseUnavailable(f"the database cannot be reached: {error}") from error
    # PostgreSQL's JSON text goes into the response as it is.
    await connection.set_type_codec(
        "json", schema="pg_catalog", encoder=bytes, decoder=bytes, format="binary"
    )
    # asyncpg takes Python's first and last day for infinities, which have no difference from any other.
    await connection.set_type_codec(
        "date", schema="pg_catalog", encoder=_days_of, decoder=_day_of, format="tuple"
    )
    return connection


def _days_of(day: date) -> tuple[int]:
    return (day.toordinal() - _EPOCH,)


def _day_of(days: tuple[int]) -> date:
    """Return a day; an infinite one, or one that Python does not know, is the nearest that it does."""
    return date.fromordinal(min(max(days[0] + _EPOCH, _FIRST), _LAST))


class Database:
    """A pool of connections of the read-write role, which row-level security binds."""

    def __init__(self, url: str, size: int) -> None:
        self._url = url
        self._size = size
        self._free: list[Reader] = []
        self._waiting: deque[asyncio.Future[Reader | None]] = deque()
        self._open = 0
        self.batches = Batches(self._lent)
        self.waited = 0
        """How often somebody had to wait for a connection."""

    @property
    def size(self) -> int:
        """How many connections there are at most."""
        return self._size

    @property
    def in_use(self) -> int:
        """How many connections somebody works with."""
        return self._open - len(self._free)

    @property
    def waiting(self) -> int:
        """How many wait for one."""
        return sum(not turn.done() for turn in self._waiting)

    @classmethod
    async def open(cls, url: str, size: int = 8) -> Self:
        """Open the pool. Raises RoleTooPowerful, SchemaMissing or DatabaseUnavailable."""
        database = cls(url, size)
        first = await connect(url, **READING)
        try:
            await refuse_power(first)
            await require_schema(first)
        except BaseException:
            first.terminate()  # a server that does not answer would not hear that it is closed, either
            raise
        database._open = 1
        database._free.append(Reader(first))
        return database

    async def close(self) -> None:
        """Close every connection."""
        while self._free:
            await self._free.pop().connection.close()

    def abandon(self) -> None:
        """End every connection that nobody works with, without a word to the server."""
        for each in self._free:
            each.connection.terminate()

    async def read(self, statement: str, arguments: Sequence[Any]) -> Any:  # noqa: ANN401 - any SQL value
        """Run a statement that binds its own org and returns one value; anew if its connection was lost."""
        return await self._twice(self._read, statement, arguments)

    async def answer(self, statement: str, arguments: Sequence[Any]) -> Any:  # noqa: ANN401 - any SQL value
        """Do the same with one that changes nothing, in one round trip with others of its like."""
        return await self._twice(self.batches.read, statement, arguments)

    async def _twice(self, read: _Read, statement: str, arguments: Sequence[Any]) -> Any:  # noqa: ANN401 - as above
        try:
            return await read(statement, arguments)
        except asyncpg.DataError:
            raise  # an argument that does not fit is our fault, not the connection's
        except LOST:
            pass  # one more try, over a connection that is open
        try:
            return await read(statement, arguments)
        except LOST as error:
            raise DatabaseUnavailable("the database cannot be reached") from error

    async def _read(self, statement: str, arguments: Sequence[Any]) -> Any:  # noqa: ANN401 - as above
        async with self._lent() as reader:
            return await reader.value(statement, arguments)

    @asynccontextmanager
    async def _lent(self) -> AsyncIterator[Reader]:
        reader = await self._take()
        try:
            yield reader
        finally:
            self._give_back(reader)

    @asynccontextmanager
    async def transaction(self, org_id: UUID) -> AsyncIterator[asyncpg.Connection]:
        """Give a connection inside a transaction that is bound to the org."""
        async with self._begun() as connection:
            await bind_org(connection, org_id)
            yield connection

    @asynccontextmanager
    async def working(self, org_id: UUID) -> AsyncIterator[asyncpg.Connection]:
        """Give the same to whoever does the work of many in few statements, each planned for what it does."""
        async with self._begun() as connection:
            await bind_work(connection, org_id)
            yield connection

    @asynccontextmanager
    async def claiming(self, queue: str) -> AsyncIterator[asyncpg.Connection]:
        """Give a connection inside a transaction that sees the lanes of a queue, and of no org more."""
        async with self._begun() as connection:
            await bind_queue(connection, queue)
            yield connection

    @asynccontextmanager
    async def _begun(self) -> AsyncIterator[asyncpg.Connection]:
        reader = await self._take()
        undone: Exception | None = None
        try:
            async with reader.connection.transaction():
                try:
                    yield reader.connection
                except Exception as error:
                    if isinstance(error, _ENDS):
                        reader.connection.terminate()
                    undone = error
                    raise
        except BaseException as error:
            # What the work raised was undone. Else BEGIN may be on its way yet, or the end of it: who took
            # the connection next would be inside a transaction of nobody's, and commit nothing.
            if error is not undone:
                reader.connection.terminate()
            raise
        finally:
            self._give_back(reader)

    async def write(self, org_id: UUID, work: Callable[[asyncpg.Connection], Awaitable[T]]) -> T:
        """Do work in a transaction bound to the org, and commit it; anew if its connection was lost.

        It may then have been committed before: work must be such that twice is once. Raises
        DatabaseUnavailable.
        """
        return await self._write(lambda: self.transaction(org_id), work)

    async def settle(self, org_id: UUID, work: Callable[[asyncpg.Connection], Awaitable[T]]) -> T:
        """Do as `write` does what is done in `working`."""
        return await self._write(lambda: self.working(org_id), work)

    async def _write(
        self,
        begin: Callable[[], AbstractAsyncContextManager[asyncpg.Connection]],
        work: Callable[[asyncpg.Connection], Awaitable[T]],
    ) -> T:
        try:
            async with begin() as connection:
                return await work(connection)
        except asyncpg.DataError:
            raise  # as in `read`
        except LOST:
            pass
        try:
            async with begin() as connection:
                return await work(connection)
        except LOST as error:
            raise DatabaseUnavailable("the database cannot be reached") from error

    async def _take(self) -> Reader:
        while True:
            while self._free:
                reader = self._free.pop()
                if not reader.connection.is_closed():
                    return reader
                self._open -= 1
            if self._open < self._size:
                return await self._connected()
            turn: asyncio.Future[Reader | None] = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            self.waited += 1
            try:
                given = await turn
            except asyncio.CancelledError:
                if turn.done() and not turn.cancelled():
                    self._pass_on(turn.result())
                raise
            if given is not None:
                return given

    async def _connected(self) -> Reader:
        self._open += 1
        try:
            return Reader(await self._dial())
        except BaseException:
            self._open -= 1
            self._pass_on(None)
            raise

    async def _dial(self) -> asyncpg.Connection:
        return await connect(self._url, **READING)

    def _give_back(self, reader: Reader) -> None:
        if reader.connection.is_closed():
            self._open -= 1
            self._pass_on(None)
        else:
            self._pass_on(reader)

    def _pass_on(self, reader: Reader | None) -> None:
        """Give a reader to whoever waits longest; None says that there is room to open one."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(reader)
                return
        if reader is not None:
            self._free.append(reader)


async def refuse_power(connection: asyncpg.Connection) -> None:
    """Refuse a role that row-level security does not bind. Raises RoleTooPowerful."""
    row = await connection.fetchrow(
        # What a role may become by SET ROLE counts as what it is.
        "SELECT current_user AS rolname,"
        " bool_or(rolsuper) AS rolsuper, bool_or(rolbypassrls) AS rolbypassrls,"
        " EXISTS (SELECT FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace"
        " AND pg_has_role(current_user, relowner, 'MEMBER')) AS owns"
        " FROM pg_roles WHERE pg_has_role(current_user, oid, 'MEMBER')"
    )
    reasons = {"rolsuper": "is a superuser", "rolbypassrls": "may bypass it", "owns": "owns tables"}
    for column, reason in reasons.items():
        if row[column]:
            raise RoleTooPowerful((RoleTooPowerful.__doc__ or "").format(role=row["rolname"], reason=reason))


async def require_schema(connection: asyncpg.Connection) -> None:
    """Refuse a database that was never migrated. Raises SchemaMissing."""
    if await connection.fetchval("SELECT to_regclass('contract')") is None:
        raise SchemaMissing(SchemaMissing.__doc__)
