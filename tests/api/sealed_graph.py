"""Two small orgs in a database of a test's own, asked in this process, and altered behind its back."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg

from api.asked import Answer
from api.graphql import Endpoint
from auth.policy import Policy
from auth.policy_file import load_policy
from auth.principal import Principal
from auth.vault import Vault
from auth.view import Views
from storage.database import Database
from storage.tenancy import bind_org
from tests.api.graph import GENEROUS, OURS
from tests.api.small import TODAY
from tests.keys import new_vault

SEES, SEES_MASKED, SEES_NOT = "customer_success", "sales_manager", "finance"
ACCOUNT = '{ account(salesforceId: "001Hs00000AAAAAIA5") { name owner { email } contacts %s } }'
EVERYONE = ACCOUNT % "{ nodes { id name email phone } }"


@dataclass(frozen=True)
class SealedGraph:
    """The API over the database, and a superuser whom nothing binds."""

    database: Database
    superuser: asyncpg.Connection
    endpoint: Endpoint
    vault: Vault

    def another(self, vault: Vault | None = None) -> Endpoint:
        """Another worker over the same database."""
        return Endpoint(
            self.database, Views(load_policy()), lambda: TODAY, vault or new_vault(), limits=GENEROUS
        )

    async def answer(
        self, query: str, role: str = SEES, *, org: UUID = OURS.org.id, endpoint: Endpoint | None = None
    ) -> Answer:
        principal = Principal(
            org, "someone", None, frozenset({role}), frozenset({"graph:read", "graph:documents"})
        )
        return await (endpoint or self.endpoint).answer(principal, json.dumps({"query": query}).encode())

    async def ask(self, query: str, role: str = SEES, **caller: Any) -> dict[str, Any]:
        """Ask for what must be answered, and return all of it."""
        answer = await self.answer(query, role, **caller)
        assert answer.status == 200, answer.body
        return dict(json.loads(answer.body))

    async def asked_under(self, policy: Policy, query: str, *roles: str, subject: str) -> dict[str, Any]:
        """Ask under another policy, as somebody with these roles."""
        endpoint = Endpoint(self.database, Views(policy), lambda: TODAY, self.vault, limits=GENEROUS)
        principal = Principal(
            OURS.org.id, subject, None, frozenset(roles), frozenset({"graph:read", "graph:documents"})
        )
        answer = await endpoint.answer(principal, json.dumps({"query": query}).encode())
        assert answer.status == 200, answer.body
        return dict(json.loads(answer.body))

    async def contacts(self, role: str = SEES, **caller: Any) -> list[dict[str, Any]]:
        found = await self.ask(EVERYONE, role, **caller)
        return list(found["data"]["account"]["contacts"]["nodes"])

    async def in_org(self, work: Callable[[asyncpg.Connection], Awaitable[Any]]) -> Any:
        """Work on our org, bound as the owner of the tables would be."""
        async with self.superuser.transaction():
            await bind_org(self.superuser, OURS.org.id)
            return await work(self.superuser)


@asynccontextmanager
async def sealed_graph(database_url: str, superuser_url: str) -> AsyncIterator[SealedGraph]:
    """Open a database that has the two small orgs."""
    superuser, vault = await asyncpg.connect(superuser_url), new_vault()
    database = await Database.open(database_url, 4)
    endpoint = Endpoint(database, Views(load_policy()), lambda: TODAY, vault, limits=GENEROUS)
    try:
        yield SealedGraph(database, superuser, endpoint, vault)
    finally:
        await database.close()
        await superuser.close()


def over(database_url: str, superuser_url: str) -> Callable[[Callable[[SealedGraph], Awaitable[None]]], None]:
    """Run a test over the graph."""

    def run(test: Callable[[SealedGraph], Awaitable[None]]) -> None:
        async def inside() -> None:
            async with sealed_graph(database_url, superuser_url) as graph:
                await test(graph)

        asyncio.run(inside())

    return run
