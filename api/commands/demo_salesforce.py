"""The Salesforce of the demo: a stand-in with the sample's accounts and deals, told and listened to."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import requests

from api.installation import Installation, sealer
from api.settings import Settings
from domain.crm import Account, Opportunity
from domain.field import Entity
from domain.org import Org
from storage.database import connect
from storage.lanes import Queue, enqueue
from storage.salesforce import StoredSalesforce, set_salesforce
from storage.salesforce_streams import set_stream
from storage.tenancy import bind_org
from sync.drift import compare_now
from sync.salesforce.changes.stream import EVERYTHING
from sync.salesforce.changes.subscribers import stream_message
from sync.salesforce.connection import VERSION
from sync.salesforce.orgs import sealed_secret
from sync.salesforce.stand_in.process import Started

_APP, _USER = "contract-graph-demo", "contract-graph@demo.example"
_DESK, _SELLER = "seller-demo", "sam.seller@demo.example"
_PATIENCE = 10
_FORGET = "salesforce_refusal", "salesforce_write", "salesforce_record", "salesforce_stream"
SHOWN = ("Name", "Status", "StartDate", "EndDate", "CustomerSignedDate", "Amendment_Count__c")


@dataclass(frozen=True, slots=True)
class DemoSalesforce:
    """A stand-in that was started, for one org of the sample."""

    stand_in: Started
    org: Org
    currency: str
    password: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    """Of the seller there."""

    async def prepare(
        self, installation: Installation, settings: Settings, records: Iterable[Entity]
    ) -> None:
        """Put the sample's accounts and opportunities there, and have contracts written to it from now on.

        It remembers nothing of the demo before: what that was told is forgotten here too.
        """
        secret, now = secrets.token_urlsafe(32), datetime.now(UTC)
        self.stand_in.arrange(
            users=[{"Username": _USER}, {"Username": _SELLER, "FirstName": "Sam", "LastName": "Seller"}],
            apps=[
                {"consumer_key": _APP, "consumer_secret": secret, "run_as": _USER},
                {"consumer_key": _DESK, "consumer_secret": self.password, "run_as": _SELLER},
            ],
            records=_seeds(list(records)),
        )
        connection = await connect(installation.owner_url)
        try:
            async with connection.transaction():
                await bind_org(connection, self.org.id)
                for table in _FORGET:
                    await connection.execute(f"DELETE FROM {table} WHERE org_id = $1", self.org.id)  # noqa: S608
                await set_salesforce(
                    connection,
                    StoredSalesforce(
                        org_id=self.org.id, url=self.stand_in.url, consumer_key=_APP,
                        secret=sealed_secret(sealer(settings), self.org.id, secret),
                        currency=self.currency, made_at=now,
                    ),
                )  # fmt: skip
                await set_stream(connection, self.org.id, EVERYTHING, self.stand_in.events or "", now)
                await enqueue(connection, self.org.id, Queue.STREAM, [stream_message(EVERYTHING)], now)
        finally:
            await connection.close()

    def edit(self, opportunity_id: str, amount: float) -> int:
        """Change the amount of a deal as a person there does; returns the status of the answer."""
        signing_in = requests.post(
            f"{self.stand_in.url}/services/oauth2/token",
            data={
                "grant_type": "client_credentials", "client_id": _DESK, "client_secret": self.password,
            },
            timeout=_PATIENCE,
        )  # fmt: skip
        answer = requests.patch(
            f"{self.stand_in.url}/services/data/v{VERSION}/sobjects/Opportunity/{opportunity_id}",
            json={"Amount": amount},
            headers={"Authorization": f"Bearer {signing_in.json()['access_token']}"},
            timeout=_PATIENCE,
        )
        return answer.status_code

    async def compare(self, installation: Installation) -> None:
        """Have both sides compared now, as they are every night elsewhere."""
        connection = await connect(installation.owner_url)
        try:
            async with connection.transaction():
                await bind_org(connection, self.org.id)
                await compare_now(connection, self.org.id, datetime.now(UTC))
        finally:
            await connection.close()

    def shown(self, contract_id: UUID, opportunity_id: str | None) -> Mapping[str, Any]:
        """Return what Salesforce holds of a contract now."""
        found: dict[str, Any] = {}
        for record in self.stand_in.records("Contract"):
            if record.get("Contract_Graph_Id__c") == str(contract_id):
                found |= {f"Contract.{name}": record.get(name) for name in SHOWN}
        for record in self.stand_in.records("Opportunity"):
            if record["Id"] == opportunity_id:
                found["Opportunity.Amount"] = record.get("Amount")
        return found


def _seeds(records: list[Entity]) -> Mapping[str, list[dict[str, Any]]]:
    accounts = {each.id: each for each in records if isinstance(each, Account) and each.salesforce_id}
    deals = [each for each in records if isinstance(each, Opportunity) and each.salesforce_id]
    return {
        "Account": [{"Id": each.salesforce_id, "Name": each.name} for each in accounts.values()],
        "Opportunity": [
            {
                "Id": each.salesforce_id, "Name": each.name, "StageName": each.stage,
                "CloseDate": each.close_date.isoformat() if each.close_date else "2026-12-31",
                "Amount": float(each.amount.amount) if each.amount else None,
                "AccountId": accounts[each.account_id].salesforce_id if each.account_id in accounts else None,
            }
            for each in deals
        ],
    }  # fmt: skip
