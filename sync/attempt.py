"""Attempts to tell Salesforce of a contract, and what of them is kept here and shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

import asyncpg

from domain.contract import Contract
from domain.passage import Fate, Passage, SyncDirection
from domain.salesforce_write import SalesforceRefusal, SalesforceState, SalesforceWrite
from storage.salesforce_bulk import use_rows
from storage.salesforce_records import settle, show, write_id
from sync.salesforce.failures import Permanent
from sync.salesforce.telling import Telling


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What came of an attempt to tell Salesforce of a contract: kept in the transaction that ends it."""

    contract: Contract
    tellings: Sequence[Telling]
    correlation: str
    at: datetime
    since: datetime
    """When the first of what it tells changed here."""
    ahead: bool = False
    """Whether some of it went ahead in a bulk job."""

    @property
    def passages(self) -> Sequence[Passage]:
        """What of it went across, or was refused; what waits, or had nothing new to tell, is neither."""
        return [
            Passage(
                direction=SyncDirection.TO_SALESFORCE, object=each.object, since=self.since,
                fate=Fate.DONE if each.failure is None else Fate.PUT_OFF, refused=len(each.refusals),
            )
            for each in self.tellings
            if each.failure is not None or (each.waits is None and (each.wrote or each.refusals))
        ]  # fmt: skip


async def keep(connection: asyncpg.Connection, org_id: UUID, attempts: Sequence[Attempt]) -> None:
    """Keep what came of attempts, each of another contract, in a transaction bound to the org."""
    if ahead := [each.contract.id for each in attempts if each.ahead]:
        await use_rows(connection, org_id, ahead)
    told = [(attempt, telling) for attempt in attempts for telling in attempt.tellings]
    shown = [_shown(*each) for each in told]
    await settle(
        connection, org_id,
        [
            (telling.record, write, attempt.at)
            for (attempt, telling), write in zip(told, shown, strict=True)
            if telling.record is not None
        ],
    )  # fmt: skip
    failed = [
        write.id for (_, telling), write in zip(told, shown, strict=True) if telling.failure is not None
    ]
    today = max(each.at for each in attempts).date()
    await show(connection, org_id, shown, today, keep_refusals=failed)


def _shown(attempt: Attempt, telling: Telling) -> SalesforceWrite:
    """Say how things stand between a contract and an object."""
    id_ = write_id(attempt.contract.id, telling.object)
    done = telling.failure is None and telling.waits is None
    return SalesforceWrite(
        id=id_, contract_id=attempt.contract.id, object=telling.object, state=_state(telling),
        salesforce_id=telling.record.salesforce_id if telling.record else None,
        reason=telling.waits or (str(telling.failure) if telling.failure else None),
        written_at=attempt.at if done else None,
        contract_version=attempt.contract.version if done else None, correlation=attempt.correlation,
        refusals=tuple(
            SalesforceRefusal(
                id=uuid5(id_, refusal.name), write_id=id_, field=refusal.field, name=refusal.name,
                reason=refusal.reason,
            )
            for refusal in {refusal.name: refusal for refusal in telling.refusals}.values()
        ),
    )  # fmt: skip


def _state(telling: Telling) -> SalesforceState:
    if isinstance(telling.failure, Permanent):
        return SalesforceState.HELD
    if telling.failure is not None or telling.waits is not None:
        return SalesforceState.PENDING
    return SalesforceState.REFUSED if telling.refusals else SalesforceState.IN_SYNC
