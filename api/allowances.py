"""What callers may still ask for: points per user and per client, shared by all workers.

Each worker draws points in blocks from a bucket in the database and spends them from memory: most requests
touch no table. A bucket is one moment, at which it would be full again; what is spent moves it ahead.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import asyncpg

from api.errors import TooManyRequests
from api.limit_settings import Limits
from auth.digest import digest_id
from auth.principal import Principal
from storage.allowances import draw
from storage.database import Database

REFUSED: Final = 10
"""Points of a request that is refused before its cost is known: its document was read all the same."""

BLOCKS: Final = 10
"""How many blocks a bucket holds: so much of it a worker may have in hand, and be asked for no more often."""

_MOST_PURSES: Final = 20_000


@dataclass(frozen=True, slots=True)
class Budget:
    """A bucket of points, and how many come back each second."""

    size: int
    restored: int

    def granted(self, full_at: datetime, now: datetime, wanted: int) -> int:
        """Return how many points a bucket gives: a block, or else what is wanted, or nothing."""
        used = max((full_at - now).total_seconds(), 0) * self.restored
        left = self.size - used
        block = max(self.size // BLOCKS, wanted)
        return block if left >= block else wanted if left >= wanted else 0

    def spent(self, full_at: datetime, now: datetime, points: int) -> datetime:
        """Return when a bucket is full again once points are taken from it."""
        return max(full_at, now) + timedelta(seconds=points / self.restored)

    def wait(self, full_at: datetime, now: datetime, wanted: int) -> float:
        """Return the seconds until a bucket gives what is wanted."""
        return (full_at - now).total_seconds() + (wanted - self.size) / self.restored


@dataclass(slots=True)
class _Purse:
    """Points that a worker has in hand for one caller; until `empty_until` the bucket has none."""

    left: int = 0
    empty_until: float = 0.0
    drawing: asyncio.Lock = field(default_factory=asyncio.Lock)


_NOTHING: Final = _Purse(left=-1)


class Allowances:
    """Takes the points of each request from its user's and its client's allowance."""

    def __init__(self, database: Database, limits: Limits, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock
        self._caller = Budget(limits.caller_points, limits.caller_restored)
        self._client = Budget(limits.client_points, limits.client_restored)
        self._purses: OrderedDict[tuple[int, str, str], _Purse] = OrderedDict()

    async def take(self, who: Principal, points: int) -> None:
        """Take points for a request. Raises TooManyRequests, DatabaseUnavailable."""
        org = who.org_id.int
        user = None if who.subject == who.client else self._purses.get((org, "user", who.subject), _NOTHING)
        client = None if who.client is None else self._purses.get((org, "client", who.client), _NOTHING)
        if (user is None or user.left >= points) and (client is None or client.left >= points):
            if user is not None:
                user.left -= points
            if client is not None:
                client.left -= points
            return
        await self._take_anew(who, points)

    async def _take_anew(self, who: Principal, points: int) -> None:
        """Take points where those in hand may not do."""
        if who.subject == who.client:
            await self._take(who.org_id, "client", who.client, self._client, points)
            return
        taken = await self._take(who.org_id, "user", who.subject, self._caller, points)
        if who.client is not None:
            try:
                await self._take(who.org_id, "client", who.client, self._client, points)
            except TooManyRequests:
                taken.left += points
                raise

    async def _take(self, org_id: UUID, kind: str, name: str, budget: Budget, points: int) -> _Purse:
        key = org_id.int, kind, name
        purse = self._purses.get(key)
        if purse is None:
            purse = self._purses[key] = _Purse()
            if len(self._purses) > _MOST_PURSES:
                self._purses.popitem(last=False)
        if purse.left < points:
            async with purse.drawing:  # whoever comes meanwhile shares what is drawn
                if purse.left < points:
                    purse.left += await self._drawn(org_id, f"{kind}|{name}", budget, points, purse)
        purse.left -= points
        return purse

    async def _drawn(self, org_id: UUID, name: str, budget: Budget, points: int, purse: _Purse) -> int:
        moment = self._clock()
        if moment < purse.empty_until:
            # An answer from memory: refusing somebody many times costs the database nothing.
            raise _too_many(purse.empty_until - moment)
        wanted = points - purse.left
        now = datetime.fromtimestamp(moment, UTC)

        def decide(full_at: datetime) -> datetime:
            granted = budget.granted(full_at, now, wanted)
            return budget.spent(full_at, now, granted) if granted else full_at

        async def work(connection: asyncpg.Connection) -> datetime:
            return await draw(connection, org_id, digest_id(name), now, decide)

        try:
            was = await self._database.write(org_id, work)
        except (asyncpg.UndefinedTableError, asyncpg.ForeignKeyViolationError):
            # A database that is yet to be migrated has no buckets, and an org that is gone has nothing.
            return wanted
        granted = budget.granted(was, now, wanted)
        if not granted:
            wait = budget.wait(was, now, wanted)
            purse.empty_until = moment + min(wait, 1)  # others may ask for less
            raise _too_many(wait)
        return granted


def _too_many(wait: float) -> TooManyRequests:
    seconds = max(math.ceil(wait), 1)
    return TooManyRequests(f"the allowance is used up; wait {seconds} seconds", retryAfter=seconds)
