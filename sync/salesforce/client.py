"""Salesforce as we speak to it: every call ends, says what became of it, and may be repeated."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import format_datetime
from typing import Any, Self, TypeVar
from urllib.parse import quote

import requests

from sync.salesforce.budget import Budget
from sync.salesforce.connection import Connection
from sync.salesforce.description import ObjectDescription
from sync.salesforce.failures import NotAuthorised, NotModified, Retryable
from sync.salesforce.results import Part, PartResult, RowResult, Values, Written, of_parts, of_rows
from sync.salesforce.tokens import Token, Tokens, minted
from sync.salesforce.transport import BoundedSession, Org

MOST_ROWS, MOST_PARTS = 200, 25
"""How many records one call of collections takes, and how many parts a composite one."""

_SESSION_OVER = "INVALID_SESSION_ID"
_WAIT = 2.0
_JSON = {"Content-Type": "application/json"}
T = TypeVar("T")


class SalesforceClient:
    """One org of Salesforce. Close it, or use it as a context; it belongs to one event loop.

    Each method raises a SalesforceFailure where the call as a whole does not succeed. What it writes is an
    update by id or an upsert by external id, so to repeat a call whose answer was lost changes nothing more.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.budget = Budget(connection.kept_back)
        self._pool = ThreadPoolExecutor(connection.threads, thread_name_prefix="salesforce")
        self._tokens = Tokens(self._mint)
        self._own = threading.local()
        self._sessions: list[BoundedSession] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Let go of the threads and their connections; calls that wait for a thread are given up."""
        await asyncio.to_thread(self._pool.shutdown, wait=True, cancel_futures=True)
        for session in self._sessions:
            session.close()

    async def session(self, stale: Token | None = None) -> Token:
        """Return our session, for another API of the org; a new one where the caller found it `stale`."""
        return await self._tokens.current(stale)

    async def describe(self, name: str) -> ObjectDescription:
        """Return what the org says of an object, to our user."""
        return await self._read("GET", f"sobjects/{_segment(name)}/describe", ObjectDescription.read)

    async def limits(self) -> Mapping[str, Any]:
        """Return the limits of the org, and what is left of each."""
        return await self._read("GET", "limits", dict)

    async def query(self, soql: str, resource: str = "query") -> AsyncIterator[Mapping[str, Any]]:
        """Return the rows of a query, page by page; write it with `simple_salesforce.format_soql`.

        `resource` may be `queryAll`, for records in the recycle bin too, or `tooling/query`.
        """
        path: str | None = f"{resource}?q={quote(soql, safe='')}"
        while path is not None:
            page = await self._read("GET", path, dict)
            for row in page["records"]:
                yield row
            # Relative to the version that we speak, as what it names is of ours.
            more = page.get("nextRecordsUrl")
            path = f"{resource}/{more.rpartition('/')[2]}" if more else None

    async def get(
        self, name: str, record_id: str, fields: Sequence[str], *, modified_since: datetime | None = None
    ) -> Mapping[str, Any] | None:
        """Return fields of a record; None where it has not changed since a moment."""
        asked = f"sobjects/{_segment(name)}/{_segment(record_id)}?fields={quote(','.join(fields), safe=',')}"
        headers = {} if modified_since is None else {"If-Modified-Since": _http_date(modified_since)}
        try:
            return await self._read("GET", asked, dict, headers=headers)
        except NotModified:
            return None

    async def update(
        self, name: str, record_id: str, values: Values, *, unmodified_since: datetime | None = None
    ) -> None:
        """Change a record by its id.

        With `unmodified_since`, the LastModifiedDate that we know, only if nobody changed it after that
        second; raises ChangedSince.
        """
        path = f"sobjects/{_segment(name)}/{_segment(record_id)}"
        await self.call("PATCH", path, body=values, headers=_guard(unmodified_since))

    async def upsert(
        self,
        name: str,
        key: tuple[str, str],
        values: Values,
        *,
        unmodified_since: datetime | None = None,
        only_update: bool = False,
    ) -> Written:
        """Change the record whose external id, a field and its value, is `key`, or make it.

        It is guarded as `update` is.
        """
        field, value = key
        path = f"sobjects/{_segment(name)}/{_segment(field)}/{_segment(value)}"
        path += "?updateOnly=true" if only_update else ""
        return await self._read("PATCH", path, _written, body=values, headers=_guard(unmodified_since))

    async def upsert_rows(
        self, name: str, field: str, rows: Mapping[str, Values], *, all_or_none: bool = False
    ) -> dict[str, RowResult]:
        """Change or make records by their external ids, 200 a call; say of each what became of it.

        `all_or_none` holds within a call, so it takes no more rows than one takes. Raises ValueError.
        """
        _check_keys(rows, all_or_none=all_or_none)
        results: dict[str, RowResult] = {}
        path = f"composite/sobjects/{_segment(name)}/{_segment(field)}"
        for some in _chunks(list(rows), MOST_ROWS):
            records = [{"attributes": {"type": name}, field: key, **rows[key]} for key in some]
            found = await self._rows(path, records, all_or_none=all_or_none)
            results.update(zip(some, found, strict=True))
        return results

    async def update_rows(
        self, name: str, rows: Mapping[str, Values], *, all_or_none: bool = False
    ) -> dict[str, RowResult]:
        """Change records by their ids, as `upsert_rows` does by external ids. Raises ValueError."""
        _check_keys(rows, all_or_none=all_or_none)
        results: dict[str, RowResult] = {}
        for some in _chunks(list(rows), MOST_ROWS):
            records = [{"attributes": {"type": name}, "Id": key, **rows[key]} for key in some]
            found = await self._rows("composite/sobjects", records, all_or_none=all_or_none)
            results.update(zip(some, found, strict=True))
        return results

    async def composite(self, parts: Sequence[Part], *, all_or_none: bool = True) -> list[PartResult]:
        """Make up to 25 calls in one, all or none of them unless told otherwise. Raises ValueError."""
        if not 0 < len(parts) <= MOST_PARTS:
            raise ValueError(f"a composite call has from 1 to {MOST_PARTS} parts")
        base = f"/services/data/v{self.connection.version}/"
        asked = [
            {"referenceId": part.reference, "method": part.method, "url": base + part.path}
            | ({} if part.body is None else {"body": part.body})
            for part in parts
        ]
        body = {"allOrNone": all_or_none, "compositeRequest": asked}
        return await self._read("POST", "composite", lambda said: of_parts(said, list(parts)), body=body)

    async def call(
        self,
        method: str,
        path: str,
        *,
        body: Values | bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - it bounds each of two calls
    ) -> requests.Response:
        """Make one call, in a new session if ours is over; `path` follows the version, and is quoted."""
        self.budget.check()
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        told = _JSON | {"X-PrettyPrint": "0", "Sforce-Call-Options": f"client={self.connection.client_name}"}
        arguments = {"data": data, "headers": told | dict(headers or {})}
        token = await self._tokens.current()
        try:
            return await self._in_thread(lambda: self._call(token, method, path, arguments), timeout)
        except NotAuthorised as error:
            if error.code != _SESSION_OVER:
                raise
        # Once only: a session that is over as soon as it is new is no matter of time.
        fresh = await self._tokens.current(stale=token)
        return await self._in_thread(lambda: self._call(fresh, method, path, arguments), timeout)

    def _call(self, token: Token, method: str, path: str, arguments: Mapping[str, Any]) -> requests.Response:
        """Make one call in a thread of the pool, over the session that is this thread's own."""
        kept: dict[str, BoundedSession] = self._own.__dict__.setdefault("sessions", {})
        session = kept.get(token.instance_url)
        if session is None:
            session = BoundedSession(self.connection, token.instance_url, self.budget.seen)
            kept[token.instance_url] = session
            self._sessions.append(session)
        org = Org(
            session_id=token.value, instance_url=token.instance_url, version=self.connection.version,
            session=session,
        )  # fmt: skip
        return org.call(method, path, **arguments)

    async def _rows(self, path: str, records: Sequence[Values], *, all_or_none: bool) -> list[RowResult]:
        body = {"allOrNone": all_or_none, "records": records}
        return await self._read("PATCH", path, lambda said: of_rows(said, len(records)), body=body)

    async def _read(
        self,
        method: str,
        path: str,
        read: Callable[[Any], T],
        **arguments: Any,  # noqa: ANN401 - see call
    ) -> T:
        answer = await self.call(method, path, **arguments)
        return _parsed(answer, read)

    async def _mint(self) -> Token:
        return await self._in_thread(lambda: minted(self.connection))

    async def _in_thread(self, ask: Callable[[], T], patience: float | None = None) -> T:
        """Ask in a thread, and wait no longer than a call may take. Raises SalesforceFailure."""
        asked = asyncio.get_running_loop().run_in_executor(self._pool, ask)
        try:
            return await asyncio.wait_for(asked, patience or self.connection.call_timeout)
        except TimeoutError:
            # An answer that comes in drops keeps its thread; whoever waits for it is let go.
            raise Retryable("TIMEOUT", _WAIT, unsure=True) from None


