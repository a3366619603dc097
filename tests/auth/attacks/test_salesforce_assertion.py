"""Tokens for Salesforce users: their org vouches for them with an assertion (RFC 7523)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from api.settings import Settings
from auth.compact import compact_parts, json_object
from auth.oauth.assertion import ALGORITHMS, SALESFORCE_ALGORITHMS
from auth.oauth.client import client_id_of, new_client, new_trust
from auth.revocation import ASK_AGAIN, Holder, revoke_all
from domain.identity import uuid7
from domain.org import Org
from domain.role_grant import RoleGrant, holder
from storage.database import connect
from storage.embedded import Cluster
from storage.embedded_roles import OWNER, READ_WRITE
from storage.oauth_clients import OAuthClient, add_client, disable_client
from storage.orgs import save_org
from storage.role_grants import add_grant, revoke_grants
from storage.tenancy import bind_org
from tests.api.graph import OURS, Graph, graph_over
from tests.api.salesforce_org import JWT_BEARER, PANEL, USER, assertion, certificate, claims, rsa_key

KEY = rsa_key()
STRANGER = rsa_key()
TOKEN_URL = "http://127.0.0.1:8000/oauth/token"
IDLE, NOBODY = "005xx000001X8VAAA0", "005xx000001X8V0AAK"
Work = Callable[[asyncpg.Connection], Any]


@dataclass(frozen=True)
class Salesforce:
    """The org, its trust, and ways to ask as one of its users."""

    graph: Graph
    url: str
    org: Org
    trust: OAuthClient

    @property
    def issuer(self) -> str:
        return client_id_of(self.trust)

    def change(self, work: Work) -> None:
        self.graph.run(in_org(self.url, self.org, work))

    def claims(self, **changes: Any) -> dict[str, Any]:
        return claims(self.issuer, TOKEN_URL, **changes)

    async def redeem(self, signed: str, **form: str) -> httpx.Response:
        data = {"grant_type": JWT_BEARER, "assertion": signed, **form}
        return await self.graph.client.post("/oauth/token", data=data)

    def ask(self, signed: str | None = None, **form: str) -> httpx.Response:
        return self.graph.run(self.redeem(signed or assertion(KEY, self.claims()), **form))

    def refused(self, signed: str, error: str = "invalid_grant", **form: str) -> str:
        response = self.ask(signed, **form)
        assert (response.status_code, response.json()["error"]) == (400, error), response.text
        return str(response.json()["error_description"])


async def in_org(url: str, org: Org, work: Work) -> Any:
    connection = await connect(url)
    try:
        async with connection.transaction():
            await bind_org(connection, org.id)
            return await work(connection)
    finally:
        await connection.close()


def trust(org: Org, *pems: str, algorithms: tuple[str, ...] = SALESFORCE_ALGORITHMS) -> OAuthClient:
    return new_trust(org.id, "Salesforce", pems, algorithms, datetime.now(UTC))


def grant(role: str, to: str = USER, **changes: Any) -> RoleGrant:
    now = datetime.now(UTC)
    kind, of = holder(to)
    whole = {
        "id": uuid7(), "role": role, "holder_kind": kind, "holder_id": of, "granted_by": "an administrator",
        "granted_at": now, "reason": "sells",
    }  # fmt: skip
    return RoleGrant(**(whole | changes))


async def add_users(connection: asyncpg.Connection, org: Org) -> None:
    for number, (salesforce_id, active) in enumerate(((USER, True), (IDLE, False))):
        await connection.execute(
            'INSERT INTO "user" (org_id, id, salesforce_id, name, active) VALUES ($1, $2, $3, $4, $5)',
            org.id, uuid7(), salesforce_id, f"User {number}", active,
        )  # fmt: skip


@contextmanager
def salesforce_over(url: str, owner: str, loop: asyncio.Runner, home: Any) -> Iterator[Salesforce]:
    made = trust(OURS.org, certificate(KEY))

    async def prepare() -> None:
        connection = await connect(owner)
        await save_org(connection, OURS.org)
        await connection.close()
        await in_org(url, OURS.org, lambda c: add_users(c, OURS.org))
        await in_org(url, OURS.org, lambda c: add_client(c, made))
        await in_org(url, OURS.org, lambda c: add_grant(c, OURS.org.id, grant("sales_rep")))
        await in_org(url, OURS.org, lambda c: add_grant(c, OURS.org.id, grant("legal", IDLE)))

    loop.run(prepare())
    with graph_over(
        Settings(home=home, pool_size=4, token_rate=100_000, token_failures=100_000), url, loop
    ) as graph:
        yield Salesforce(graph, url, OURS.org, made)


@pytest.fixture
def salesforce(
    database_url: str, owner_url: str, loop: asyncio.Runner, tmp_path: Any
) -> Iterator[Salesforce]:
    """An org of this test's own, which it may change."""
    with salesforce_over(database_url, owner_url, loop, tmp_path / "home") as made:
        yield made


