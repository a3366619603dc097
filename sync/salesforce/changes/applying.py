"""What was read of a record, applied: to the graph's own record, and as claims about contracts."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import asyncpg

from storage.lanes import Message
from storage.sealing import Vault
from sync.apply import apply_report
from sync.outbox import change_of
from sync.salesforce.changes.claims import contracts_about, report_of
from sync.salesforce.changes.mirror import mirror
from sync.salesforce.changes.reading import Reading


async def apply_reading(  # noqa: PLR0913 - what is applied where, and as what
    connection: asyncpg.Connection,
    org_id: UUID,
    reading: Reading,
    correlation: str,
    *,
    now: datetime,
    vault: Vault,
) -> list[Message]:
    """Apply a reading in a transaction bound to the org; return what is to be written because of it.

    Raises what `apply_report` does.
    """
    await mirror(connection, org_id, reading, now, vault)
    told: list[Message] = []
    for contract, before in await contracts_about(connection, org_id, reading.change):
        report = report_of(reading, contract, before, now)
        if report is None:
            continue
        applied = await apply_report(
            connection, org_id, report, now=now, vault=vault, contract_id=contract.id
        )
        if (wanted := change_of(applied, correlation)) is not None:
            told.append(wanted)
    return told
