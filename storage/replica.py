"""One standby of the database, and what is known of it: what it has replayed, and whether it can be asked."""

from __future__ import annotations

import asyncio
import logging
import math
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from enum import StrEnum
from time import monotonic
from typing import Any, Final, NamedTuple

import asyncpg

from storage.database import (
    LOST,
    Database,
    DatabaseUnavailable,
    RoleTooPowerful,
    SchemaMissing,
    connect,
    refuse_power,
)
from storage.reader import Reader

log = logging.getLogger("contract_graph.replicas")

LONGEST_LOOK: Final = 2.0
"""Seconds within which a standby says how it stands, or counts as away."""
RESTS: Final = 2.0
"""Seconds for which a standby that failed a read is not asked again."""
_PAUSE: Final = 0.003

_STANDING: Final = """
SELECT ARRAY[
    pg_is_in_recovery()::int::bigint,
    (coalesce(pg_last_wal_replay_lsn(), '0/0') - '0/0'::pg_lsn)::bigint,
    greatest((SELECT timeline_id FROM pg_control_checkpoint()),
             (SELECT min_recovery_end_timeline FROM pg_control_recovery())),
    (SELECT system_identifier FROM pg_control_system()),
    (extract(epoch FROM pg_postmaster_start_time()) * 1000000)::bigint
]"""
_STARTED: Final = """
SELECT ARRAY[
    (extract(epoch FROM pg_postmaster_start_time()) * 1000000)::bigint,
    (coalesce(pg_last_wal_replay_lsn(), '0/0') - '0/0'::pg_lsn)::bigint
]"""


class Mark(NamedTuple):
    """How far the primary's log was at a moment of our clock, on which timeline, of which system."""

    at: float
    position: int
    timeline: int
    system: int


class Standing(NamedTuple):
    """What a standby says of itself; `started` tells one start of its server from another."""

    is_standby: bool
    position: int
    timeline: int
    system: int
    started: int

    def was_restarted_since(self, before: Standing) -> bool:
        """Say whether the server was started anew, or has recovered from a crash: it may be further back."""
        same = (self.started, self.system) == (before.started, before.system)
        return not same or self.position < before.position


class Why(StrEnum):
    """Why a standby is passed over."""

    AWAY = "away"
    UNFIT = "unfit"
    BEHIND = "behind"
    EARLIER = "earlier"
    CONFLICT = "conflict"
    FAILED = "failed"


class PassedOver(Exception):
    """The standby does not answer this: the primary will."""


class _Pool(Database):
    """Connections to the server that was looked at, and to no other start of it.

    One that was started again, or recovered from a crash, may be further back: it is looked at first.
    """

    def __init__(self, url: str, size: int) -> None:
        super().__init__(url, size)
        self.started: int | None = None
        self.position = 0
        """What it has replayed at least."""
        self._asked: set[Reader] = set()

    @asynccontextmanager
    async def _lent(self) -> AsyncIterator[Reader]:
        async with super()._lent() as reader:
            self._asked.add(reader)
            try:
                yield reader
            finally:
                self._asked.discard(reader)

    def drop(self) -> None:
        """End every connection: whoever waits for an answer hears of it at once."""
        self.started = None
        self.abandon()
        for each in self._asked:
            each.connection.terminate()

    async def _dial(self) -> asyncpg.Connection:
        if self.started is None:
            raise DatabaseUnavailable("the standby is away")  # nobody waits to find that out again
        async with asyncio.timeout(LONGEST_LOOK):
            connection = await super()._dial()
            started, position = await connection.fetchval(_STARTED)
        if started != self.started or position < self.position:
            connection.terminate()
            raise DatabaseUnavailable("the standby was started again")
        return connection


