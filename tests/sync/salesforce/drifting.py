"""Rounds of comparison over an outbox and the stand-in, and somebody who works there beside us."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from domain.drift import DriftFinding, DriftState
from storage.drift import chosen, report
from storage.lanes import Queue
from sync.drift import DriftWork, compare_now
from sync.handlers import Apart
from sync.salesforce.orgs import SalesforceOrgs
from sync.worker import Worker
from tests.storage.lane_work import ONE
from tests.sync.salesforce.org import REP, Rest
from tests.sync.salesforce.telling import PACE, Outbox

LATER = datetime(2026, 12, 24, 12, tzinfo=UTC)


@dataclass
class Drifting:
    """An outbox, and the work that compares."""

    outbox: Outbox

    def __post_init__(self) -> None:
        orgs = SalesforceOrgs(self.outbox.keys, breaker=lambda: self.outbox.breaker)
        self.work = DriftWork(self.outbox.work.database, orgs, lambda: self.outbox.now)

    async def round(self) -> None:
        """Compare all there is, and let the writes that come of it be done."""
        async with self.outbox.work.database.transaction(ONE) as connection:
            await compare_now(connection, ONE, self.outbox.now)
        await self.run()

    async def run(self) -> None:
        drift = Apart(self.work.compare, self.work.keep, self.work.close)
        outbox = self.outbox.handler
        handlers = {Queue.DRIFT: drift, Queue.OUTBOX: Apart(outbox.write, outbox.keep, outbox.close)}
        await Worker(self.outbox.work.database, handlers, pace=PACE, clock=lambda: self.outbox.now).run(
            once=True
        )

    async def found(self, *states: DriftState) -> dict[tuple[str, str], DriftFinding]:
        async with self.outbox.work.database.transaction(ONE) as connection:
            found = await chosen(connection, ONE, states or list(DriftState))
        return {(str(each.salesforce_id), each.name): each for each in found}

    async def counted(self) -> Counter[DriftState]:
        async with self.outbox.work.database.transaction(ONE) as connection:
            return sum((await report(connection, ONE)).values(), Counter())


def rep(outbox: Outbox) -> Rest:
    """Whoever works in Salesforce beside us, a while after it was written."""
    outbox.org.stand_in.arrange(now=LATER.isoformat())
    outbox.now = LATER + timedelta(hours=1)
    return outbox.org.rest(REP)


def change(person: Rest, name: str, record_id: str, values: dict[str, Any]) -> None:
    answer = person("PATCH", f"sobjects/{name}/{record_id}", values)
    assert answer.status_code == 204, answer.text


def who(outbox: Outbox) -> str:
    (found,) = [each["Id"] for each in outbox.org.stand_in.records("User") if each["Username"] == REP]
    return str(found)


def contracts(outbox: Outbox) -> list[dict[str, Any]]:
    return outbox.org.stand_in.records("Contract")
