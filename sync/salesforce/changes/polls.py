"""Asks now and then which records changed: for what no event tells of, and for orgs that tell of none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import asyncpg

from auth.key_encryption import KeyEncryptionError
from domain.identity import salesforce_id, uuid7
from storage.database import Database
from storage.lane_outcome import Done, Fault, Outcome, Retry
from storage.lanes import Message, Queue, enqueue
from storage.salesforce_polls import StoredPoll, find_poll, note_polled
from storage.teams import keep_team
from sync.handlers import Batch
from sync.outbox import put_off
from sync.salesforce.breaker import LeftAlone
from sync.salesforce.changes.change import Kind, RecordChange
from sync.salesforce.changes.resync import resync_of
from sync.salesforce.changes.team_polls import TEAM_OBJECTS, TeamRead, ask_team
from sync.salesforce.failures import Permanent, SalesforceFailure
from sync.salesforce.orgs import Row, SalesforceOrgs

OVERLAP: Final = timedelta(minutes=5)
"""A record may show that late, stamped with when its transaction began: so much is asked for again."""

WHOLE: Final = timedelta(hours=24)
"""How often every record is asked for: formulas and what was erased show by nothing else."""

_UNTIL_KEYS: Final = timedelta(seconds=60)


def poll_message(object_name: str) -> Message:
    """Return what stands for the poll of an object as long as it is asked for."""
    return Message(key=object_name, payload=object_name, correlation=str(uuid7()), coalesce=object_name)


@dataclass(frozen=True, slots=True)
class Polled(Retry):
    """It was asked, and will be again: `rows` are what was answered."""

    poll: StoredPoll | None = None
    rows: Sequence[Row] = field(default=(), repr=False)


class PollWork:
    """Asks which records of an object changed, and puts each in its lane."""

    def __init__(self, database: Database, orgs: SalesforceOrgs, clock: Callable[[], datetime]) -> None:
        self._database, self._orgs, self._clock = database, orgs, clock

    async def ask(self, batch: Batch) -> Sequence[Outcome]:
        """Ask for what changed since it was last asked."""
        name, now = batch.messages[0].payload, self._clock()
        async with self._database.transaction(batch.org_id) as connection:
            poll = await find_poll(connection, batch.org_id, name)
            try:
                org = await self._orgs.get(connection, batch.org_id)
            except KeyEncryptionError as error:
                return [Retry(Fault(type(error).__name__, str(error)), now + _UNTIL_KEYS)]
        if poll is None or poll.ended_at is not None or org is None:
            return [Done()]
        if org.breaker.wait > 0:
            return [put_off(LeftAlone(org.breaker.wait), org, now)]
        later = now + timedelta(minutes=poll.minutes)
        if name in TEAM_OBJECTS:
            return [await ask_team(org, name, now, later)]
        # What was there before it was asked for is for the first load, and what is held is asked for anyway.
        since = (poll.polled_to or now) - OVERLAP
        try:
            rows = await org.changed_since(name, since)
        except Permanent as failure:
            return [Retry(Fault(failure.code, str(failure)), later)]
        except SalesforceFailure as failure:
            return [put_off(failure, org, now)]
        return [Polled(Fault("Polled", "it is asked again"), later, poll=poll, rows=rows, routine=True)]

    async def keep(self, connection: asyncpg.Connection, batch: Batch, outcomes: Sequence[Outcome]) -> None:
        """Put what changed in the lanes of its records, with up to where it was asked."""
        for outcome in outcomes:
            if isinstance(outcome, Polled) and outcome.poll is not None:
                await self._keep(connection, batch, outcome.poll, outcome.rows)
            elif isinstance(outcome, TeamRead) and outcome.team is not None:
                now, name = self._clock(), outcome.team.__name__
                await keep_team(connection, batch.org_id, outcome.team, outcome.members, now)
                await note_polled(connection, batch.org_id, name, now, {}, now)

    async def close(self) -> None:
        """Let go of the orgs; whoever works on opens them anew."""
        await self._orgs.close()

    async def _keep(
        self, connection: asyncpg.Connection, batch: Batch, poll: StoredPoll, rows: Sequence[Row]
    ) -> None:
        now = self._clock()
        stamps = {str(row["Id"]): str(row["SystemModstamp"]) for row in rows}
        polled_to = max(map(_moment, stamps.values()), default=poll.polled_to)
        # In a second that is not long past a record may change once more: it is asked for again.
        known = {**poll.recent, **{each: at for each, at in stamps.items() if now - _moment(at) > OVERLAP}}
        recent = {
            record: stamp
            for record, stamp in known.items()
            if polled_to is None or _moment(stamp) >= polled_to - OVERLAP
        }
        whole = poll.whole_at is None or now - poll.whole_at >= WHOLE
        await note_polled(connection, batch.org_id, poll.object, polled_to, recent, now if whole else None)
        changes = [_change(poll.object, row) for row in rows if _is_news(poll, row)]
        messages = [each.message(str(uuid7())) for each in changes]
        await enqueue(connection, batch.org_id, Queue.CHANGE, messages, now)
        if whole:
            await enqueue(connection, batch.org_id, Queue.RESYNC, resync_of([poll.object]), now)


def _is_news(poll: StoredPoll, row: Row) -> bool:
    return bool(poll.recent.get(str(row["Id"])) != row["SystemModstamp"])


def _change(name: str, row: Row) -> RecordChange:
    gone = bool(row["IsDeleted"])
    at = int(_moment(row["SystemModstamp"]).timestamp() * 1000)
    return RecordChange(
        object=name, record=salesforce_id(row["Id"]), kind=Kind.GONE if gone else Kind.WHOLE,
        at=at if gone else 0, number=0, event="poll",
    )  # fmt: skip


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
