"""Old events dropped by the month: their leaves and every head stay, and the log says who dropped them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from auth.audit import RETENTION, AuditEvent, Document
from auth.audit_head import SealKey
from auth.audit_seal import seal
from auth.principal import Principal
from domain.identity import uuid7
from storage.audit_log import LogEntry, add_event_within
from storage.audit_months import Month, count_before, drop_before
from storage.tenancy import bind_org


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """The first month that is kept, who decided so, and the policy of that day."""

    kept: Month
    who: str
    policy: str


async def drop_events(
    connection: asyncpg.Connection, orgs: Sequence[UUID], key: SealKey, retention: Retention, now: datetime
) -> dict[UUID, int]:
    """Drop every event before the first month that is kept, as the owner; return how many by org.

    One transaction: each org's log is sealed to its end, told of it, and sealed again, before anything goes.
    Raises NotOurHead.
    """
    dropped = {}
    async with connection.transaction():
        for org_id in orgs:
            await bind_org(connection, org_id)
            await seal(connection, org_id, key, now, late=None)
            count = await count_before(connection, org_id, retention.kept)
            if count:
                await _tell(connection, org_id, retention)
                await seal(connection, org_id, key, now)
                dropped[org_id] = count
        await drop_before(connection, orgs, retention.kept)
    return dropped


async def _tell(connection: asyncpg.Connection, org_id: UUID, retention: Retention) -> None:
    id_ = uuid7()
    event = AuditEvent(
        id=id_, who=Principal(org_id, retention.who, None, frozenset(), frozenset()), kind=RETENTION,
        document=Document(None, str(retention.kept)), policy=retention.policy, request=str(id_), latency=0,
    )  # fmt: skip
    await add_event_within(connection, LogEntry(org_id, id_, event.canonical().decode()))
