"""All records of an object: a query job of Bulk API 2.0, gathered by Salesforce and read page by page."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sync.salesforce.client import SalesforceClient
from sync.salesforce.failures import Permanent, Retryable

_WAIT: Final = 10.0
_NO_MORE: Final = "null"
_DONE: Final = "JobComplete"
_GIVEN_UP: Final = frozenset({"Failed", "Aborted"})


class JobLost(Exception):
    """the bulk job {job} is of no use any more: {why}."""

    def __init__(self, job: str, why: str) -> None:
        super().__init__((type(self).__doc__ or "").format(job=job, why=why))
        self.why = why


@dataclass(frozen=True, slots=True)
class Gathering:
    """How far Salesforce is: whether all is gathered, and how many records are so far."""

    done: bool
    records: int


@dataclass(frozen=True, slots=True)
class Page:
    """Records as cells by column, and where the next page is; None where this is the last."""

    rows: Sequence[Mapping[str, str]] = field(repr=False)
    next: str | None


async def begin_job(client: SalesforceClient, soql: str) -> str:
    """Have Salesforce gather what a query asks for, deleted records aside; return the id of the job.

    Raises SalesforceFailure.
    """
    about = {"operation": "query", "query": soql, "contentType": "CSV", "lineEnding": "LF"}
    return str(_read(await client.call("POST", "jobs/query", body=about), "id")["id"])


async def look_at_job(client: SalesforceClient, job: str) -> Gathering:
    """Return how far a job is. Raises JobLost or SalesforceFailure."""
    try:
        said = _read(await client.call("GET", f"jobs/query/{job}"), "state")
    except Permanent as gone:
        # It was deleted, or is older than the seven days for which Salesforce keeps one.
        raise JobLost(job, f"Salesforce does not know it ({gone.code})") from None
    if said["state"] in _GIVEN_UP:
        raise JobLost(job, f"Salesforce has it as {said['state']}")
    return Gathering(said["state"] == _DONE, int(said.get("numberRecordsProcessed") or 0))


async def read_page(client: SalesforceClient, job: str, locator: str | None, most: int) -> Page:
    """Return a page of what a job has gathered; asked again it is the same.

    Raises JobLost or SalesforceFailure.
    """
    query = f"maxRecords={most}" + (f"&locator={locator}" if locator else "")
    try:
        answer = await client.call("GET", f"jobs/query/{job}/results?{query}")
    except Permanent as gone:
        raise JobLost(job, f"what it gathered is not to be had ({gone.code})") from None
    try:
        rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8"), newline=""), strict=True))
        told, following = int(answer.headers["Sforce-NumberOfRecords"]), answer.headers["Sforce-Locator"]
    except (ValueError, LookupError, csv.Error):
        raise Retryable("UNREADABLE_ANSWER", _WAIT) from None
    if len(rows) != told or any(None in row or None in row.values() for row in rows):
        raise Retryable("UNREADABLE_ANSWER", _WAIT)  # half an answer
    return Page(rows, None if following == _NO_MORE else following)


async def end_job(client: SalesforceClient, job: str) -> None:
    """Have Salesforce forget a job, which it would by itself after seven days. Raises SalesforceFailure."""
    await client.call("DELETE", f"jobs/query/{job}")


def _read(answer: Any, name: str) -> Mapping[str, Any]:  # noqa: ANN401 - as requests has it
    try:
        said: Mapping[str, Any] = answer.json()
        said[name]
    except (ValueError, LookupError, TypeError):
        raise Retryable("UNREADABLE_ANSWER", _WAIT, unsure=True) from None
    return said
