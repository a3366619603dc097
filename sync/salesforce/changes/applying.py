"""What was read of records, applied: to the graph's own records, and as claims about contracts."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from domain.field import Entity
from domain.history import Decision
from storage.lanes import Message, Queue, enqueue
from storage.salesforce_access import forget_changed
from storage.sealing import Vault
from sync.apply import apply_report
from sync.outbox import change_of
from sync.salesforce.changes.change import Kind, RecordChange
from sync.salesforce.changes.claims import contracts_about, report_of
from sync.salesforce.changes.mirror import mirror
from sync.salesforce.changes.reading import Reading


async def apply_readings(
    connection: asyncpg.Connection,
    org_id: UUID,
    readings: Sequence[tuple[Reading, str]],
    *,
    now: datetime,
    vault: Vault,
) -> Sequence[Counter[Decision]]:
    """Apply readings, each with what it is known by in every log, as the last of a transaction of the org.

    Returns of each how many of its values were decided in which way.

    Of records that may be shared otherwise now it is forgotten who may read them: Salesforce is asked anew.
    A record that was read while the second lasted of which it is, is read again after it: what is committed
    in the rest of that second bears the same stamp. Raises what `apply_report` does.
    """
    written: list[Message] = []
    decided: list[Counter[Decision]] = []
    shared: defaultdict[type[Entity], set[UUID]] = defaultdict(set)
    for reading, correlation in readings:
        concerned = await mirror(connection, org_id, reading, now, vault)
        if concerned is not None:
            shared[type(concerned)].add(concerned.id)
        told, counts = await _claim(connection, org_id, reading, correlation, now, vault)
        written += told
        decided.append(counts)
    await forget_changed(connection, org_id, shared, now)
    await enqueue(connection, org_id, Queue.OUTBOX, written, now)
    again = [
        RecordChange(
            object=each.object, record=each.record, kind=Kind.WHOLE, at=0, number=0, event="again",
            not_before=each.not_before,
        ).message(correlation)
        for each, correlation in ((reading.change, correlation) for reading, correlation in readings)
        if each.kind is Kind.WHOLE and each.not_before
    ]  # fmt: skip
    await enqueue(connection, org_id, Queue.CHANGE, again, now)
    return decided


async def _claim(  # noqa: PLR0913, PLR0917 - what is claimed where, and as what
    connection: asyncpg.Connection,
    org_id: UUID,
    reading: Reading,
    correlation: str,
    now: datetime,
    vault: Vault,
) -> tuple[list[Message], Counter[Decision]]:
    """Claim what was read of its contracts; return what is to be written, and how values were decided."""
    told: list[Message] = []
    counts: Counter[Decision] = Counter()
    for contract, before in await contracts_about(connection, org_id, reading.change):
        report = report_of(reading, contract, before, now)
        if report is None:
            continue
        applied = await apply_report(
            connection, org_id, report, now=now, vault=vault, contract_id=contract.id
        )
        counts += applied.counts
        if (wanted := change_of(applied, correlation)) is not None:
            told.append(wanted)
    return told, counts
