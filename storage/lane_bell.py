"""Workers are woken once there is work: by NOTIFY after the commit, many of them in one.

A NOTIFY inside a transaction takes a lock that every commit of the installation then waits for: it caps them
at a third. Nothing rests on being woken: workers look by themselves, too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress

import asyncpg

from storage.database import BUSY, LOST, Database, DatabaseUnavailable, connect
from storage.lanes import Queue

_CHANNEL = "lanes"
_RING = "SELECT pg_notify('lanes', $1)"
_PAUSE = 0.01


class Bell:
    """Tells every worker that there is work in a queue."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rung: set[Queue] = set()
        self._ringing: asyncio.Task[None] | None = None

    def ring(self, queues: Iterable[Queue]) -> None:
        """Ring for queues, after the commit that filled them; returns at once, and never fails."""
        self._rung.update(queues)
        if self._rung and self._ringing is None:
            self._ringing = asyncio.create_task(self._ring())

    async def _ring(self) -> None:
        try:
            while self._rung:
                rung, self._rung = self._rung, set()
                await self._database.read(_RING, (",".join(sorted(rung)),))
                await asyncio.sleep(_PAUSE)
        except (DatabaseUnavailable, *LOST, *BUSY):
            self._rung.clear()  # they look by themselves within a second
        finally:
            self._ringing = None

    async def close(self) -> None:
        """Wait until what was rung has been told."""
        if self._ringing is not None:
            await self._ringing


async def listen(url: str, heard: Callable[[frozenset[str]], None]) -> None:
    """Listen until the connection is lost, and tell which queues were rung for. Raises DatabaseUnavailable.

    Needs a connection to PostgreSQL itself: a pooler that hands connections round drops what is listened for.
    """
    connection = await connect(url)
    lost = asyncio.Event()
    connection.add_termination_listener(lambda _: lost.set())
    try:
        await connection.add_listener(_CHANNEL, lambda *rung: heard(frozenset(str(rung[-1]).split(","))))
        await lost.wait()
    except (*LOST, asyncpg.PostgresError) as error:
        raise DatabaseUnavailable("the database cannot be listened to") from error
    finally:
        with suppress(TimeoutError, *LOST):
            await connection.close(timeout=1)