@pytest.fixture(scope="module")
def steady(
    cluster: Cluster, template: str, loop: asyncio.Runner, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Salesforce]:
    """An org that several tests ask, and none changes."""
    name = "salesforce_grant"

    async def administer(statement: str) -> None:
        connection = await asyncpg.connect(cluster.dsn("postgres", "postgres"))
        await connection.execute(statement)
        await connection.close()

    loop.run(administer(f"CREATE DATABASE {name} TEMPLATE {template} OWNER {OWNER}"))
    home = tmp_path_factory.mktemp("salesforce")
    with salesforce_over(
        cluster.dsn(READ_WRITE, name), cluster.dsn(OWNER, name), loop, home / "home"
    ) as made:
        yield made
    loop.run(administer(f"DROP DATABASE {name} WITH (FORCE)"))


def told(token: str) -> dict[str, Any]:
    return json_object(compact_parts(token.encode())[1]) or {}


def test_a_user_gets_a_token_with_the_roles_that_were_granted(steady: Salesforce) -> None:
    response = steady.ask()
    assert response.status_code == 200, response.text
    found = told(response.json()["access_token"])
    assert (found["sub"], found["roles"], found["org"]) == (USER, ["sales_rep"], str(OURS.org.id))
    assert found["client_id"] == steady.issuer
    answer = steady.graph.send(
        json=PANEL,
        headers={"authorization": f"Bearer {response.json()['access_token']}"},
    )
    assert answer.json()["data"]["viewer"]["subject"] == USER


@pytest.mark.parametrize("changes", [{}, {"aud": "http://127.0.0.1:8000"}, {"sub": USER[:15]}, {"iat": None}])
def test_what_salesforce_may_send_is_taken(steady: Salesforce, changes: dict[str, Any]) -> None:
    assert steady.ask(assertion(KEY, steady.claims(**changes), "RS512")).status_code == 200


def test_of_many_redemptions_at_once_one_wins(steady: Salesforce) -> None:
    signed = assertion(KEY, steady.claims())

    async def race() -> list[int]:
        answers = await asyncio.gather(*(steady.redeem(signed) for _ in range(32)))
        return sorted(answer.status_code for answer in answers)

    assert steady.graph.run(race()) == [200] + [400] * 31


def test_without_a_jti_an_assertion_may_come_twenty_times_within_ten_seconds(steady: Salesforce) -> None:
    signed = assertion(KEY, steady.claims(jti=None))
    assert [steady.ask(signed).status_code for _ in range(21)] == [200] * 20 + [400]
    old = assertion(KEY, steady.claims(jti=None, iat=int(time.time()) - 11))
    assert [steady.ask(old).status_code for _ in range(2)] == [200, 400]
    timeless = assertion(KEY, steady.claims(jti=None, iat=None))
    assert [steady.ask(timeless).status_code for _ in range(2)] == [200, 400]


def test_a_user_without_a_role_is_told_what_an_administrator_can_do(salesforce: Salesforce) -> None:
    by = {"holder": USER, "role": "sales_rep", "by": "an administrator", "because": "left sales"}
    now = datetime.now(UTC)
    salesforce.change(lambda c: revoke_grants(c, OURS.org.id, now=now, **by))
    ended = grant("legal", ends_at=now - timedelta(seconds=1))
    salesforce.change(lambda c: add_grant(c, OURS.org.id, ended))
    for user, words in (
        (USER, f"contract-graph roles grant --user {USER}"),
        (IDLE, "not active"),
        (NOBODY, "not known"),
    ):
        signed = assertion(KEY, salesforce.claims(sub=user))
        assert words in salesforce.refused(signed, "access_denied")


