"""Writes that go to Salesforce by bulk jobs: which they are, how far each job is, and what came of them.

A row is of one contract, whose lane of the outbox rests while the job has it: nothing newer may be written
before what the job carries. The row of a job that has ended stays until the contract's next turn, which
takes what came of it as said.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

import asyncpg

_JOB: Final = "id, object, key_field, state, job, tries, rows, made_at, closed_at, ended_at, ended_as"
_ROW: Final = "r.id, r.key, r.sent, r.told, r.correlation, r.doubted, r.written, r.refusal"
_PUT_JOB = f"""
    INSERT INTO salesforce_bulk_job (org_id, {_JOB})
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"""  # noqa: S608 - own names
_PUT_ROWS = """
    INSERT INTO salesforce_bulk_row (org_id, id, job_id, key, sent, told, correlation, doubted, written)
    SELECT $1, g.id, $2, g.key, g.sent, g.told, g.correlation, false, false
      FROM unnest($3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[])
           AS g (id, key, sent, told, correlation)
        ON CONFLICT (org_id, id) DO UPDATE
       SET job_id = excluded.job_id, key = excluded.key, sent = excluded.sent, told = excluded.told,
           correlation = excluded.correlation, doubted = false, written = false, refusal = NULL"""
_MOVE = """
    UPDATE salesforce_bulk_job SET state = $5, job = $6, tries = $7, closed_at = $8, ended_at = $9,
                                   ended_as = $10
     WHERE org_id = $1 AND id = $2 AND state = $3 AND job IS NOT DISTINCT FROM $4"""
_ANSWER = """
    UPDATE salesforce_bulk_row AS r SET written = g.refusal IS NULL, refusal = g.refusal
      FROM unnest($2::uuid[], $3::text[]) AS g (id, refusal) WHERE r.org_id = $1 AND r.id = g.id"""
_UNANSWERED = """
    DELETE FROM salesforce_bulk_row WHERE org_id = $1 AND job_id = $2 AND NOT written AND refusal IS NULL"""
_AHEAD = f"""
    SELECT {_ROW}, j.state FROM salesforce_bulk_row AS r
      JOIN salesforce_bulk_job AS j ON j.org_id = r.org_id AND j.id = r.job_id
     WHERE r.org_id = $1 AND r.id = ANY ($2)"""  # noqa: S608 - own names
_USED = """
    DELETE FROM salesforce_bulk_row AS r USING salesforce_bulk_job AS j
     WHERE r.org_id = $1 AND r.id = ANY ($2) AND j.org_id = $1 AND j.id = r.job_id AND j.state = 'ENDED'"""
_FORGET_ROWS = """
    DELETE FROM salesforce_bulk_row AS r USING salesforce_bulk_job AS j
     WHERE r.org_id = $1 AND j.org_id = $1 AND j.id = r.job_id AND j.ended_at < $2"""


class JobState(StrEnum):
    """How far a job is: its rows are gathered, Salesforce has made it, has all of it, has ended it."""

    GATHERED = "GATHERED"
    MADE = "MADE"
    CLOSED = "CLOSED"
    ENDED = "ENDED"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredJob:
    """A job by which records of one object are made or changed by their `key_field`, `Id` or an external id.

    `job` is Salesforce's id of it, and `tries` how many of its were begun and did not take the rows.
    """

    id: UUID
    object: str
    key_field: str
    state: JobState
    rows: int
    made_at: datetime
    job: str | None = None
    tries: int = 0
    closed_at: datetime | None = None
    ended_at: datetime | None = None
    ended_as: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRow:
    """What a contract's record is told by a job: `sent`, after which it has been told `told`.

    `doubted` says that the record is no longer believed to hold what it was told. `written` or a `refusal`,
    in Salesforce's words, is what came of it; neither while its job is `open`.
    """

    id: UUID
    key: str
    sent: Mapping[str, Any] = field(repr=False)
    told: Mapping[str, Any] = field(repr=False)
    correlation: str
    doubted: bool = False
    written: bool = False
    refusal: str | None = field(default=None, repr=False)
    open: bool = True


async def put_job(
    connection: asyncpg.Connection, org_id: UUID, job: StoredJob, rows: Sequence[StoredRow]
) -> None:
    """Keep a job with its rows, each of another contract."""
    await connection.execute(
        _PUT_JOB, org_id, job.id, job.object, job.key_field, job.state.value, job.job, job.tries, job.rows,
        job.made_at, job.closed_at, job.ended_at, job.ended_as,
    )  # fmt: skip
    await connection.execute(
        _PUT_ROWS, org_id, job.id, [each.id for each in rows], [each.key for each in rows],
        [json.dumps(dict(each.sent)) for each in rows], [json.dumps(dict(each.told)) for each in rows],
        [each.correlation for each in rows],
    )  # fmt: skip


async def move_job(connection: asyncpg.Connection, org_id: UUID, before: StoredJob, after: StoredJob) -> bool:
    """Keep how far a job is; False where somebody else has moved it meanwhile."""
    done = await connection.execute(
        _MOVE, org_id, before.id, before.state.value, before.job, after.state.value, after.job, after.tries,
        after.closed_at, after.ended_at, after.ended_as,
    )  # fmt: skip
    return bool(done.endswith(" 1"))


async def open_jobs(connection: asyncpg.Connection, org_id: UUID) -> Sequence[StoredJob]:
    """Return the jobs of an org that have not ended, the oldest first."""
    rows = await connection.fetch(
        f"SELECT {_JOB} FROM salesforce_bulk_job WHERE org_id = $1 AND state <> 'ENDED' ORDER BY id",  # noqa: S608 - own names
        org_id,
    )
    return [StoredJob(**dict(row) | {"state": JobState(row["state"])}) for row in rows]


async def rows_of(
    connection: asyncpg.Connection, org_id: UUID, job_id: UUID, *, held: bool = False
) -> Sequence[StoredRow]:
    """Return the rows of a job; `held` keeps them from who doubts them until the transaction ends."""
    asked = f"SELECT {_ROW} FROM salesforce_bulk_row AS r WHERE r.org_id = $1 AND r.job_id = $2 ORDER BY r.id"  # noqa: S608 - own names
    asked += " FOR UPDATE" if held else ""
    return [_row(row) for row in await connection.fetch(asked, org_id, job_id)]


async def answer_rows(
    connection: asyncpg.Connection, org_id: UUID, job_id: UUID, answers: Mapping[UUID, str | None]
) -> None:
    """Keep what came of rows: None where they were written. Rows of which nothing is known are dropped."""
    await connection.execute(_ANSWER, org_id, list(answers), list(answers.values()))
    await connection.execute(_UNANSWERED, org_id, job_id)


async def rows_ahead(
    connection: asyncpg.Connection, org_id: UUID, contract_ids: Sequence[UUID]
) -> Mapping[UUID, StoredRow]:
    """Return what of contracts is in a job, or was and came to something."""
    return {row["id"]: _row(row) for row in await connection.fetch(_AHEAD, org_id, list(contract_ids))}


async def use_rows(connection: asyncpg.Connection, org_id: UUID, contract_ids: Sequence[UUID]) -> None:
    """Drop what came of jobs for contracts: it was taken into account."""
    await connection.execute(_USED, org_id, list(contract_ids))


async def failed_since(connection: asyncpg.Connection, org_id: UUID, since: datetime) -> bool:
    """Whether a job of an org came to nothing after a moment."""
    asked = """SELECT EXISTS (SELECT FROM salesforce_bulk_job
                               WHERE org_id = $1 AND ended_at > $2 AND ended_as <> 'JobComplete')"""
    return bool(await connection.fetchval(asked, org_id, since))


async def forget_jobs(connection: asyncpg.Connection, org_id: UUID, before: datetime) -> None:
    """Forget jobs that ended before a moment."""
    await connection.execute(_FORGET_ROWS, org_id, before)
    await connection.execute(
        "DELETE FROM salesforce_bulk_job WHERE org_id = $1 AND ended_at < $2", org_id, before
    )


def _row(row: asyncpg.Record) -> StoredRow:
    return StoredRow(
        id=row["id"], key=row["key"], sent=json.loads(row["sent"]), told=json.loads(row["told"]),
        correlation=row["correlation"], doubted=row["doubted"], written=row["written"],
        refusal=row["refusal"], open=row.get("state") != JobState.ENDED,
    )  # fmt: skip
