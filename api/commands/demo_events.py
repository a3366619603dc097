"""What the demo's contract system sends, and what becomes of it: the page /events."""

from __future__ import annotations

import asyncio
import hmac
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

import requests
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from api.commands.demo_salesforce import DemoSalesforce
from api.installation import Installation, sealer
from api.settings import Settings
from auth.public_id import public_id
from domain.identity import uuid7
from domain.org import Org
from storage.connections import (
    StoredConnection,
    UnknownConnection,
    add_connection,
    add_key,
    end_key,
    keys_of,
    named_connection,
)
from storage.database import connect
from storage.tenancy import bind_org
from sync.clm.connectors import Vendor
from sync.connections import sealed_key

MAPPING: Final = Path(__file__).resolve().parents[1] / "pages" / "events.toml"
NAME: Final = "agreements"
"""What the connection is called: the demo's contract system."""

QUESTION: Final = """query($reference: String!) {
  contract(externalReference: $reference) {
  id opportunity { salesforceId } number title status signedDate expirationDate
  totalValue { amount currency } amendmentCount version
  documents(first: 5) { nodes { title } }
  amendments(first: 5) { nodes { number rationale valueChange { amount currency } } }
  changes(first: 12, orderBy: [{ field: recordedAt, direction: DESC }, { field: id, direction: DESC }]) {
    nodes { field before after claimedBy source claimedAt decision reason } }
  salesforce(first: 3) {
    nodes { object state reason writtenAt refusals(first: 3) { nodes { field reason } } } }
  provenance { nodes { field owner system source claimedAt refusedBecause } } } }"""
_EDITED: Final = 99000.0
_PATIENCE: Final = 10


@dataclass(frozen=True, slots=True)
class Telling:
    """An event that can be sent: its name on the page, and what the contract system says then."""

    label: str
    says: Callable[[datetime], Mapping[str, Any]]


def _signed(now: datetime) -> Mapping[str, Any]:
    day = now.date()
    return {
        "state": "signed", "signed": day.isoformat(), "starts": day.isoformat(),
        "ends": (day + timedelta(days=364)).isoformat(), "value": "118000.00", "currency": "EUR",
        "renews": "automatic", "term": "P1Y", "notice": "P60D",
        "papers": [
            {"id": "order", "title": "Signed order form", "kind": "order", "executed": True,
             "sha256": sha256(b"the signed order form of the demo").hexdigest()},
        ],
    }  # fmt: skip


def _amended(now: datetime) -> Mapping[str, Any]:
    day = now.date()
    return {
        "state": "amended", "value": "131500.00", "currency": "EUR",
        "amendments": [
            {"number": "1", "kind": "value", "signed": day.isoformat(), "why": "Fifty more seats",
             "adds": "13500.00"},
        ],
        "papers": [
            {"id": "amendment-1", "title": "Amendment 1", "kind": "amendment", "executed": True,
             "sha256": sha256(b"the amendment of the demo").hexdigest()},
        ],
    }  # fmt: skip


def _drafted(_: datetime) -> Mapping[str, Any]:
    return {"state": "draft"}


TELLINGS: Final[Mapping[str, Telling]] = MappingProxyType(
    {
        "signed": Telling("The contract is signed", _signed),
        "amended": Telling("An amendment is signed", _amended),
        "drafted": Telling("It claims to be a draft again", _drafted),
    }
)
"""What the demo's contract system can say of its contract."""


