"""The audit log of the API: the events of requests that end at the same time are committed together."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from typing import Final
from uuid import UUID

import asyncpg

from auth.audit import Access, AuditEvent
from domain.histogram import ANSWERING, Histogram
from storage.audit_log import LogEntry, add_accesses, add_event_within, add_events
from storage.database import Database

KNOWN_ACCESSES: Final = 10_000
_MOST_EVENTS: Final = 500
COMMITTED_WITHIN: Final = 5.0
"""Seconds after which nobody waits any more: no timeout of PostgreSQL's ends the wait for a standby."""

_Waiting = tuple[LogEntry, asyncio.Future[None]]


class NotRecorded(Exception):
    """The audit log cannot be written: what it would have told of must not be given out."""


class AuditWriter:
    """Adds events to the log; who waits for one knows when it is durable.

    One group is written at a time. What is added meanwhile makes the next: under load a commit is shared by
    many requests, and a lone request waits for nobody.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: list[_Waiting] = []
        self._giving_up: asyncio.TimerHandle
        self._writing: asyncio.Task[None] | None = None
        self._accesses: OrderedDict[tuple[UUID, str], None] = OrderedDict()
        self.events = 0
        """Events that were committed in groups."""
        self.failed = 0
        """Groups that could not be."""
        self.commits = Histogram(ANSWERING)
        """How long a group took that was."""

    @property
    def queued(self) -> int:
        """How many events wait for the next group."""
        return len(self._waiting)

    async def append(self, event: AuditEvent, access: Access | None = None) -> None:
        """Add an event, with the access that it names; returns once it is durable.

        Raises NotRecorded.
        """
        try:
            if access is not None:
                await self._know(event.who.org_id, access)
            await self._written(_entry(event))
        except Exception as error:
            raise NotRecorded from error

    async def _written(self, entry: LogEntry) -> None:
        done = asyncio.get_running_loop().create_future()
        self._waiting.append((entry, done))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write())
        await done

    async def append_within(
        self, connection: asyncpg.Connection, event: AuditEvent, access: Access | None = None
    ) -> None:
        """Add an event in the transaction of what it tells of, which is bound to its org."""
        if access is not None:
            await self._know(event.who.org_id, access)
        await add_event_within(connection, _entry(event))

    async def _know(self, org_id: UUID, access: Access) -> None:
        """Store an access before the first event that names it."""
        known = self._accesses
        if (org_id, access.sha256) in known:
            known.move_to_end((org_id, access.sha256))
            return
        async with asyncio.timeout(COMMITTED_WITHIN):
            await add_accesses(self._database, [LogEntry(org_id, access.id, access.body.decode())])
        known[org_id, access.sha256] = None
        if len(known) > KNOWN_ACCESSES:
            known.popitem(last=False)

    async def _write(self) -> None:
        try:
            while self._waiting:
                group, self._waiting = self._waiting[:_MOST_EVENTS], self._waiting[_MOST_EVENTS:]
                self._give_up_later(group)
                try:
                    failed = await self._committed([entry for entry, _ in group])
                finally:
                    self._giving_up.cancel()
                for _, done in group:
                    if done.done():
                        continue  # whoever waited for it has gone, or was told that it takes too long
                    if failed is None:
                        done.set_result(None)
                    else:
                        done.set_exception(failed)
        finally:
            self._writing = None

    def _give_up_later(self, group: list[_Waiting]) -> None:
        self._giving_up = asyncio.get_running_loop().call_later(COMMITTED_WITHIN, self._give_up, group)

    def _give_up(self, group: list[_Waiting]) -> None:
        """Let nobody wait on for a commit that does not end, as when no synchronous standby confirms it."""
        for _, done in (*group, *self._waiting):
            if not done.done():
                done.set_exception(TimeoutError())
        self._waiting.clear()
        self._give_up_later(group)

    async def _committed(self, entries: list[LogEntry]) -> Exception | None:
        """Commit a group; returns why that failed, for everyone who waits for it."""
        began = time.perf_counter()
        try:
            await add_events(self._database, entries)
        except Exception as error:  # noqa: BLE001 - it is told
            self.failed += 1
            return error
        self.events += len(entries)
        self.commits.add(time.perf_counter() - began)
        return None


def _entry(event: AuditEvent) -> LogEntry:
    return LogEntry(event.who.org_id, event.id, event.canonical().decode())
