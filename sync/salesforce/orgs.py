"""Orgs of Salesforce, each opened once in a process: its client, what it says of itself, shared calls."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar
from uuid import UUID

import asyncpg
from anyio import to_thread
from simple_salesforce.format import format_soql

from auth.crypto import Place, Sealer
from domain.identity import salesforce_id
from storage.salesforce import StoredSalesforce, find_salesforce
from sync.salesforce.batcher import Batcher
from sync.salesforce.breaker import Breaker
from sync.salesforce.client import MOST_ROWS, SalesforceClient
from sync.salesforce.connection import (
    KEPT_BACK,
    ROWS_FOR_BULK,
    ClientCredentials,
    Connection,
    JwtBearer,
)
from sync.salesforce.contract_status import QUESTION, ContractStatuses
from sync.salesforce.description import ObjectDescription
from sync.salesforce.failures import NotAuthorised, Permanent, Retryable, SalesforceFailure
from sync.salesforce.results import RowResult, Values, Written

log = logging.getLogger("contract_graph.salesforce")

KEPT: Final = 5.0
"""Seconds for which a connection is known: what an administrator changes holds everywhere after that."""

DESCRIBED: Final = 900.0
"""Seconds for which what an org says of its objects is believed."""

_LONGEST_WORK = 60.0  # seconds for which a lane may still hold an org that was put away

_READABLE = "SELECT RecordId, HasReadAccess FROM UserRecordAccess"

Row = Mapping[str, Any]
T = TypeVar("T")


@dataclass(slots=True)
class OpenOrg:
    """One org: calls of many lanes travel together, and stop while it fails as a whole."""

    org_id: UUID
    client: SalesforceClient
    currency: str | None
    last_known_for: timedelta = timedelta()
    """How much longer what it said of sharing counts while it cannot be asked."""
    breaker: Breaker = field(default_factory=Breaker)
    _described: dict[str, tuple[float, ObjectDescription]] = field(default_factory=dict)
    _statuses: tuple[float, ContractStatuses] | None = None
    _asking: asyncio.Lock = field(default_factory=asyncio.Lock)
    _writes: dict[tuple[str, str | None], Batcher[Values, RowResult]] = field(default_factory=dict)
    _reads: dict[tuple[str, str, tuple[str, ...]], Batcher[None, Row | None]] = field(default_factory=dict)

    async def describe(self, name: str) -> ObjectDescription:
        """Return what the org says of an object, as of a few minutes ago. Raises SalesforceFailure."""
        async with self._asking:
            until, found = self._described.get(name, (0.0, None))
            if found is None or time.monotonic() > until:
                async with self._call():
                    found = await self.client.describe(name)
                self._described[name] = time.monotonic() + DESCRIBED, found
            return found

    async def statuses(self) -> ContractStatuses:
        """Return the statuses that a contract has there, as `describe` does."""
        async with self._asking:
            if self._statuses is None or time.monotonic() > self._statuses[0]:
                async with self._call():
                    rows = [row async for row in self.client.query(QUESTION)]
                self._statuses = time.monotonic() + DESCRIBED, ContractStatuses.read(rows)
            return self._statuses[1]

    def forget(self) -> None:
        """Ask anew what the org says of itself: it has refused what that allowed."""
        self._described.clear()
        self._statuses = None

    async def read(self, name: str, by: str, key: str, fields: tuple[str, ...]) -> Row | None:
        """Return fields of the record whose field `by` is `key`, None where there is none.

        Raises SalesforceFailure, Permanent where there are several.
        """
        batcher = self._reads.get((name, by, fields))
        if batcher is None:
            batcher = Batcher(lambda keys: self._read(name, by, tuple(keys), fields), MOST_ROWS)
            self._reads[name, by, fields] = batcher
        return await batcher.ask(key, None)

    async def changed_since(self, name: str, since: datetime) -> list[Row]:
        """Return Id, SystemModstamp and IsDeleted of records changed at a moment or later, the oldest first.

        Deleted ones are among them as long as they lie in the recycle bin. Raises SalesforceFailure.
        """
        asked = format_soql("WHERE SystemModstamp >= {} ORDER BY SystemModstamp, Id", since)
        soql = f"SELECT Id, SystemModstamp, IsDeleted FROM {name} {asked}"  # noqa: S608 - names of ours
        async with self._call():
            return [row async for row in self.client.query(soql, "queryAll")]

    async def readable(self, user_id: str, record_ids: Sequence[str]) -> Mapping[str, bool]:
        """Return whether Salesforce lets a user read each of at most 200 records.

        It is silent of those that are not there, and of those that our own user may not read. Raises
        SalesforceFailure.
        """
        asked = format_soql("WHERE UserId = {} AND RecordId IN {}", user_id, list(record_ids))
        async with self._call():
            rows = [row async for row in self.client.query(f"{_READABLE} {asked}")]
        return {salesforce_id(str(row["RecordId"])): row["HasReadAccess"] is True for row in rows}

    async def upsert(self, name: str, by: str, key: str, values: Values) -> str:
        """Change or make the record with an external id; return its Salesforce id.

        Raises SalesforceFailure.
        """
        return _id_of(await self._writer(name, by).ask(key, values))

    async def update(self, name: str, record_id: str, values: Values) -> str:
        """Change a record by its Salesforce id, which is returned. Raises SalesforceFailure."""
        return _id_of(await self._writer(name, None).ask(record_id, values))

    async def asked(self, ask: Callable[[SalesforceClient], Awaitable[T]]) -> T:
        """Make a call of another kind, minded like every other. Raises SalesforceFailure."""
        async with self._call():
            return await ask(self.client)

    async def close(self) -> None:
        """Let go of it once the calls that are under way have ended."""
        for writer in self._writes.values():
            await writer.close()
        for reader in self._reads.values():
            await reader.close()
        await self.client.close()

    def _writer(self, name: str, by: str | None) -> Batcher[Values, RowResult]:
        batcher = self._writes.get((name, by))
        if batcher is None:
            batcher = Batcher(lambda rows: self._write(name, by, rows), MOST_ROWS)
            self._writes[name, by] = batcher
        return batcher

    async def _write(self, name: str, by: str | None, rows: Mapping[str, Values]) -> Mapping[str, RowResult]:
        async with self._call():
            if by is None:
                return await self.client.update_rows(name, rows)
            return await self.client.upsert_rows(name, by, rows)

    async def _read(
        self, name: str, by: str, keys: tuple[str, ...], fields: tuple[str, ...]
    ) -> Mapping[str, Row | None]:
        asked = format_soql("WHERE {:literal} IN {}", by, list(keys))
        chosen = ", ".join(dict.fromkeys(("Id", by, *fields)))
        found: dict[str, Row | None] = dict.fromkeys(keys)
        wanted = {key.casefold(): key for key in keys}
        async with self._call():
            rows = [row async for row in self.client.query(f"SELECT {chosen} FROM {name} {asked}")]  # noqa: S608 - names of ours, and keys quoted
        for row in rows:
            key = wanted[str(row[by]).casefold()]
            if found[key] is not None:
                raise Permanent("DUPLICATE_EXTERNAL_ID", f"several records of {name} have the {by} {key}")
            found[key] = row
        return found

    @asynccontextmanager
    async def _call(self) -> AsyncIterator[None]:
        """Surround a call: refuse it while the org is left alone, and note how the org is."""
        self.breaker.check()
        try:
            yield
        except (Retryable, NotAuthorised) as failure:
            if self.breaker.failed():
                log.warning(
                    "Salesforce of org %s is left alone for %.0f s: %s", self.org_id, self.breaker.wait,
                    failure.code,
                )  # fmt: skip
            raise
        except SalesforceFailure:
            self._is_back()
            raise
        self._is_back()

    def _is_back(self) -> None:
        if self.breaker.succeeded():
            log.info("Salesforce of org %s answers again", self.org_id)


class SalesforceOrgs:
    """Opens orgs as they are set up in the database, and looks now and then whether that has changed.

    Of the calls that an org allows in a day, `kept_back` is the share that is left to everybody else; from
    `rows_for_bulk` on what waits goes by bulk jobs, never where it is 0.
    """

    def __init__(
        self,
        sealer: Sealer,
        clock: Callable[[], float] = time.monotonic,
        breaker: Callable[[], Breaker] = Breaker,
        kept_back: float = KEPT_BACK,
        rows_for_bulk: int = ROWS_FOR_BULK,
    ) -> None:
        self._sealer, self._clock, self._breaker, self._kept_back = sealer, clock, breaker, kept_back
        self._rows_for_bulk = rows_for_bulk
        self._known: dict[UUID, tuple[float, StoredSalesforce | None]] = {}
        self._open: dict[UUID, OpenOrg] = {}
        self._opening = asyncio.Lock()
        self._ending = asyncio.Event()
        self._closing: set[asyncio.Task[None]] = set()

    async def get(self, connection: asyncpg.Connection, org_id: UUID) -> OpenOrg | None:
        """Return an org, in a transaction bound to it; None where it has no Salesforce, or no longer.

        Raises a KeyEncryptionError.
        """
        async with self._opening:
            until, stored = self._known.get(org_id, (0.0, None))
            if self._clock() >= until:
                found = await find_salesforce(connection, org_id)
                if found is not None and found.ended_at is not None:
                    found = None
                if found != stored:
                    await self._replace(org_id, found)
                self._known[org_id] = self._clock() + KEPT, found
            return self._open.get(org_id)

    async def close(self) -> None:
        """Let go of every org; one that is asked for after that is opened anew."""
        for org_id in list(self._open):
            self._put_away(org_id)
        self._known.clear()
        self._ending.set()
        while self._closing:
            await asyncio.wait(self._closing)
        self._ending.clear()

    async def _replace(self, org_id: UUID, found: StoredSalesforce | None) -> None:
        # It may not open at all: then the other stays for whoever asks.
        opened = None
        if found is not None:
            opened = await to_thread.run_sync(opened_connection, found, self._sealer, self._kept_back)
        self._put_away(org_id)
        if found is not None and opened is not None:
            client = SalesforceClient(replace(opened, rows_for_bulk=self._rows_for_bulk))
            last_known_for = timedelta(minutes=found.last_known_minutes or 0)
            self._open[org_id] = OpenOrg(org_id, client, found.currency, last_known_for, self._breaker())

    def _put_away(self, org_id: UUID) -> None:
        old = self._open.pop(org_id, None)
        if old is not None:
            task = asyncio.create_task(self._end(old))
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)

    async def _end(self, old: OpenOrg) -> None:
        """Close an org when nobody can be working with it any more."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_LONGEST_WORK):
                await self._ending.wait()
        await old.close()


def opened_connection(stored: StoredSalesforce, sealer: Sealer, kept_back: float = KEPT_BACK) -> Connection:
    """Return how an org is reached, its secret decrypted; waits for a key service.

    Raises a KeyEncryptionError.
    """
    secret = sealer.open(stored.secret, _place(stored.org_id)).decode()
    if stored.username is None:
        credentials: JwtBearer | ClientCredentials = ClientCredentials(stored.consumer_key, secret)
    else:
        credentials = JwtBearer(stored.consumer_key, secret, stored.username, stored.audience or "")
    # A lane is worked on for 45 s at most: a call that lasts longer would outlive whoever waits for it.
    return Connection(
        url=stored.url, credentials=credentials, kept_back=kept_back, read_timeout=15.0, call_timeout=20.0
    )


def sealed_secret(sealer: Sealer, org_id: UUID, secret: str) -> str:
    """Encrypt the private key or the secret that an org is signed in to with."""
    return sealer.seal(secret.encode(), _place(org_id))


def _place(org_id: UUID) -> Place:
    return Place(org=str(org_id), table="salesforce_connection", row=str(org_id), column="secret")


def _id_of(result: RowResult) -> str:
    if isinstance(result, Written):
        return salesforce_id(result.id)
    raise result
