"""A bulk job on its way: made, given its rows, closed, looked at until it ends, and its results kept.

How far it is stands in the database before and after every call that changes anything, so whoever takes it
over goes on from there. A job of which nobody knows whether it has its rows is given up while it is open: it
has written nothing then, and another one takes its place.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import asyncpg

from domain.identity import salesforce_id
from domain.salesforce_write import SalesforceState, SalesforceWrite
from storage.database import Database
from storage.lane_rest import due_at
from storage.lanes import Fenced, Queue, lane_id
from storage.salesforce_bulk import JobState, StoredJob, StoredRow, answer_rows, move_job, rows_of
from storage.salesforce_records import StoredRecord, settle, write_id
from sync.salesforce.bulk import (
    Progress,
    Results,
    abort_job,
    close_job,
    line_of,
    look_at,
    make_job,
    results_of,
    send_rows,
)
from sync.salesforce.failures import Permanent, SalesforceFailure
from sync.salesforce.orgs import OpenOrg

log = logging.getLogger("contract_graph.salesforce")

_PATIENCE: Final = timedelta(minutes=15)  # a job that takes longer is ended
_SOONEST, _LATEST = timedelta(seconds=2), timedelta(seconds=30)  # between two looks
_TRIES: Final = 3


@dataclass(frozen=True, slots=True)
class _Answer:
    """What came of a row: the id of the record, or why it is not written, in Salesforce's words."""

    record_id: str
    refusal: str | None


class BulkJobs:
    """Takes bulk jobs from one state to the next."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database, self._clock = database, clock

    async def move(self, org: OpenOrg, job: StoredJob) -> timedelta | None:
        """Take a job as far as it goes by now; return how long it is to be left alone, None if it ended.

        Raises SalesforceFailure, and Fenced where somebody else moves it.
        """
        if job.state is JobState.MADE:
            job = await self._found(org, job)
        if job.state is JobState.GATHERED:
            job = await self._sent(org, job)
        return await self._looked(org, job) if job.state is JobState.CLOSED else None

    async def end(self, org_id: UUID, job: StoredJob, how: str, results: Results | None = None) -> StoredJob:
        """Keep what came of a job, and wake the lanes that rested for it. Raises Fenced."""
        now = self._clock()
        after = replace(job, state=JobState.ENDED, ended_at=now, ended_as=how)

        async def keep(connection: asyncpg.Connection) -> tuple[int, int, int]:
            await _moved(connection, org_id, job, after)
            rows = await rows_of(connection, org_id, job.id, held=True)
            answers = {} if results is None else dict(_answers(job, rows, results))
            told = [each for each in rows if each.id in answers and answers[each.id].refusal is None]
            await settle(
                connection, org_id,
                [_settled(job, each, answers[each.id], now) for each in told if not each.doubted],
            )  # fmt: skip
            refusals = {id_: each.refusal for id_, each in answers.items()}
            await answer_rows(connection, org_id, job.id, refusals)
            lanes = sorted(lane_id(Queue.OUTBOX, str(each.id)) for each in rows)
            await due_at(connection, org_id, lanes, now)
            return len(rows), len(told), len(answers) - len(told)

        rows, written, refused = await self._database.settle(org_id, keep)
        log.log(
            logging.INFO if how == Progress.COMPLETE else logging.WARNING,
            "bulk job %s of org %s ended as %s: of %d contracts %d written, %d refused",
            job.id, org_id, how, rows, written, refused,
        )  # fmt: skip
        return after

    async def _found(self, org: OpenOrg, job: StoredJob) -> StoredJob:
        """Return how far a job is of which nobody knows whether it was sent; what was not is given up."""
        there = str(job.job)
        progress = await org.asked(lambda client: look_at(client, there))
        if progress in (Progress.UPLOADED, Progress.WORKING, Progress.COMPLETE):
            return await self._keep(org.org_id, job, state=JobState.CLOSED, closed_at=self._clock())
        if progress is Progress.OPEN:
            with suppress(Permanent):
                await org.asked(lambda client: abort_job(client, there))
        return await self._keep(org.org_id, job, state=JobState.GATHERED, job=None, tries=job.tries + 1)

    async def _sent(self, org: OpenOrg, job: StoredJob) -> StoredJob:
        """Have Salesforce make a job, and give it its rows."""
        if job.tries >= _TRIES:
            return await self.end(org.org_id, job, "NOT_TAKEN")
        async with self._database.working(org.org_id) as connection:
            rows = [(each.key, each.sent) for each in await rows_of(connection, org.org_id, job.id)]
        try:
            there = await org.asked(lambda client: make_job(client, job.object, job.key_field))
        except Permanent as failure:
            return await self.end(org.org_id, job, failure.code)
        try:
            made = await self._keep(org.org_id, job, state=JobState.MADE, job=there)
        except Fenced:
            with suppress(SalesforceFailure):
                await org.asked(lambda client: abort_job(client, there))
            raise
        try:
            await org.asked(lambda client: send_rows(client, there, job.key_field, rows))
            await org.asked(lambda client: close_job(client, there))
        except Permanent:
            return await self._found(org, made)
        return await self._keep(org.org_id, made, state=JobState.CLOSED, closed_at=self._clock())

    async def _looked(self, org: OpenOrg, job: StoredJob) -> timedelta | None:
        """Look whether a job has ended, and keep what came of it."""
        there = str(job.job)
        progress = await org.asked(lambda client: look_at(client, there))
        if progress.ended:
            await self.end(org.org_id, job, progress, await self._results(org, job, progress))
            return None
        age = self._clock() - (job.closed_at or job.made_at)
        if age > _PATIENCE:
            with suppress(Permanent):
                await org.asked(lambda client: abort_job(client, there))
        return min(max(age / 3, _SOONEST), _LATEST)

    async def _results(self, org: OpenOrg, job: StoredJob, progress: Progress) -> Results | None:
        if progress is Progress.LOST:
            return None
        try:
            return await org.asked(lambda client: results_of(client, str(job.job), job.key_field))
        except Permanent:
            return None  # it was deleted since: nothing is known of any row

    async def _keep(self, org_id: UUID, before: StoredJob, **changes: Any) -> StoredJob:  # noqa: ANN401 - the fields of a job
        """Keep how far a job is. Raises Fenced where somebody else has moved it."""
        after = replace(before, **changes)

        async def keep(connection: asyncpg.Connection) -> None:
            await _moved(connection, org_id, before, after)

        await self._database.settle(org_id, keep)
        return after


async def _moved(connection: asyncpg.Connection, org_id: UUID, job: StoredJob, after: StoredJob) -> None:
    if not await move_job(connection, org_id, job, after):
        raise Fenced


def _answers(job: StoredJob, rows: Sequence[StoredRow], results: Results) -> Iterator[tuple[UUID, _Answer]]:
    """Pair rows with what came of them; those that a job never came to have no answer."""
    for row in rows:
        line = line_of(job.key_field, row.key)
        if line in results.written:
            yield row.id, _Answer(salesforce_id(results.written[line]), None)
        elif line in results.refused:
            yield row.id, _Answer("", results.refused[line])


def _settled(
    job: StoredJob, row: StoredRow, answer: _Answer, now: datetime
) -> tuple[StoredRecord, SalesforceWrite, datetime]:
    record = StoredRecord(object=job.object, salesforce_id=answer.record_id, told=row.told)
    write = SalesforceWrite(
        id=write_id(row.id, job.object), contract_id=row.id, object=job.object,
        state=SalesforceState.PENDING, correlation=row.correlation,
    )  # fmt: skip
    return record, write, now
