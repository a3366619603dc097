"""What the soak runs on: an installation with everything on, and what its load has to know of it."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlencode
from uuid import uuid4

import asyncpg

from api.installation import signing_keys
from api.settings import Settings
from auth.oauth.client import client_id_of, new_client
from auth.principal import Principal
from auth.public_id import public_id
from auth.scopes import SCOPES
from domain.identity import uuid7
from storage.database import connect
from storage.embedded_roles import DATABASE, OWNER
from storage.oauth_clients import add_client
from storage.tenancy import bind_org
from tests.bench.dialects import OURS
from tests.bench.graph import Graph, seed
from tests.bench.load import write_requests
from tests.bench.questions import Question, draw, token_of
from tests.bench.site import CONNECTION, ORG, ROOT, Process, Site
from tests.keys import KEY_ENCRYPTION

PERSON: Final = "005Hs00000SOAKEIA5"
LISTENERS: Final = 16
SETTINGS: Final = {
    "CONTRACT_GRAPH_ISSUER": "http://127.0.0.1:8000",
    # Every limit is looked at; a few callers stand for many, and may ask without end.
    "CONTRACT_GRAPH_CALLER_POINTS": "1000000000000", "CONTRACT_GRAPH_CLIENT_POINTS": "1000000000000",
    "CONTRACT_GRAPH_CALLER_OPERATIONS": "10000",
    "CONTRACT_GRAPH_TOKEN_RATE": "1000000",
}  # fmt: skip


@dataclass(frozen=True)
class Ground:
    """A site with a graph that is read, and the questions about it."""

    site: Site
    questions: Mapping[str, Sequence[Question]]
    order: Mapping[str, Any]

    @property
    def graph(self) -> Graph:
        """The same for the bare driver, which answers beside ours."""
        url, postmaster = self.site.cluster.dsn("postgres", DATABASE), self.site.cluster.status().pid or 0
        return Graph(home=self.site.home, url=url, unbound_url=url, superuser_url=url, postmaster=postmaster)

    def seal(self) -> Process:
        """Start what seals the audit log; nobody reads what it says."""
        process = subprocess.Popen(
            [sys.executable, "-m", "api.cli", "audit", "seal", "--every", "60"],
            cwd=ROOT, env=self.site.environment | {"DATABASE_OWNER_URL": self.site.cluster.dsn(OWNER)},
            stdout=subprocess.DEVNULL, stderr=(self.site.home / "log").open("ab"),
        )  # fmt: skip
        self.site.processes.append(process)
        return process


def furnished(site: Site, contracts: int, seed_of_load: int) -> Ground:
    """Fill the site's database with a graph of so many contracts, and make ready what is asked."""
    site.given |= SETTINGS
    return asyncio.run(_furnished(site, contracts, seed_of_load))


async def _furnished(site: Site, contracts: int, seed_of_load: int) -> Ground:
    url = site.cluster.dsn("postgres", DATABASE)
    await seed(url, contracts)
    settings = Settings(home=site.home, key_encryption_key=KEY_ENCRYPTION)
    drawn = await draw(url, settings)
    # The org of the site is changed all the time: only of the others it is known what is right.
    questions = {name: [each for each in found if each.org != ORG.id] for name, found in drawn.items()}
    reads = {name: site.home / f"requests-{name}" for name in questions}
    for name, file in reads.items():
        write_requests(file, [each.wire(OURS) for each in questions[name]])
    connection = await connect(url)
    keys = await signing_keys(connection, settings)
    found = await connection.fetch("SELECT id FROM contract WHERE org_id = $1 ORDER BY id", ORG.id)
    token = await _callers(connection)
    await connection.close()

    def caller(subject: str, role: str) -> str:
        return token_of(Principal(ORG.id, subject, "soak", frozenset({role}), frozenset(SCOPES)), keys)

    order = {
        "port": site.port, "seed": seed_of_load, "run": uuid4().hex[:8],
        "reads": {name: str(file) for name, file in reads.items()}, "token": token,
        "address": public_id(ORG.id, CONNECTION), "epoch": site.epoch.isoformat(),
        "contracts": site.contracts,
        "integrator": caller("clm", "integrator"), "person": caller(PERSON, "legal"),
        "flagged": [str(each["id"]) for each in found],
        "listeners": [caller(f"listener-{number}", "legal") for number in range(LISTENERS)],
    }  # fmt: skip
    return Ground(site, questions, order)


async def _callers(connection: asyncpg.Connection) -> str:
    """Register a client and a user, and return the request by which the client gets a token."""
    now = datetime.now(UTC)
    client, secret = new_client(ORG.id, "soak", frozenset({"integrator"}), now)
    async with connection.transaction():
        await bind_org(connection, ORG.id)
        await add_client(connection, client)
        await connection.execute(
            'INSERT INTO "user" (org_id, id, salesforce_id, name, active) VALUES ($1, $2, $3, $4, true)',
            ORG.id, uuid7(), PERSON, "Soaked",
        )  # fmt: skip
    basic = b64encode(f"{client_id_of(client)}:{secret}".encode()).decode()
    body = urlencode({"grant_type": "client_credentials"})
    return (
        "POST /oauth/token HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        f"Authorization: Basic {basic}\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    )