NOW = int(time.time())
ATTACKS: dict[str, dict[str, Any]] = {
    "an issuer that there is not": {
        "iss": client_id_of(new_client(OURS.org.id, "", frozenset(), datetime.now(UTC))[0])
    },
    "an issuer of no org": {"iss": "https://acme.my.salesforce.com"},
    "an issuer that is a list": {"iss": ["x"]},
    "no issuer": {"iss": None},
    "no subject": {"sub": None},
    "an empty subject": {"sub": ""},
    "a subject that is a number": {"sub": 5},
    "a subject that is no id": {"sub": "ann@acme.com"},
    "a subject with a NUL": {"sub": USER[:15] + "\0"},
    "a subject with a wrong checksum": {"sub": USER[:15] + "AAA"},
    "no audience": {"aud": None},
    "another audience": {"aud": "https://login.salesforce.com"},
    "two audiences": {"aud": [TOKEN_URL, "https://other.example"]},
    "one audience in a list": {"aud": [TOKEN_URL]},
    "the audience of the API": {"aud": "contract-graph"},
    "no end": {"exp": None},
    "an end in the past": {"exp": NOW - 60},
    "an end in ten years": {"exp": NOW + 10 * 365 * 86400},
    "an end that is a text": {"exp": str(NOW + 60)},
    "an end that is a fraction": {"exp": NOW + 60.5},
    "an end that is true": {"exp": True},
    "an end beyond all numbers": {"exp": 1e300},
    "an end below zero": {"exp": -1},
    "a beginning in the future": {"nbf": NOW + 3600},
    "issued in the future": {"iat": NOW + 3600},
    "issued an hour ago": {"iat": NOW - 3600},
    "a jti that is a list": {"jti": ["x"]},
    "an empty jti": {"jti": ""},
    "a jti with a line end": {"jti": "a\nb"},
    "a jti without end": {"jti": "x" * 300},
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_claims_that_are_not_as_they_must_be_are_refused(steady: Salesforce, attack: str) -> None:
    assert steady.refused(assertion(KEY, steady.claims(**ATTACKS[attack])))


@pytest.mark.parametrize(
    "header",
    [
        {"jku": "https://evil.example/jwks"}, {"x5u": "https://evil.example"}, {"jwk": {"kty": "RSA"}},
        {"crit": ["exp"]}, {"b64": False}, {"zip": "DEF"}, {"typ": "at+jwt"}, {"typ": 5}, {"kid": 5},
        {"kid": "../../etc/passwd"}, {"kid": "' OR 1=1 --"}, {"kid": "x" * 129},
    ],
)  # fmt: skip
def test_a_header_with_more_than_a_header_needs_is_refused(
    steady: Salesforce, header: dict[str, Any]
) -> None:
    good = assertion(KEY, steady.claims())
    assert steady.refused(_forged(good, header))
    assert steady.ask(good).status_code == 200


def test_a_signature_of_anybody_else_is_refused(steady: Salesforce) -> None:
    good = assertion(KEY, steady.claims())
    head, body, signature = good.split(".")
    for signed in (
        assertion(STRANGER, steady.claims()),
        assertion(ec.generate_private_key(ec.SECP256R1()), steady.claims(), "ES256"),
        f"{head}.{body}.",
        f"{head}.{body}.{signature[:-4]}AAAA",
        _forged(good, {"alg": "none"}),
        _forged(good, {"alg": "HS256"}),
        _forged(good, {"alg": "RS384"}),
        _forged(good, {"alg": ["RS256"]}),
        f"{head}.{body}",
        f"{good}.{signature}",
        f"{good}=",
        "é",
        "x" * 9000,
    ):
        assert steady.refused(signed)
    assert steady.ask(good).status_code == 200


def test_a_trust_that_is_disabled_or_whose_certificate_has_ended_vouches_for_nobody(
    salesforce: Salesforce,
) -> None:
    ended = trust(OURS.org, certificate(KEY, days=(-10, -1)))
    early = trust(OURS.org, certificate(KEY, days=(1, 10)))
    for each in (ended, early):
        salesforce.change(lambda c, each=each: add_client(c, each))
        assert salesforce.refused(assertion(KEY, salesforce.claims(iss=client_id_of(each))))
    salesforce.change(lambda c: disable_client(c, OURS.org.id, salesforce.trust.id, datetime.now(UTC)))
    assert salesforce.refused(assertion(KEY, salesforce.claims()))


def test_while_one_certificate_replaces_another_both_vouch(salesforce: Salesforce) -> None:
    both = trust(OURS.org, certificate(STRANGER), certificate(KEY))
    salesforce.change(lambda c: add_client(c, both))
    for key in (KEY, STRANGER):
        assert salesforce.ask(assertion(key, salesforce.claims(iss=client_id_of(both)))).status_code == 200


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [(KEY, "PS256"), (ec.generate_private_key(ec.SECP256R1()), "ES256"),
     (ed25519.Ed25519PrivateKey.generate(), "EdDSA")],
)  # fmt: skip
def test_an_algorithm_is_taken_where_the_trust_says_so_and_nowhere_else(
    salesforce: Salesforce, key: Any, algorithm: str
) -> None:
    made = trust(OURS.org, certificate(key), algorithms=(algorithm,))
    salesforce.change(lambda c: add_client(c, made))
    assert (
        salesforce.ask(assertion(key, salesforce.claims(iss=client_id_of(made)), algorithm)).status_code
        == 200
    )
    other = "RS256" if algorithm == "PS256" else "RS512"
    assert salesforce.refused(assertion(KEY, salesforce.claims(iss=client_id_of(made)), other))
    assert algorithm in ALGORITHMS