def _parsed(answer: requests.Response, read: Callable[[Any], T]) -> T:
    """Read the body of an answer, numbers exactly. Raises Retryable where it is not what it should be."""
    try:
        return read(json.loads(answer.content, parse_float=Decimal))
    except (ValueError, LookupError, TypeError, AttributeError):
        # Half an answer, or a proxy's page with the status of a success.
        raise Retryable("UNREADABLE_ANSWER", _WAIT, unsure=True) from None


def _written(said: Mapping[str, Any]) -> Written:
    return Written(str(said["id"]), bool(said["created"]))


def _segment(text: str) -> str:
    """Return a text as one step of an address. Raises ValueError for one that would lead elsewhere."""
    if not text.strip("."):
        raise ValueError("an address cannot name what is called so")
    return quote(text, safe="")


def _guard(unmodified_since: datetime | None) -> dict[str, str]:
    return {} if unmodified_since is None else {"If-Unmodified-Since": _http_date(unmodified_since)}


def _http_date(moment: datetime) -> str:
    return format_datetime(moment.astimezone(UTC), usegmt=True)


def _check_keys(rows: Mapping[str, Values], *, all_or_none: bool) -> None:
    # Salesforce compares external ids in whatever case, and fails both rows where it finds one twice.
    if len({key.casefold() for key in rows}) < len(rows):
        raise ValueError("two rows are of one record: put them together first")
    if all_or_none and len(rows) > MOST_ROWS:
        raise ValueError(f"all or none of more than {MOST_ROWS} rows cannot be promised")


def _chunks(keys: list[str], size: int) -> list[list[str]]:
    return [keys[start : start + size] for start in range(0, len(keys), size)]
