"""The steps of a load in the database: what is applied of a page, and up to where, in one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg

from auth.key_encryption import KeyEncryptionError
from domain.identity import uuid7
from storage.database import BUSY, LOST, Database, DatabaseUnavailable
from storage.lanes import Queue, enqueue
from storage.mirrored import hold_stamps
from storage.salesforce_loads import LoadState, StoredLoad, find_load, forget_load, set_load
from storage.sealing import Vault
from sync.salesforce.changes.applying import apply_readings
from sync.salesforce.changes.change import Kind, RecordChange
from sync.salesforce.changes.reading import Reading

_FIRST_REST: Final = 0.05
_LONGEST_REST: Final = 5.0


class LoadedElsewhere(Exception):
    """{name} is loaded by somebody else at the same time: let that one go on."""

    def __init__(self, name: str) -> None:
        super().__init__((type(self).__doc__ or "").format(name=name))


@dataclass(slots=True)
class LoadSteps:
    """Takes the steps for one org; `left` counts the records that were left to their lanes."""

    database: Database
    vault: Vault
    org_id: UUID
    clock: Callable[[], datetime]
    correlation: str = field(default_factory=lambda: str(uuid7()))
    left: int = 0

    async def stored(self, name: str) -> StoredLoad | None:
        """Return how the load of an object stands."""
        async with self.database.transaction(self.org_id) as connection:
            return await find_load(connection, self.org_id, name)

    async def forget(self, name: str) -> None:
        """Have an object loaded from its beginning."""
        async with self.database.transaction(self.org_id) as connection:
            await forget_load(connection, self.org_id, name)

    async def move(self, before: StoredLoad | None, after: StoredLoad) -> StoredLoad:
        """Keep how a load stands. Raises LoadedElsewhere where somebody else has moved it."""

        async def work(connection: asyncpg.Connection) -> None:
            if not await self._is_done(connection, before, after):
                await set_load(connection, self.org_id, after)

        await self._unhindered(work)
        return after

    async def apply(self, load: StoredLoad, readings: Sequence[Reading], done: int) -> StoredLoad:
        """Apply some records, with which so many of a page are done; where they fail, each by itself.

        Raises LoadedElsewhere, DatabaseUnavailable or a KeyEncryptionError.
        """
        counted = done if load.state is LoadState.APPLIED else 0
        after = replace(load, in_page=load.in_page + done, rows=load.rows + counted)
        try:
            await self._together(load, after, readings)
        except (LoadedElsewhere, KeyEncryptionError, DatabaseUnavailable):
            raise
        except Exception:  # noqa: BLE001 - which of them it is, is found out
            for each in readings:
                await self._alone(load, each)
            await self.move(load, after)
        return after

    async def _alone(self, load: StoredLoad, reading: Reading) -> None:
        """Apply a record, or leave it to its lane: there it is asked for, and put aside with its reason."""
        try:
            await self._together(load, load, [reading])
        except (LoadedElsewhere, KeyEncryptionError, DatabaseUnavailable):
            raise
        except Exception:  # noqa: BLE001 - whatever it is, the others are loaded
            change = RecordChange(
                object=load.object, record=reading.change.record, kind=Kind.WHOLE, at=0, number=0,
                event="load",
            )  # fmt: skip

            async def leave(connection: asyncpg.Connection) -> None:
                left = [change.message(self.correlation)]
                await enqueue(connection, self.org_id, Queue.CHANGE, left, self.clock())

            await self._unhindered(leave)
            self.left += 1

    async def _together(self, load: StoredLoad, after: StoredLoad, readings: Sequence[Reading]) -> None:
        async def work(connection: asyncpg.Connection) -> None:
            if await self._is_done(connection, load, after):
                return
            # All of them first: whoever has one of them may wait for a contract that another is about.
            records = [each.change.record for each in readings]
            stamps = await hold_stamps(connection, self.org_id, load.object, records)
            await set_load(connection, self.org_id, after)
            # What was there when it was asked for, and is no more, stays gone.
            there = [
                (each, self.correlation)
                for each in readings
                if (gone_at := stamps[each.change.record].gone_at) is None or gone_at <= load.asked_at
            ]
            await apply_readings(connection, self.org_id, there, now=self.clock(), vault=self.vault)

        await self._unhindered(work)

    async def _is_done(
        self, connection: asyncpg.Connection, before: StoredLoad | None, after: StoredLoad
    ) -> bool:
        """Whether a step was taken, as the answer to that was lost. Raises LoadedElsewhere."""
        found = await find_load(connection, self.org_id, after.object, held=True)
        if found not in (before, after):
            raise LoadedElsewhere(after.object)
        return found == after != before

    async def _unhindered(self, work: Callable[[asyncpg.Connection], Awaitable[None]]) -> None:
        """Do work in a transaction, anew while others are in its way or the database is away for a moment."""
        rest = _FIRST_REST
        while True:
            try:
                async with self.database.transaction(self.org_id) as connection:
                    return await work(connection)
            except asyncpg.DataError:
                raise  # a value is at fault, not the connection
            except (DatabaseUnavailable, *LOST, *BUSY) as error:
                if rest > _LONGEST_REST:
                    raise DatabaseUnavailable(
                        f"it was tried again and again: {type(error).__name__}"
                    ) from None
            await asyncio.sleep(rest)
            rest *= 2
