"""Connections for tests: opened, watched and killed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg

from storage.batches import MOST, SPAN
from storage.database import Database
from storage.embedded_roles import READ_WRITE

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


def take_for_brief(database: Database) -> None:
    """Have every statement that was answered count as brief, however busy this machine is."""
    for known in database.batches._took:
        database.batches._took[known] = SPAN / MOST / 2


async def gone(administrator: asyncpg.Connection, condition: str) -> None:
    """Wait until no such backend is left."""
    while await administrator.fetchval(f"SELECT count(*) FROM pg_stat_activity WHERE {condition}"):  # noqa: ASYNC110 - PostgreSQL tells nobody
        await asyncio.sleep(0.01)


async def until_active(administrator: asyncpg.Connection, count: int) -> None:
    active = f"SELECT count(*) FROM pg_stat_activity WHERE {OURS} AND state = 'active'"
    while await administrator.fetchval(active) < count:  # noqa: ASYNC110 - PostgreSQL tells nobody
        await asyncio.sleep(0.01)


async def kill_all(administrator: asyncpg.Connection) -> None:
    await administrator.execute(f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE {OURS}")


OURS = f"usename = '{READ_WRITE}' AND datname = current_database()"
