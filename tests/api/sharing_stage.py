"""Two small orgs, of which one has a Salesforce with private deals and accounts, asked at chosen moments."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID, uuid4

import asyncpg

from api.graphql import Endpoint
from api.planner.footprint import contracts_reached
from api.planner.reach import reach_of
from auth.crypto import Sealer
from auth.key_encryption import from_text
from auth.policy_file import read_policy
from auth.principal import Principal
from auth.vault import Vault
from auth.view import Views
from domain.field import Audience, Entity
from domain.identity import salesforce_id
from storage.database import Database
from storage.ingest import Ingest
from storage.salesforce import StoredSalesforce, set_salesforce
from storage.salesforce_access import forget, keep_access
from sync.salesforce.breaker import Breaker
from sync.salesforce.connection import LOGIN
from sync.salesforce.orgs import SalesforceOrgs, sealed_secret
from sync.salesforce.sharing import KEPT_BACK, Sharing
from sync.salesforce.stand_in.process import Started
from tests.api.graph import GENEROUS, OURS, THEIRS
from tests.api.small import TODAY, store
from tests.keys import KEY_ENCRYPTION
from tests.sync.salesforce.org import APP, PRIVATE_KEY, PUBLIC_KEY, SYNC

T = TypeVar("T")

ADA, EVE = "005Hs00000AAAAAIA5", salesforce_id("005Hs00000EEEEE")
DEAL, ACCOUNT = "006Hs00000AAAAAIA5", "001Hs00000AAAAAIA5"
NOT_THERE = salesforce_id("006Hs00000BBBBB")
NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)
EVERYTHING = "".join(f'{audience} = "show"\n' for audience in Audience)
POLICY = f"""
[roles.rep]
rows = "salesforce"
{EVERYTHING}
commands = ["acknowledgeRenewal", "flagValue", "requestAccess"]
[roles.desk]
rows = "org"
EVERYONE = "show"
COMMERCIAL = "mask"
[roles.owner]
rows = "own"
EVERYONE = "show"
"""
_NUMBERED = "unnest($2::text[]) WITH ORDINALITY AS of (record, place)"
_DEALS = (
    f"""INSERT INTO opportunity (org_id, id, salesforce_id, name, stage)
        SELECT $1, md5(record)::uuid, record, 'B', 'Prospecting' FROM {_NUMBERED}""",
    f"""INSERT INTO contract (org_id, id, opportunity_id, number, title, type, side, status, version)
        SELECT $1, md5('of ' || record)::uuid, md5(record)::uuid, 'B-' || place - 1, 'B', 'MSA', 'CUSTOMER',
               'ACTIVE', 1 FROM {_NUMBERED}""",
)
SCOPES = frozenset({"graph:read", "graph:write", "graph:documents"})


@dataclass
class Stage:
    """The endpoint over the two orgs; `now` is what it and Salesforce's answers go by."""

    stand_in: Started
    database: Database
    superuser: asyncpg.Connection
    loop: asyncio.Runner
    keys: Sealer
    now: datetime = NOON
    breaker: Breaker = field(default_factory=lambda: Breaker(failures=10_000))

    def __post_init__(self) -> None:
        self.orgs = SalesforceOrgs(self.keys, breaker=lambda: self.breaker, kept_back=KEPT_BACK)
        self.sharing = Sharing(self.database, self.orgs, lambda: self.now, patience=10.0)
        views = Views(read_policy(POLICY.encode(), "p.toml"))
        vault = Vault(self.keys)
        self.endpoint = Endpoint(
            self.database,
            views,
            lambda: TODAY,
            vault,
            clock=lambda: self.now,
            sharing=self.sharing,
            limits=GENEROUS,
        )

    def run(self, work: Awaitable[T]) -> T:
        async def running() -> T:
            return await work

        return self.loop.run(running())

    async def connect(self, org_id: UUID = OURS.org.id, **said: Any) -> None:
        """Say how an org's Salesforce is reached; it is known at once."""
        made = StoredSalesforce(
            org_id=org_id, url=self.stand_in.url, consumer_key=APP, username=SYNC, audience=LOGIN,
            secret=sealed_secret(self.keys, org_id, PRIVATE_KEY), made_at=self.now, **said,
        )  # fmt: skip
        async with self.database.transaction(org_id) as connection:
            await set_salesforce(connection, made)
        await self.orgs.close()

    async def asking(
        self, query: str, *roles: str, subject: str = ADA, org: UUID = OURS.org.id, strict: bool = False,
        **variables: Any,
    ) -> dict[str, Any]:  # fmt: skip
        principal = Principal(org, subject, None, frozenset(roles or ("rep",)), SCOPES)
        body = json.dumps({"query": query, "variables": variables}).encode()
        answer = await self.endpoint.answer(principal, body, strict=strict)
        assert answer.status < 500 or strict, answer.body
        return dict(json.loads(answer.body))

    def ask(self, query: str, *roles: str, **more: Any) -> dict[str, Any]:
        return self.run(self.asking(query, *roles, **more))

    def numbers(self, *roles: str, **more: Any) -> list[str]:
        """The numbers of the contracts that a caller sees, as their list tells."""
        said = self.ask("{ contracts { nodes { number } } }", *roles, **more)
        return sorted(str(each["number"]) for each in said["data"]["contracts"]["nodes"])

    def deal(self, record: str = DEAL, **more: Any) -> Any:
        """A deal with its contracts as the panel asks for it, and what is told of Salesforce's sharing."""
        query = (
            "query ($id: String!) { opportunity(salesforceId: $id) { name contracts { nodes { number } } } }"
        )
        said = self.ask(query, id=record, **more)
        return said["data"]["opportunity"], state_of(said)

    def share(self, record: str = DEAL, user: str = ADA) -> None:
        self.stand_in.arrange(sharing={"share": [{"record": record, "user": user}]})

    def unshare(self, record: str = DEAL, user: str = ADA) -> None:
        self.stand_in.arrange(sharing={"unshare": [{"record": record, "user": user}]})

    def fail(self, kind: str = "unavailable", **said: Any) -> None:
        """Have every question about sharing fail from now on."""
        fault = {"kind": kind, "times": None, "record": "UserRecordAccess"} | said
        self.stand_in.arrange(faults=[fault])

    def forget(self, **said: Any) -> None:
        async def work(connection: asyncpg.Connection) -> None:
            await forget(connection, OURS.org.id, self.now, **said)

        self.run(self.database.write(OURS.org.id, work))
        # An answer of the same moment would be of before: time goes on.
        self.pass_by(seconds=1)

    def keep(self, answers: dict[str, bool], asked_at: datetime) -> None:
        """Have an answer about Ada arrive that was asked for at a moment."""

        async def work(connection: asyncpg.Connection) -> None:
            await keep_access(connection, OURS.org.id, ADA, answers, asked_at)

        self.run(self.database.write(OURS.org.id, work))

    def pass_by(self, **time: float) -> None:
        self.now += timedelta(**time)

    def have_deals(self, many: int) -> list[str]:
        """Have so many deals more, here and in Salesforce, each with a contract; return their ids there."""
        ids = [salesforce_id(f"006Hs{number:010}") for number in range(many)]
        values = {"Name": "B", "StageName": "Prospecting", "CloseDate": "2026-12-31"}
        self.stand_in.arrange(records={"Opportunity": [{"Id": each} | values for each in ids]})
        for statement in _DEALS:
            self.run(self.superuser.execute(statement, OURS.org.id, ids))
        return ids

    def store(self, *records: Entity) -> None:
        """Import records as they come from Salesforce, at a moment after all that was asked."""
        self.pass_by(seconds=1)

        async def save() -> None:
            async with self.database.transaction(OURS.org.id) as connection:
                ingest = Ingest(connection, OURS.org.id, lambda: self.now, Vault(self.keys))
                assert not (await ingest.save(records)).clashes

        self.run(save())
        self.pass_by(seconds=1)

    def reached(self, number: str, role: str, user: str) -> Any:
        """How a reviewer is told that a user reaches a contract."""
        policy, value = self.endpoint.views.policy, "Contract.totalValue"
        return self.run(
            self.database.write(
                OURS.org.id,
                lambda connection: reach_of(connection, policy, [role], user, OURS.org.id, number, value),
            )
        )

    def footprint(self, role: str, *users: str) -> int:
        view = self.endpoint.views.of(frozenset({role}))
        return self.run(
            self.database.write(
                OURS.org.id, lambda connection: contracts_reached(connection, OURS.org.id, view, users)
            )
        )

    def settle(self) -> None:
        """Let what is asked in the background come to its end."""

        async def settled() -> None:
            for question in list(self.sharing._under_way.values()):
                await asyncio.wait([question.task])

        self.run(settled())


