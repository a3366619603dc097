"""The REST API of the stand-in: which resource answers which call."""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from sync.salesforce.stand_in.bulk import Bulk
from sync.salesforce.stand_in.composite import answer_composite
from sync.salesforce.stand_in.exchange import Answer, Call
from sync.salesforce.stand_in.org import Caller, Org
from sync.salesforce.stand_in.query import Querying
from sync.salesforce.stand_in.record_access import NAME, record_access
from sync.salesforce.stand_in.refusal import Refused, not_found
from sync.salesforce.stand_in.rows import answer_rows
from sync.salesforce.stand_in.sobjects import answer_sobjects
from sync.salesforce.stand_in.soql import read_soql

OLDEST, LATEST = 46, 67
"""The versions that answer: from 46 on an upsert says `created`."""

_SMALLEST_PAGE, _LARGEST_PAGE = 200, 2000
_BATCH = re.compile(r"batchSize=([0-9]+)")


class Resources:
    """All resources of an org below `/services/data/vNN.0`."""

    def __init__(self, org: Org) -> None:
        self._org = org
        self._bulk = Bulk(org)
        self._cursors: dict[str, list[dict[str, Any]]] = {}

    def answer(self, caller: Caller, call: Call) -> Answer:
        """Answer a call; a refusal is an answer too."""
        try:
            return self._answer(caller, call)
        except Refused as refused:
            return Answer(refused.status, refused.body)

    def _answer(self, caller: Caller, call: Call) -> Answer:
        if not OLDEST <= float(call.version) <= LATEST:
            raise not_found()
        match call.path:
            case () | ("",):
                return Answer(HTTPStatus.OK, _directory(call.version))
            case ("sobjects", *_):
                return answer_sobjects(self._org, caller, call)
            case ("composite", "sobjects", *_):
                return answer_rows(self._org, caller, call)
            case ("composite",):
                return answer_composite(self._org, call, lambda part: self.answer(caller, part))
            case ("query" | "queryAll",) | ("tooling", "query"):
                return self._query(caller, call)
            case ("query" | "queryAll", locator):
                return self._more(call, locator)
            case ("jobs", *_):
                return self._bulk.answer(caller, call)
            case ("limits",):
                return Answer(HTTPStatus.OK, self._limits())
        raise not_found()

    def _query(self, caller: Caller, call: Call) -> Answer:
        question = read_soql(call.query.get("q", ""))
        if question.source.lower() == NAME.lower():
            found = record_access(self._org, caller, question)
            return Answer(HTTPStatus.OK, {"totalSize": len(found), "done": True, "records": found})
        deleted = call.path[0] == "queryAll"
        rows = Querying(self._org, caller, call.version).rows(question, deleted=deleted)
        if isinstance(rows, int):
            return Answer(HTTPStatus.OK, {"totalSize": rows, "done": True, "records": []})
        locator = f"01gSg{len(self._cursors) + 1:010d}"
        self._cursors[locator] = rows
        return self._page(call, locator, 0)

    def _more(self, call: Call, place: str) -> Answer:
        locator, _, start = place.partition("-")
        if locator not in self._cursors or not start.isdecimal():
            raise Refused("INVALID_QUERY_LOCATOR", "invalid query locator")
        return self._page(call, locator, int(start))

    def _page(self, call: Call, locator: str, start: int) -> Answer:
        rows, end = self._cursors[locator], start + _page_size(call.headers)
        body = {"totalSize": len(rows), "done": end >= len(rows), "records": rows[start:end]}
        if end < len(rows):
            body["nextRecordsUrl"] = f"/services/data/v{call.version}/query/{locator}-{end}"
        else:
            del self._cursors[locator]
        return Answer(HTTPStatus.OK, body)

    def _limits(self) -> dict[str, Any]:
        most = self._org.settings.daily_limit
        left = {"Max": most, "Remaining": max(most - self._org.calls, 0)}
        return {"DailyApiRequests": left, "DailyBulkV2QueryJobs": {"Max": 10_000, "Remaining": 10_000}}


def _page_size(headers: Mapping[str, str]) -> int:
    found = _BATCH.search(headers.get("sforce-query-options", ""))
    return min(max(int(found[1]), _SMALLEST_PAGE), _LARGEST_PAGE) if found else _LARGEST_PAGE


def _directory(version: str) -> dict[str, str]:
    names = ("composite", "jobs", "limits", "query", "queryAll", "sobjects")
    return {name: f"/services/data/v{version}/{name}" for name in names}
