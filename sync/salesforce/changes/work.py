"""Does the work of changes: what Salesforce says of a record becomes what the graph knows of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

import asyncpg

from auth.key_encryption import KeyEncryptionError
from domain.field import DeclaredField
from domain.history import Decision
from domain.passage import Fate, Figure, Passage, SyncDirection
from storage.database import Database
from storage.lane_outcome import Done, Fault, Outcome, Poison, Retry
from storage.lanes import Queue, Taken, is_waited_for
from storage.records import entity_named
from storage.sealing import Vault
from sync.apply import CLOCKS_APART, FromTheFuture
from sync.handlers import Batch
from sync.outbox import put_off
from sync.salesforce.breaker import LeftAlone
from sync.salesforce.changes.applying import apply_readings
from sync.salesforce.changes.change import RecordChange
from sync.salesforce.changes.claims import contracts_about, doubtful
from sync.salesforce.changes.mirror import missing_references
from sync.salesforce.changes.reading import Reading, read_change
from sync.salesforce.failures import Permanent, SalesforceFailure
from sync.salesforce.mapping import object_of
from sync.salesforce.orgs import OpenOrg, SalesforceOrgs

_UNTIL_KEYS: Final = timedelta(seconds=60)
_WAITS_FOR_OTHERS: Final = 6
"""How often a change waits for one of a record that it points at: two may point at each other."""


@dataclass(frozen=True, slots=True)
class Understood(Done):
    """All is known of a change: it is applied in the transaction that finishes it."""

    reading: Reading | None = field(default=None, repr=False)
    passages: list[Passage] = field(default_factory=list)
    """What went across, with what became of its values once it is applied."""
    figures: Sequence[Figure] = ()


class ChangeWork:
    """Reads what changes do not tell, then applies them: to the graph's own record, and as claims."""

    def __init__(
        self, database: Database, orgs: SalesforceOrgs, vault: Vault, clock: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._orgs = orgs
        self._vault = vault
        self._clock = clock

    async def read(self, batch: Batch) -> Sequence[Outcome]:
        """Learn all that changes of one record come to, one after the other."""
        async with self._database.transaction(batch.org_id) as connection:
            try:
                org = await self._orgs.get(connection, batch.org_id)
            except KeyEncryptionError as error:
                return [Retry(Fault(type(error).__name__, str(error)), self._clock() + _UNTIL_KEYS)]
        if org is None:
            return [Done() for _ in batch.messages]  # nobody is heard any more
        if org.breaker.wait > 0:
            return [put_off(LeftAlone(org.breaker.wait), org, self._clock())]
        outcomes: list[Outcome] = []
        for message in batch.messages:
            outcomes.append(await self._read(org, batch, message))
            if isinstance(outcomes[-1], Retry):
                break
        return outcomes

    async def apply(self, connection: asyncpg.Connection, batch: Batch, outcomes: Sequence[Outcome]) -> None:
        """Apply what was read, in the transaction that finishes it."""
        understood = [
            (outcome, outcome.reading, message.correlation)
            for message, outcome in zip(batch.messages, outcomes, strict=False)
            if isinstance(outcome, Understood) and outcome.reading is not None
        ]
        readings = [(reading, correlation) for _, reading, correlation in understood]
        now, vault = self._clock(), self._vault
        decided = await apply_readings(connection, batch.org_id, readings, now=now, vault=vault)
        for (outcome, _, _), counts in zip(understood, decided, strict=True):
            outcome.passages[:] = [_counted(each, counts) for each in outcome.passages]

    async def close(self) -> None:
        """Let go of the orgs; whoever works on opens them anew."""
        await self._orgs.close()

    async def _read(self, org: OpenOrg, batch: Batch, message: Taken) -> Outcome:
        try:
            change = RecordChange.read(message.payload)
        except (ValueError, TypeError, LookupError):
            return Poison(Fault("Malformed", "it is no change of a record"))
        now = self._clock()
        if change.moment > now + CLOCKS_APART:
            return Poison(Fault(FromTheFuture.__name__, str(FromTheFuture(change.moment))))
        if change.due > now:
            fault = Fault("TooSoon", "the second is not over in which it was read")
            return Retry(fault, change.due, routine=True)
        async with self._database.transaction(batch.org_id) as connection:
            about = await contracts_about(connection, batch.org_id, change)
        try:
            asked = frozenset[str]()
            if about and change.ours:
                asked = doubtful(change, about, await org.describe(change.object))
            reading = await read_change(org, change, asked, now)
        except Permanent as failure:
            return Poison(Fault(failure.code, str(failure)))
        except SalesforceFailure as failure:
            return put_off(failure, org, now)
        if reading is not None and batch.attempts < _WAITS_FOR_OTHERS:
            waited_for = await self._waited_for(batch, reading)
            if waited_for is not None:
                where = waited_for.coordinate
                return Retry(Fault("UnknownRecord", f"{where} leads to a record that is yet to be made"))
        passage = Passage(
            direction=SyncDirection.FROM_SALESFORCE, object=change.object, fate=Fate.DONE, since=change.moment
        )
        return Understood(reading, [passage])

    async def _waited_for(self, batch: Batch, reading: Reading) -> DeclaredField | None:
        """Return a reference to a record that the graph does not hold, and that a change is to make."""
        async with self._database.transaction(batch.org_id) as connection:
            for declared, record in await missing_references(connection, batch.org_id, reading):
                key = f"{object_of(entity_named(declared.target))} {record}"
                if await is_waited_for(connection, batch.org_id, Queue.CHANGE, key):
                    return declared
        return None


def _counted(passage: Passage, counts: Counter[Decision]) -> Passage:
    """Tell of a passage what became of its values; told anew where its transaction is tried again."""
    return replace(
        passage, accepted=counts[Decision.ACCEPTED], refused=counts[Decision.REFUSED],
        conflicts=counts[Decision.CONFLICT],
    )  # fmt: skip