@dataclass(slots=True)
class DemoEvents:
    """The demo's contract system: it knows its key, and one contract of the first org."""

    origin: str
    org: Org
    reference: str
    deal: str
    """The contract's opportunity, by its Salesforce id."""
    token: str = field(repr=False)
    installation: Installation
    salesforce: DemoSalesforce
    address: str = ""
    key: bytes = field(default=b"", repr=False)

    async def prepare(self, settings: Settings) -> None:
        """Set up the connection, or give it a new key: the one before was known to the last run only."""
        self.key = secrets.token_urlsafe(32).encode()
        now = datetime.now(UTC)
        connection = await connect(self.installation.owner_url)
        try:
            async with connection.transaction():
                await bind_org(connection, self.org.id)
                try:
                    stored = await named_connection(connection, self.org.id, NAME)
                except UnknownConnection:
                    stored = StoredConnection(
                        org_id=self.org.id, id=uuid7(), name=NAME, vendor=Vendor.GENERIC, settings={},
                        mapping=MAPPING.read_text(encoding="utf-8"), made_at=now,
                    )  # fmt: skip
                    await add_connection(connection, stored)
                for each in await keys_of(connection, self.org.id, stored.id):
                    await end_key(connection, self.org.id, each.id, now)
                made = sealed_key(sealer(settings), self.org.id, stored.id, self.key, now)
                await add_key(connection, self.org.id, made)
        finally:
            await connection.close()
        self.address = f"{self.origin}/webhooks/{public_id(self.org.id, stored.id)}"

    def routes(self) -> list[BaseRoute]:
        """Return what the page asks for."""
        return [
            Route("/demo/events/{event}", self._tell, methods=["POST"]),
            Route("/demo/edit", self._edit, methods=["POST"]),
            Route("/demo/compare", self._compare, methods=["POST"]),
            Route("/demo/contract", self._contract, methods=["GET"]),
        ]

    async def _tell(self, request: Request) -> Response:
        telling = TELLINGS.get(request.path_params["event"])
        if telling is None or not _is_ours(request):
            return JSONResponse({"message": "there is no such event"}, 404)
        now = datetime.now(UTC)
        said = {"id": self.reference, "changed": now.isoformat(), **telling.says(now)}
        body = json.dumps({"message": str(uuid7()), "what": telling.label, "agreement": said}).encode()
        signature = f"sha256={hmac.new(self.key, body, sha256).hexdigest()}"
        headers = {"Content-Type": "application/json", "X-Agreements-Signature": signature}
        return JSONResponse({"sent": json.loads(body), **await self._posted(self.address, body, headers)})

    async def _edit(self, request: Request) -> Response:
        """Have somebody change the amount in Salesforce, which then tells of it by itself."""
        if not _is_ours(request):
            return JSONResponse({"message": "there is no such event"}, 404)
        status = await asyncio.to_thread(self.salesforce.edit, self.deal, _EDITED)
        told = {"Opportunity.Amount": _EDITED}
        return JSONResponse({"sent": told, "status": status, "answer": "its change event is on its way"})

    async def _compare(self, request: Request) -> Response:
        """Have both sides compared, and what differs put right."""
        if not _is_ours(request):
            return JSONResponse({"message": "there is no such event"}, 404)
        await self.salesforce.compare(self.installation)
        return JSONResponse({"sent": {}, "status": 202, "answer": "every field of both sides is looked at"})

    async def _contract(self, _: Request) -> Response:
        body = json.dumps({"query": QUESTION, "variables": {"reference": self.reference}}).encode()
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"}
        told = await self._posted(f"{self.origin}/graphql", body, headers)
        answer = told["answer"]
        contract = (answer.get("data") or {}).get("contract")
        if contract is not None:
            deal = (contract["opportunity"] or {}).get("salesforceId")
            answer["salesforce"] = await asyncio.to_thread(self.salesforce.shown, UUID(contract["id"]), deal)
        return JSONResponse(answer, told["status"], {"Cache-Control": "no-store"})

    async def _posted(self, url: str, body: bytes, headers: Mapping[str, str]) -> dict[str, Any]:
        def ask() -> dict[str, Any]:
            answer = requests.post(url, data=body, headers=dict(headers), timeout=_PATIENCE)
            return {"status": answer.status_code, "answer": answer.json()}

        return await asyncio.to_thread(ask)


def _is_ours(request: Request) -> bool:
    """Whether our own page asks: a page of another origin cannot send this header unasked."""
    return request.headers.get("x-demo") == "events"
