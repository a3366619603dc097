"""An administrator who changes things, in a database of each test's own."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx

from auth.principal import Principal
from auth.scopes import SCOPES
from auth.tokens import issue
from domain.identity import salesforce_id
from tests.api.graph import OURS, RESPONSE_JSON, Graph

ADMIN = salesforce_id("005Hs00000ADMIN")
GRANT = """mutation($input: GrantRoleInput!) { grantRole(input: $input) { roleGrant {
    id role holderKind holderId grantedBy reason endsAt revokedAt } } }"""
REVOKE = """mutation($input: RevokeRoleInput!) { revokeRole(input: $input) { roleGrants {
    totalCount nodes { role holderId revokedBy revokedBecause } } } }"""
USER, PROFILE = "005Hs00000AAAAAIA5", "00eHs000000AAAAIA4"
STRANGER = salesforce_id("005xx0000000009")
READER = ("graph:read", "graph:documents")


def asked(**changes: Any) -> dict[str, Any]:
    whole = {"idempotencyKey": str(uuid4()), "holderId": PROFILE, "role": "finance", "reason": "bills"}
    return {"input": {k: v for k, v in (whole | changes).items() if v is not ...}}


@dataclass(frozen=True)
class Office:
    """The application over two small orgs, and ways to change something there."""

    graph: Graph
    superuser_url: str

    def token(
        self,
        *roles: str,
        org: UUID = OURS.org.id,
        subject: str = ADMIN,
        scopes: tuple[str, ...] = SCOPES,
    ) -> str:
        graph = self.graph
        return issue(
            graph.keys,
            issuer=graph.settings.issuer,
            audience=graph.settings.audience,
            principal=Principal(org, subject, "tests", frozenset(roles or ("admin",)), frozenset(scopes)),
            lifetime=timedelta(minutes=5),
            now=time.time(),
        )

    async def asking(
        self,
        query: str,
        variables: Mapping[str, Any] | None = None,
        token: str | None = None,
        accept: str = RESPONSE_JSON,
    ) -> httpx.Response:
        """Ask from within the event loop; as an administrator unless told otherwise."""
        body = json.dumps({"query": query, "variables": variables})
        headers = {
            "authorization": f"Bearer {token or self.token()}",
            "content-type": "application/json",
            "accept": accept,
        }
        return await self.graph.client.post("/graphql", content=body, headers=headers)

    def ask(
        self, query: str, variables: Mapping[str, Any] | None = None, token: str | None = None, **more: str
    ) -> httpx.Response:
        return self.graph.run(self.asking(query, variables, token, **more))

    def data(self, query: str, variables: Mapping[str, Any] | None = None, token: str | None = None) -> Any:
        response = self.ask(query, variables, token)
        assert response.status_code == 200, response.text
        return response.json()["data"]

    def refused(
        self, query: str, variables: Mapping[str, Any] | None = None, token: str | None = None
    ) -> Any:
        """Ask for what must be refused, wholly; return the error."""
        response = self.ask(query, variables, token)
        found = response.json()
        assert "data" not in found, response.text
        assert response.status_code == STATUS[found["errors"][0]["extensions"]["code"]]
        return found["errors"][0]

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        async def run() -> list[tuple[Any, ...]]:
            connection = await asyncpg.connect(self.superuser_url)
            try:
                return [tuple(row) for row in await connection.fetch(query)]
            finally:
                await connection.close()

        return self.graph.run(run())

    def grants(self) -> int:
        return int(self.rows("SELECT count(*) FROM role_grant")[0][0])


STATUS = {
    "BAD_USER_INPUT": 400, "ACCESS_DENIED": 403, "INSUFFICIENT_SCOPE": 403, "QUERY_TOO_COMPLEX": 400,
    "GRAPHQL_VALIDATION_FAILED": 400, "UNAVAILABLE": 503,
}  # fmt: skip
