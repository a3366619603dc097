"""What the servers are asked: documents, with variables drawn from the database."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from api.installation import signing_keys
from api.settings import Settings
from auth.keys import Keys
from auth.oauth.metadata import GRAPHQL_PATH
from auth.principal import Principal
from auth.scopes import UNSAID
from auth.tokens import issue
from storage.database import connect
from tests.bench.dialects import ORDER_DIGEST, Dialect, cursor_of

PAGE = 50
DRAWN = 1000
_DRAWN = f"ORDER BY hashtextextended(id::text, 1) LIMIT {DRAWN}"
CALLERS_PER_ORG = 3
ROLE = "legal"  # shown every field of both operations, so that all three servers do the same work


@dataclass(frozen=True, kw_only=True)
class Question:
    """One request, asked of every server in its dialect."""

    operation: str
    variables: Mapping[str, Any]
    org: UUID
    token: str

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers of the request, but for its length."""
        return {
            "Content-Type": "application/json",
            "Accept": "application/json",
            "Authorization": f"Bearer {self.token}",
            "X-Org": str(self.org),
        }

    def body(self, dialect: Dialect) -> bytes:
        """Return the request's body."""
        request = {
            "query": dialect.documents[self.operation],
            "operationName": self.operation.capitalize(),
            "variables": dialect.variables(self.variables, self.org),
        }
        return json.dumps(request).encode()

    def wire(self, dialect: Dialect) -> bytes:
        """Return the request as it goes over the wire."""
        body = self.body(dialect)
        headers = "".join(f"{name}: {value}\r\n" for name, value in self.headers.items())
        head = (
            f"POST {GRAPHQL_PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\n{headers}Content-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body


async def draw(url: str, settings: Settings) -> Mapping[str, Sequence[Question]]:
    """Draw questions about every org, by the name of their operation."""
    connection = await connect(url, statement_timeout="0")
    try:
        deals = await connection.fetch(f"SELECT org_id, salesforce_id FROM opportunity {_DRAWN}")
        places = await connection.fetch(f"SELECT org_id, expiration_date, id, title FROM contract {_DRAWN}")
        orgs = {each["org_id"] for each in (*deals, *places)}
        tokens = _tokens(orgs, await signing_keys(connection, settings))
    finally:
        await connection.close()
    dice = random.Random(1)

    def question(operation: str, org: UUID, **variables: Any) -> Question:
        return Question(operation=operation, variables=variables, org=org, token=dice.choice(tokens[org]))

    deals, places = dice.choices(deals, k=DRAWN), dice.choices(places, k=DRAWN)
    return {
        "panel": [question("panel", each["org_id"], opportunity=each["salesforce_id"]) for each in deals],
        "contracts": [
            question(
                "contracts", each["org_id"], first=PAGE, **({"after": _cursor(each)} if number % 2 else {})
            )
            for number, each in enumerate(places)
        ],
        "search": [
            question("search", each["org_id"], first=PAGE, text=each["title"].rpartition(", ")[2].upper())
            for each in places
        ],
        "portfolio": [question("portfolio", each["org_id"]) for each in places],
    }


def _tokens(orgs: set[UUID], keys: Keys) -> dict[UUID, list[str]]:
    def token(org: UUID, number: int) -> str:
        return token_of(
            Principal(org, f"reader-{number}", "bench", frozenset({ROLE}), frozenset(UNSAID)), keys
        )

    return {org: [token(org, number) for number in range(CALLERS_PER_ORG)] for org in orgs}


def token_of(caller: Principal, keys: Keys) -> str:
    """Return a token of a caller that is good for a day."""
    settings = Settings(home=Path())
    return issue(
        keys,
        issuer=settings.issuer,
        audience=settings.audience,
        principal=caller,
        lifetime=timedelta(days=1),
        now=time.time(),
    )


def _cursor(place: Any) -> str:
    day = None if place["expiration_date"] is None else place["expiration_date"].isoformat()
    return cursor_of(ORDER_DIGEST, day, str(place["id"]))
