"""What waits for Salesforce in numbers goes ahead by bulk jobs.

A job says nothing of messages: it tells records ahead of their lanes, which rest meanwhile and then take
their turns as ever. There nothing is left to be told, or what Salesforce refused is said, or the rest goes by
collections. So order, quarantine and alerts are those of every write (docs/decisions/0035).
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import asyncpg

from auth.key_encryption import KeyEncryptionError
from domain.identity import uuid7
from storage.database import Database
from storage.lane_outcome import Done, Fault, Outcome, Retry
from storage.lane_rest import Resting, due_at, rest
from storage.lanes import Queue
from storage.salesforce_bulk import (
    JobState,
    StoredJob,
    StoredRow,
    failed_since,
    forget_jobs,
    open_jobs,
    put_job,
)
from storage.salesforce_records import begin
from sync.bulk_job import BulkJobs
from sync.handlers import Batch, Outcomes
from sync.outbox import OutboxWork, put_off, to_be_told
from sync.salesforce.bulk import ID, can_be_said
from sync.salesforce.failures import SalesforceFailure
from sync.salesforce.orgs import OpenOrg, SalesforceOrgs
from sync.salesforce.own_record import OWN
from sync.salesforce.teller import first_steps
from sync.salesforce.telling import Known, Step

log = logging.getLogger("contract_graph.salesforce")

MOST: Final = 5000
"""How many contracts go together: half of the 10,000 lines that one batch of a job takes."""

_PLANNED: Final = timedelta(minutes=2)  # for which lanes rest while it is looked at what there is to say
_RESTS: Final = timedelta(minutes=15)  # and while a job has them; its end wakes them
_AFTER_TROUBLE: Final = timedelta(seconds=10)
_NO_JOBS: Final = timedelta(hours=1)  # after one that came to nothing
_FEW: Final = timedelta(minutes=1)  # until it is gathered anew where no job was worth it
_KEPT: Final = timedelta(days=7)
_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class _Planned:
    """A contract whose lane rests, and what its record is to be told."""

    resting: Resting
    known: Known
    step: Step


class BulkWork:
    """Does the work of bulk jobs: gathers them, and sees them through."""

    def __init__(
        self, database: Database, orgs: SalesforceOrgs, outbox: OutboxWork, clock: Callable[[], datetime]
    ) -> None:
        self._database, self._orgs, self._outbox, self._clock = database, orgs, outbox, clock
        self._jobs = BulkJobs(database, clock)

    async def carry(self, batch: Batch) -> Outcomes:
        """Take the jobs of an org as far as they go by now; come back while there is more to do."""
        try:
            async with self._database.working(batch.org_id) as connection:
                org = await self._orgs.get(connection, batch.org_id)
                jobs = await open_jobs(connection, batch.org_id)
        except KeyEncryptionError as error:
            return [self._later(_AFTER_TROUBLE, type(error).__name__)]
        if org is None:
            for job in jobs:
                await self._jobs.end(batch.org_id, job, "NOT_CONNECTED")
            return [Done()] * len(batch.messages)
        try:
            outcome = await self._carried(org, jobs)
        except SalesforceFailure as failure:
            later = put_off(failure, org, self._clock())
            # However often it fails: what a job carries is not lost over it.
            after = later.after or self._clock() + max(later.least, _AFTER_TROUBLE)
            return [to_be_told(replace(later, after=after), org)]
        return [outcome] * (len(batch.messages) if isinstance(outcome, Done) else 1)

    async def _carried(self, org: OpenOrg, jobs: Sequence[StoredJob]) -> Outcome:
        gathered = not jobs
        if gathered:
            resting = await self._rested(org)
            if not resting:
                return Done()
            jobs = await self._gathered(org, resting)
        waits = [wait for job in jobs if (wait := await self._jobs.move(org, job)) is not None]
        if waits:
            return to_be_told(self._later(min(waits), "IN_A_BULK_JOB"), org)
        # Of what has ended more may be left; where nothing was worth a job, it is not tried at once again.
        return to_be_told(self._later(_FEW if gathered else timedelta(), "GATHERED"), org)

    def _later(self, wait: timedelta, why: str) -> Retry:
        return Retry(Fault(why, "bulk jobs are under way"), self._clock() + wait, routine=True)

    async def _rested(self, org: OpenOrg) -> Sequence[Resting]:
        """Have what waits rest; nothing where too little does, or where no job is to be tried."""
        now, fewest = self._clock(), org.client.connection.rows_for_bulk
        async with self._database.working(org.org_id) as connection:
            await forget_jobs(connection, org.org_id, now - _KEPT)
            if not fewest or await failed_since(connection, org.org_id, now - _NO_JOBS):
                return []
            resting = await rest(
                connection, org.org_id, Queue.OUTBOX, now=now, until=now + _PLANNED, most=max(MOST, fewest)
            )
            if len(resting) < fewest:
                await due_at(connection, org.org_id, [each.id for each in resting], now)
                return []
        return resting

    async def _gathered(self, org: OpenOrg, resting: Sequence[Resting]) -> Sequence[StoredJob]:
        """Gather jobs of what rests, and let the lanes that are in none go on."""
        try:
            jobs = _jobs_of(await self._planned(org, resting), org.client.connection.rows_for_bulk)
            return await self._kept(org.org_id, resting, jobs)
        except BaseException:

            async def wake(connection: asyncpg.Connection) -> None:
                await due_at(connection, org.org_id, [each.id for each in resting], self._clock())

            await self._database.settle(org.org_id, wake)
            raise

    async def _planned(self, org: OpenOrg, resting: Sequence[Resting]) -> Sequence[_Planned]:
        planned: list[_Planned] = []
        for first in range(0, len(resting), _AT_ONCE):
            some = {UUID(each.key): each for each in resting[first : first + _AT_ONCE]}
            async with self._database.working(org.org_id) as connection:
                known = await self._outbox.known(connection, org.org_id, list(some), begun=False)
            steps = await first_steps(org, list(known.values()))
            planned += [_Planned(some[id_], known[id_], step) for id_, step in steps.items()]
        return planned

    async def _kept(
        self, org_id: UUID, resting: Sequence[Resting], found: Mapping[str, Sequence[_Planned]]
    ) -> Sequence[StoredJob]:
        """Keep jobs with their rows; what they tell is in doubt until they have ended."""
        now, jobs = self._clock(), []
        left = {each.id for each in resting}
        async with self._database.working(org_id) as connection:
            held = await due_at(connection, org_id, sorted(left), now + _RESTS)
            for key_field, some in found.items():
                mine = {each.known.contract.id: each for each in some if each.resting.id in held}
                before = await begin(connection, org_id, list(mine))
                # What was doubted since it was looked at is written by a turn of its own.
                rows = [
                    _row(id_, each)
                    for id_, each in mine.items()
                    if each.known.records.get(OWN) == before[id_].get(OWN)
                ]
                if rows:
                    jobs.append(
                        StoredJob(
                            id=uuid7(), object=OWN, key_field=key_field, state=JobState.GATHERED,
                            rows=len(rows), made_at=now,
                        )
                    )  # fmt: skip
                    await put_job(connection, org_id, jobs[-1], rows)
                    left -= {mine[each.id].resting.id for each in rows}
            await due_at(connection, org_id, sorted(left), now)
        for job in jobs:
            log.info("bulk job %s of org %s takes %d contracts to %s", job.id, org_id, job.rows, job.object)
        return jobs


def _jobs_of(planned: Sequence[_Planned], fewest: int) -> Mapping[str, Sequence[_Planned]]:
    """Put together by the field that names their records what is enough for a job."""
    by_key: defaultdict[str, list[_Planned]] = defaultdict(list)
    for each in planned:
        if can_be_said(each.step.values):
            by_key[each.step.by or ID].append(each)
    return {key_field: some for key_field, some in by_key.items() if len(some) >= fewest}


def _row(contract_id: UUID, planned: _Planned) -> StoredRow:
    step = planned.step
    return StoredRow(
        id=contract_id, key=step.key, sent=step.values, told=step.told,
        correlation=planned.resting.correlation,
    )  # fmt: skip
