"""Bulk API 2.0: jobs that take or give CSV (salesforce.md section 6.5)."""

from __future__ import annotations

import csv
import io
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

from sync.salesforce.stand_in.catalogue import ObjectType, objects
from sync.salesforce.stand_in.exchange import NO_CONTENT, Answer, Call, method_not_allowed
from sync.salesforce.stand_in.org import Caller, Org
from sync.salesforce.stand_in.query import Querying
from sync.salesforce.stand_in.refusal import Refused, not_found
from sync.salesforce.stand_in.sobjects import external_id
from sync.salesforce.stand_in.soql import read_soql
from sync.salesforce.stand_in.values import from_cell
from sync.salesforce.stand_in.writing import Outcome, SeveralMatch, Writing

MOST_BYTES = 150_000_000
_OPERATIONS, _QUERIES = ("insert", "update", "upsert"), ("query", "queryAll")
_PAGE, _KEPT = 50_000, timedelta(days=7)
_COME_TO_AN_END = frozenset({"JobComplete", "Failed", "Aborted"})
_DELETED_AS = _COME_TO_AN_END | {"UploadComplete"}
_TROUBLE = {"job_failed": "Failed", "job_aborted": "Aborted"}
_CSV = "text/csv"
_DELIMITERS = {"BACKQUOTE": "`", "CARET": "^", "COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "TAB": "\t"}
_LINE_ENDINGS = ("LF", "CRLF")


@dataclass(slots=True)
class Job:
    """A job with what was sent to it and what became of each line."""

    id: str
    kind: str
    said: dict[str, Any]
    state: str
    created_by: str
    made_at: datetime
    lines: list[dict[str, str]] = field(default_factory=list)
    succeeded: list[dict[str, str]] = field(default_factory=list)
    failed: list[dict[str, str]] = field(default_factory=list)
    names: Sequence[str] = ()
    rows: list[dict[str, Any]] = field(default_factory=list)
    waits: int = 1
    line_ending: str = "LF"
    trouble: str | None = None

    @property
    def delimiter(self) -> str:
        """Return what stands between two cells."""
        return _DELIMITERS[self.said.get("columnDelimiter", "COMMA")]

    @property
    def unprocessed(self) -> list[dict[str, str]]:
        """Return the lines that it never came to: those of a job that has ended come to nothing any more."""
        if self.state not in _COME_TO_AN_END:
            return []
        return self.lines[len(self.succeeded) + len(self.failed) :]

    def shown(self, version: str) -> dict[str, Any]:
        """Return the job as the API shows it."""
        about = {
            "id": self.id, "operation": self.said.get("operation"), "object": self.said.get("object"),
            "createdById": self.created_by, "state": self.state, "concurrencyMode": "Parallel",
            "contentType": "CSV", "apiVersion": float(version), "jobType": "V2Ingest",
            "lineEnding": self.said.get("lineEnding", "LF"),
            "columnDelimiter": self.said.get("columnDelimiter", "COMMA"),
            "numberRecordsProcessed": len(self.succeeded) + len(self.failed) + len(self.rows),
            "numberRecordsFailed": len(self.failed),
        }  # fmt: skip
        if self.kind == "query":
            told = {"jobType": "V2Query"}
            return about | told | ({"errorMessage": "QUERY_TIMEOUT"} if self.state == "Failed" else {})
        named_by = self.said.get("externalIdFieldName")
        content = f"services/data/v{version}/jobs/ingest/{self.id}/batches"
        about |= {"errorMessage": self.trouble} if self.trouble else {}
        return about | {"contentUrl": content} | ({"externalIdFieldName": named_by} if named_by else {})


class Bulk:
    """The jobs of an org, in memory."""

    def __init__(self, org: Org) -> None:
        self._org = org
        self._jobs: dict[str, Job] = {}

    def answer(self, caller: Caller, call: Call) -> Answer:
        """Answer a call below `jobs`. Raises Refused."""
        kind, *rest = call.path[1:] or ("",)
        if kind not in ("ingest", "query"):
            raise not_found()
        if not self._org.settings.bulk:
            raise Refused(
                "FEATURENOTENABLED", "the Bulk API is not for this user", status=HTTPStatus.FORBIDDEN
            )
        if not rest:
            if call.method != "POST":
                raise method_not_allowed(call.method)
            make = self._ingest if kind == "ingest" else self._query
            return Answer(HTTPStatus.OK, make(caller, call).shown(call.version))
        job = self._jobs.get(rest[0])
        if job is None or job.kind != kind or self._org.clock.now() - job.made_at > _KEPT:
            raise not_found()
        return self._about(caller, call, job, *rest[1:])

    def _about(self, caller: Caller, call: Call, job: Job, resource: str = "") -> Answer:
        match call.method, resource:
            case "GET", "":
                self._advance(caller, job)
                return Answer(HTTPStatus.OK, job.shown(call.version))
            case "PUT", "batches" if job.kind == "ingest":
                return self._uploaded(call, job)
            case "PATCH", "":
                return self._moved(call, job)
            case "DELETE", "":
                if job.state not in _DELETED_AS:
                    raise Refused("INVALIDJOBSTATE", f"a job that is {job.state} cannot be deleted")
                del self._jobs[job.id]
                return NO_CONTENT
            case "GET", "successfulResults" | "failedResults" | "unprocessedrecords":
                return _results(job, resource)
            case "GET", "results" if job.kind == "query":
                return _page(call, job)
        raise method_not_allowed(call.method)

    def _ingest(self, caller: Caller, call: Call) -> Job:
        said = call.object
        asked = {
            "operation": (said.get("operation"), _OPERATIONS),
            "contentType": (said.get("contentType", "CSV"), ("CSV",)),
            "lineEnding": (said.get("lineEnding", "LF"), _LINE_ENDINGS),
            "columnDelimiter": (said.get("columnDelimiter", "COMMA"), tuple(_DELIMITERS)),
        }
        for name, (given, known) in asked.items():
            if given not in known:
                raise Refused("INVALIDJOB", f"one of {', '.join(known)} is expected as {name}")
        object_type = self._org.object_type(str(said.get("object")), caller.rights)
        if said["operation"] == "upsert":
            external_id(object_type, str(said.get("externalIdFieldName")))
        return self._kept(caller, "ingest", said, "Open")

    def _query(self, caller: Caller, call: Call) -> Job:
        said = call.object
        if said.get("operation") not in _QUERIES:
            raise Refused("INVALIDJOB", f"one of {', '.join(_QUERIES)} is expected as operation")
        question = read_soql(str(said.get("query")))
        rows = Querying(self._org, caller, call.version).rows(
            question, deleted=said["operation"] == "queryAll"
        )
        if isinstance(rows, int):
            raise Refused("INVALIDJOB", "a count is no query of a bulk job")
        source = next(each for name, each in objects().items() if name.lower() == question.source.lower())
        found = [source.named(each) for each in question.fields]
        if any(each is not None and each.type == "address" for each in found):
            raise Refused("API_ERROR", "Selecting compound data not supported in Bulk Query")
        job = self._kept(caller, "query", said | {"object": source.name}, "UploadComplete")
        named = zip(found, question.fields, strict=True)
        job.rows, job.names = rows, [each.name if each is not None else name for each, name in named]
        return job

    def _kept(self, caller: Caller, kind: str, said: dict[str, Any], state: str) -> Job:
        number = f"750Sg00{len(self._jobs) + 1:011d}"
        job = self._jobs[number] = Job(number, kind, said, state, caller.user_id, self._org.clock.now())
        return job

    def _advance(self, caller: Caller, job: Job) -> None:
        """Let time pass for a job: it is seen at work before it is seen done. Raises Refused."""
        trouble = self._org.faults.for_job(str(job.said.get("object")), job.id)
        if trouble == "job_lost":
            del self._jobs[job.id]
            raise not_found()
        if trouble is not None:
            # What it has come to by then stays.
            self._run(caller, job, job.lines[: len(job.lines) // 2])
            job.state = _TROUBLE[trouble]
        elif job.state == "UploadComplete":
            job.state = "InProgress"
        elif job.state == "InProgress":
            job.waits -= 1
            if job.waits <= 0:
                job.state = "JobComplete"
                self._run(caller, job, job.lines)

    def _uploaded(self, call: Call, job: Job) -> Answer:
        if job.state != "Open" or job.lines:
            raise Refused("INVALIDJOBSTATE", "a job takes one upload while it is open")
        if len(call.raw) > MOST_BYTES:
            raise Refused("EXCEEDED_MAX_SIZE_REQUEST", f"more than {MOST_BYTES} bytes")
        job.line_ending = "CRLF" if call.raw.partition(b"\n")[0].endswith(b"\r") else "LF"
        text = io.StringIO(call.raw.decode("utf-8"), newline="")
        job.lines = list(csv.DictReader(text, delimiter=job.delimiter))
        return Answer(HTTPStatus.CREATED)

    def _moved(self, call: Call, job: Job) -> Answer:
        state = str(call.object.get("state"))
        begun = {"UploadComplete": ("Open",), "Aborted": ("Open", "UploadComplete", "InProgress")}
        if job.state not in begun.get(state, ()):
            raise Refused("INVALIDJOBSTATE", f"a job cannot go from {job.state} to {state}")
        job.state = state
        if state == "UploadComplete" and job.line_ending != job.said.get("lineEnding", "LF"):
            # What was sent is not what was announced: no line of it is looked at.
            job.state, job.trouble = "Failed", f"LineEnding is invalid on user data: {job.line_ending}"
        return Answer(HTTPStatus.OK, job.shown(call.version))

    def _run(self, caller: Caller, job: Job, lines: Sequence[dict[str, str]]) -> None:
        object_type = self._org.object_type(job.said["object"], caller.rights)
        unknown = [name for name in (job.lines[0] if job.lines else ()) if object_type.named(name) is None]
        if unknown:
            job.state, job.trouble = "Failed", f"InvalidBatch : Field name not found : {unknown[0]}"
            return
        writing = Writing(self._org, caller, "bulk")
        for line in lines:
            try:
                with self._org.transaction():
                    outcome = _written(writing, object_type, job.said, line)
            except Refused as refused:
                job.failed.append({"sf__Id": "", "sf__Error": refused.cell, **line})
            except SeveralMatch:
                cell = "DUPLICATE_EXTERNAL_ID:more than one record found for external id field:--"
                job.failed.append({"sf__Id": "", "sf__Error": cell, **line})
            else:
                created = str(outcome.created).lower()
                job.succeeded.append({"sf__Id": outcome.id, "sf__Created": created, **line})


def _written(
    writing: Writing, object_type: ObjectType, said: dict[str, Any], line: dict[str, str]
) -> Outcome:
    """Write one line; an empty cell says nothing about its field."""
    row = {name: cell for name, cell in line.items() if cell}
    apart = {"upsert": said.get("externalIdFieldName"), "update": "Id"}.get(said["operation"])
    named = row.pop(apart, None) if apart else None
    fields = {name: object_type.named(name) for name in row}
    try:
        body = {name: from_cell(f, row[name]) if f else row[name] for name, f in fields.items()}
    except ValueError as error:
        raise Refused("INVALID_TYPE_ON_FIELD_IN_RECORD", "a number is expected", []) from error
    given = writing.read(object_type, body)
    if said["operation"] == "insert":
        return writing.create(object_type, given)
    if named is None:
        raise Refused("MISSING_ARGUMENT", f"{apart} not specified", [])
    if said["operation"] == "update":
        return writing.update(object_type, named, given)
    return writing.upsert(object_type, external_id(object_type, str(apart)), named, given)


def _results(job: Job, resource: str) -> Answer:
    found = {
        "successfulResults": job.succeeded, "failedResults": job.failed,
        "unprocessedrecords": job.unprocessed,
    }[resource]  # fmt: skip
    first = ["sf__Id", "sf__Created" if resource == "successfulResults" else "sf__Error"]
    own = list(job.lines[0]) if job.lines else []
    names = own if resource == "unprocessedrecords" else [*first, *own]
    # No order is promised, so none is kept: the last comes first.
    text = _csv(names, reversed(found), job.delimiter)
    return Answer(HTTPStatus.OK, text=text, media_type=_CSV)


def _page(call: Call, job: Job) -> Answer:
    if job.state != "JobComplete":
        raise Refused("INVALIDJOBSTATE", "the job is not complete")
    most = call.query.get("maxRecords", str(_PAGE))
    if not most.isdecimal() or not int(most):
        raise Refused("INVALIDJOB", "maxRecords takes a number")
    start = _place(call.query.get("locator"))
    page, end = job.rows[start : start + int(most)], start + int(most)
    if start and not page:
        raise Refused("INVALIDLOCATOR", "the locator is of no page of this job")
    more = _locator(end) if end < len(job.rows) else "null"
    headers = {"Sforce-Locator": more, "Sforce-NumberOfRecords": str(len(page))}
    # A record has its fields in the order of the query, as it is asked by.
    rows = ({name: _cell(_at(row, name)) for name in job.names} for row in page)
    return Answer(HTTPStatus.OK, headers=headers, text=_csv(job.names, rows), media_type=_CSV)


def _at(row: Any, path: str) -> Any:  # noqa: ANN401 - JSON
    for step in path.split("."):
        row = row.get(step) if isinstance(row, dict) else None
    return row


def _locator(place: int) -> str:
    """Return what a page is asked for by: nobody is to count by it."""
    return urlsafe_b64encode(f"at {place}".encode()).decode().rstrip("=")


def _place(locator: str | None) -> int:
    if locator is None:
        return 0
    try:
        word, _, place = urlsafe_b64decode(locator + "=" * (-len(locator) % 4)).decode().partition(" ")
    except ValueError:
        word, place = "", ""
    if word != "at" or not place.isdecimal():
        raise Refused("INVALIDLOCATOR", "the locator is none that was given")
    return int(place)


def _cell(value: object) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _csv(names: Sequence[str], rows: Iterable[dict[str, str]], delimiter: str = ",") -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, names, lineterminator="\n", delimiter=delimiter, quoting=csv.QUOTE_ALL)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
