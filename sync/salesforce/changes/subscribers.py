"""Keeps the streams of every org open: one reader for each, whichever of any number of workers that is."""

from __future__ import annotations

import asyncio
import logging
from base64 import b64encode
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

import asyncpg

from auth.key_encryption import KeyEncryptionError
from domain.alert import LATE, AlertKind
from domain.identity import uuid7
from domain.passage import Figure, FigureName
from storage.alerts import Alarm, raise_alerts
from storage.database import BUSY, LOST, Database, DatabaseUnavailable
from storage.lane_outcome import Done, Fault, Outcome, Patience, Retry
from storage.lanes import Fenced, Lease, Message, Queue, Taken, claim, enqueue, lane_id
from storage.leases import finish, release, renew, take
from storage.salesforce_streams import StoredStream, find_stream, note_read, note_restart
from sync.health import Health
from sync.outbox import put_off
from sync.salesforce.changes.change import changes_of
from sync.salesforce.changes.event import OVERFLOW, ChangeEvent
from sync.salesforce.changes.resync import ENTITIES, resync_of
from sync.salesforce.changes.stream import (
    Heard,
    ReplayLost,
    SessionLost,
    Stream,
    StreamLost,
    Wanted,
    subscribed,
)
from sync.salesforce.failures import SalesforceFailure
from sync.salesforce.orgs import OpenOrg, SalesforceOrgs
from sync.salesforce.tokens import Token

log = logging.getLogger("contract_graph.salesforce")

MOST: Final = 50
"""Streams that one worker reads at once."""

_LEASE: Final = timedelta(seconds=30)
_RENEWED: Final = 10.0  # seconds
_LOOKED: Final = 2.0  # seconds between two looks for a stream that nobody reads
_SHORT, _LONG = timedelta(seconds=1), timedelta(minutes=5)
_UNTIL_KEYS: Final = timedelta(seconds=60)


def stream_message(topic: str) -> Message:
    """Return what stands for a stream as long as it is to be read."""
    return Message(key=topic, payload=topic, correlation=str(uuid7()), coalesce=topic)


