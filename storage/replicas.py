"""Reads that standbys of the database answer where they are near enough; all others the primary answers."""

from __future__ import annotations

import asyncio
import logging
import zlib
from collections import deque
from collections.abc import Hashable, Iterator, Sequence
from contextlib import suppress
from time import monotonic
from typing import Any, Final, Self

import asyncpg

from storage.database import LOST, Database, DatabaseUnavailable
from storage.last_writes import BEYOND, LastWrites
from storage.replica import LONGEST_LOOK, Mark, PassedOver, Replica, Why

log = logging.getLogger("contract_graph.replicas")

NEAR: Final = "near"
PATIENCE: Final = 0.1
"""Seconds for which a read waits until a standby has what its caller wrote."""
_LOOKS: Final = 4
"""Looks while a standby may lag, one a second at least: what it says counts from the moment of the look."""
_MARKS: Final = 240

# Where nothing waits for the disk, what is committed may not be on it: then what is in the log counts.
_POSITION: Final = """
SELECT ((CASE current_setting('synchronous_commit') WHEN 'off' THEN pg_current_wal_insert_lsn()
         ELSE pg_current_wal_flush_lsn() END) - '0/0'::pg_lsn)::bigint"""
_MARK: Final = """
SELECT ARRAY[
    (%s),
    ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::bigint,
    (SELECT system_identifier FROM pg_control_system())
]""".replace("%s", _POSITION)


class Replicas:
    """The standbys of a database, and which of them answers whom.

    It belongs to one event loop. How far a standby lags is told by what the primary's log held, and when,
    by this process's clock: no other clock counts, nor whether anything was written meanwhile.
    """

    def __init__(
        self, primary: Database, watched: Database, urls: Sequence[str], size: int, lag: float
    ) -> None:
        """Let standbys answer beside a primary.

        `watched` is the primary, too, by a connection of its own: how it stands must be known above all when
        all others are at work.
        """
        self._primary, self._watched = primary, watched
        self._lag = lag
        self._marks: deque[Mark] = deque(maxlen=_MARKS)
        self._newest = 0
        self._writes = LastWrites(lag)
        self._watching: asyncio.Task[None] | None = None
        self.all = [Replica(str(number), each, size) for number, each in enumerate(urls, 1)]

    @classmethod
    async def open(
        cls, primary: Database, watched: Database, urls: Sequence[str], size: int, lag: float
    ) -> Self:
        """Begin to watch standbys; one that is away, or not fit, may come later."""
        found = cls(primary, watched, urls, size, lag)
        await found.look()
        found._watching = asyncio.create_task(found._watch())
        return found

    async def close(self) -> None:
        """Ask nothing more, and end every connection."""
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
        for each in self.all:
            await each.close()

    async def read(self, statement: str, arguments: Sequence[Any], who: Hashable, after: int = 0) -> Any:  # noqa: ANN401 - any SQL value
        """Run a statement as Database.answer does, for a caller who is to see at least what they wrote.

        `after` is a position in the log that the answer must have reached besides. Raises as Database does.
        """
        wanted, until = max(after, self._writes.of(who, monotonic())), monotonic() + PATIENCE
        for each in self._for(who):
            why = each.hindrance(monotonic(), self._lag)
            if why is None and not await self._has(each, wanted, until - monotonic()):
                why = Why.EARLIER
            if why is not None:
                each.passed_over[why] += 1
                continue
            with suppress(PassedOver):
                return await each.read(statement, arguments)
        return await self._primary.answer(statement, arguments)

    def writing(self, who: Hashable) -> None:
        """Note that a caller writes, or may have written: for a while only the primary answers them."""
        self._writes.note(who, BEYOND, monotonic())

    async def wrote(self, who: Hashable) -> int | None:
        """Return a position of the log behind what a caller has committed, or None if that cannot be said.

        Waits for standbys that are near, and not for long: other processes know nothing of the write.
        """
        try:
            async with asyncio.timeout(LONGEST_LOOK):
                position: int = await self._watched.read(_POSITION, ())
        except (DatabaseUnavailable, asyncpg.PostgresError, *LOST):
            self.writing(who)
            return None
        self._newest = max(self._newest, position)
        self._writes.note(who, position, monotonic())
        near = [each for each in self.all if self.state(each) == NEAR]
        await asyncio.gather(*(each.reaches(position, PATIENCE) for each in near))
        return position

    def lag(self, replica: Replica) -> float | None:
        """Return by how many seconds a standby may be behind, or None where nothing is known of it."""
        lag = monotonic() - replica.as_of
        return lag if replica.fault is None and lag < float("inf") else None

    def state(self, replica: Replica) -> str:
        """Say in a word whether a standby is asked."""
        return replica.hindrance(monotonic(), self._lag) or NEAR

    async def look(self) -> None:
        """Find out how far the primary's log is, and how far each standby is with it."""
        at = monotonic()
        try:
            async with asyncio.timeout(LONGEST_LOOK):
                mark = Mark(at, *await self._watched.read(_MARK, ()))
        except (DatabaseUnavailable, asyncpg.PostgresError, *LOST):
            return  # what is known grows old, and no standby is asked
        if self._marks and (mark.timeline, mark.system) != (self._marks[-1].timeline, self._marks[-1].system):
            self._marks.clear()  # another log
            self._newest = 0
        self._marks.append(mark)
        self._newest = max(self._newest, mark.position)
        await asyncio.gather(*(each.look() for each in self.all))
        for each in self.all:
            each.judge(self._marks, mark)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(min(1.0, self._lag / _LOOKS))
            try:
                await self.look()
            except Exception as error:  # noqa: BLE001 - whatever it is, the next look must come
                log.error("replicas could not be looked at: %s", type(error).__name__)  # noqa: TRY400 - no values

    def _for(self, who: Hashable) -> Iterator[Replica]:
        """Give the standbys in the order in which they answer a caller: the same one first, time after time.

        So nobody sees what they have seen undone, as far as one standby can answer all that they ask.
        """
        first = zlib.crc32(repr(who).encode())
        for place in range(len(self.all)):
            yield self.all[(first + place) % len(self.all)]

    async def _has(self, replica: Replica, wanted: int, patience: float) -> bool:
        if wanted <= replica.position:
            return True
        # What the primary's log did not hold when it was last looked at is not waited for: it may never come.
        return wanted <= self._newest and await replica.reaches(wanted, patience)
