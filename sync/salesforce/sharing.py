"""What Salesforce lets a user read, found out before somebody needs it, and never asked for twice at once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from auth.key_encryption import KeyEncryptionError
from storage.database import Database
from storage.salesforce_access import (
    BELIEVED_FOR,
    RENEWED_AFTER,
    AskedFor,
    asked_for,
    keep_access,
    known_access,
    note_asked,
    unasked,
    unasked_beside,
)
from sync.salesforce.breaker import LeftAlone
from sync.salesforce.failures import SalesforceFailure
from sync.salesforce.orgs import OpenOrg, SalesforceOrgs

log = logging.getLogger("contract_graph.salesforce")

MOST_AT_ONCE: Final = 200
"""How many records one question about sharing may name: Salesforce's limit."""

MOST_RECORDS: Final = 4000
"""How many records are asked about for one user at a time, so that one reader costs 20 calls at most."""

PATIENCE: Final = 2.0
"""Seconds for which somebody waits where nothing is known."""

MOST_NAMED: Final = 60
"""How many questions about what a user names are asked in a minute: each is a call of the org's day."""

KEPT_BACK: Final = 0.3
"""What is left of an org's calls of the day when asking stops: for others, and for what is written."""

_TOGETHER = 4
_MINUTE = timedelta(minutes=1)
_MOST_COUNTED = 10_000


class Sight(StrEnum):
    """How well it is known what Salesforce lets somebody read."""

    KNOWN = "KNOWN"
    PARTLY = "PARTLY"
    ASKING = "ASKING"
    UNREACHABLE = "UNREACHABLE"
    LAST_KNOWN = "LAST_KNOWN"
    NO_SALESFORCE = "NO_SALESFORCE"


@dataclass(frozen=True, slots=True)
class Belief:
    """What Salesforce said after `since` counts; of what it said before, or never said, nothing does."""

    since: datetime
    sight: Sight


