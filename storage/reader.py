"""One connection with what is prepared on it: a statement is run once, or for many in one round trip."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import asyncpg

STATEMENTS_PER_CONNECTION = 200
"""A prepared statement costs PostgreSQL about 200 KB on each connection that keeps it."""


class Reader:
    """One connection with the statements prepared on it, the one unused for longest dropped first."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self.connection = connection
        self._prepared: OrderedDict[str, Any] = OrderedDict()

    async def value(self, statement: str, arguments: Sequence[Any]) -> Any:  # noqa: ANN401 - any SQL value
        """Run a statement that returns one value, or None."""
        return await self._run(statement, lambda prepared: prepared.fetchval(*arguments))

    async def values(self, statement: str, asked: Sequence[Sequence[Any]], within: float) -> list[Any]:
        """Run a statement for each of many arguments in one round trip, and return what came, in order.

        PostgreSQL runs it once for each, and each sees what is committed when its turn comes; one that fails
        fails them all. One that returns no row has no place in the list, which is then shorter. Raises
        TimeoutError if they take longer than `within` seconds: they are then ended.
        """
        rows = await self._run(statement, lambda prepared: prepared.fetchmany(asked, timeout=within))
        return [row[0] for row in rows]

    async def _run(self, statement: str, run: Callable[[Any], Awaitable[Any]]) -> Any:  # noqa: ANN401 - asyncpg is untyped
        try:
            return await run(self._kept(statement) or await self._prepare(statement))
        except asyncpg.InternalClientError:
            self.connection.terminate()  # its protocol is out of step: nobody may take it again
            raise

    def _kept(self, statement: str) -> Any:  # noqa: ANN401 - asyncpg is untyped
        """Return the prepared statement if this connection has it, else None."""
        prepared = self._prepared.get(statement)
        if prepared is not None:
            self._prepared.move_to_end(statement)
        return prepared

    async def _prepare(self, statement: str) -> Any:  # noqa: ANN401 - asyncpg is untyped
        """Prepare a statement, and let go of the one that was not used for longest."""
        prepared = await self.connection.prepare(statement)
        self._prepared[statement] = prepared
        if len(self._prepared) > STATEMENTS_PER_CONNECTION:
            self._prepared.popitem(last=False)
        return prepared
