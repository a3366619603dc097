"""Tokens from the authorization server, as a client meets it: over HTTP, from discovery on."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from auth.oauth.client import GRANTS, JWT_BEARER, client_id_of, new_client, secret_hash
from auth.scopes import READ, UNSAID
from domain.org import Org
from storage.database import connect
from storage.oauth_clients import add_client, disable_client, list_clients, replace_secret
from storage.tenancy import bind_org
from tests.api.graph import OURS, THEIRS, Graph

GRANT = {"grant_type": "client_credentials"}


@dataclass(frozen=True)
class Sync:
    """A client with its secret, and the other credentials that one may try."""

    id: str
    record: UUID
    secret: str
    org: Org

    @property
    def basic(self) -> httpx.BasicAuth:
        return httpx.BasicAuth(self.id, self.secret)


async def _register(url: str, org: Org, *roles: str) -> Sync:
    client, secret = new_client(org.id, "sync", frozenset(roles), datetime.now(UTC))
    connection = await connect(url)
    async with connection.transaction():
        await bind_org(connection, org.id)
        await add_client(connection, client)
    await connection.close()
    return Sync(client_id_of(client), client.id, secret, org)


@pytest.fixture
def sync(seeded_url: str, loop: asyncio.Runner) -> Sync:
    return loop.run(_register(seeded_url, OURS.org, "integrator"))


@pytest.fixture
def theirs(seeded_url: str, loop: asyncio.Runner) -> Sync:
    return loop.run(_register(seeded_url, THEIRS.org, "integrator"))


def ask(graph: Graph, form: dict[str, Any] | None = None, **request: Any) -> httpx.Response:
    data = GRANT if form is None else form
    return graph.run(graph.client.post("/oauth/token", data=data, **request))


def get(graph: Graph, path: str) -> dict[str, Any]:
    response = graph.run(graph.client.get(path))
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


def refused(response: httpx.Response, error: str, status: int = 400) -> str:
    assert (response.status_code, response.json()["error"]) == (status, error), response.text
    assert response.headers["cache-control"] == "no-store"
    return str(response.json().get("error_description", ""))


def test_a_client_finds_its_way_from_the_refusal_of_the_api_to_an_answer(graph: Graph, sync: Sync) -> None:
    challenge = graph.send(json={"query": "{ viewer { org } }"}).headers["www-authenticate"]
    where = challenge.partition('resource_metadata="')[2].rstrip('"')
    resource = get(graph, where)
    origin, _, path = where.partition("/.well-known/oauth-protected-resource")
    assert resource["resource"] == origin + path == f"{graph.settings.issuer}/graphql"  # RFC 9728 section 3.3
    (issuer,) = resource["authorization_servers"]
    server = get(graph, f"{issuer}/.well-known/oauth-authorization-server")
    assert server["issuer"] == issuer
    response = graph.run(graph.client.post(server["token_endpoint"], data=GRANT, auth=sync.basic))
    token = response.json()
    assert (response.status_code, token["token_type"], token["expires_in"]) == (200, "Bearer", 600)
    answer = graph.run(
        graph.client.post(
            "/graphql",
            json={"query": "{ viewer { org { name } roles scopes } }"},
            headers={"authorization": f"Bearer {token['access_token']}"},
        )
    )
    viewer = answer.json()["data"]["viewer"]
    assert viewer["roles"] == ["integrator"]
    assert viewer["scopes"] == sorted(UNSAID)


def test_nothing_is_described_where_there_is_no_api(graph: Graph) -> None:
    for path in ("", "/", "/oauth/token"):
        response = graph.run(graph.client.get(f"/.well-known/oauth-protected-resource{path}"))
        assert response.status_code == 404, path


def test_a_token_is_what_rfc_9068_asks_for(graph: Graph, sync: Sync) -> None:
    before = int(time.time())
    token = ask(graph, auth=sync.basic).json()["access_token"]
    keys = KeySet.import_key_set(get(graph, "/.well-known/jwks.json"))
    read = jwt.decode(token, keys, algorithms=["ES256"])
    assert read.header["typ"] == "at+jwt"
    claims = read.claims
    assert claims["sub"] == claims["client_id"] == sync.id
    assert claims["org"] == str(OURS.org.id)
    assert claims["exp"] - claims["iat"] == 600
    assert before <= claims["iat"] <= time.time()
    assert {"iss", "aud", "jti", "scope"} <= set(claims)


def test_published_keys_hold_nothing_private(graph: Graph) -> None:
    (key,) = get(graph, "/.well-known/jwks.json")["keys"]
    assert set(key) == {"kty", "crv", "x", "y", "use", "alg", "kid"}


def test_a_secret_may_be_posted_too(graph: Graph, sync: Sync) -> None:
    response = ask(graph, {**GRANT, "client_id": sync.id, "client_secret": sync.secret})
    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-store"


def test_every_client_that_cannot_be_authenticated_gets_the_same_bytes(
    graph: Graph, sync: Sync, theirs: Sync, seeded_url: str, loop: asyncio.Runner
) -> None:
    disabled = loop.run(_register(seeded_url, OURS.org, "integrator"))
    _change(loop, seeded_url, disabled, lambda c: disable_client(c, OURS.org.id, disabled.record, _now()))
    stranger, _ = new_client(OURS.org.id, "never registered", frozenset(), _now())
    tries = [
        (sync.id, "wrong"), (sync.id, theirs.secret), (theirs.id, sync.secret), ("nobody", sync.secret),
        (client_id_of(stranger), sync.secret), (sync.id[:-1], sync.secret), (sync.id.lower(), sync.secret),
        (disabled.id, disabled.secret),
    ]  # fmt: skip
    by_header = [ask(graph, auth=httpx.BasicAuth(*each)) for each in tries]
    forms = [GRANT | dict(zip(("client_id", "client_secret"), each, strict=True)) for each in tries]
    in_form = [ask(graph, form) for form in [*forms, GRANT, GRANT | {"client_id": sync.id}]]
    for answer in by_header:
        assert refused(answer, "invalid_client", 401) == "Client authentication failed."
        assert answer.headers["www-authenticate"] == 'Basic realm="contract-graph"'
    for answer in in_form:
        assert refused(answer, "invalid_client") == "Client authentication failed."
        assert "www-authenticate" not in answer.headers
    assert len({answer.content for answer in by_header + in_form}) == 1


def test_a_new_secret_ends_the_old_one_at_once(
    graph: Graph, sync: Sync, seeded_url: str, loop: asyncio.Runner
) -> None:
    new = secret_hash("the new one")
    _change(loop, seeded_url, sync, lambda c: replace_secret(c, OURS.org.id, sync.record, new, _now()))
    refused(ask(graph, auth=sync.basic), "invalid_client", 401)
    assert ask(graph, auth=httpx.BasicAuth(sync.id, "the new one")).status_code == 200


def test_the_last_use_of_a_client_is_known(
    graph: Graph, sync: Sync, seeded_url: str, loop: asyncio.Runner
) -> None:
    assert _last_used(loop, seeded_url, sync) is None
    refused(ask(graph, auth=httpx.BasicAuth(sync.id, "wrong")), "invalid_client", 401)
    assert _last_used(loop, seeded_url, sync) is None
    assert ask(graph, auth=sync.basic).status_code == 200
    assert _last_used(loop, seeded_url, sync) is not None


@pytest.mark.parametrize("scope", ["admin", f"{READ} admin", "graph:writes"])
def test_a_scope_that_there_is_not_is_refused_and_named(graph: Graph, sync: Sync, scope: str) -> None:
    told = refused(ask(graph, {**GRANT, "scope": scope}, auth=sync.basic), "invalid_scope")
    assert READ in told


OURS_BY_NAME, FOREIGN = "http://127.0.0.1:8000/graphql", "https://other.example/graphql"


@pytest.mark.parametrize(
    "resource", [OURS_BY_NAME, "contract-graph", [OURS_BY_NAME] * 2, [OURS_BY_NAME, "contract-graph"], ""]
)
def test_a_token_may_be_asked_for_our_api_by_name(
    graph: Graph, sync: Sync, resource: str | list[str]
) -> None:
    assert ask(graph, {**GRANT, "resource": resource}, auth=sync.basic).status_code == 200


@pytest.mark.parametrize("grant_type", [grant for grant in GRANTS if grant != JWT_BEARER])
@pytest.mark.parametrize(
    "resource",
    [
        FOREIGN, "http://127.0.0.1:8000", OURS_BY_NAME + "/", OURS_BY_NAME.upper(), "x", "é",
        [OURS_BY_NAME, FOREIGN], [FOREIGN, OURS_BY_NAME],
    ],
)  # fmt: skip
def test_no_grant_gives_a_token_for_anything_else(
    graph: Graph, sync: Sync, grant_type: str, resource: str | list[str]
) -> None:
    form = {"grant_type": grant_type, "resource": resource}
    assert OURS_BY_NAME in refused(ask(graph, form, auth=sync.basic), "invalid_target")


@pytest.mark.parametrize("grant_type", ["password", "implicit", "x"])
def test_a_grant_that_is_not_offered_is_refused(graph: Graph, sync: Sync, grant_type: str) -> None:
    refused(ask(graph, {"grant_type": grant_type}, auth=sync.basic), "unsupported_grant_type")


@pytest.mark.parametrize("grant_type", ["authorization_code", "refresh_token"])
def test_a_grant_of_people_is_not_for_a_program(graph: Graph, sync: Sync, grant_type: str) -> None:
    form = {"grant_type": grant_type, "code": "x", "refresh_token": "x"}
    refused(ask(graph, form, auth=sync.basic), "unauthorized_client")


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        ({"content": b"grant_type=client_credentials"}, 400),
        ({"content": b'{"grant_type":"x"}', "headers": {"content-type": "application/json"}}, 400),
        ({"data": GRANT, "params": {"scope": READ}}, 400),
        ({"data": {"grant_type": "x" * 17000}}, 413),
        ({"data": {**GRANT, "client_secret": "s"}}, 400),
        ({"data": {"scope": "\0"}}, 400),
    ],
)
def test_a_request_that_cannot_be_read_is_told_why(
    graph: Graph, sync: Sync, request_: dict[str, Any], status: int
) -> None:
    response = graph.run(graph.client.post("/oauth/token", auth=sync.basic, **request_))
    assert refused(response, "invalid_request", status)


def about(graph: Graph, what: str, token: str, client: Sync, **more: str) -> httpx.Response:
    form = {"token": token, **more}
    return graph.run(graph.client.post(f"/oauth/{what}", data=form, auth=client.basic))


def asked_with(graph: Graph, token: str) -> int:
    headers = {"authorization": f"Bearer {token}"}
    return graph.send(json={"query": "{ viewer { roles } }"}, headers=headers).status_code


def test_a_client_takes_its_token_back_at_once(graph: Graph, sync: Sync) -> None:
    token, other = (ask(graph, auth=sync.basic).json()["access_token"] for _ in range(2))
    assert (asked_with(graph, token), asked_with(graph, other)) == (200, 200)
    response = about(graph, "revoke", token, sync, token_type_hint="refresh_token")
    assert (response.status_code, response.json()) == (200, {})
    assert (asked_with(graph, token), asked_with(graph, other)) == (401, 200)
    assert about(graph, "revoke", token, sync).status_code == 200
    assert about(graph, "introspect", token, sync).json() == {"active": False}


def test_a_client_is_told_about_its_own_tokens(graph: Graph, sync: Sync) -> None:
    token = ask(graph, auth=sync.basic).json()["access_token"]
    told = about(graph, "introspect", token, sync).json()
    assert told["active"] is True
    assert (told["client_id"], told["sub"], told["scope"]) == (sync.id, sync.id, " ".join(sorted(UNSAID)))
    assert told["exp"] - told["iat"] == 600


@pytest.mark.parametrize("token", ["x", "é", "a.b.c", " ", "\N{SNOWMAN}"])
def test_a_text_that_is_no_token_is_not_active_and_is_as_good_as_revoked(
    graph: Graph, sync: Sync, token: str
) -> None:
    assert about(graph, "introspect", token, sync).json() == {"active": False}
    assert about(graph, "revoke", token, sync).status_code == 200


def test_the_token_of_another_client_can_be_neither_revoked_nor_looked_into(
    graph: Graph, sync: Sync, theirs: Sync, seeded_url: str, loop: asyncio.Runner
) -> None:
    token = ask(graph, auth=sync.basic).json()["access_token"]
    forged = token[:-6] + "AAAAAA"
    colleague = loop.run(_register(seeded_url, OURS.org, "integrator"))
    for other in (theirs, colleague):
        assert about(graph, "introspect", token, other).json() == {"active": False}
        for each in (token, "there is none"):
            told = about(graph, "revoke", each, other)
            assert (told.status_code, told.content) == (200, b"{}")
    about(graph, "revoke", forged, sync)
    assert asked_with(graph, token) == 200
    assert about(graph, "introspect", token, sync).json()["active"] is True


@pytest.mark.parametrize("what", ["revoke", "introspect"])
def test_who_asks_about_a_token_authenticates_and_asks_about_one(graph: Graph, sync: Sync, what: str) -> None:
    nobody = graph.run(graph.client.post(f"/oauth/{what}", data={"token": "x"}))
    refused(nobody, "invalid_client")
    refused(graph.run(graph.client.post(f"/oauth/{what}", data={}, auth=sync.basic)), "invalid_request")
    assert about(graph, what, "x", sync, token_type_hint="id_token").status_code == 200


def test_whoever_guesses_is_told_to_wait_and_the_client_is_not_kept_waiting(
    graph: Graph, sync: Sync, theirs: Sync
) -> None:
    wrong = httpx.BasicAuth(sync.id, "wrong")
    for _ in range(10):
        refused(ask(graph, auth=wrong), "invalid_client", 401)
    response = ask(graph, auth=wrong)
    assert refused(response, "temporarily_unavailable", 429) == "Too many requests; wait 6 seconds."
    assert response.headers["retry-after"] == "6"
    assert ask(graph, auth=theirs.basic).status_code == 200


def test_no_secret_and_no_token_is_logged_at_any_level(
    graph: Graph, sync: Sync, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    token = ask(graph, auth=sync.basic).json()["access_token"]
    ask(graph, {**GRANT, "scope": "admin"}, auth=sync.basic)
    assert sync.secret not in caplog.text
    assert token not in caplog.text


def _now() -> datetime:
    return datetime.now(UTC)


def _change(loop: asyncio.Runner, url: str, sync: Sync, work: Any) -> Any:
    async def run() -> Any:
        connection = await connect(url)
        try:
            async with connection.transaction():
                await bind_org(connection, sync.org.id)
                return await work(connection)
        finally:
            await connection.close()

    return loop.run(run())


def _last_used(loop: asyncio.Runner, url: str, sync: Sync) -> datetime | None:
    clients = _change(loop, url, sync, lambda c: list_clients(c, sync.org.id))
    (found,) = [client for client in clients if client.id == sync.record]
    used: datetime | None = found.last_used_at
    return used
