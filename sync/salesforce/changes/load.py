"""All records of an object brought here by a bulk job: what is known of them afterwards is what is there.

It may be killed at any moment, and goes on where it was.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

from storage.salesforce_loads import LoadState, StoredLoad
from sync.salesforce.breaker import LeftAlone
from sync.salesforce.bulk_query import JobLost, begin_job, end_job, look_at_job, read_page
from sync.salesforce.cells import as_row
from sync.salesforce.changes.load_order import own_references
from sync.salesforce.changes.load_steps import LoadSteps
from sync.salesforce.changes.reading import Reading, columns_of, read_row, statuses_of
from sync.salesforce.failures import LimitReached, Retryable, SalesforceFailure
from sync.salesforce.orgs import OpenOrg, SalesforceOrgs

PAGE: Final = 2000
"""Records in a call: each page is one of the calls of the day."""

PIECE: Final = 100
"""Records in a transaction, whose rows others wait for meanwhile."""

_MOST_JOBS, _MOST_ATTEMPTS = 3, 8
_FIRST_LOOK, _LONGEST_LOOK = 0.2, 15.0
_LONGEST_WAIT = 300.0
T = TypeVar("T")


class NoSalesforce(Exception):
    """the org has no Salesforce any more: nothing is loaded from it."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a load stands: `note` says what is out of the ordinary, `left` how many records await a worker."""

    object: str
    state: str
    rows: int = 0
    total: int | None = None
    left: int = 0
    note: str = ""


class Loader:
    """Loads objects of one org; `tell` hears how it stands."""

    def __init__(
        self,
        orgs: SalesforceOrgs,
        steps: LoadSteps,
        tell: Callable[[Standing], object],
        *,
        page: int = PAGE,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._orgs, self._steps, self._tell, self._page, self._sleep = orgs, steps, tell, page, sleep

    async def load(self, name: str, *, again: bool = False) -> StoredLoad:
        """Load an object, or go on with that; `again` loads anew what is done.

        Raises SalesforceFailure, JobLost, LoadedElsewhere, NoSalesforce, DatabaseUnavailable, or a
        KeyEncryptionError.
        """
        self._steps.left = 0
        stored = await self._steps.stored(name)
        if again and stored is not None and stored.state is LoadState.DONE:
            await self._steps.forget(name)
        jobs = 1
        while True:
            try:
                return await self._through(name)
            except JobLost as lost:
                await self._steps.forget(name)
                if jobs == _MOST_JOBS:
                    raise
                self._say(name, "LOST", f"{str(lost).rstrip('.')}; it is begun anew")
                jobs += 1

    async def _through(self, name: str) -> StoredLoad:
        load = await self._steps.stored(name) or await self._begun(name)
        if load.state is LoadState.GATHERED:
            load = await self._gathered(load)
        while load.state is not LoadState.DONE:
            load = await self._page_applied(load)
        return load

    async def _begun(self, name: str) -> StoredLoad:
        org = await self._org()
        described = await self._asked(name, lambda: org.describe(name))
        soql = f"SELECT {', '.join(columns_of(name, described))} FROM {name}"  # noqa: S608 - names of ours
        asked_at = self._steps.clock()
        job = await self._asked(name, lambda: begin_job(org.client, soql))
        return await self._moved(
            None, StoredLoad(object=name, state=LoadState.GATHERED, job=job, asked_at=asked_at)
        )

    async def _gathered(self, load: StoredLoad) -> StoredLoad:
        """Wait until Salesforce has gathered all records."""
        pause = _FIRST_LOOK
        while True:
            org = await self._org()
            found = await self._asked(load.object, lambda: look_at_job(org.client, load.job))  # noqa: B023
            if found.done:
                return await self._moved(load, replace(load, state=LoadState.APPLIED, total=found.records))
            self._say_load(load, found.records)
            await self._sleep(pause)
            pause = min(2 * pause, _LONGEST_LOOK)

    async def _page_applied(self, load: StoredLoad) -> StoredLoad:
        """Apply the page that a load is at, or what is left of it, and turn to the next."""
        org, name, place = await self._org(), load.object, load.locator
        page = await self._asked(name, lambda: read_page(org.client, load.job, place, self._page))
        for start in range(load.in_page, len(page.rows), PIECE):
            some = page.rows[start : start + PIECE]
            readings = await self._asked(name, lambda: self._readings(org, load, some))  # noqa: B023
            load = await self._steps.apply(load, readings, len(some))
            self._say_load(load)
        if page.next is not None:
            return await self._moved(load, replace(load, locator=page.next, in_page=0))
        return await self._ended(org, load)

    async def _readings(
        self, org: OpenOrg, load: StoredLoad, some: Sequence[Mapping[str, str]]
    ) -> list[Reading]:
        described, statuses = await org.describe(load.object), await statuses_of(org, load.object)
        try:
            rows = [as_row(each, described.fields) for each in some]
            return [
                read_row(org, described, row, statuses, load.asked_at)
                for row in rows
                if load.state is not LoadState.LINKED or _points(load.object, row)
            ]
        except (LookupError, ValueError):
            raise JobLost(load.job, "its records do not say which they are, or of when") from None

    async def _ended(self, org: OpenOrg, load: StoredLoad) -> StoredLoad:
        """Go through it once more where its records point at each other, or have done."""
        if load.state is LoadState.APPLIED and own_references(load.object):
            again = replace(load, state=LoadState.LINKED, locator=None, in_page=0)
            return await self._moved(load, again)
        done = replace(load, state=LoadState.DONE, ended_at=self._steps.clock())
        done = await self._moved(load, done)
        with suppress(SalesforceFailure):
            await end_job(org.client, load.job)
        return done

    async def _moved(self, before: StoredLoad | None, after: StoredLoad) -> StoredLoad:
        moved = await self._steps.move(before, after)
        self._say_load(moved)
        return moved

    async def _org(self) -> OpenOrg:
        """Return the org as it is reached now. Raises NoSalesforce."""
        async with self._steps.database.transaction(self._steps.org_id) as connection:
            org = await self._orgs.get(connection, self._steps.org_id)
        if org is None:
            raise NoSalesforce
        return org

    async def _asked(self, name: str, ask: Callable[[], Awaitable[T]]) -> T:
        """Ask Salesforce, again while it is busy, and as long as the calls of the day are used up."""
        attempts = 0
        while True:
            try:
                return await ask()
            except (LimitReached, LeftAlone) as failure:
                wait = min(failure.wait, _LONGEST_WAIT)
                note = f"{failure}: asked again in {wait:.0f} s"
            except Retryable as failure:
                attempts += 1
                if attempts == _MOST_ATTEMPTS:
                    raise
                wait, note = min(failure.wait, _LONGEST_WAIT), str(failure)
            self._say(name, "WAITING", note)
            await self._sleep(wait)

    def _say_load(self, load: StoredLoad, gathered: int | None = None) -> None:
        standing = Standing(
            object=load.object, state=load.state.value, rows=load.rows, left=self._steps.left,
            total=load.total if load.total is not None else gathered,
        )  # fmt: skip
        self._tell(standing)

    def _say(self, name: str, state: str, note: str) -> None:
        self._tell(Standing(object=name, state=state, left=self._steps.left, note=note))


def _points(name: str, row: Mapping[str, Any]) -> bool:
    """Whether a record points at another of its object."""
    return any(row.get(each) for each in own_references(name))
