"""An outbox over a database and the stand-in: contracts told to its org at moments that tests choose."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from auth.crypto import Sealer
from auth.key_encryption import from_text
from domain.contract import Contract, ContractType, Side
from domain.crm import Account, Opportunity
from domain.identity import uuid7
from domain.lifecycle import ContractStatus
from domain.money import Money
from storage.ingest import Ingest
from storage.lane_outcome import Patience
from storage.lanes import Queue
from storage.salesforce import StoredSalesforce, set_salesforce
from sync.handlers import Apart
from sync.outbox import OutboxWork, write_of
from sync.salesforce.breaker import Breaker
from sync.salesforce.connection import LOGIN, ROWS_FOR_BULK
from sync.salesforce.orgs import SalesforceOrgs, sealed_secret
from sync.turn import Pace
from sync.worker import Worker
from tests.keys import KEY_ENCRYPTION
from tests.storage.lane_work import ONE, Work, opened
from tests.sync.salesforce.org import APP, PRIVATE_KEY, SYNC, SalesforceOrg

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)
PACE = Pace(lanes=8, patience=Patience(attempts=4))


@dataclass
class Outbox:
    """The outbox of one org; `now` is what workers take for the time."""

    work: Work
    org: SalesforceOrg
    now: datetime = NOON
    breaker: Breaker = field(default_factory=Breaker)
    rows_for_bulk: int = ROWS_FOR_BULK
    keys: Sealer = field(default_factory=lambda: Sealer(from_text(KEY_ENCRYPTION, "tests")))

    def __post_init__(self) -> None:
        self.handler = self.new_handler()

    def new_handler(self) -> OutboxWork:
        return OutboxWork(self.work.database, self.orgs(), lambda: self.now)

    def orgs(self) -> SalesforceOrgs:
        return SalesforceOrgs(self.keys, breaker=lambda: self.breaker, rows_for_bulk=self.rows_for_bulk)

    async def connect(self, **said: Any) -> None:
        given = {
            "url": self.org.stand_in.url, "consumer_key": APP, "username": SYNC, "audience": LOGIN,
            "secret": PRIVATE_KEY, "currency": "USD",
        } | said  # fmt: skip
        given["secret"] = sealed_secret(self.keys, ONE, given["secret"])
        async with self.work.database.transaction(ONE) as connection:
            await set_salesforce(connection, StoredSalesforce(org_id=ONE, made_at=NOON, **given))

    async def have(self, **values: Any) -> UUID:
        """Store a contract with its account and opportunity, and ask for it to be written; return its id."""
        id_ = values.pop("id", None) or uuid7()
        there = {"account": self.org.account, "opportunity": self.org.opportunity} | values.pop("there", {})
        account = Account(id=uuid7(), source_key=f"a{id_}", name="Acme", salesforce_id=there["account"])
        deal = Opportunity(
            id=uuid7(),
            source_key=f"o{id_}",
            name="Deal",
            stage="Closed Won",
            salesforce_id=there["opportunity"],
        )
        told: dict[str, Any] = {
            "title": "Support order", "type": ContractType.ORDER_FORM, "side": Side.CUSTOMER,
            "status": ContractStatus.ACTIVE, "account_id": account.id, "opportunity_id": deal.id,
        }  # fmt: skip
        contract = Contract(id=id_, source_key=f"c{id_}", **told | values)
        async with self.work.database.transaction(ONE) as connection:
            for each in (account, deal):
                table = type(each).__name__.lower()
                known = each.salesforce_id and await connection.fetchval(
                    f"SELECT id FROM {table} WHERE org_id = $1 AND salesforce_id = $2",
                    ONE,
                    each.salesforce_id,
                )
                if known:
                    contract = replace(contract, **{f"{table}_id": known})
            records = [
                each for each in (account, deal) if each.id in (contract.account_id, contract.opportunity_id)
            ]
            saved = await Ingest(connection, ONE, lambda: self.now).save([*records, contract])
            assert not saved.clashes
        await self.ask(id_)
        return id_

    async def ask(self, *ids: UUID) -> None:
        self.work.now = self.now
        await self.work.enqueue(*(write_of(each, f"about {each}") for each in ids), queue=Queue.OUTBOX)

    async def change(self, id_: UUID, **values: Any) -> None:
        """Change columns of a contract, and ask for it to be written."""
        names = ", ".join(f"{name} = ${place}" for place, name in enumerate(values, 2))
        await self.work.superuser.execute(
            f"UPDATE contract SET {names}, version = version + 1 WHERE id = $1", id_, *values.values()
        )
        await self.ask(id_)

    async def run(self, *, times: int = 1, **passed: float) -> Worker:
        """Let a worker do what is due; again so many times, after as much time has passed."""
        handlers = {Queue.OUTBOX: Apart(self.handler.write, self.handler.keep, self.handler.close)}
        for time in range(times):
            self.now += timedelta(**passed) if time or passed else timedelta()
            worker = Worker(self.work.database, handlers, pace=PACE, clock=lambda: self.now)
            await worker.run(once=True)
        return worker

    def contract(self, id_: UUID) -> dict[str, Any] | None:
        """What the stand-in holds of a contract."""
        key = "Contract_Graph_Id__c"
        found = [each for each in self.org.stand_in.records("Contract") if each[key] == str(id_)]
        assert len(found) < 2
        return found[0] if found else None

    @property
    def amount(self) -> Any:
        return self.org.stand_in.records("Opportunity")[0]["Amount"]

    def effects(self, name: str = "Contract") -> list[Mapping[str, Any]]:
        """The writes that moved anything."""
        return [each for each in self.org.stand_in.journal(object=name) if each["changed"]]

    async def shown(self, id_: UUID, name: str = "Contract") -> tuple[str, str | None, dict[str, str]]:
        """How things stand: state, reason, and why which fields are refused."""
        row = await self.work.superuser.fetchrow(
            "SELECT * FROM salesforce_write WHERE contract_id = $1 AND object = $2", id_, name
        )
        assert row is not None
        refusals = await self.work.superuser.fetch(
            "SELECT field, reason FROM salesforce_refusal WHERE write_id = $1", row["id"]
        )
        return row["state"], row["reason"], {each["field"]: each["reason"] for each in refusals}

    async def held(self) -> list[tuple[str, str]]:
        rows = await self.work.superuser.fetch(
            "SELECT error, message FROM quarantined_message WHERE state = 'HELD' ORDER BY id"
        )
        return [tuple(row) for row in rows]

    async def waiting(self) -> int:
        return int(await self.work.superuser.fetchval("SELECT count(*) FROM lane_message"))

    def trouble(self, kind: str, **said: Any) -> None:
        self.org.stand_in.arrange(faults=[{"kind": kind} | said])


Test = Callable[[Outbox], Awaitable[None]]
On = Callable[[Test], None]


@asynccontextmanager
async def outbox_over(urls: tuple[str, str, str], org: SalesforceOrg) -> AsyncIterator[Outbox]:
    async with opened(*urls, size=12) as work:
        outbox = Outbox(work, org)
        await outbox.connect()
        try:
            yield outbox
        finally:
            await outbox.handler.close()


def runner(urls: tuple[str, str, str], org: SalesforceOrg) -> On:
    def run(test: Test) -> None:
        async def inside() -> None:
            async with outbox_over(urls, org) as outbox:
                await asyncio.wait_for(test(outbox), 90)

        asyncio.run(inside())

    return run


def usd(amount: int) -> Money:
    return Money(Decimal(amount), "USD")


TERM = {"effective_date": date(2026, 12, 1), "expiration_date": date(2027, 11, 30)}
