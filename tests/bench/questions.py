"""What the servers are asked: two documents, with variables drawn from the database."""

from __future__ import annotations

import base64
import json
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import domain.graph  # noqa: F401 - it registers every entity
from api.installation import signing_keys
from api.planner.cursor import order_digest
from api.planner.plan import Order, Term
from api.settings import Settings
from api.trusted import FOLDER
from auth.keys import Keys
from auth.oauth.metadata import GRAPHQL_PATH
from auth.principal import Principal
from auth.scopes import UNSAID
from auth.tokens import issue
from domain.field import field_named
from storage.database import connect

SOURCES = {
    # What limit_panel.sql answers by hand: the trusted document has grown with the component since.
    "panel": Path(__file__).with_name("panel.graphql"),
    "contracts": FOLDER / "contracts.graphql",
}
ORDER_DIGEST = order_digest(
    Order("Contract", (Term(field_named("Contract", "expiration_date"), descending=False),))
)

PAGE = 50
DRAWN = 1000
CALLERS_PER_ORG = 3
ROLE = "legal"  # shown every field of both operations, so that all three servers do the same work


@dataclass(frozen=True, kw_only=True)
class Question:
    """One request, the same for every server."""

    headers: Mapping[str, str]
    body: bytes

    @property
    def wire(self) -> bytes:
        """The request as it goes over the wire."""
        headers = "".join(f"{name}: {value}\r\n" for name, value in self.headers.items())
        length = f"Content-Length: {len(self.body)}"
        return (
            f"POST {GRAPHQL_PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\n{headers}{length}\r\n\r\n".encode()
            + self.body
        )


async def draw(url: str, home: Path) -> Mapping[str, Sequence[Question]]:
    """Draw questions about every org, by the name of their operation."""
    connection = await connect(url)
    try:
        deals = await connection.fetch("SELECT org_id, salesforce_id FROM opportunity")
        places = await connection.fetch("SELECT org_id, expiration_date, id FROM contract")
        tokens = _tokens(
            {deal["org_id"] for deal in deals}, await signing_keys(connection, Settings(home=home))
        )
    finally:
        await connection.close()
    dice = random.Random(1)

    def question(operation: str, org: UUID, **variables: Any) -> Question:
        source = SOURCES[operation].read_text()
        name = operation.capitalize()
        return _question(source, name, variables, org, dice.choice(tokens[org]))

    deals, places = dice.choices(deals, k=DRAWN), dice.choices(places, k=DRAWN)
    return {
        "panel": [question("panel", each["org_id"], opportunity=each["salesforce_id"]) for each in deals],
        "contracts": [
            question(
                "contracts", each["org_id"], first=PAGE, **({"after": _cursor(each)} if number % 2 else {})
            )
            for number, each in enumerate(places)
        ],
    }


def _tokens(orgs: set[UUID], keys: Keys) -> dict[UUID, list[str]]:
    settings = Settings(home=Path())

    def token(org: UUID, number: int) -> str:
        caller = Principal(org, f"reader-{number}", "bench", frozenset({ROLE}), frozenset(UNSAID))
        return issue(
            keys,
            issuer=settings.issuer,
            audience=settings.audience,
            principal=caller,
            lifetime=timedelta(days=1),
            now=time.time(),
        )

    return {org: [token(org, number) for number in range(CALLERS_PER_ORG)] for org in orgs}


def _cursor(place: Any) -> str:
    day = None if place["expiration_date"] is None else place["expiration_date"].isoformat()
    text = json.dumps([ORDER_DIGEST, day, str(place["id"])])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _question(source: str, name: str, variables: Mapping[str, Any], org: UUID, token: str) -> Question:
    body = json.dumps({"query": source, "operationName": name, "variables": variables}).encode()
    headers = {
        "Content-Type": "application/json",
        "Accept": "application/json",
        "Authorization": f"Bearer {token}",
        "X-Org": str(org),
    }
    return Question(headers=headers, body=body)