Key = tuple[UUID, str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class _Question:
    """A question under way, and from when on nobody waits for it."""

    task: asyncio.Task[None]
    until: float

    @property
    def is_answered(self) -> bool:
        return self.task.done() and not self.task.cancelled() and self.task.exception() is None


@dataclass(slots=True)
class _Begun:
    """What was begun for one request: `waiting` has the questions of which nothing is known yet."""

    org: OpenOrg
    waiting: list[_Question] = field(default_factory=list)
    whole: bool = True
    too_much: bool = False

    async def wait(self) -> list[_Question]:
        """Wait for a little while; return the questions that were not answered."""
        loop = asyncio.get_running_loop()
        patience = max((each.until - loop.time() for each in self.waiting), default=0.0)
        if self.waiting:
            await asyncio.wait([each.task for each in self.waiting], timeout=max(0.0, patience))
        return [each for each in self.waiting if not each.is_answered]


class Sharing:
    """Asks Salesforce who may read what, and keeps the answers. It belongs to one event loop."""

    def __init__(
        self,
        database: Database,
        orgs: SalesforceOrgs,
        clock: Callable[[], datetime],
        patience: float = PATIENCE,
    ) -> None:
        self._database, self._orgs, self._clock, self._patience = database, orgs, clock, patience
        self._under_way: dict[Key, _Question] = {}
        self._named: dict[tuple[UUID, str], list[datetime]] = {}

    async def belief(self, org_id: UUID, user_id: str, named: Sequence[str], *, everything: bool) -> Belief:
        """Find out what a user may read of the records that they name, or of all that contracts hang on.

        Waits only where nothing is known, and then not for long. What is named is asked about whether or
        not it is here, so that neither the answer nor the time tells that. Raises as Database does.
        """
        now = self._clock()
        try:
            begun = await self._begin(org_id, user_id, named, everything=everything)
        except KeyEncryptionError:
            return Belief(now, Sight.UNREACHABLE)
        if begun is None:
            return Belief(now, Sight.NO_SALESFORCE)
        missing = await begun.wait()
        if not missing and not begun.too_much:
            whole = await self._is_whole(org_id, user_id) if everything and begun.waiting else begun.whole
            return Belief(now - BELIEVED_FOR, Sight.KNOWN if whole else Sight.PARTLY)
        if missing and begun.org.last_known_for:
            return Belief(now - BELIEVED_FOR - begun.org.last_known_for, Sight.LAST_KNOWN)
        failed = bool(missing) and all(each.task.done() for each in missing)
        return Belief(now - BELIEVED_FOR, Sight.UNREACHABLE if failed else Sight.ASKING)

    async def close(self) -> None:
        """Ask nothing more, and let go of every org."""
        tasks = [each.task for each in self._under_way.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._orgs.close()

    async def _begin(
        self, org_id: UUID, user_id: str, named: Sequence[str], *, everything: bool
    ) -> _Begun | None:
        """Begin to ask for what is old; None where the org has no Salesforce."""
        now = self._clock()
        records = tuple(sorted(set(named)))[:MOST_AT_ONCE]
        async with self._database.transaction(org_id) as connection:
            org = await self._orgs.get(connection, org_id)
            known = await known_access(connection, org_id, user_id, records)
            asked = await asked_for(connection, org_id, user_id) if everything else None
        if org is None:
            return None
        begun = _Begun(org)
        if records:
            oldest = min(known.values()) if len(known) == len(records) else None
            if oldest is None or oldest <= now - RENEWED_AFTER:
                self._begin_named(begun, user_id, records, oldest)
        if everything:
            begun.whole = asked is not None and asked.whole
            if asked is None or asked.at <= now - RENEWED_AFTER:
                question = self._question((org_id, user_id, ()), lambda: self._ask_everything(org, user_id))
                if asked is None or asked.at <= now - BELIEVED_FOR:
                    begun.waiting.append(question)
        return begun

    def _begin_named(
        self, begun: _Begun, user_id: str, records: tuple[str, ...], oldest: datetime | None
    ) -> None:
        """Begin to ask about what was named, unless the user has named too much of late."""
        org, now = begun.org, self._clock()
        unknown = oldest is None or oldest <= now - BELIEVED_FOR
        if not self._may_ask((org.org_id, user_id), now):
            begun.too_much = unknown
            return
        key = (org.org_id, user_id, records)
        question = self._question(key, lambda: self._ask_named(org, user_id, records))
        if unknown:
            begun.waiting.append(question)

    def _may_ask(self, who: tuple[UUID, str], now: datetime) -> bool:
        """Count a question about what somebody names."""
        if len(self._named) > _MOST_COUNTED:
            self._named.clear()
        asked = [each for each in self._named.get(who, ()) if each > now - _MINUTE]
        may = len(asked) < MOST_NAMED
        self._named[who] = [*asked, now] if may else asked
        return may

    def _question(self, key: Key, ask: Callable[[], Coroutine[Any, Any, None]]) -> _Question:
        """Begin to ask, or join whoever asks the same."""
        found = self._under_way.get(key)
        if found is None:
            until = asyncio.get_running_loop().time() + self._patience
            found = self._under_way[key] = _Question(asyncio.create_task(ask()), until)
            found.task.add_done_callback(lambda done: self._end(key, done))
        return found

    def _end(self, key: Key, task: asyncio.Task[None]) -> None:
        del self._under_way[key]
        error = None if task.cancelled() else task.exception()
        if isinstance(error, LeftAlone):
            return  # that it is left alone was told once, when that began
        if isinstance(error, SalesforceFailure):
            log.warning("Salesforce of org %s cannot say who may read what: %s", key[0], error.code)
        elif error is not None:
            # Its message may hold values.
            log.error("who may read what of org %s was not found out: %s", key[0], type(error).__name__)

    async def _ask_named(self, org: OpenOrg, user_id: str, records: tuple[str, ...]) -> None:
        """Ask about the records that were named, and about those that are seen together with them."""
        since, room = self._clock() - RENEWED_AFTER, MOST_AT_ONCE - len(records)
        async with self._database.transaction(org.org_id) as connection:
            beside = await unasked_beside(connection, org.org_id, user_id, records, since, room)
        await self._ask(org, user_id, [*records, *beside])

    async def _ask_everything(self, org: OpenOrg, user_id: str) -> None:
        """Ask about all that contracts hang on, as far as it is old."""
        begun = self._clock()
        async with self._database.transaction(org.org_id) as connection:
            since = begun - RENEWED_AFTER
            records = await unasked(connection, org.org_id, user_id, since, MOST_RECORDS + 1)
        turn = asyncio.Semaphore(_TOGETHER)

        async def ask(batch: Sequence[str]) -> int:
            async with turn:
                return await self._ask(org, user_id, batch)

        asked = records[:MOST_RECORDS]
        batches = [asked[start : start + MOST_AT_ONCE] for start in range(0, len(asked), MOST_AT_ONCE)]
        silent = 0
        for answered in await asyncio.gather(*map(ask, batches), return_exceptions=True):
            if isinstance(answered, BaseException):
                raise answered
            silent += answered
        if silent:
            log.warning(
                "Salesforce of org %s says nothing of %d of %d records: they are not there, or our user there"
                " lacks View All", org.org_id, silent, len(asked),
            )  # fmt: skip
        async with self._database.transaction(org.org_id) as connection:
            done = AskedFor(begun, len(records) <= MOST_RECORDS)
            await note_asked(connection, org.org_id, user_id, done)

    async def _ask(self, org: OpenOrg, user_id: str, records: Sequence[str]) -> int:
        """Ask about records, keep the answers as of the moment before; return of how many there is none."""
        asked_at = self._clock()
        said = await org.readable(user_id, records)
        answers = {record: said.get(record, False) for record in records}
        async with self._database.transaction(org.org_id) as connection:
            await keep_access(connection, org.org_id, user_id, answers, asked_at)
        return len(answers) - len(said)

    async def _is_whole(self, org_id: UUID, user_id: str) -> bool:
        async with self._database.transaction(org_id) as connection:
            asked = await asked_for(connection, org_id, user_id)
        return asked is not None and asked.whole