def state_of(said: dict[str, Any]) -> str | None:
    told = said["extensions"]["access"].get("salesforce")
    return None if told is None else str(told["state"])


def flag(**changes: Any) -> dict[str, Any]:
    contract = str(OURS.id("Contract", 1))
    whole = {"contractId": contract, "field": "totalValue", "note": "n", "idempotencyKey": str(uuid4())}
    return {"input": whole | changes}


@contextmanager
def staged(stand_in: Started, database_url: str, superuser_url: str, loop: asyncio.Runner) -> Iterator[Stage]:
    """Fill a stand-in and a database with the same deal and account; nobody reads them yet but the sync."""
    stand_in.clear("everything")
    stand_in.arrange(
        users=[
            {"Username": SYNC, "rights": {"view_all": ["Account", "Opportunity"]}},
            {"Username": "ada@example.com", "Id": ADA},
            {"Username": "eve@example.com", "Id": EVE},
        ],
        apps=[{"consumer_key": APP, "consumer_secret": "s", "public_key": PUBLIC_KEY, "run_as": SYNC}],
        records={"Account": [{"Id": ACCOUNT, "Name": "Acme"}]},
        sharing={"private": ["Account", "Opportunity"]},
    )
    deal = {
        "Id": DEAL,
        "Name": "D",
        "AccountId": ACCOUNT,
        "StageName": "Prospecting",
        "CloseDate": "2026-12-31",
    }
    stand_in.arrange(records={"Opportunity": [deal]})
    keys = Sealer(from_text(KEY_ENCRYPTION, "tests"))

    async def opened() -> Stage:
        superuser = await asyncpg.connect(superuser_url)
        for small in (OURS, THEIRS):
            await store(superuser, small, Vault(keys))
        stage = Stage(stand_in, await Database.open(database_url, 6), superuser, loop, keys)
        await stage.connect()
        return stage

    async def closed() -> None:
        await stage.sharing.close()
        await stage.database.close()
        await stage.superuser.close()

    stage = loop.run(opened())
    try:
        yield stage
    finally:
        loop.run(closed())
