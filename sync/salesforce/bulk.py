"""Many records at once: a job of Bulk API 2.0, one call of it at a time.

Whoever runs a job keeps how far it is between two calls: each may be the last that this process makes.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from sync.salesforce.client import SalesforceClient
from sync.salesforce.failures import Permanent, Retryable
from sync.salesforce.results import Values

ID: Final = "Id"
"""The field by which records are changed that are known to be there; any other is an external id."""

_CLEARED: Final = "#N/A"
_WAIT: Final = 10.0
_CSV: Final = {"Content-Type": "text/csv; charset=UTF-8"}
_UPLOAD: Final = 30.0  # seconds for which the rows may be on their way
_RESULTS: Final = ("successfulResults", "failedResults")


class Progress(StrEnum):
    """How Salesforce says that a job is; LOST is one that it does not know."""

    OPEN = "Open"
    UPLOADED = "UploadComplete"
    WORKING = "InProgress"
    COMPLETE = "JobComplete"
    FAILED = "Failed"
    ABORTED = "Aborted"
    LOST = "Lost"

    @property
    def ended(self) -> bool:
        """Whether nothing is written by it any more."""
        return self not in (Progress.OPEN, Progress.UPLOADED, Progress.WORKING)


@dataclass(frozen=True, slots=True)
class Results:
    """What came of lines by their keys, see `line_of`: ids of those written, words for those refused."""

    written: Mapping[str, str] = field(repr=False)
    refused: Mapping[str, str] = field(repr=False)


async def make_job(client: SalesforceClient, name: str, key_field: str) -> str:
    """Begin a job that makes or changes records of an object by a key; return its id.

    Raises SalesforceFailure. A job that is made and forgotten takes up nothing: Salesforce drops it.
    """
    about = {"object": name, "contentType": "CSV", "lineEnding": "LF", "columnDelimiter": "COMMA"}
    how = (
        {"operation": "update"}
        if key_field == ID
        else {"operation": "upsert", "externalIdFieldName": key_field}
    )
    answer = await client.call("POST", "jobs/ingest", body=about | how)
    return str(_read(answer, "id")["id"])


async def send_rows(
    client: SalesforceClient, job: str, key_field: str, rows: Sequence[tuple[str, Values]]
) -> None:
    """Give a job its rows, once. Raises SalesforceFailure."""
    text = _text(key_field, rows)
    await client.call("PUT", f"jobs/ingest/{job}/batches", body=text, headers=_CSV, timeout=_UPLOAD)


async def close_job(client: SalesforceClient, job: str) -> None:
    """Have Salesforce begin with a job. Raises SalesforceFailure."""
    await client.call("PATCH", f"jobs/ingest/{job}", body={"state": "UploadComplete"})


async def abort_job(client: SalesforceClient, job: str) -> None:
    """Have Salesforce end a job; what it has written stays. Raises SalesforceFailure."""
    await client.call("PATCH", f"jobs/ingest/{job}", body={"state": "Aborted"})


async def look_at(client: SalesforceClient, job: str) -> Progress:
    """Return how a job is. Raises SalesforceFailure."""
    try:
        said = _read(await client.call("GET", f"jobs/ingest/{job}"), "state")
        return Progress(said["state"])
    except Permanent:
        return Progress.LOST  # it was deleted, or is older than the seven days for which one is kept
    except ValueError:
        raise Retryable("UNREADABLE_ANSWER", _WAIT, unsure=True) from None


async def results_of(client: SalesforceClient, job: str, key_field: str) -> Results:
    """Return what came of the lines of a job that has ended; those it never came to are in neither.

    Raises SalesforceFailure.
    """
    written, refused = [
        _table((await client.call("GET", f"jobs/ingest/{job}/{each}")).content, key_field)
        for each in _RESULTS
    ]
    return Results(
        {key: row["sf__Id"] for key, row in written.items()},
        {key: row["sf__Error"] for key, row in refused.items()},
    )


def line_of(key_field: str, key: str) -> str:
    """Return a key as results are found by it: external ids come back in whatever case."""
    return key if key_field == ID else key.casefold()


def can_be_said(values: Values) -> bool:
    """Return whether values can go by a job: a text that reads like the mark that clears one cannot."""
    return _CLEARED not in values.values()


def _text(key_field: str, rows: Sequence[tuple[str, Values]]) -> bytes:
    names = dict.fromkeys(name for _, values in rows for name in values)
    text = io.StringIO()
    # All in quotes: a carriage return by itself would end a line otherwise.
    writer = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerow([key_field, *names])
    writer.writerows([key, *(_cell(values, name) for name in names)] for key, values in rows)
    return text.getvalue().encode()


def _cell(values: Values, name: str) -> str:
    """Return a value as a cell: an empty one says nothing, so what is to be cleared is marked."""
    if name not in values:
        return ""
    value = values[name]
    if value is None or value == "":
        return _CLEARED
    if isinstance(value, bool):
        return str(value).lower()
    return f"{Decimal(str(value)):f}" if isinstance(value, float) else str(value)


def _table(content: bytes, key_field: str) -> Mapping[str, Mapping[str, str]]:
    """Read results by their keys. Raises Retryable where they are none, or half of them."""
    try:
        rows = list(csv.DictReader(io.StringIO(content.decode("utf-8"), newline=""), strict=True))
        found = {line_of(key_field, row[key_field]): row for row in rows}
    except (ValueError, LookupError, TypeError, AttributeError, csv.Error):
        raise Retryable("UNREADABLE_ANSWER", _WAIT, unsure=True) from None
    if any(None in row or None in row.values() for row in rows):
        raise Retryable("UNREADABLE_ANSWER", _WAIT, unsure=True)  # half an answer
    return found


def _read(answer: Any, name: str) -> Mapping[str, Any]:  # noqa: ANN401 - as requests has it
    try:
        said: Mapping[str, Any] = answer.json()
        said[name]
    except (ValueError, LookupError, TypeError):
        raise Retryable("UNREADABLE_ANSWER", _WAIT, unsure=True) from None
    return said