def test_a_trust_asks_for_users_only_and_a_user_comes_with_an_assertion_only(steady: Salesforce) -> None:
    own = {"grant_type": "client_credentials", "client_id": steady.issuer, "client_secret": "x"}
    response = steady.graph.run(steady.graph.client.post("/oauth/token", data=own))
    assert (response.status_code, response.json()["error"]) == (400, "invalid_client")
    signed = assertion(KEY, steady.claims())
    assert steady.refused(signed, "invalid_request", client_secret="x")
    assert steady.refused(signed, "invalid_request", client_id="x")
    assert steady.refused(signed, "invalid_target", resource="https://other.example/graphql")
    assert steady.refused(signed, "invalid_scope", scope="admin")


def _forged(good: str, header: dict[str, Any]) -> str:
    import base64  # noqa: PLC0415 - of this one use
    import json  # noqa: PLC0415 - as above

    _, body, signature = good.split(".")
    head = json.dumps({"alg": "RS256", "typ": "JWT", "kid": "contract_graph"} | header).encode()
    return f"{base64.urlsafe_b64encode(head).rstrip(b'=').decode()}.{body}.{signature}"


def test_whoever_loses_a_role_loses_the_tokens_that_had_it(salesforce: Salesforce) -> None:
    token = salesforce.ask().json()["access_token"]
    assert _viewer(salesforce, token).status_code == 200
    salesforce.change(lambda c: revoke_all(c, OURS.org.id, Holder.USER, IDLE))
    time.sleep(ASK_AGAIN + 0.1)
    assert _viewer(salesforce, token).status_code == 200
    salesforce.change(lambda c: revoke_all(c, OURS.org.id, Holder.USER, USER))
    time.sleep(ASK_AGAIN + 0.1)
    refused = _viewer(salesforce, token)
    assert refused.status_code == 401
    assert (
        'error="invalid_token", error_description="The token was revoked."'
        in (refused.headers["www-authenticate"])
    )
    time.sleep(1)  # tokens say whole seconds
    assert _viewer(salesforce, salesforce.ask().json()["access_token"]).status_code == 200


def _viewer(salesforce: Salesforce, token: str) -> httpx.Response:
    headers = {"authorization": f"Bearer {token}"}
    return salesforce.graph.send(json=PANEL, headers=headers)
