"""What the audit log is told of requests: durable before anything that it tells of is given out."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import replace

import asyncpg

from api.asked import Answer, Asked, refusal
from api.audit_writer import AuditWriter, NotRecorded
from api.errors import Unavailable, where
from api.planner.run import Plan
from auth.audit import Access, AuditEvent, Document, Refusal
from domain.identity import uuid7

log = logging.getLogger("contract_graph.graphql")

NOT_RECORDED = "the audit log cannot be written, and nothing is given out without it; try again in a moment"


class Recording:
    """Tells the log of whole requests, of changes, and of parts of what goes on."""

    def __init__(self, audit: AuditWriter) -> None:
        self._audit = audit
        self._can_write = True

    async def answered(self, asked: Asked, answer: Answer, kind: str) -> Answer:
        """Return an answer once the log tells of it, and a refusal if it cannot."""
        access = asked.plan.audited.access if asked.plan else None
        try:
            await self._audit.append(_event(asked, kind, access), access)
        except NotRecorded as error:
            if self._can_write:
                # Once, not for every request that it keeps from being answered.
                cause = error.__cause__ or error
                log.error("the audit log cannot be written: %s at %s", type(cause).__name__, where(cause))  # noqa: TRY400 - a message may hold values
            self._can_write = False
            return refusal(Unavailable(NOT_RECORDED), asked.id)
        self._can_write = True
        return answer

    async def changed(self, asked: Asked, connection: asyncpg.Connection) -> None:
        """Tell of a change in its own transaction."""
        access = asked.plan.audited.access if asked.plan else None
        await self._audit.append_within(connection, _event(asked, "write", access), access)

    async def went_on(  # noqa: PLR0913 - what is told of an event
        self,
        asked: Asked,
        plan: Plan,
        *,
        began: int,
        records: Sequence[bytes] = (),
        access: Access | None = None,
        refused: Refusal | None = None,
    ) -> None:
        """Tell of a part of a request that goes on; returns once that is durable.

        Raises Unavailable: then nothing may be given out.
        """
        part = replace(asked, plan=plan, began=began, records=records, refusal=refused)
        try:
            await self._audit.append(_event(part, "read", access), access)
        except NotRecorded as error:
            raise Unavailable(NOT_RECORDED) from error


def _event(asked: Asked, kind: str, access: Access | None) -> AuditEvent:
    plan = asked.plan
    return AuditEvent(
        id=uuid7(),
        who=asked.principal,
        kind=kind,
        document=plan.audited.document if plan else Document.of(asked.source, asked.operation),
        policy=asked.policy,
        request=asked.id,
        latency=(time.perf_counter_ns() - asked.began) // 1000,
        access=None if access is None else access.sha256,
        records=asked.records,
        refusal=asked.refusal,
    )
