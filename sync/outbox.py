"""What changed here and Salesforce is to be told: enqueued in the transaction of the change, then written."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from types import MappingProxyType
from typing import Final
from uuid import UUID

import asyncpg

from auth.key_encryption import KeyEncryptionError
from domain.alert import AlertKind
from domain.contract import Contract
from domain.identity import uuid7
from domain.lifecycle import ContractStatus
from domain.passage import Figure, FigureName, Passage
from domain.reconcile import owner_of
from storage.database import Database
from storage.lane_outcome import Done, Fault, Outcome, Poison, Retry
from storage.lane_rest import due_lanes
from storage.lanes import Message, Queue, enqueue
from storage.salesforce_bulk import StoredRow, rows_ahead
from storage.salesforce_records import (
    begin,
    contract_rows,
    others_speak,
    salesforce_ids,
    told_of,
)
from sync.apply import Applied
from sync.attempt import Attempt
from sync.attempt import keep as keep_attempts
from sync.handlers import Batch, Outcomes
from sync.salesforce.breaker import LeftAlone
from sync.salesforce.failures import (
    LimitReached,
    NotAuthorised,
    Permanent,
    Retryable,
    SalesforceFailure,
)
from sync.salesforce.orgs import OpenOrg, SalesforceOrgs
from sync.salesforce.other_record import elsewhere
from sync.salesforce.own_record import OWN
from sync.salesforce.teller import references, tell
from sync.salesforce.telling import Known, NotSetUp

_RECORD = "contract"
_UNTIL_LET_IN: Final = 60.0  # seconds until a sign-in that was refused is tried again
_UNTIL_KEYS: Final = timedelta(seconds=60)
_UNTIL_JOB: Final = timedelta(minutes=5)  # what a bulk job has is due again when that has ended
_COUNTED: Final = timedelta(seconds=1)


def change_of(applied: Applied, correlation: str) -> Message | None:
    """Return the message that has a contract written to Salesforce as it then is, where it changed."""
    if not applied.changed:
        return None
    return write_of(applied.contract.id, correlation)


def write_of(contract_id: UUID, correlation: str) -> Message:
    """Return the message that has a contract written to Salesforce as it then is.

    A later one of the same contract takes its place as long as no worker has it.
    """
    return Message(key=str(contract_id), payload=str(contract_id), correlation=correlation, coalesce=_RECORD)


def bulk_of(org_id: UUID) -> Message:
    """Return the message that has a bulk job carry what waits for an org, and the job looked after."""
    return Message(key=str(org_id), payload="", correlation=str(uuid7()), coalesce="bulk")


class _Counted:
    """An outcome that counts for how the sync goes."""

    __slots__ = ()
    attempt: Attempt | None
    figures: Sequence[Figure]

    @property
    def passages(self) -> Sequence[Passage]:
        return () if self.attempt is None else self.attempt.passages


@dataclass(frozen=True, slots=True)
class Told(_Counted, Done):
    """Salesforce was told what it takes."""

    attempt: Attempt | None = field(default=None, repr=False)
    figures: Sequence[Figure] = ()


@dataclass(frozen=True, slots=True)
class ToBeTold(_Counted, Retry):
    """Salesforce was not told all of it yet."""

    attempt: Attempt | None = field(default=None, repr=False)
    figures: Sequence[Figure] = ()


@dataclass(frozen=True, slots=True)
class NeverTold(_Counted, Poison):
    """Salesforce refuses it for good."""

    attempt: Attempt | None = field(default=None, repr=False)
    figures: Sequence[Figure] = ()


class OutboxWork:
    """Does the work of the outbox: writes contracts to the Salesforce of their org, as they are by then."""

    def __init__(self, database: Database, orgs: SalesforceOrgs, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._orgs = orgs
        self._clock = clock
        self._counted: dict[UUID, datetime] = {}
        """When it was last counted what waits for an org."""

    async def write(self, batch: Batch) -> Outcomes:
        """Write the contract of a lane; all that waits in it asks for the same, and is done by one write."""
        async with self._database.working(batch.org_id) as connection:
            (work,) = await self.look(connection, [batch])
        return await work()

    async def look(
        self, connection: asyncpg.Connection, batches: Sequence[Batch]
    ) -> Sequence[Callable[[], Awaitable[Outcomes]]]:
        """Read what lanes of an org are to write, and return for each what is left to do: to write it."""
        org_id = batches[0].org_id
        try:
            org = await self._orgs.get(connection, org_id)
        except KeyEncryptionError as error:
            # What opens the secret is away, or is not what sealed it: no message is to blame.
            later = Retry(Fault(type(error).__name__, str(error)), self._clock() + _UNTIL_KEYS)
            return [partial(_all, [later]) for _ in batches]
        if org is None:
            return [partial(_all, _done(each)) for each in batches]  # nobody is to be told
        if org.breaker.wait > 0:
            told = to_be_told(put_off(LeftAlone(org.breaker.wait), org, self._clock()), org)
            return [partial(_all, [told]) for _ in batches]
        ids = [UUID(each.messages[-1].payload) for each in batches]
        ahead = await rows_ahead(connection, org_id, ids)
        travelling = {id_ for id_, row in ahead.items() if row.open}
        known = await self.known(connection, org_id, [each for each in ids if each not in travelling], ahead)
        await self._call_bulk(connection, org, under_way=bool(travelling))
        under_way = to_be_told(travels(self._clock()), org)
        return [
            partial(self._write, org, batch, known[id_])
            if id_ in known
            else partial(_all, [under_way] if id_ in travelling else _done(batch))
            for batch, id_ in zip(batches, ids, strict=True)
        ]

    async def _call_bulk(self, connection: asyncpg.Connection, org: OpenOrg, *, under_way: bool) -> None:
        """Have a bulk job carry what waits, where it is much; see that one `under_way` is looked after."""
        fewest, now = org.client.connection.rows_for_bulk, self._clock()
        if not under_way and (not fewest or now - self._counted.get(org.org_id, now - _COUNTED) < _COUNTED):
            return
        self._counted[org.org_id] = now
        due = fewest if under_way else await due_lanes(connection, org.org_id, Queue.OUTBOX, now, fewest)
        if due >= fewest:
            await enqueue(connection, org.org_id, Queue.BULK, [bulk_of(org.org_id)], now)

    async def _write(self, org: OpenOrg, batch: Batch, known: Known) -> Outcomes:
        earlier = _done(batch)[1:]
        tellings = await tell(org, known)
        if known.ahead is not None and known.ahead.written:
            tellings = [replace(each, wrote=True) if each.object == OWN else each for each in tellings]
        attempt = Attempt(
            contract=known.contract, tellings=tellings, correlation=batch.messages[-1].correlation,
            at=self._clock(), since=batch.messages[0].enqueued_at, ahead=known.ahead is not None,
        )  # fmt: skip
        failures = [each.failure for each in tellings if each.failure is not None]
        passing = next((each for each in failures if not isinstance(each, Permanent)), None)
        if passing is not None:
            return [to_be_told(put_off(passing, org, attempt.at), org, attempt)]
        if failures:
            return [*earlier, NeverTold(_fault(failures[0]), attempt, figures_of(org))]
        return [*earlier, Told(attempt, figures_of(org))]

    async def keep(self, connection: asyncpg.Connection, batch: Batch, outcomes: Outcomes) -> None:
        """Keep what Salesforce was told, and show how things stand."""
        await self.keep_together(connection, [(batch, outcomes)])

    async def keep_together(
        self, connection: asyncpg.Connection, done: Sequence[tuple[Batch, Outcomes]]
    ) -> None:
        """Keep what Salesforce was told by lanes of an org."""
        attempts = [
            outcome.attempt
            for _, outcomes in done
            for outcome in outcomes
            if isinstance(outcome, Told | ToBeTold | NeverTold) and outcome.attempt is not None
        ]
        if attempts:
            await keep_attempts(connection, done[0][0].org_id, attempts)

    async def close(self) -> None:
        """Let go of the orgs; whoever works on opens them anew."""
        await self._orgs.close()

    async def known(
        self,
        connection: asyncpg.Connection,
        org_id: UUID,
        contract_ids: Sequence[UUID],
        ahead: Mapping[UUID, StoredRow] = MappingProxyType({}),
        *,
        begun: bool = True,
    ) -> Mapping[UUID, Known]:
        """Return what is known here of contracts; what was told of them is in doubt from now if `begun`."""
        contracts = await contract_rows(connection, org_id, contract_ids)
        leading = [each for contract in contracts.values() for each in references(contract)]
        ids = await salesforce_ids(connection, org_id, leading)
        records = await (begin if begun else told_of)(connection, org_id, list(contracts))
        return {
            id_: Known(
                contract=contract,
                today=self._clock().date(),
                ids=ids,
                shared=await _shared(connection, org_id, contract),
                records=records[id_],
                ahead=ahead.get(id_),
            )
            for id_, contract in contracts.items()
        }


async def _shared(connection: asyncpg.Connection, org_id: UUID, contract: Contract) -> frozenset[str]:
    """Return the fields of a contract that another one has a value for in the same place."""
    shared = [
        place.declared.name
        for place in elsewhere(contract)
        if place.via
        and await others_speak(
            connection, org_id, contract, (place.declared, place.via), _signed_like(contract)
        )
    ]
    return frozenset(shared)


async def _all(outcomes: Outcomes) -> Outcomes:
    """Say what is known without asking anybody."""
    return outcomes


def _done(batch: Batch) -> list[Outcome]:
    return [Done()] * len(batch.messages)


def put_off(failure: SalesforceFailure, org: OpenOrg, now: datetime) -> Retry:
    """Return when what failed is tried again: an attempt counts where it may be the fault of the message."""
    match failure:
        case LimitReached():
            wait, kind = failure.wait, AlertKind.SALESFORCE_LIMIT
        case LeftAlone():
            wait, kind = failure.wait, AlertKind.SALESFORCE_BREAKER_OPEN
        case NotSetUp():
            wait, kind = failure.wait, AlertKind.SALESFORCE_NOT_AUTHORISED
        case NotAuthorised():
            wait, kind = _UNTIL_LET_IN, AlertKind.SALESFORCE_NOT_AUTHORISED
        case Retryable() if org.breaker.wait > 0:
            wait, kind = org.breaker.wait, AlertKind.SALESFORCE_BREAKER_OPEN
        case Retryable():
            return Retry(_fault(failure), least=timedelta(seconds=failure.wait))
        case _:
            return Retry(_fault(failure))  # it changed under our hands twice in a row
    return Retry(_fault(failure), now + timedelta(seconds=wait), alert=kind)


def travels(now: datetime) -> Retry:
    """Return when a contract is looked at again that a bulk job has: it comes back by itself after that."""
    return Retry(Fault("IN_A_BULK_JOB", "a bulk job has it"), now + _UNTIL_JOB, routine=True)


def to_be_told(later: Retry, org: OpenOrg, attempt: Attempt | None = None) -> ToBeTold:
    """Say of a message, or of all that waits for an org, that it is told later."""
    return ToBeTold(
        later.reason, later.after, later.least, later.alert, attempt, figures_of(org), routine=later.routine
    )


def figures_of(org: OpenOrg) -> Sequence[Figure]:
    """Tell how an org stands, as far as it has said."""
    usage, left = org.client.budget.org, org.client.budget.left
    told = {
        FigureName.BREAKER_OPEN: int(org.breaker.is_open),
        FigureName.LIMIT_ALLOWED: None if usage is None else usage.allowed,
        FigureName.LIMIT_LEFT: left,
    }
    return [Figure(name=name, count=count) for name, count in told.items() if count is not None]


def _fault(failure: SalesforceFailure) -> Fault:
    """Name a failure; what Salesforce said goes along with what it refuses for good, into quarantine."""
    said = f"{failure}; Salesforce: {failure.message}" if isinstance(failure, Permanent) else str(failure)
    return Fault(failure.code, said)


def _signed_like(contract: Contract) -> Sequence[ContractStatus]:
    """Return the statuses in which a contract speaks to the same places as this one."""
    here = {place.declared for place in elsewhere(contract)}
    return [
        status
        for status in ContractStatus
        if any(owner_of(each, status) is owner_of(each, contract.status) for each in here)
    ]