class Subscribers:
    """Reads streams until it is told to stop; what a lost reader had is another's half a minute later."""

    def __init__(
        self,
        database: Database,
        orgs: SalesforceOrgs,
        clock: Callable[[], datetime],
        rung: Callable[[], None] = lambda: None,
        health: Health | None = None,
    ) -> None:
        self._database, self._orgs, self._clock, self._rung = database, orgs, clock, rung
        self._health = health or Health()
        self._running: set[asyncio.Task[None]] = set()
        self._stopping = asyncio.Event()
        self.heard = 0
        """Events that were read since it began."""

    def stop(self) -> None:
        """Read no more, and give every stream back."""
        self._stopping.set()

    async def run(self) -> None:
        """Read every stream that nobody else reads. Never fails."""
        while not self._stopping.is_set():
            with suppress(DatabaseUnavailable, *LOST, *BUSY):
                for lease in await self._claimed():
                    task = asyncio.create_task(self._follow(lease))
                    self._running.add(task)
                    task.add_done_callback(self._running.discard)
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOKED):
                    await self._stopping.wait()
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        await self._orgs.close()

    async def _claimed(self) -> list[Lease]:
        room = MOST - len(self._running)
        if room <= 0:
            return []
        async with self._database.claiming(Queue.STREAM) as connection:
            found = await claim(
                connection, Queue.STREAM, lanes=room, messages=1, lease_for=_LEASE, now=self._clock()
            )
        return list(found)

    async def _follow(self, lease: Lease) -> None:
        """Read one stream until it ends, and say when it is to be read again."""
        try:
            outcome = await self._followed(lease)
        except Fenced:
            return
        except asyncio.CancelledError:
            await asyncio.shield(self._let_go(lease))
            raise
        except (DatabaseUnavailable, *LOST, *BUSY):
            return  # its lease runs out
        except Exception as error:  # noqa: BLE001 - whatever it is, other streams go on
            log.error("a stream failed: %s", type(error).__name__)  # noqa: TRY400 - its text may hold values
            outcome = Retry(Fault(type(error).__name__, "it failed"), self._clock() + _LONG)
        with suppress(Fenced, DatabaseUnavailable, *LOST, *BUSY):
            await self._finish(lease, outcome)

    async def _followed(self, lease: Lease) -> Outcome:
        async with self._database.transaction(lease.org_id) as connection:
            (message,) = await take(connection, lease)
            stored = await find_stream(connection, lease.org_id, message.payload)
            try:
                org = await self._orgs.get(connection, lease.org_id)
            except KeyEncryptionError as error:
                return Retry(Fault(type(error).__name__, str(error)), self._clock() + _UNTIL_KEYS)
        if stored is None or stored.ended_at is not None or org is None:
            return Done()
        try:
            token = await org.client.session()
            try:
                return await self._read(lease, stored, org, token)
            except SessionLost:
                # Once only, as of calls: a session that is over as soon as it is new is no matter of time.
                return await self._read(lease, stored, org, await org.client.session(token))
        except ReplayLost as lost:
            await self._restart(lease, stored, lost)
            return Retry(Fault("ReplayLost", str(lost)), self._clock() + _SHORT)
        except StreamLost as lost:
            log.warning("stream %s of org %s: %s", stored.topic, lease.org_id, lost.code)
            return _put_off(lost, self._clock())
        except SalesforceFailure as failure:
            return put_off(failure, org, self._clock())

    async def _read(self, lease: Lease, stored: StoredStream, org: OpenOrg, token: Token) -> Outcome:
        place = await self._place(lease, stored)
        wanted = Wanted(
            address=stored.address, topic=stored.topic, token=token, replay_id=place,
            certificate=org.client.connection.certificate,
        )  # fmt: skip
        async with subscribed(wanted) as stream:
            while True:
                outcome = await self._step(lease, stored, stream, token)
                if outcome is not None:
                    return outcome

    async def _place(self, lease: Lease, stored: StoredStream) -> bytes | None:
        async with self._database.transaction(lease.org_id) as connection:
            found = await find_stream(connection, lease.org_id, stored.topic)
        return found.replay_id if found is not None else None

    async def _step(self, lease: Lease, stored: StoredStream, stream: Stream, token: Token) -> Outcome | None:
        """Keep what came, with up to where it is read and that the stream is still ours, or with nothing."""
        heard = await stream.next(_RENEWED)
        async with self._database.transaction(lease.org_id) as connection:
            if heard is not None:
                await self._keep(connection, lease, stored, heard, token)
            await renew(connection, lease, self._clock() + _LEASE)
            now = await find_stream(connection, lease.org_id, stored.topic)
        if heard is not None:
            self.heard += len(heard.events)
            self._note(lease, stored, heard)
            if heard.events:
                self._rung()
            await stream.more(heard)
        return Done() if now is None or now.ended_at is not None or now.address != stored.address else None

    async def _keep(
        self, connection: asyncpg.Connection, lease: Lease, stored: StoredStream, heard: Heard, token: Token
    ) -> None:
        now = self._clock()
        if heard.replay_id:
            await note_read(connection, lease.org_id, stored.topic, heard.replay_id, now)
        messages = [
            each.message(str(uuid7()))
            for event in heard.events
            for each in changes_of(event, ours=_is_ours(event, token))
        ]
        await enqueue(connection, lease.org_id, Queue.CHANGE, messages, now)
        missed = {each.object: None for each in heard.events if _is_of_all(each)}
        await enqueue(connection, lease.org_id, Queue.RESYNC, resync_of(missed), now)

    async def _restart(self, lease: Lease, stored: StoredStream, lost: ReplayLost) -> None:
        """Read from the earliest event, and ask for all records anew: of what lies between, nobody tells."""
        log.warning("stream %s of org %s is read anew: %s", stored.topic, lease.org_id, lost.code)
        now = self._clock()
        async with self._database.transaction(lease.org_id) as connection:
            await renew(connection, lease, now + _LEASE)
            await note_restart(connection, lease.org_id, stored.topic, now)
            await enqueue(connection, lease.org_id, Queue.RESYNC, resync_of(ENTITIES), now)
        self._rung()

    def _note(self, lease: Lease, stored: StoredStream, heard: Heard) -> None:
        if heard.replay_id:
            place = b64encode(heard.replay_id).decode()
            figure = Figure(name=FigureName.REPLAY_POSITION, object=stored.topic, position=place)
            self._health.note_figures(lease.org_id, [figure], self._clock())

    async def _finish(self, lease: Lease, outcome: Outcome) -> None:
        now = self._clock()
        async with self._database.transaction(lease.org_id) as connection:
            (message,) = await take(connection, lease)
            told: tuple[Taken, Outcome] = (message, outcome)
            await finish(connection, lease, [told], now, Patience())
            stream = await find_stream(connection, lease.org_id, message.payload)
            # Last of all: it locks what every other turn counts, too.
            await raise_alerts(connection, lease.org_id, _alarms(message, outcome, stream, now), now)

    async def _let_go(self, lease: Lease) -> None:
        with suppress(DatabaseUnavailable, *LOST, *BUSY):
            async with self._database.transaction(lease.org_id) as connection:
                await release(connection, lease, self._clock())


def _put_off(lost: StreamLost, now: datetime) -> Retry:
    """Return when a lost stream is taken up again: soon, but for one that is refused."""
    kind = lost.code.replace(".", "_")
    if lost.refused:
        return Retry(Fault(kind, str(lost)), now + _LONG, alert=AlertKind.SALESFORCE_NOT_HEARD)
    return Retry(Fault(kind, str(lost)), now + _SHORT)


def _alarms(message: Taken, outcome: Outcome, stream: StoredStream | None, now: datetime) -> list[Alarm]:
    """Return what operators are told of a stream that ended: that it is refused, or silent for too long."""
    if not isinstance(outcome, Retry) or stream is None:
        return []
    # Salesforce says every few minutes that it is there, even when nothing changes.
    silent = now - (stream.read_at or stream.made_at) > LATE
    kind = outcome.alert or (AlertKind.SALESFORCE_NOT_HEARD if silent else None)
    if kind is None:
        return []
    example = lane_id(Queue.STREAM, message.payload)
    return [
        Alarm(
            kind=kind, queue=Queue.STREAM, error=outcome.reason.kind, example=example,
            correlation=message.correlation,
        )
    ]  # fmt: skip


def _is_ours(event: ChangeEvent, token: Token) -> bool:
    """Whether we made a change: as our user, or as whoever calls himself what we do."""
    named = event.origin.rpartition("client=")
    return event.user == token.user_id or (bool(named[1]) and named[2] == "contract-graph")


def _is_of_all(event: ChangeEvent) -> bool:
    return event.kind == OVERFLOW or any(each.endswith("*") for each in event.records)