class Replica:
    """A standby as this process sees it; `name` is told in figures and logs, its address never is."""

    def __init__(self, name: str, url: str, size: int) -> None:
        self.name = name
        self.pool = _Pool(url, size)
        self.position = 0
        """What it has replayed, as far as is known."""
        self.as_of = -math.inf
        """It has all that the primary had committed at this moment."""
        self.fault: Why | None = Why.AWAY
        self.reads = 0
        self.passed_over: Counter[Why] = Counter()
        self._url = url
        self._eye: Database | None = None
        self._looking: asyncio.Task[None] | None = None
        self._standing: Standing | None = None
        self._rests_until = -math.inf
        self._because = Why.FAILED

    def hindrance(self, now: float, bound: float) -> Why | None:
        """Say why it cannot be asked now, which may lag for `bound` seconds; None where it can."""
        if self.fault is not None:
            return self.fault
        if now < self._rests_until:
            return self._because
        return Why.BEHIND if now - self.as_of > bound else None

    async def read(self, statement: str, arguments: Sequence[Any]) -> Any:  # noqa: ANN401 - any SQL value
        """Run a statement once. Raises PassedOver, and what the primary would raise as well."""
        try:
            found = await self.pool.batches.read(statement, arguments)
        except (asyncpg.DataError, asyncpg.QueryCanceledError):
            raise
        except (asyncpg.SerializationError, asyncpg.DeadlockDetectedError) as error:
            raise self._rested(Why.CONFLICT) from error
        except (DatabaseUnavailable, *LOST) as error:
            raise self._rested(Why.AWAY) from error
        except asyncpg.PostgresError as error:
            raise self._rested(Why.FAILED) from error
        self.reads += 1
        return found

    async def reaches(self, position: int, patience: float) -> bool:
        """Say whether it has replayed the log up to a position, waiting for that for a little while."""
        try:
            async with asyncio.timeout(patience):
                while self.position < position and self.fault is None:
                    await self.look()
                    if self.position < position:
                        await asyncio.sleep(_PAUSE)
        except TimeoutError:
            pass
        return self.position >= position and self.fault is None

    async def look(self) -> None:
        """Have it say how it stands; whoever asks meanwhile hears the same."""
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        await asyncio.shield(self._looking)

    def judge(self, marks: Iterable[Mark], mark: Mark) -> None:
        """Compare what it said with what the primary has said, the latest being `mark`."""
        standing = self._standing
        if standing is None:
            return
        # One that was promoted, or follows somebody else, has a log that is another from some place on.
        is_ours = standing.system == mark.system and standing.timeline >= mark.timeline
        if not (standing.is_standby and is_ours):
            self._found(Why.UNFIT)
            return
        self._found(None)
        reached = [each.at for each in marks if each.position <= standing.position]
        if reached:
            self.as_of = max(self.as_of, *reached)

    async def close(self) -> None:
        """End every connection."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)
        self.fault = Why.AWAY  # nobody is told: it is we who leave
        self._forget(Why.AWAY)

    async def _look(self) -> None:
        try:
            async with asyncio.timeout(LONGEST_LOOK):
                if self._eye is None:
                    self._eye = await Database.open(self._url, 1)
                said = await self._eye.read(_STANDING, ())
        except (RoleTooPowerful, SchemaMissing):
            self._forget(Why.UNFIT)
        except (DatabaseUnavailable, asyncpg.PostgresError, *LOST):
            self._forget(Why.AWAY)
        else:
            standing = Standing(bool(said[0]), *said[1:])
            before = self._standing
            if before is not None and standing.was_restarted_since(before):
                self._forget(Why.AWAY)
            self._standing, self.position = standing, standing.position
            self.pool.started, self.pool.position = standing.started, standing.position
            if not standing.is_standby:
                self._found(Why.UNFIT)

    def _forget(self, why: Why) -> None:
        self._standing, self.position, self.as_of = None, 0, -math.inf
        self._found(why)
        self.pool.drop()
        eye, self._eye = self._eye, None
        if eye is not None:
            eye.abandon()

    def _found(self, fault: Why | None) -> None:
        if fault is not self.fault:
            level = logging.INFO if fault is None else logging.WARNING
            log.log(level, "replica %s is %s", self.name, "asked from now on" if fault is None else fault)
        self.fault = fault

    def _rested(self, why: Why) -> PassedOver:
        self._rests_until = monotonic() + RESTS
        self._because = why
        self.passed_over[why] += 1
        return PassedOver(why)


async def refuse_unfit(url: str) -> None:
    """Refuse a role of a standby that row-level security does not bind. Raises RoleTooPowerful."""
    try:
        connection = await connect(url)
    except DatabaseUnavailable:
        return  # it may come later, and is looked at then
    try:
        await refuse_power(connection)
    finally:
        connection.terminate()
