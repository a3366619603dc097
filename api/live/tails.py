"""The changes of an org, read forward once for all who listen to them in this process."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from itertools import islice
from typing import Final
from uuid import UUID

from storage.contract_changes import ContractChange, Position, present, read_on
from storage.database import BUSY, LOST, Database, DatabaseUnavailable

log = logging.getLogger("contract_graph.live")

POLL: Final = 0.5
"""Seconds between two looks for what was committed."""
BEGUN_WITHIN: Final = 5.0
"""Seconds after which the database counts as away, where the first look does not come to an end."""
PAGE: Final = 100
"""Changes that are read, and told, at once."""
MOST_WAITING: Final = 1000
"""Changes that wait for one listener; whoever falls further behind comes again from where it was."""


class Listener:
    """Hears of changes behind the place `since`, in their order, each once."""

    def __init__(self, since: Position) -> None:
        self.since = since
        self.is_overrun = False
        """Whether more came than may wait: something is missing from here on."""
        self._waiting: deque[ContractChange] = deque()
        self._come = asyncio.Event()

    def hear(self, changes: Sequence[ContractChange]) -> None:
        """Keep changes until they are asked for."""
        if len(self._waiting) + len(changes) > MOST_WAITING:
            self.is_overrun = True
        if not self.is_overrun:
            self._waiting.extend(changes)
        self._come.set()

    async def next(self, longest: float) -> Sequence[ContractChange]:
        """Return the next changes, or none after so many seconds."""
        if not self._waiting:
            with suppress(TimeoutError):
                async with asyncio.timeout(longest):
                    await self._come.wait()
        found = list(islice(self._waiting, PAGE))
        for _ in found:
            self._waiting.popleft()
        self._come.clear()
        return found


class _Tail:
    """Reads on for one org for as long as somebody listens."""

    def __init__(self, database: Database, org_id: UUID) -> None:
        self._database = database
        self._org_id = org_id
        self.listeners: set[Listener] = set()
        self.members = 0
        self.position: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.until: Position
        self.reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        while True:
            try:
                while await self._step():
                    pass
            except (DatabaseUnavailable, *LOST, *BUSY):
                pass  # whoever listens finds that out, too, and says so
            except Exception as error:  # noqa: BLE001 - whatever it is, the next look must come
                log.error("changes could not be read: %s", type(error).__name__)  # noqa: TRY400 - no values
            await asyncio.sleep(POLL)

    async def _step(self) -> bool:
        """Read once; return whether there is more."""
        async with self._database.transaction(self._org_id) as connection:
            if not self.position.done():
                self.until = await present(connection)
                self.position.set_result(None)
                return False
            read = await read_on(connection, self._org_id, self.until, PAGE)
        # No wait from here on: who joins has heard all of this, or none.
        self.until = read.until
        for each in self.listeners:
            if read.changes:
                each.hear(read.changes)
        return len(read.changes) == PAGE


class Tails:
    """The orgs to whose changes somebody listens."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._tails: dict[UUID, _Tail] = {}
        self._ending: set[asyncio.Task[None]] = set()

    async def join(self, org_id: UUID) -> Listener:
        """Listen to what is committed from now on. Raises DatabaseUnavailable."""
        tail = self._tails.get(org_id)
        if tail is None:
            tail = self._tails[org_id] = _Tail(self._database, org_id)
        tail.members += 1
        try:
            async with asyncio.timeout(BEGUN_WITHIN):
                await asyncio.shield(tail.position)
        except TimeoutError as error:
            self._leave(org_id, tail)
            raise DatabaseUnavailable("changes cannot be read") from error
        except BaseException:
            self._leave(org_id, tail)
            raise
        listener = Listener(tail.until)
        tail.listeners.add(listener)
        return listener

    def leave(self, org_id: UUID, listener: Listener) -> None:
        """Listen no longer."""
        tail = self._tails.get(org_id)
        if tail is not None and listener in tail.listeners:
            tail.listeners.discard(listener)
            self._leave(org_id, tail)

    async def close(self) -> None:
        """Read nothing more for anybody, and wait until what was being read has ended."""
        for each in self._tails.values():
            self._end(each)
        await asyncio.gather(*self._ending, return_exceptions=True)

    def _leave(self, org_id: UUID, tail: _Tail) -> None:
        tail.members -= 1
        if tail.members == 0:
            self._end(tail)
            self._tails.pop(org_id, None)

    def _end(self, tail: _Tail) -> None:
        self._ending.add(tail.reading)
        tail.reading.add_done_callback(self._ending.discard)
        tail.reading.cancel()
