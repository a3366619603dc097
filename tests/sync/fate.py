"""Processes that die at any moment: before they begin, before they commit, and when they have committed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random

import asyncpg

from storage.database import Database


class Killed(BaseException):
    """The process is no more: nothing that it would have done after this is done."""


@dataclass
class Fate:
    """Kills or holds up with a probability, as long as it is not asleep; counts whom it killed."""

    chance: Random
    share: float = 0.1
    asleep: bool = False
    struck: int = 0

    def strike(self) -> None:
        """Let whoever comes by go on, or not."""
        if not self.asleep and self.chance.random() < self.share:
            self.struck += 1
            raise Killed

    async def stall(self) -> None:
        """Let whoever comes by go on at once, or only in a while."""
        if not self.asleep and self.chance.random() < self.share:
            await asyncio.sleep(0.03)


@dataclass
class Mortal:
    """Gives a database whose users may be killed around every transaction of theirs."""

    fate: Fate = field(default_factory=lambda: Fate(Random(0)))

    async def open(self, url: str, size: int) -> Database:
        database = await _MortalDatabase.open(url, size)
        database.fate = self.fate
        return database


class _MortalDatabase(Database):
    fate: Fate

    @asynccontextmanager
    async def _begun(self) -> AsyncIterator[asyncpg.Connection]:
        self.fate.strike()
        async with super()._begun() as connection:
            yield connection
            self.fate.strike()  # all is done, and nothing of it stays
        self.fate.strike()  # all of it stays, and nobody hears of it
