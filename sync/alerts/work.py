"""The work of the alert queue: a target is told of a kind, of all that happened since it last was."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
from anyio import to_thread

from auth.crypto import Sealer
from domain.alert import ABOUT, AlertKind
from domain.org import Org
from storage.alert_targets import StoredTarget, find_target
from storage.alerts import Tally, note_answer, standing, tallies
from storage.database import Database
from storage.lane_outcome import Done, Fault, Outcome, Poison, Retry
from storage.orgs import bound_org
from sync.alerts.alert import Alert, alert_of
from sync.alerts.sender import NotSent
from sync.alerts.target import opened_target
from sync.handlers import Batch

log = logging.getLogger("contract_graph.alerts")


@dataclass(frozen=True, slots=True)
class Told(Done):
    """It was told, up to these times of each tally."""

    times: Mapping[UUID, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Refused(Poison):
    """The target took none of it, and would not: the next is not sent at once, and tells of this as well."""

    times: Mapping[UUID, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Waiting:
    """What a target was not told of yet."""

    target: StoredTarget
    org: Org
    kind: AlertKind
    tallied: Sequence[Tally]
    standing: int | None

    @property
    def untold(self) -> Sequence[Tally]:
        return [each for each in self.tallied if each.raised > each.told]

    @property
    def due_at(self) -> datetime | None:
        """When it may be told again; None at once."""
        answered = [each.answered_at for each in self.tallied if each.answered_at is not None]
        return max(answered) + ABOUT[self.kind].every if answered else None


class AlertWork:
    """Tells targets; what each was told of is noted in the transaction that finishes the message."""

    def __init__(self, database: Database, sealer: Sealer, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._sealer = sealer
        self._clock = clock

    async def tell(self, batch: Batch) -> Sequence[Outcome]:
        """Send what the target of a lane was not told of yet, unless it was told of such a moment ago."""
        target_id, _, kind = batch.messages[0].payload.partition(" ")
        now = self._clock()
        waiting = await self._waiting(batch.org_id, UUID(target_id), AlertKind(kind), now)
        if waiting is None or not waiting.untold:
            return [Done()]
        if waiting.due_at is not None and waiting.due_at > now:
            return [Retry(Fault("Gathering", "what else happens is told with it"), waiting.due_at)]
        times = {each.id: each.raised for each in waiting.untold}
        if ABOUT[waiting.kind].passes and not waiting.standing:
            return [Told(times)]  # it has passed
        alert = alert_of(waiting.kind, waiting.org, waiting.tallied, waiting.standing, now)
        return [await self._sent(waiting.target, alert, times)]

    async def note(self, connection: asyncpg.Connection, batch: Batch, outcomes: Sequence[Outcome]) -> None:
        """Note what the target was told of, and when it answered."""
        for outcome in outcomes:
            if isinstance(outcome, Told):
                await note_answer(connection, batch.org_id, outcome.times, self._clock())
            elif isinstance(outcome, Refused):
                nothing = dict.fromkeys(outcome.times, 0)
                await note_answer(connection, batch.org_id, nothing, self._clock())

    async def _waiting(
        self, org_id: UUID, target_id: UUID, kind: AlertKind, now: datetime
    ) -> _Waiting | None:
        async with self._database.transaction(org_id) as connection:
            target = await find_target(connection, org_id, target_id)
            if target is None or target.ended_at is not None:
                return None
            what = ABOUT[kind].standing
            return _Waiting(
                target=target,
                org=await bound_org(connection, org_id),
                kind=kind,
                tallied=await tallies(connection, org_id, target_id, kind),
                standing=None if what is None else await standing(connection, org_id, what, now),
            )

    async def _sent(self, stored: StoredTarget, alert: Alert, times: Mapping[UUID, int]) -> Outcome:
        known = ", ".join(each.correlation for each in alert.groups if each.correlation)
        try:
            target = await to_thread.run_sync(opened_target, self._sealer, stored)
            if target is None:
                return Done()
            await target.tell(alert, self._clock())
        except NotSent as error:
            log.warning(
                "alert %s of %s not told to target %s of org %s, correlation %s: %s",
                alert.id, alert.kind, stored.id, stored.org_id, known, error,
            )  # fmt: skip
            fault = Fault(type(error).__name__, str(error))
            if not error.again:
                return Refused(fault, times)
            after = None if error.after is None else self._clock() + timedelta(seconds=error.after)
            return Retry(fault, after)
        log.info(
            "alert %s of %s told to target %s of org %s, correlation %s",
            alert.id, alert.kind, stored.id, stored.org_id, known,
        )  # fmt: skip
        return Told(times)
