"""Clients that prove a key: private_key_jwt when they authenticate, DPoP with the tokens that they send."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc.jwk import ECKey

from auth.oauth.assertion import CLIENT_ALGORITHMS
from auth.oauth.client import client_id_of, new_client, new_key_client
from auth.oauth.form import CLIENT_ASSERTION
from storage.database import connect
from storage.oauth_clients import OAuthClient, add_client
from storage.tenancy import bind_org
from tests.api.graph import OURS, Graph, graph_over
from tests.api.salesforce_org import assertion, claims
from tests.auth.attacks.test_dpop_proof import proof
from tests.auth.attacks.test_sign_in import People, people  # noqa: F401 - the fixture

ISSUER = "http://127.0.0.1:8000"
TOKEN_URL, GRAPH_URL = f"{ISSUER}/oauth/token", f"{ISSUER}/graphql"
KEY = ec.generate_private_key(ec.SECP256R1())
STRANGER = ec.generate_private_key(ec.SECP256R1())
DPOP = ECKey.generate_key("P-256")
GRANT = {"grant_type": "client_credentials"}


def pem(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


async def _register(url: str, client: OAuthClient) -> None:
    connection = await connect(url)
    async with connection.transaction():
        await bind_org(connection, OURS.org.id)
        await add_client(connection, client)
    await connection.close()


@pytest.fixture
def signer(seeded_url: str, loop: asyncio.Runner) -> str:
    """The id of a client that proves itself by a key."""
    client = new_key_client(
        OURS.org.id, "signer", public_keys=[pem(KEY)], algorithms=CLIENT_ALGORITHMS,
        roles=frozenset({"legal"}), now=datetime.now(UTC),
    )  # fmt: skip
    loop.run(_register(seeded_url, client))
    return client_id_of(client)


@pytest.fixture
def basic(seeded_url: str, loop: asyncio.Runner) -> httpx.BasicAuth:
    client, secret = new_client(OURS.org.id, "secret", frozenset({"legal"}), datetime.now(UTC))
    loop.run(_register(seeded_url, client))
    return httpx.BasicAuth(client_id_of(client), secret)


def about_itself(client_id: str, key: Any = KEY, algorithm: str = "ES256", **changes: Any) -> dict[str, str]:
    body = claims(client_id, ISSUER, **{"sub": client_id} | changes)
    return {
        **GRANT, "client_assertion_type": CLIENT_ASSERTION,
        "client_assertion": assertion(key, body, algorithm),
    }  # fmt: skip


def post(graph: Graph, form: dict[str, str], **request: Any) -> httpx.Response:
    return graph.run(graph.client.post("/oauth/token", data=form, **request))


def test_a_client_proves_itself_by_its_key(graph: Graph, signer: str) -> None:
    for audience in (ISSUER, TOKEN_URL):
        response = post(graph, about_itself(signer, aud=audience))
        assert response.status_code == 200, response.text
    assert post(graph, about_itself(signer) | {"client_id": signer}).status_code == 200


def test_its_assertion_is_good_once_of_many(graph: Graph, signer: str) -> None:
    form = about_itself(signer)

    async def race() -> list[int]:
        answers = await asyncio.gather(*(graph.client.post("/oauth/token", data=form) for _ in range(8)))
        return sorted(answer.status_code for answer in answers)

    assert graph.run(race()) == [200] + [400] * 7


NOW = int(time.time())
ATTACKS: dict[str, dict[str, Any]] = {
    "of another key": {"key": STRANGER},
    "without jti": {"jti": None},
    "about another": {"sub": "x"},
    "for another audience": {"aud": "https://other.example"},
    "for two audiences": {"aud": [ISSUER, TOKEN_URL]},
    "expired": {"exp": NOW - 60},
    "for years": {"exp": NOW + 10**8},
    "by nobody": {"iss": "A" * 43},
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_assertion_that_does_not_prove_it_gets_the_answer_of_a_wrong_secret(
    graph: Graph, signer: str, attack: str
) -> None:
    response = post(graph, about_itself(signer, **ATTACKS[attack]))
    told = {"error": "invalid_client", "error_description": "Client authentication failed."}
    assert (response.status_code, response.json()) == (400, told)
    assert "www-authenticate" not in response.headers
    assert post(graph, about_itself(signer)).status_code == 200


@pytest.mark.parametrize(
    "more",
    [
        {"client_secret": "x"}, {"client_id": "x"}, {"client_assertion_type": "x"},
        {"client_assertion_type": ""},
    ],
)  # fmt: skip
def test_a_client_that_says_two_things_is_refused(graph: Graph, signer: str, more: dict[str, str]) -> None:
    response = post(graph, about_itself(signer) | more)
    assert (response.status_code, response.json()["error"]) == (400, "invalid_request")


def test_a_key_is_no_secret_and_a_secret_no_key(graph: Graph, signer: str, basic: httpx.BasicAuth) -> None:
    assert post(graph, GRANT, auth=httpx.BasicAuth(signer, "x")).status_code == 401
    assert post(graph, GRANT | {"client_id": signer}).json()["error"] == "invalid_client"
    assert post(graph, GRANT, auth=basic).status_code == 200


def bound(graph: Graph, basic: httpx.BasicAuth) -> str:
    response = post(graph, GRANT, auth=basic, headers={"dpop": signed(htu=TOKEN_URL)})
    assert response.status_code == 200, response.text
    assert response.json()["token_type"] == "DPoP"
    token: str = response.json()["access_token"]
    return token


def signed(key: ECKey = DPOP, **changes: Any) -> str:
    return proof(key, **{"iat": int(time.time())} | changes).decode()


def ask(graph: Graph, token: str, *proofs: str, scheme: str = "DPoP") -> httpx.Response:
    headers = [("authorization", f"{scheme} {token}"), *(("dpop", each) for each in proofs)]
    return graph.send(json={"query": "{ viewer { roles } }"}, headers=headers)


def test_a_bound_token_is_good_with_a_proof_once(graph: Graph, basic: httpx.BasicAuth) -> None:
    token = bound(graph, basic)
    made = signed(htu=GRAPH_URL, token=token.encode())
    assert ask(graph, token, made).status_code == 200
    again = ask(graph, token, made)
    assert again.status_code == 401
    assert again.headers["www-authenticate"].startswith('DPoP algs="ES256')
    assert 'error="invalid_dpop_proof"' in again.headers["www-authenticate"]
    assert ask(graph, token, signed(htu=GRAPH_URL, token=token.encode())).status_code == 200


def test_a_proof_is_good_once_whichever_worker_it_comes_to(
    graph: Graph, basic: httpx.BasicAuth, seeded_url: str, loop: asyncio.Runner
) -> None:
    token = bound(graph, basic)
    made = signed(htu=GRAPH_URL, token=token.encode())
    assert ask(graph, token, made).status_code == 200
    with graph_over(graph.settings, seeded_url, loop) as another:
        assert ask(another, token, made).status_code == 401
        assert ask(another, token, signed(htu=GRAPH_URL, token=token.encode())).status_code == 200


def test_a_stolen_token_is_good_for_nothing(graph: Graph, basic: httpx.BasicAuth) -> None:
    token = bound(graph, basic)
    thief = ECKey.generate_key("P-256")
    assert ask(graph, token, scheme="Bearer").status_code == 401
    assert ask(graph, token).status_code == 401
    assert ask(graph, token, signed(thief, htu=GRAPH_URL, token=token.encode())).status_code == 401
    assert ask(graph, token, signed(htu=TOKEN_URL, token=token.encode())).status_code == 401
    assert ask(graph, token, signed(htu=GRAPH_URL, token=b"another")).status_code == 401
    two = [signed(htu=GRAPH_URL, token=token.encode()) for _ in range(2)]
    assert ask(graph, token, *two).status_code == 401
    assert ask(graph, token, two[0]).status_code == 200


def test_a_token_that_is_bound_to_nothing_is_no_dpop_token(graph: Graph, basic: httpx.BasicAuth) -> None:
    token = post(graph, GRANT, auth=basic).json()["access_token"]
    assert ask(graph, token, signed(htu=GRAPH_URL, token=token.encode())).status_code == 401
    assert ask(graph, token, scheme="Bearer").status_code == 200


def test_a_proof_for_a_token_is_good_once_of_many(graph: Graph, basic: httpx.BasicAuth) -> None:
    headers = {"dpop": signed(htu=TOKEN_URL)}

    async def race() -> list[int]:
        client = graph.client
        posts = (client.post("/oauth/token", data=GRANT, auth=basic, headers=headers) for _ in range(8))
        return sorted(answer.status_code for answer in await asyncio.gather(*posts))

    assert graph.run(race()) == [200] + [400] * 7
    wrong = post(graph, GRANT, auth=basic, headers={"dpop": signed(htu=GRAPH_URL)})
    assert (wrong.status_code, wrong.json()["error"]) == (400, "invalid_dpop_proof")


def test_a_refresh_token_is_bound_to_the_key_of_its_session(people: People) -> None:  # noqa: F811
    def renew(token: str, key: ECKey | None) -> httpx.Response:
        form = {"grant_type": "refresh_token", "refresh_token": token, "client_id": people.client_id}
        headers = {} if key is None else {"dpop": signed(key, htu=TOKEN_URL)}
        return people.graph.run(people.graph.client.post("/oauth/token", data=form, headers=headers))

    def begin() -> str:
        form = {
            "grant_type": "authorization_code", "code": people.sign_in()["code"],
            "client_id": people.client_id, "redirect_uri": "https://client.example/back",
            "code_verifier": people.verifier,
        }  # fmt: skip
        headers = {"dpop": signed(htu=TOKEN_URL)}
        response = people.graph.run(people.graph.client.post("/oauth/token", data=form, headers=headers))
        assert response.json()["token_type"] == "DPoP", response.text
        token: str = response.json()["refresh_token"]
        return token

    assert renew(begin(), DPOP).status_code == 200
    for key in (None, ECKey.generate_key("P-256")):
        assert renew(begin(), key).json()["error"] == "invalid_grant"
