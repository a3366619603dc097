"""Many records at once: a job of Bulk API 2.0, for what would take too many calls."""

from __future__ import annotations

import asyncio
import csv
import io
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import requests

from sync.salesforce.client import SalesforceClient
from sync.salesforce.failures import Retryable, SalesforceFailure, of_cell
from sync.salesforce.results import RowResult, Values, Written

_CLEARED: Final = "#N/A"
_MOST_BYTES = 100_000_000
_FIRST_LOOK, _LONGEST_LOOK = 0.2, 15.0
_WAIT = 60.0
_CSV = {"Content-Type": "text/csv; charset=UTF-8"}
_DONE, _GIVEN_UP = "JobComplete", ("Failed", "Aborted")


async def upsert_many(
    client: SalesforceClient, name: str, field: str, rows: Mapping[str, Values]
) -> dict[str, RowResult]:
    """Change or make records by their external ids: by collections, or from a threshold on in bulk.

    A row that a job says nothing of is Retryable, as it may have been written. Raises SalesforceFailure
    where nothing can be said of any row, and ValueError as `upsert_rows` does.
    """
    if len(rows) < client.connection.rows_for_bulk or _unsayable(rows):
        return await client.upsert_rows(name, field, rows)
    results: dict[str, RowResult] = {}
    for some in _uploads(field, rows):
        results |= await _job(client, name, field, some, rows)
    return results


async def _job(
    client: SalesforceClient, name: str, field: str, text: bytes, rows: Mapping[str, Values]
) -> dict[str, RowResult]:
    """Run one job to its end, and read what became of its lines, in whatever order they come."""
    about = {"object": name, "operation": "upsert", "externalIdFieldName": field, "contentType": "CSV"}
    job = _json(await client.call("POST", "jobs/ingest", body=about | {"lineEnding": "LF"}))
    path = f"jobs/ingest/{job['id']}"
    patience = max(client.connection.call_timeout, client.connection.bulk_patience)
    await client.call("PUT", f"{path}/batches", body=text, headers=_CSV, timeout=patience)
    await client.call("PATCH", path, body={"state": "UploadComplete"})
    await _wait(client, path)
    lost: SalesforceFailure = Retryable("NO_RESULT", _WAIT, unsure=True)
    keys = {key.casefold(): key for key in rows}
    results: dict[str, RowResult] = {row[field]: lost for row in _table(text)}
    for row in _table(await _text(client, f"{path}/successfulResults")):
        results[keys[row[field].casefold()]] = Written(row["sf__Id"], row["sf__Created"] == "true")
    for row in _table(await _text(client, f"{path}/failedResults")):
        results[keys[row[field].casefold()]] = of_cell(row["sf__Error"])
    return results


async def _wait(client: SalesforceClient, path: str) -> None:
    """Look at a job, less and less often, until it is done. Raises Retryable where it is not in time."""
    until, pause = time.monotonic() + client.connection.bulk_patience, _FIRST_LOOK
    while (state := _json(await client.call("GET", path))["state"]) != _DONE:
        if state in _GIVEN_UP or time.monotonic() > until:
            raise Retryable(f"BULK_JOB_{str(state).upper()}", _WAIT, unsure=True)
        await asyncio.sleep(pause)
        pause = min(2 * pause, _LONGEST_LOOK)


def _uploads(field: str, rows: Mapping[str, Values]) -> Iterator[bytes]:
    """Write the rows as CSV, in as many uploads as their size needs."""
    names = [field, *dict.fromkeys(name for values in rows.values() for name in values)]
    head = _line(names)
    lines, size = [head], len(head)
    for key, values in rows.items():
        line = _line([key, *(_cell(values, name) for name in names[1:])])
        if size + len(line) > _MOST_BYTES:
            yield b"".join(lines)
            lines, size = [head], len(head)
        lines.append(line)
        size += len(line)
    yield b"".join(lines)


def _line(cells: Sequence[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue().encode()


def _cell(values: Values, name: str) -> str:
    """Return a value as a cell: an empty one says nothing, so what is to be cleared is marked."""
    if name not in values:
        return ""
    value = values[name]
    if value is None or value == "":
        return _CLEARED
    return str(value).lower() if isinstance(value, bool) else str(value)


def _unsayable(rows: Mapping[str, Values]) -> bool:
    """Return whether a text reads like the mark that clears a value."""
    return any(value == _CLEARED for values in rows.values() for value in values.values())


def _table(text: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.decode("utf-8"))))


async def _text(client: SalesforceClient, path: str) -> bytes:
    return (await client.call("GET", path)).content


def _json(answer: requests.Response) -> Mapping[str, Any]:
    try:
        said: Mapping[str, Any] = answer.json()
        said["state"], said["id"]
    except (ValueError, LookupError, TypeError, AttributeError):
        raise Retryable("UNREADABLE_ANSWER", _WAIT, unsure=True) from None
    return said
