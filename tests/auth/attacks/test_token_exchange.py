"""Token exchange (RFC 8693): what Salesforce issued for a user, for a token of ours."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import asyncpg
import httpx
import pytest

from api.installation import sealer
from api.settings import Settings
from api.stand_in import CLIENT_ID, StandInProvider
from auth.oauth.client import TOKEN_EXCHANGE, client_id_of, new_client
from auth.oauth.exchange import ACCESS_TOKEN, ID_TOKEN
from auth.oauth.issuing import secret_place
from storage.database import connect
from storage.embedded import Cluster
from storage.embedded_roles import OWNER, READ_WRITE
from storage.oauth_clients import add_client
from storage.orgs import save_org
from storage.role_grants import add_grant
from storage.sign_ins import SignInProvider, set_provider
from tests.api.graph import Graph, graph_over
from tests.api.salesforce_org import USER
from tests.auth.attacks.test_salesforce_assertion import IDLE, NOBODY, add_users, grant, in_org
from tests.auth.attacks.test_sign_in import ANOTHER, ISSUER, ORG, ORGANIZATION, STRANGER, stand_in

CALLBACK = f"{ISSUER}/oauth/callback"


@dataclass
class Exchange:
    """An org with its Salesforce, a client that may exchange, and one that may not."""

    graph: Graph
    provider: StandInProvider
    client: httpx.BasicAuth
    other: httpx.BasicAuth

    def signed_in(self, user: str = USER, organization: str = ORGANIZATION) -> dict[str, str]:
        """What a Salesforce gives to whom it signed in."""
        verifier = secrets.token_urlsafe(48)
        digest = hashlib.sha256(verifier.encode()).digest()
        asked = {
            "response_type": "code", "client_id": CLIENT_ID, "redirect_uri": CALLBACK, "login_hint": user,
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "nonce": secrets.token_urlsafe(8), "code_challenge_method": "S256",
        }  # fmt: skip
        services = f"{self.provider.issuer(organization)}/services/oauth2"
        came = httpx.get(f"{services}/authorize", params=asked).headers["location"]
        form = {
            "grant_type": "authorization_code", "code": parse_qs(urlsplit(came).query)["code"][0],
            "client_id": CLIENT_ID, "redirect_uri": CALLBACK, "code_verifier": verifier,
        }  # fmt: skip
        found: dict[str, str] = httpx.post(f"{services}/token", data=form).json()
        return found

    def ask(self, token: str, type_: str = ID_TOKEN, auth: Any = None, **more: str) -> httpx.Response:
        form = {"grant_type": TOKEN_EXCHANGE, "subject_token": token, "subject_token_type": type_, **more}
        posting = self.graph.client.post("/oauth/token", data=form, auth=auth or self.client)
        return self.graph.run(posting)

    def refused(self, error: str, *asked: Any, **more: Any) -> str:
        response = self.ask(*asked, **more)
        assert (response.status_code, response.json()["error"]) == (400, error), response.text
        return str(response.json().get("error_description"))


@contextmanager
def database(cluster: Cluster, template: str, name: str, loop: asyncio.Runner) -> Iterator[tuple[str, str]]:
    async def administer(statement: str) -> None:
        connection = await asyncpg.connect(cluster.dsn("postgres", "postgres"))
        await connection.execute(statement)
        await connection.close()

    loop.run(administer(f"CREATE DATABASE {name} TEMPLATE {template} OWNER {OWNER}"))
    yield cluster.dsn(READ_WRITE, name), cluster.dsn(OWNER, name)
    loop.run(administer(f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture(scope="module")
def exchange(
    cluster: Cluster, template: str, loop: asyncio.Runner, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Exchange]:
    home = tmp_path_factory.mktemp("exchange") / "home"
    settings = Settings(home=home, pool_size=4, token_rate=100_000, token_failures=100_000)
    now = datetime.now(UTC)
    client, secret = new_client(ORG.id, "gateway", frozenset({"integrator"}), now)
    other, other_secret = new_client(ORG.id, "sync", frozenset({"integrator"}), now)

    async def prepare(url: str, owner_url: str, provider: StandInProvider) -> None:
        owner = await connect(owner_url)
        await save_org(owner, ORG)
        await owner.close()
        sealed = sealer(settings).seal(provider.client_secret.encode(), secret_place(ORG.id))
        known = SignInProvider(provider.issuer(ORGANIZATION), CLIENT_ID, sealed)
        await in_org(url, ORG, lambda c: add_users(c, ORG))
        await in_org(url, ORG, lambda c: add_client(c, replace(client, exchanges=True)))
        await in_org(url, ORG, lambda c: add_client(c, other))
        await in_org(url, ORG, lambda c: add_grant(c, ORG.id, grant("legal")))
        await in_org(url, ORG, lambda c: set_provider(c, ORG.id, known))

    with database(cluster, template, "exchange", loop) as (url, owner_url), stand_in() as provider:
        loop.run(prepare(url, owner_url, provider))
        with graph_over(settings, url, loop) as graph:
            yield Exchange(
                graph,
                provider,
                httpx.BasicAuth(client_id_of(client), secret),
                httpx.BasicAuth(client_id_of(other), other_secret),
            )


@pytest.mark.parametrize(("kind", "type_"), [("id_token", ID_TOKEN), ("access_token", ACCESS_TOKEN)])
def test_what_salesforce_issued_is_exchanged_once(exchange: Exchange, kind: str, type_: str) -> None:
    subject = exchange.signed_in()[kind]
    response = exchange.ask(subject, type_)
    assert response.status_code == 200, response.text
    told = response.json()
    assert (told["issued_token_type"], told["token_type"]) == (ACCESS_TOKEN, "Bearer")
    assert "refresh_token" not in told
    answer = exchange.graph.send(
        json={"query": "{ viewer { subject roles } }"},
        headers={"authorization": f"Bearer {told['access_token']}"},
    )
    assert answer.json()["data"]["viewer"] == {"subject": USER, "roles": ["legal"]}
    assert "exchanged before" in exchange.refused("invalid_grant", subject, type_)


def test_of_many_at_once_one_wins(exchange: Exchange) -> None:
    subject = exchange.signed_in()["id_token"]
    form = {"grant_type": TOKEN_EXCHANGE, "subject_token": subject, "subject_token_type": ID_TOKEN}

    async def race() -> list[int]:
        client = exchange.graph.client
        posts = (client.post("/oauth/token", data=form, auth=exchange.client) for _ in range(32))
        return sorted(answer.status_code for answer in await asyncio.gather(*posts))

    assert exchange.graph.run(race()) == [200] + [400] * 31


def test_only_a_client_that_was_registered_for_it_exchanges(exchange: Exchange) -> None:
    subject = exchange.signed_in()["id_token"]
    assert "--exchange" in exchange.refused("unauthorized_client", subject, auth=exchange.other)
    wrong = httpx.BasicAuth("x", "y")
    assert exchange.ask(subject, auth=wrong).json()["error"] == "invalid_client"
    assert exchange.ask(subject).status_code == 200


def test_a_user_of_another_org_is_nobody_here(exchange: Exchange) -> None:
    theirs = exchange.signed_in(STRANGER, ANOTHER)
    exchange.refused("invalid_grant", theirs["id_token"])  # of another issuer, with keys of its own or not


@pytest.mark.parametrize(("user", "words"), [(IDLE, "not active"), (NOBODY, "not known here")])
def test_a_user_without_a_role_is_told_what_can_be_done(exchange: Exchange, user: str, words: str) -> None:
    assert words in exchange.refused("access_denied", exchange.signed_in(user)["id_token"])


def test_an_id_token_that_was_changed_is_refused(exchange: Exchange) -> None:
    good = exchange.signed_in()["id_token"]
    head, body, signature = good.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    other = claims | {"sub": claims["sub"].replace(USER, IDLE)}
    forged = base64.urlsafe_b64encode(json.dumps(other).encode()).rstrip(b"=").decode()
    none = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
    for subject in (
        f"{head}.{forged}.{signature}", f"{none}.{body}.", f"{head}.{body}.{signature[:-4]}AAAA", "x",
        "a.b.c", "é", exchange.signed_in()["access_token"],
    ):  # fmt: skip
        exchange.refused("invalid_grant", subject)
    assert exchange.ask(good).status_code == 200


def test_an_access_token_that_salesforce_does_not_know_is_refused(exchange: Exchange) -> None:
    for subject in ("x", "é", exchange.signed_in()["id_token"]):
        assert "not active" in exchange.refused("invalid_grant", subject, ACCESS_TOKEN)


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({"subject_token_type": "x"}, "invalid_request"),
        ({"subject_token_type": ""}, "invalid_request"),
        ({"subject_token": ""}, "invalid_request"),
        ({"actor_token": "x"}, "invalid_request"),
        ({"requested_token_type": "urn:ietf:params:oauth:token-type:refresh_token"}, "invalid_request"),
        ({"audience": "https://other.example"}, "invalid_target"),
        ({"resource": "https://other.example"}, "invalid_target"),
        ({"scope": "admin"}, "invalid_scope"),
    ],
)
def test_what_is_not_offered_is_refused_before_salesforce_is_asked(
    exchange: Exchange, more: dict[str, str], error: str
) -> None:
    form = {"grant_type": TOKEN_EXCHANGE, "subject_token": "x", "subject_token_type": ID_TOKEN} | more
    response = exchange.graph.run(exchange.graph.client.post("/oauth/token", data=form, auth=exchange.client))
    assert (response.status_code, response.json()["error"]) == (400, error), response.text


def test_our_own_audience_and_resource_may_be_named(exchange: Exchange) -> None:
    for more in ({"audience": "contract-graph"}, {"resource": f"{ISSUER}/graphql"}):
        assert exchange.ask(exchange.signed_in()["id_token"], **more).status_code == 200
