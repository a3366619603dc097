"""Drift: what Salesforce holds of contracts compared with what it is to hold, page by page, and put right.

The value of a field's owner counts: a field of ours is written out once more, and what Salesforce owns is
claimed in. A repair that does not hold is not tried again: a person decides.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Final
from uuid import UUID, uuid5

import asyncpg

from auth.key_encryption import KeyEncryptionError
from domain.claim import Report
from domain.contract import Contract
from domain.drift import OPEN, DriftFinding, DriftState
from domain.field import SALESFORCE, graph_field
from domain.history import Decision
from domain.identity import uuid7
from domain.ledger import RULE
from domain.lifecycle import ContractStatus
from domain.passage import Figure, FigureName, Passage
from domain.reconcile import owner_of
from storage.database import Database
from storage.drift import chosen, differing, findings_of, forget_findings, keep_findings, page_of_contracts
from storage.lane_outcome import Done, Fault, Outcome, Retry
from storage.lanes import Message, Queue, enqueue
from storage.salesforce_records import contract_row, doubt, others_speak, salesforce_ids, told
from sync.apply import apply_report
from sync.handlers import Batch
from sync.outbox import change_of, write_of
from sync.salesforce.comparison import GONE, Compared, Difference, compare
from sync.salesforce.failures import SalesforceFailure
from sync.salesforce.mapping import mapped
from sync.salesforce.orgs import SalesforceOrgs
from sync.salesforce.teller import references
from sync.salesforce.telling import Known

PAGE: Final = 50
"""Contracts that are compared in one turn of a worker."""

SOURCE: Final = "salesforce"
_NIGHT: Final = time(2)
_SPREAD: Final = 180  # minutes over which orgs begin, so that they do not all ask at once
_LATER: Final = 300.0
_ROUND: Final = "round"
_NOT_HELD = "it was repaired and differs again: something in Salesforce changes it back"
_DELETED = "the record is not there any more, or hidden from our user"
_NO_VALUE = "Salesforce owns it and has no value, and no value is lost to that by itself"
_UNNAMED = "the contract has no external reference by which it could be claimed"


async def schedule(connection: asyncpg.Connection, org_id: UUID, now: datetime) -> datetime:
    """Have an org compared every night from the coming one on, which is returned; asked twice, it is once."""
    at = _night(org_id, now)
    await enqueue(connection, org_id, Queue.DRIFT, [_page("night", None, nightly=True)], at)
    return at


def _night(org_id: UUID, now: datetime) -> datetime:
    """Return when an org is compared in the night of tomorrow."""
    tomorrow = now.date() + timedelta(days=1)
    return datetime.combine(tomorrow, _NIGHT, now.tzinfo) + timedelta(minutes=org_id.int % _SPREAD)


async def compare_now(connection: asyncpg.Connection, org_id: UUID, now: datetime) -> None:
    """Have an org compared as soon as a worker is free."""
    await enqueue(connection, org_id, Queue.DRIFT, [_page("now", None, nightly=False)], now)


async def repair(
    connection: asyncpg.Connection, org_id: UUID, ids: Sequence[UUID] | None, by: str, now: datetime
) -> int:
    """Have findings that are open put right by a person's word: our fields are written out again.

    Without ids all of them; return how many. What Salesforce owns is claimed in by the next round.
    """
    found = await chosen(connection, org_id, OPEN, ids)
    ours = [each for each in found if each.owner is not SALESFORCE and each.name != GONE]
    asked = [
        replace(each, state=DriftState.REPAIRING, decided_by=by, decided_at=now, reason=None) for each in ours
    ]
    await keep_findings(connection, org_id, asked, now.date())
    for contract_id in sorted({each.contract_id for each in ours}):
        objects = sorted({each.object for each in ours if each.contract_id == contract_id})
        await doubt(connection, org_id, contract_id, objects)
    correlation = str(uuid7())
    writes = [write_of(each, correlation) for each in sorted({each.contract_id for each in ours})]
    await enqueue(connection, org_id, Queue.OUTBOX, writes, now)
    return len(ours)


async def accept(  # noqa: PLR0913 - which findings, and who accepts them when and why
    connection: asyncpg.Connection,
    org_id: UUID,
    ids: Sequence[UUID],
    *,
    by: str,
    why: str,
    now: datetime,
) -> int:
    """Leave findings as they are until both sides agree again; return how many were open."""
    found = await chosen(connection, org_id, OPEN, ids)
    accepted = [
        replace(each, state=DriftState.ACCEPTED, decided_by=by, decided_at=now, reason=why) for each in found
    ]
    await keep_findings(connection, org_id, accepted, now.date())
    return len(accepted)


def _page(key: str, after: UUID | None, *, nightly: bool) -> Message:
    payload = json.dumps({"after": after and str(after), "nightly": nightly})
    return Message(key=key, payload=payload, correlation=str(uuid7()), coalesce=_ROUND)


@dataclass(frozen=True, slots=True)
class Looked(Done):
    """A page was compared; `last` is its last contract, None where there are no more."""

    compared: Sequence[Compared] = field(repr=False)
    last: UUID | None
    nightly: bool
    passages: Sequence[Passage] = ()
    figures: list[Figure] = field(default_factory=list)
    """How many fields of each object differ: known, and told, once the last page is kept."""


@dataclass(frozen=True, slots=True)
class Begun(Retry):
    """It is night: all is to be compared, and this is due again in the next."""


class DriftWork:
    """Does the work of the drift queue."""

    def __init__(self, database: Database, orgs: SalesforceOrgs, clock: Callable[[], datetime]) -> None:
        self._database, self._orgs, self._clock = database, orgs, clock

    async def compare(self, batch: Batch) -> Sequence[Outcome]:
        """Compare the page that the first message asks for; what is kept of it is decided in `keep`."""
        asked = json.loads(batch.messages[0].payload)
        after = UUID(asked["after"]) if asked["after"] else None
        async with self._database.transaction(batch.org_id) as connection:
            try:
                org = await self._orgs.get(connection, batch.org_id)
            except KeyEncryptionError as error:
                return [self._later(Fault(type(error).__name__, str(error)), _LATER)]
            if org is None:
                return [Done()]  # nobody to compare with; `crm set` begins anew
            if asked["nightly"] and after is None:
                next_night = _night(batch.org_id, self._clock())
                return [Begun(Fault("Begun", "it is due every night"), next_night, routine=True)]
            ids = await page_of_contracts(connection, batch.org_id, after, PAGE)
            known = [await _known(connection, batch.org_id, each, self._clock().date()) for each in ids]
        try:
            compared = await asyncio.gather(*(compare(org, each) for each in known if each is not None))
        except SalesforceFailure as failure:
            return [self._later(Fault(failure.code, str(failure)), getattr(failure, "wait", _LATER))]
        last = ids[-1] if len(ids) == PAGE else None
        return [Looked(compared, last, nightly=asked["nightly"])]

    async def keep(self, connection: asyncpg.Connection, batch: Batch, outcomes: Sequence[Outcome]) -> None:
        """Keep what was found, and have it put right by the rule; then go on with the next page."""
        for message, outcome in zip(batch.messages, outcomes, strict=False):
            if isinstance(outcome, Begun):
                # In a lane of its own: what waits in one that was put off waits, too.
                await compare_now(connection, batch.org_id, self._clock())
            if not isinstance(outcome, Looked):
                continue
            keeping = _Keeping(connection, batch.org_id, self._clock(), message.correlation)
            writes = await keeping.keep(outcome.compared)
            if outcome.last is not None:
                page = _page(batch.key, outcome.last, nightly=outcome.nightly)
                await enqueue(connection, batch.org_id, Queue.DRIFT, [page], self._clock())
            else:
                outcome.figures[:] = await _figures(connection, batch.org_id)
            if outcome.last is None and outcome.nightly:
                # A round that an earlier release began in the lane of its night.
                await schedule(connection, batch.org_id, self._clock())
            await enqueue(connection, batch.org_id, Queue.OUTBOX, writes, self._clock())

    async def close(self) -> None:
        """Let go of the orgs; whoever works on opens them anew."""
        await self._orgs.close()

    def _later(self, fault: Fault, seconds: float) -> Retry:
        return Retry(fault, self._clock() + timedelta(seconds=max(seconds, 1.0)))


async def _figures(connection: asyncpg.Connection, org_id: UUID) -> Sequence[Figure]:
    """Count what differs by object, with those of which nothing does: that is news, too."""
    found = {each.object: each.count for each in await differing(connection, org_id)}
    objects = sorted({place.object for place in mapped(Contract).values()} | found.keys())
    return [Figure(name=FigureName.DRIFTED, object=each, count=found.get(each, 0)) for each in objects]


async def _known(
    connection: asyncpg.Connection, org_id: UUID, contract_id: UUID, today: date
) -> Known | None:
    contract = await contract_row(connection, org_id, contract_id)
    if contract is None:
        return None
    shared = [
        place.declared.name
        for place in mapped(Contract).values()
        if place.via
        and getattr(contract, place.via.name) is not None
        and await others_speak(
            connection, org_id, contract, (place.declared, place.via),
            [each for each in ContractStatus
             if owner_of(place.declared, each) is owner_of(place.declared, contract.status)],
        )
    ]  # fmt: skip
    return Known(
        contract=contract,
        today=today,
        ids=await salesforce_ids(connection, org_id, references(contract)),
        shared=frozenset(shared),
        records=await told(connection, org_id, contract_id),
    )


@dataclass(frozen=True, slots=True)
class _Keeping:
    """One page, kept in a transaction that is bound to the org."""

    connection: asyncpg.Connection
    org_id: UUID
    now: datetime
    correlation: str

    async def keep(self, page: Sequence[Compared]) -> Sequence[Message]:
        """Keep the findings of a page; return the writes that repair what is ours."""
        known = await findings_of(self.connection, self.org_id, [each.contract.id for each in page])
        writes: list[Message] = []
        for compared in page:
            contract = await contract_row(self.connection, self.org_id, compared.contract.id)
            if contract is None or contract.version != compared.contract.version:
                continue  # it changed while it was looked at: the next round sees it
            writes += await self._contract(compared, known.get(contract.id, {}))
        return writes

    async def _contract(self, compared: Compared, before: Mapping[UUID, DriftFinding]) -> Sequence[Message]:
        contract = compared.contract
        found = [
            self._found(contract, each, before.get(finding_id(contract.id, each)))
            for each in compared.differences
        ]
        writes: list[Message] = []
        objects = {
            each.object
            for each in found
            if each.state is DriftState.REPAIRING and each.decided_at == self.now
        }
        if objects:
            await doubt(self.connection, self.org_id, contract.id, sorted(objects))
            writes.append(write_of(contract.id, self.correlation))
        for place, (finding, difference) in enumerate(zip(found, compared.differences, strict=True)):
            if _is_to_be_claimed(finding, difference):
                found[place], told_on = await self._claimed(contract, finding, difference)
                writes += told_on
        differs = {each.id for each in found}
        gone = [
            each for each in before.values() if each.id not in differs and each.object not in compared.unseen
        ]
        await keep_findings(self.connection, self.org_id, [*found, *self._repaired(gone)], self.now.date())
        quiet = [each.id for each in gone if each.state in (DriftState.PENDING, DriftState.ACCEPTED)]
        await forget_findings(self.connection, self.org_id, quiet)
        return writes

    def _found(self, contract: Contract, each: Difference, before: DriftFinding | None) -> DriftFinding:
        """Say how a difference stands, by what was known of it."""
        if before is None or before.state is DriftState.REPAIRED:
            finding = DriftFinding(
                id=finding_id(contract.id, each), contract_id=contract.id, object=each.object,
                salesforce_id=each.salesforce_id, field=each.graph_name, name=each.name, owner=each.owner,
                state=DriftState.PENDING if each.pending else DriftState.DRIFTED, changed_by=each.changed_by,
                changed_at=each.changed_at, found_at=self.now, seen_at=self.now,
            )  # fmt: skip
            return finding if each.pending else self._by_rule(finding)
        seen = replace(before, seen_at=self.now, owner=each.owner)
        if before.state is DriftState.REPAIRING and not each.pending:
            return replace(seen, state=DriftState.DRIFTED, decided_by=None, decided_at=None, reason=_NOT_HELD)
        if before.state is DriftState.PENDING and not each.pending:
            drifted = replace(seen, changed_by=each.changed_by, changed_at=each.changed_at)
            return self._by_rule(replace(drifted, state=DriftState.DRIFTED))
        return seen

    def _by_rule(self, finding: DriftFinding) -> DriftFinding:
        if finding.name == GONE:
            return replace(finding, reason=_DELETED)
        if finding.owner is SALESFORCE:
            return finding
        return replace(finding, state=DriftState.REPAIRING, decided_by=RULE, decided_at=self.now)

    async def _claimed(
        self, contract: Contract, finding: DriftFinding, each: Difference
    ) -> tuple[DriftFinding, Sequence[Message]]:
        """Claim in what Salesforce owns, in its name and of its moment."""
        if each.theirs is None or contract.external_reference is None:
            return replace(finding, reason=_NO_VALUE if each.theirs is None else _UNNAMED), ()
        at = min(each.changed_at or self.now, self.now)
        report = Report(
            contract=contract.external_reference, system=SALESFORCE, source=SOURCE, claimed_at=at,
            event=f"{each.salesforce_id} {at.isoformat()}",
            fields={graph_field("Contract", each.graph_name).name: each.theirs},
        )  # fmt: skip
        applied = await apply_report(self.connection, self.org_id, report, now=self.now)
        verdict = next(iter(applied.verdicts.values()), None)
        if verdict is not None and verdict.decision is not Decision.ACCEPTED:
            return replace(finding, reason=verdict.reason), ()
        repaired = replace(
            finding, state=DriftState.REPAIRED, decided_by=RULE, decided_at=self.now, reason=None
        )
        told_on = change_of(applied, self.correlation)
        return repaired, () if told_on is None else (told_on,)

    def _repaired(self, gone: Sequence[DriftFinding]) -> Sequence[DriftFinding]:
        states = (DriftState.DRIFTED, DriftState.REPAIRING)
        return [
            replace(each, state=DriftState.REPAIRED, seen_at=self.now, reason=None)
            for each in gone
            if each.state in states
        ]


def _is_to_be_claimed(finding: DriftFinding, each: Difference) -> bool:
    return finding.owner is SALESFORCE and each.name != GONE and finding.state is DriftState.DRIFTED


def finding_id(contract_id: UUID, each: Difference) -> UUID:
    """Return the id of what is found of one field of a contract."""
    return uuid5(contract_id, f"drift {each.object}.{each.name}")
