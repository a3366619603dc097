"""What changed here and Salesforce is to be told: enqueued in the transaction of the change, then written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid5

import asyncpg

from auth.key_encryption import KeyEncryptionError
from domain.alert import AlertKind
from domain.contract import Contract
from domain.lifecycle import ContractStatus
from domain.passage import Fate, Figure, FigureName, Passage, SyncDirection
from domain.reconcile import owner_of
from domain.salesforce_write import SalesforceRefusal, SalesforceState, SalesforceWrite
from storage.database import Database
from storage.lane_outcome import Done, Fault, Outcome, Poison, Retry
from storage.lanes import Message
from storage.salesforce_records import (
    begin,
    contract_row,
    others_speak,
    salesforce_ids,
    settle,
    show,
    write_id,
)
from sync.apply import Applied
from sync.handlers import Batch
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
from sync.salesforce.teller import references, tell
from sync.salesforce.telling import Known, NotSetUp, Telling

_RECORD = "contract"
_UNTIL_LET_IN: Final = 60.0  # seconds until a sign-in that was refused is tried again
_UNTIL_KEYS: Final = timedelta(seconds=60)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What came of an attempt to tell Salesforce of a contract: kept in the transaction that ends it."""

    contract: Contract
    tellings: Sequence[Telling]
    correlation: str
    at: datetime
    since: datetime
    """When the first of what it tells changed here."""

    @property
    def passages(self) -> Sequence[Passage]:
        """What of it went across; what waits for something else there is neither done nor failed."""
        return [
            Passage(
                direction=SyncDirection.TO_SALESFORCE, object=each.object, since=self.since,
                fate=Fate.DONE if each.failure is None else Fate.PUT_OFF, refused=len(each.refusals),
            )
            for each in self.tellings
            if each.failure is not None or each.waits is None
        ]  # fmt: skip


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

    async def write(self, batch: Batch) -> Sequence[Outcome]:
        """Write the contract of a lane; all that waits in it asks for the same, and is done by one write."""
        message = batch.messages[-1]
        earlier: list[Outcome] = [Done()] * (len(batch.messages) - 1)
        async with self._database.working(batch.org_id) as connection:
            try:
                org = await self._orgs.get(connection, batch.org_id)
            except KeyEncryptionError as error:
                # What opens the secret is away, or is not what sealed it: no message is to blame.
                return [Retry(Fault(type(error).__name__, str(error)), self._clock() + _UNTIL_KEYS)]
            if org is None:
                return [*earlier, Done()]  # nobody is to be told
            if org.breaker.wait > 0:
                later = put_off(LeftAlone(org.breaker.wait), org, self._clock())
                return [_to_be_told(later, org)]
            known = await self._known(connection, batch.org_id, UUID(message.payload))
        if known is None:
            return [*earlier, Done()]
        tellings = await tell(org, known)
        attempt = Attempt(
            contract=known.contract, tellings=tellings, correlation=message.correlation, at=self._clock(),
            since=batch.messages[0].enqueued_at,
        )  # fmt: skip
        failures = [each.failure for each in tellings if each.failure is not None]
        passing = next((each for each in failures if not isinstance(each, Permanent)), None)
        if passing is not None:
            return [_to_be_told(put_off(passing, org, attempt.at), org, attempt)]
        if failures:
            return [*earlier, NeverTold(_fault(failures[0]), attempt, _figures(org))]
        return [*earlier, Told(attempt, _figures(org))]

    async def keep(self, connection: asyncpg.Connection, batch: Batch, outcomes: Sequence[Outcome]) -> None:
        """Keep what Salesforce was told, and show how things stand."""
        for outcome in outcomes:
            if isinstance(outcome, Told | ToBeTold | NeverTold) and outcome.attempt is not None:
                await _keep(connection, batch.org_id, outcome.attempt)

    async def close(self) -> None:
        """Let go of the orgs; whoever works on opens them anew."""
        await self._orgs.close()

    async def _known(self, connection: asyncpg.Connection, org_id: UUID, contract_id: UUID) -> Known | None:
        contract = await contract_row(connection, org_id, contract_id)
        if contract is None:
            return None
        shared = [
            place.declared.name
            for place in elsewhere(contract)
            if place.via
            and await others_speak(
                connection, org_id, contract, (place.declared, place.via), _signed_like(contract)
            )
        ]
        return Known(
            contract=contract,
            today=self._clock().date(),
            ids=await salesforce_ids(connection, org_id, references(contract)),
            shared=frozenset(shared),
            records=await begin(connection, org_id, contract_id),
        )


async def _keep(connection: asyncpg.Connection, org_id: UUID, attempt: Attempt) -> None:
    contract = attempt.contract
    for each in attempt.tellings:
        if each.record is not None:
            await settle(
                connection, org_id, contract.id, each.record, correlation=attempt.correlation, now=attempt.at
            )
        id_ = write_id(contract.id, each.object)
        done = each.failure is None and each.waits is None
        shown = SalesforceWrite(
            id=id_, contract_id=contract.id, object=each.object, state=_state(each),
            salesforce_id=each.record.salesforce_id if each.record else None,
            reason=each.waits or (str(each.failure) if each.failure else None),
            written_at=attempt.at if done else None,
            contract_version=contract.version if done else None, correlation=attempt.correlation,
            refusals=tuple(
                SalesforceRefusal(
                    id=uuid5(id_, refusal.name), write_id=id_, field=refusal.field, name=refusal.name,
                    reason=refusal.reason,
                )
                for refusal in {refusal.name: refusal for refusal in each.refusals}.values()
            ),
        )  # fmt: skip
        failed = each.failure is not None
        await show(connection, org_id, shown, attempt.at.date(), keep_refusals=failed)


def _state(telling: Telling) -> SalesforceState:
    if isinstance(telling.failure, Permanent):
        return SalesforceState.HELD
    if telling.failure is not None or telling.waits is not None:
        return SalesforceState.PENDING
    return SalesforceState.REFUSED if telling.refusals else SalesforceState.IN_SYNC


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


def _to_be_told(later: Retry, org: OpenOrg, attempt: Attempt | None = None) -> ToBeTold:
    return ToBeTold(later.reason, later.after, later.least, later.alert, attempt, _figures(org))


def _figures(org: OpenOrg) -> Sequence[Figure]:
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
