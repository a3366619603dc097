"""What is good once, sent 32 times at once to several workers: one wins, and what was ended stays ended.

Here the workers are two applications of this process; `make fuzz` takes four processes, fifty times.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import secrets
import time
from base64 import urlsafe_b64encode
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc.jwk import ECKey

from api.limit_settings import USUAL
from api.settings import Settings
from api.stand_in import CLIENT_ID
from auth.keys import KeyRing
from auth.oauth.assertion import CLIENT_ALGORITHMS
from auth.oauth.client import client_id_of, new_client, new_key_client, new_public_client, new_trust
from auth.oauth.form import CLIENT_ASSERTION
from auth.principal import Principal
from auth.revocation import ASK_AGAIN
from auth.tokens import issue
from storage.database import connect
from storage.embedded import Cluster
from storage.oauth_clients import add_client
from storage.orgs import save_org
from storage.role_grants import add_grant
from storage.sign_ins import SignInProvider, set_provider
from tests.api.graph import graph_over
from tests.api.salesforce_org import JWT_BEARER, USER, assertion, certificate, claims, rsa_key
from tests.auth.attacks.test_dpop_proof import proof
from tests.auth.attacks.test_proof_of_possession import pem
from tests.auth.attacks.test_salesforce_assertion import add_users, grant, in_org
from tests.auth.attacks.test_sign_in import BACK, ISSUER, ORG, ORGANIZATION, stand_in
from tests.auth.attacks.test_token_exchange import database
from tests.auth.test_two_workers import worker
from tests.keys import stored_keys

LONG = "CONTRACT_GRAPH_FUZZ" in os.environ
ROUNDS = 50 if LONG else 2
WORKERS = 4 if LONG else 2
AT_ONCE = 32
TOKEN_URL = f"{ISSUER}/oauth/token"
CERTIFIED, KEY, DPOP = rsa_key(), ec.generate_private_key(ec.SECP256R1()), ECKey.generate_key("P-256")
QUESTION = {"query": "{ viewer { roles } }"}
DEAR = {"query": "{ contracts(first: 100) { nodes { parties(first: 40) { nodes { id } } } } }"}
TRUST = new_trust(ORG.id, "Salesforce", [certificate(CERTIFIED)], ("RS256",), datetime.now(UTC))
PAGE = new_public_client(ORG.id, "page", [BACK], datetime.now(UTC))
PROGRAM, SECRET = new_client(ORG.id, "program", frozenset({"legal"}), datetime.now(UTC))
SIGNER = new_key_client(
    ORG.id, "signer", public_keys=[pem(KEY)], algorithms=CLIENT_ALGORITHMS, roles=frozenset({"legal"}),
    now=datetime.now(UTC),
)  # fmt: skip
BASIC = httpx.BasicAuth(client_id_of(PROGRAM), SECRET)


@dataclass
class Workers:
    """Workers over one database, each with a way to ask it, and the keys that they sign with."""

    loop: asyncio.Runner
    asked: list[httpx.AsyncClient]
    keys: KeyRing
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))

    async def at_once(self, *requests: dict[str, Any]) -> list[httpx.Response]:
        """Send each to the next worker, all of them at once."""
        there = [self.asked[number % len(self.asked)] for number in range(len(requests))]
        sending = [client.post(**each) for client, each in zip(there, requests, strict=True)]
        return list(await asyncio.gather(*sending))

    async def code(self) -> dict[str, Any]:
        """Somebody signs in; the request that takes the code."""
        digest = urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()
        asked = {
            "response_type": "code", "client_id": client_id_of(PAGE), "redirect_uri": BACK,
            "login_hint": USER, "code_challenge": digest, "code_challenge_method": "S256",
        }  # fmt: skip
        begun = await self.asked[0].get("/oauth/authorize", params=asked)
        async with httpx.AsyncClient() as browser:
            came = urlsplit((await browser.get(begun.headers["location"])).headers["location"])
        back = await self.asked[0].get(f"{came.path}?{came.query}")
        (code,) = parse_qs(urlsplit(back.headers["location"]).query)["code"]
        return self.of_page(
            grant_type="authorization_code", code=code, redirect_uri=BACK, code_verifier=self.verifier
        )

    def of_page(self, path: str = "token", **form: str) -> dict[str, Any]:
        return {"url": f"/oauth/{path}", "data": form | {"client_id": client_id_of(PAGE)}}

    async def refresh(self) -> dict[str, Any]:
        (told,) = await self.at_once(await self.code())
        return self.of_page(grant_type="refresh_token", refresh_token=told.json()["refresh_token"])

    async def vouched(self) -> dict[str, Any]:
        signed = assertion(CERTIFIED, claims(client_id_of(TRUST), TOKEN_URL))
        return {"url": "/oauth/token", "data": {"grant_type": JWT_BEARER, "assertion": signed}}

    async def proven(self) -> dict[str, Any]:
        own = claims(client_id_of(SIGNER), ISSUER, sub=client_id_of(SIGNER))
        form = {"client_assertion_type": CLIENT_ASSERTION, "client_assertion": assertion(KEY, own, "ES256")}
        return {"url": "/oauth/token", "data": form | {"grant_type": "client_credentials"}}

    async def bound(self) -> dict[str, Any]:
        made = proof(DPOP, htu=TOKEN_URL, iat=int(time.time())).decode()
        grant_type = {"grant_type": "client_credentials"}
        return {"url": "/oauth/token", "data": grant_type, "headers": {"dpop": made}, "auth": BASIC}

    async def asking(self) -> dict[str, Any]:
        (told,) = await self.at_once(await self.bound())
        token = told.json()["access_token"]
        made = proof(DPOP, htu=f"{ISSUER}/graphql", iat=int(time.time()), token=token.encode()).decode()
        headers = {"authorization": f"DPoP {token}", "dpop": made}
        return {"url": "/graphql", "json": QUESTION, "headers": headers}

    def token_of(self, name: str) -> str:
        """A token of a user with a client of their own: nobody else draws from their points."""
        principal = Principal(
            ORG.id,
            name,
            f"client of {name}",
            frozenset({"legal"}),
            frozenset({"graph:read", "graph:documents"}),
        )
        return issue(
            self.keys, issuer=ISSUER, audience="contract-graph", principal=principal,
            lifetime=timedelta(minutes=10), now=time.time(),
        )  # fmt: skip


GOOD_ONCE: dict[str, tuple[Callable[[Workers], Awaitable[dict[str, Any]]], int]] = {
    "a code": (Workers.code, 400),
    "a refresh token": (Workers.refresh, 400),
    "an assertion of Salesforce": (Workers.vouched, 400),
    "an assertion of a client": (Workers.proven, 400),
    "a proof for a token": (Workers.bound, 400),
    "a proof for a question": (Workers.asking, 401),
}
"""Requests that are good once, and the status of each that comes too late."""


async def _prepare(url: str, owner_url: str, provider: str) -> None:
    owner = await connect(owner_url)
    await save_org(owner, ORG)
    await owner.close()
    await in_org(url, ORG, lambda c: add_users(c, ORG))
    for client in (TRUST, PAGE, PROGRAM, SIGNER):
        await in_org(url, ORG, lambda c, client=client: add_client(c, client))
    await in_org(url, ORG, lambda c: add_grant(c, ORG.id, grant("legal")))
    await in_org(url, ORG, lambda c: set_provider(c, ORG.id, SignInProvider(provider, CLIENT_ID)))


@contextmanager
def _started(url: str, home: Path, loop: asyncio.Runner) -> Iterator[httpx.AsyncClient]:
    """Start a worker, as a process or in this one, and give a way to ask it."""
    if not LONG:
        limits = replace(USUAL, operation_seconds=30)
        given = Settings(home=home, pool_size=4, token_rate=100_000, token_failures=100_000, limits=limits)
        with graph_over(given, url, loop) as graph:
            yield graph.client
        return
    with worker(url, home) as origin:
        # A worker ends a connection that waits: one that is used again may meet its end.
        once = httpx.Limits(max_keepalive_connections=0)
        client = httpx.AsyncClient(base_url=origin, timeout=60, limits=once)
        yield client
        loop.run(client.aclose())


@pytest.fixture(scope="module")
def workers(
    cluster: Cluster, template: str, loop: asyncio.Runner, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Workers]:
    home = tmp_path_factory.mktemp("races") / "home"
    with ExitStack() as stack:
        url, owner_url = stack.enter_context(database(cluster, template, "races", loop))
        provider = stack.enter_context(stand_in())
        loop.run(_prepare(url, owner_url, provider.issuer(ORGANIZATION)))
        asked = [stack.enter_context(_started(url, home, loop)) for _ in range(WORKERS)]
        yield Workers(loop, asked, stored_keys(url, home))


@pytest.mark.parametrize("what", GOOD_ONCE)
def test_of_many_at_several_workers_one_wins(workers: Workers, what: str) -> None:
    make, late = GOOD_ONCE[what]

    async def race() -> list[int]:
        return sorted(each.status_code for each in await workers.at_once(*[await make(workers)] * AT_ONCE))

    for _ in range(ROUNDS):
        assert workers.loop.run(race()) == [200] + [late] * (AT_ONCE - 1)


def test_a_session_that_ends_while_it_is_refreshed_leaves_nothing(workers: Workers) -> None:
    async def race() -> list[str]:
        used = await workers.refresh()
        ended = workers.of_page("revoke", token=used["data"]["refresh_token"])
        told = await workers.at_once(*[used, ended] * (AT_ONCE // 2))
        # On a busy machine some wait for the session longer than one may, and are told to come again.
        assert 200 in {each.status_code for each in told[1::2]} <= {200, 503}
        won = [each.json() for each in told[0::2] if each.status_code == 200]
        assert len(won) <= 1
        for each in won:
            again = workers.of_page(grant_type="refresh_token", refresh_token=each["refresh_token"])
            assert [late.status_code for late in await workers.at_once(again)] == [400]
        return [each["access_token"] for each in won]

    async def asked(token: str) -> list[int]:
        question = {"url": "/graphql", "json": QUESTION, "headers": {"authorization": f"Bearer {token}"}}
        return [each.status_code for each in await workers.at_once(*[question] * WORKERS)]

    given = [token for _ in range(ROUNDS) for token in workers.loop.run(race())]
    time.sleep(ASK_AGAIN + 0.1)
    assert [workers.loop.run(asked(token)) for token in given] == [[401] * WORKERS] * len(given)


def test_callers_together_get_no_more_than_their_points(workers: Workers) -> None:
    async def race(number: int) -> None:
        headers = {"authorization": f"Bearer {workers.token_of(f'caller {number}')}"}
        began = time.monotonic()
        told = await workers.at_once(*[{"url": "/graphql", "json": DEAR, "headers": headers}] * AT_ONCE)
        restored = (time.monotonic() - began) * USUAL.caller_restored
        assert {each.status_code for each in told} == {200, 429}
        spent = [each.json()["extensions"]["cost"]["requested"] for each in told if each.status_code == 200]
        assert sum(spent) <= USUAL.caller_points + restored

    for number in range(ROUNDS):
        workers.loop.run(race(number))
