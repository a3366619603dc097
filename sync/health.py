"""How the sync goes: what a worker counts of its work, kept in the database every few seconds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import asyncpg

from domain.identity import uuid7
from domain.passage import Figure, FigureName, Passage, SyncDirection
from storage.database import BUSY, LOST, Database, DatabaseUnavailable
from storage.sync_minutes import Minute, MinuteKey, forget_minutes, put_figures, put_minutes

KEEP: Final = 5.0
"""Seconds after which what was counted is kept: so much is lost with a worker that is killed."""
_FORGET: Final = timedelta(hours=1)

Figures = dict[tuple[FigureName, str], tuple[Figure, datetime]]


class Health:
    """Counts what a worker brings across: for its org by the minute, and for all orgs since it began.

    Each worker has rows of its own: counting in one row together, workers would wait for each other's commit.
    """

    def __init__(self) -> None:
        self.totals: dict[tuple[SyncDirection, str], Minute] = {}
        self.figures: dict[UUID, Figures] = defaultdict(dict)
        """What was last seen of the other side of each org, and when."""
        self._worker = uuid7()
        self._minutes: dict[UUID, dict[MinuteKey, Minute]] = {}
        self._unkept: dict[UUID, set[MinuteKey]] = defaultdict(set)
        self._unkept_figures: dict[UUID, Figures] = defaultdict(dict)
        self._forget_at: dict[UUID, datetime] = {}

    def note(self, org_id: UUID, passages: Sequence[Passage], now: datetime) -> None:
        """Count what went across."""
        minute = now.replace(second=0, microsecond=0)
        for each in passages:
            key = MinuteKey(minute, each.direction, each.object)
            self._minutes.setdefault(org_id, {}).setdefault(key, Minute()).add(each, now)
            self._unkept[org_id].add(key)
            self.totals.setdefault((each.direction, each.object), Minute()).add(each, now)

    def note_figures(self, org_id: UUID, figures: Sequence[Figure], now: datetime) -> None:
        """Take note of how the other side stands."""
        for each in figures:
            key = each.name, each.object
            self.figures[org_id][key] = self._unkept_figures[org_id][key] = each, now

    async def keep(self, database: Database, now: datetime) -> None:
        """Write what was counted since the last time, what cannot be written the next time. Never fails."""
        for org_id in [*{*self._unkept, *self._unkept_figures}]:
            keys, figures = self._unkept.pop(org_id, set()), self._unkept_figures.pop(org_id, {})
            try:
                await self._kept(database, org_id, keys, figures, now)
            except (DatabaseUnavailable, *LOST, *BUSY):
                self._unkept[org_id] |= keys
                self._unkept_figures[org_id] = figures | self._unkept_figures[org_id]
        self._let_go(now)

    async def _kept(
        self, database: Database, org_id: UUID, keys: set[MinuteKey], figures: Figures, now: datetime
    ) -> None:
        minutes = {key: self._minutes[org_id][key] for key in keys}
        is_due = now >= self._forget_at.get(org_id, now)

        async def write(connection: asyncpg.Connection) -> None:
            if minutes:
                await put_minutes(connection, org_id, self._worker, minutes)
            if figures:
                await put_figures(connection, org_id, figures)
            if is_due:
                await forget_minutes(connection, org_id, now)

        await database.write(org_id, write)
        if is_due:
            self._forget_at[org_id] = now + _FORGET

    def _let_go(self, now: datetime) -> None:
        """Forget minutes that are over and kept: nothing is added to them any more."""
        begun = now.replace(second=0, microsecond=0)
        for org_id, minutes in list(self._minutes.items()):
            unkept = self._unkept.get(org_id, set())
            left = {key: told for key, told in minutes.items() if key.minute >= begun or key in unkept}
            if left:
                self._minutes[org_id] = left
            else:
                del self._minutes[org_id]
