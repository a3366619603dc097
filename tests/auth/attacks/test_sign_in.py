"""People sign in: authorization code with PKCE, at the stand-in for Salesforce, then refresh tokens."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import threading
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import asyncpg
import httpx
import pytest
import uvicorn
from starlette.applications import Starlette

from api.settings import Settings
from api.stand_in import CLIENT_ID, StandInProvider, StandInUser
from auth.oauth.client import client_id_of, new_public_client
from auth.oauth.sign_in import new_state
from auth.revocation import ASK_AGAIN
from domain.org import Org
from storage.database import connect
from storage.embedded import Cluster
from storage.embedded_roles import OWNER, READ_WRITE
from storage.oauth_clients import add_client
from storage.orgs import save_org
from storage.role_grants import add_grant
from storage.sign_ins import SignInProvider, set_provider
from tests.api.graph import NORTHLIGHT, Graph, graph_over
from tests.api.running_demo import free_port
from tests.api.salesforce_org import USER
from tests.auth.attacks.test_salesforce_assertion import IDLE, NOBODY, add_users, grant, in_org

ORGANIZATION, ANOTHER = "00Dxx0000001gEREAY", "00Dxx0000001gESEAY"
BACK = "https://client.example/back"
ISSUER = "http://127.0.0.1:8000"
ORG = Org(id=NORTHLIGHT, name="Northlight", salesforce_org_id=ORGANIZATION)
STRANGER = "005xx000001X8VFAA0"


@dataclass
class People:
    """An org whose people sign in, and one client that sends them."""

    graph: Graph
    url: str
    client_id: str
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))

    def asked(self, **changes: str | None) -> dict[str, str]:
        digest = hashlib.sha256(self.verifier.encode()).digest()
        whole: dict[str, str | None] = {
            "response_type": "code", "client_id": self.client_id, "redirect_uri": BACK, "state": "s&=1",
            "code_challenge": urlsafe_b64encode(digest).rstrip(b"=").decode(), "login_hint": USER,
            "code_challenge_method": "S256",
        }  # fmt: skip
        return {name: value for name, value in (whole | changes).items() if value is not None}

    def get(self, url: str, **params: Any) -> httpx.Response:
        return self.graph.run(self.graph.client.get(url, **params))

    def begin(self, **changes: str | None) -> httpx.Response:
        return self.get("/oauth/authorize", params=self.asked(**changes))

    def sign_in(self, **changes: str | None) -> dict[str, str]:
        """Go all the way round in a browser, and return what the client is told."""
        begun = self.begin(**changes)
        assert begun.status_code == 302, begun.text
        with httpx.Client() as browser:
            came = browser.get(begun.headers["location"])
        assert came.status_code == 302, came.text
        return told(self.get(came.headers["location"]))

    def exchange(self, code: str, **changes: str) -> httpx.Response:
        form = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": BACK,
            "client_id": self.client_id, "code_verifier": self.verifier,
        }  # fmt: skip
        return self.post("token", form | changes)

    def refresh(self, token: str, **changes: str) -> httpx.Response:
        form = {"grant_type": "refresh_token", "refresh_token": token, "client_id": self.client_id}
        return self.post("token", form | changes)

    def post(self, what: str, form: dict[str, str]) -> httpx.Response:
        return self.graph.run(self.graph.client.post(f"/oauth/{what}", data=form))

    def tokens(self) -> dict[str, Any]:
        response = self.exchange(self.sign_in()["code"])
        assert response.status_code == 200, response.text
        found: dict[str, Any] = response.json()
        return found

    def asks(self, token: str) -> int:
        headers = {"authorization": f"Bearer {token}"}
        return self.graph.send(json={"query": "{ viewer { roles } }"}, headers=headers).status_code


def told(back: httpx.Response) -> dict[str, str]:
    """What a redirect to the client carries."""
    assert back.status_code == 302, back.text
    where = urlsplit(back.headers["location"])
    assert f"{where.scheme}://{where.netloc}{where.path}" == BACK
    found = {name: values[0] for name, values in parse_qs(where.query).items()}
    assert found["iss"] == ISSUER
    assert found["state"] == "s&=1"
    return found


@contextmanager
def stand_in() -> Iterator[StandInProvider]:
    """The stand-in on a port of its own, for its clients use the network."""
    port = free_port()
    users = [StandInUser(ORGANIZATION, user, f"User {user}", "role") for user in (USER, IDLE, NOBODY)]
    users.append(StandInUser(ANOTHER, STRANGER, "Stranger", "role"))
    provider = StandInProvider(f"http://127.0.0.1:{port}", f"{ISSUER}/oauth/callback", users)
    application = Starlette(routes=list(provider.routes()))
    server = uvicorn.Server(uvicorn.Config(application, port=port, log_level="warning", lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield provider
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def people(
    cluster: Cluster, template: str, loop: asyncio.Runner, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[People]:
    name = "sign_in"
    url, owner_url = cluster.dsn(READ_WRITE, name), cluster.dsn(OWNER, name)
    client = new_public_client(ORG.id, "browser", [BACK, "http://127.0.0.1/back"], datetime.now(UTC))

    async def administer(statement: str) -> None:
        connection = await asyncpg.connect(cluster.dsn("postgres", "postgres"))
        await connection.execute(statement)
        await connection.close()

    async def prepare(issuer: str) -> None:
        owner = await connect(owner_url)
        await save_org(owner, ORG)
        await owner.close()
        await in_org(url, ORG, lambda c: add_users(c, ORG))
        await in_org(url, ORG, lambda c: add_client(c, client))
        await in_org(url, ORG, lambda c: add_grant(c, ORG.id, grant("legal")))
        await in_org(url, ORG, lambda c: set_provider(c, ORG.id, SignInProvider(issuer, CLIENT_ID)))

    home = tmp_path_factory.mktemp("sign-in") / "home"
    loop.run(administer(f"CREATE DATABASE {name} TEMPLATE {template} OWNER {OWNER}"))
    with stand_in() as provider:
        loop.run(prepare(provider.issuer(ORGANIZATION)))
        with graph_over(
            Settings(home=home, pool_size=4, token_rate=100_000, token_failures=100_000), url, loop
        ) as graph:
            yield People(graph, url, client_id_of(client))
    loop.run(administer(f"DROP DATABASE {name} WITH (FORCE)"))


def test_somebody_signs_in_asks_and_stays_signed_in(people: People) -> None:
    tokens = people.tokens()
    assert (tokens["token_type"], tokens["expires_in"]) == ("Bearer", 600)
    answer = people.graph.send(
        json={"query": "{ viewer { subject roles } }"},
        headers={"authorization": f"Bearer {tokens['access_token']}"},
    )
    assert answer.json()["data"]["viewer"] == {"subject": USER, "roles": ["legal"]}
    again = people.refresh(tokens["refresh_token"])
    assert again.status_code == 200, again.text
    assert again.json()["refresh_token"] != tokens["refresh_token"]
    assert people.asks(again.json()["access_token"]) == 200
    assert again.headers["cache-control"] == "no-store"


def test_without_a_hint_the_stand_in_asks_who_somebody_is(people: People) -> None:
    page = httpx.get(people.begin(login_hint=None).headers["location"])
    assert page.status_code == 200
    assert f"User {USER}" in page.text
    assert "Stranger" not in page.text


@pytest.mark.parametrize(
    ("user", "words"),
    [(IDLE, "not active"), (NOBODY, "not known here"), (STRANGER, "belongs to another Salesforce org")],
)
def test_who_may_not_come_in_is_sent_back_with_the_reason(people: People, user: str, words: str) -> None:
    begun = people.begin(login_hint=user)
    location = begun.headers["location"]
    if user == STRANGER:
        location = location.replace(ORGANIZATION, ANOTHER, 1)
    came = httpx.get(location)
    found = told(people.get(came.headers["location"]))
    assert found["error"] == "access_denied"
    if user != STRANGER:  # whose ID token is of another issuer
        assert words in found["error_description"]


@pytest.mark.parametrize(
    "changes",
    [
        {"redirect_uri": "https://evil.example/back"}, {"redirect_uri": BACK + "/"}, {"redirect_uri": None},
        {"redirect_uri": BACK.upper()}, {"redirect_uri": BACK + "?x=1"}, {"redirect_uri": BACK + "#x"},
        {"redirect_uri": "http://127.0.0.1:99999999/back"}, {"redirect_uri": "http://127.0.0.1/other"},
        {"redirect_uri": "http://127.0.0.1:80@evil.example/back"}, {"redirect_uri": "javascript:alert(1)"},
        {"client_id": "x"}, {"client_id": None}, {"client_id": "A" * 43},
    ],
)  # fmt: skip
def test_nobody_is_sent_where_no_client_registered(people: People, changes: dict[str, str | None]) -> None:
    response = people.begin(**changes)
    assert response.status_code == 400
    assert "location" not in response.headers
    assert response.headers["content-type"].startswith("text/html")
    assert "<script" not in response.text


@pytest.mark.parametrize("port", ["", ":1", ":51234"])
def test_a_program_on_this_machine_takes_any_port(people: People, port: str) -> None:
    assert people.begin(redirect_uri=f"http://127.0.0.1{port}/back").status_code == 302


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": None}, "unsupported_response_type"),
        ({"scope": "admin"}, "invalid_scope"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"response_mode": "form_post"}, "invalid_request"),
        ({"prompt": "none"}, "login_required"),
        ({"prompt": "login none"}, "login_required"),
        ({"resource": "https://other.example/graphql"}, "invalid_target"),
        ({"resource": ISSUER}, "invalid_target"),
    ],
)
def test_a_client_that_asks_wrongly_is_told_so(
    people: People, changes: dict[str, str | None], error: str
) -> None:
    answer = told(people.begin(**changes))
    assert answer["error"] == error
    assert "response_type" in changes or answer["error_description"]


def test_a_scope_that_there_is_not_is_refused_and_the_others_named(people: People) -> None:
    refused = told(people.begin(scope="graph:read admin"))
    assert refused["error_description"] == "The scopes are: graph:read graph:write graph:documents."


def test_two_resources_of_which_one_is_foreign_are_refused(people: People) -> None:
    ours, foreign = f"{ISSUER}/graphql", "https://other.example/graphql"
    both = {**people.asked(), "resource": [ours, foreign]}
    assert told(people.get("/oauth/authorize", params=both))["error"] == "invalid_target"


def test_what_is_asked_of_a_sign_in_that_there_is_leads_to_a_code(people: People) -> None:
    ours, prompt = f"{ISSUER}/graphql", "login"
    back = people.sign_in(response_mode="query", prompt=prompt, resource=ours, scope="graph:read")
    tokens = people.exchange(back["code"], resource=ours).json()
    assert people.refresh(tokens["refresh_token"], resource=ours).status_code == 200


def test_a_token_for_something_else_is_refused_before_a_code_is_used_up(people: People) -> None:
    code = people.sign_in()["code"]
    foreign = "https://other.example/graphql"
    assert people.exchange(code, resource=foreign).json()["error"] == "invalid_target"
    tokens = people.exchange(code).json()
    assert people.refresh(tokens["refresh_token"], resource=foreign).json()["error"] == "invalid_target"
    assert people.refresh(tokens["refresh_token"]).status_code == 200


@pytest.mark.parametrize("changes", [{"prompt": "none"}, {"response_mode": "x"}, {"resource": "x"}])
def test_nobody_is_sent_anywhere_with_an_error_but_where_a_client_registered(
    people: People, changes: dict[str, str]
) -> None:
    response = people.begin(redirect_uri="https://evil.example/back", **changes)
    assert response.status_code == 400
    assert "location" not in response.headers


def test_a_code_is_good_once_and_its_coming_again_ends_what_it_led_to(people: People) -> None:
    code = people.sign_in()["code"]
    tokens = people.exchange(code).json()
    assert people.asks(tokens["access_token"]) == 200
    assert people.exchange(code).json()["error"] == "invalid_grant"
    assert people.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"
    time.sleep(ASK_AGAIN + 0.1)
    assert people.asks(tokens["access_token"]) == 401


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code_verifier": "x" * 43}, "invalid_grant"),
        ({"code_verifier": ""}, "invalid_request"),
        ({"code_verifier": "short"}, "invalid_request"),
        ({"redirect_uri": "http://127.0.0.1/back"}, "invalid_grant"),
        ({"redirect_uri": ""}, "invalid_grant"),
    ],
)
def test_a_try_with_the_wrong_proof_burns_the_code(
    people: People, changes: dict[str, str], error: str
) -> None:
    code = people.sign_in()["code"]
    assert people.exchange(code, **changes).json()["error"] == error
    assert people.exchange(code).json()["error"] == "invalid_grant"


@pytest.mark.parametrize("code", ["", "x", "é", "x" * 5000])
def test_a_code_that_there_is_not_is_refused(people: People, code: str) -> None:
    assert people.exchange(code).json()["error"] in ("invalid_grant", "invalid_request")


@pytest.mark.parametrize("kind", ["code", "refresh"])
def test_of_many_at_once_one_wins(people: People, kind: str) -> None:
    if kind == "code":
        code = people.sign_in()["code"]
        form = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": BACK,
            "client_id": people.client_id, "code_verifier": people.verifier,
        }  # fmt: skip
    else:
        refresh = people.tokens()["refresh_token"]
        form = {"grant_type": "refresh_token", "refresh_token": refresh, "client_id": people.client_id}

    async def race() -> list[int]:
        client = people.graph.client
        answers = await asyncio.gather(*(client.post("/oauth/token", data=form) for _ in range(32)))
        return sorted(answer.status_code for answer in answers)

    assert people.graph.run(race()) == [200] + [400] * 31


def test_a_refresh_token_that_comes_again_ends_its_family(people: People) -> None:
    first = people.tokens()["refresh_token"]
    second = people.refresh(first).json()
    assert people.refresh(first).json()["error"] == "invalid_grant"
    assert people.refresh(second["refresh_token"]).json()["error"] == "invalid_grant"
    time.sleep(ASK_AGAIN + 0.1)
    assert people.asks(second["access_token"]) == 401


def test_a_refresh_token_narrows_and_never_widens(people: People) -> None:
    assert people.refresh(people.tokens()["refresh_token"], scope="admin").json()["error"] == "invalid_scope"


@pytest.mark.parametrize("cookie", ["", "x" * 43])
def test_a_sign_in_ends_in_the_browser_that_began_it(people: People, cookie: str) -> None:
    begun = people.begin()
    came = httpx.get(begun.headers["location"]).headers["location"]
    kept = httpx.Cookies(people.graph.client.cookies)
    people.graph.client.cookies.clear()
    try:
        response = people.get(came, headers={"cookie": f"contract-graph={cookie}"})
        assert response.status_code == 400
        assert "begin anew" in response.text
    finally:
        people.graph.client.cookies = kept
    assert "code" in told(people.get(came))
    assert people.get(came).status_code == 400  # once


@pytest.mark.parametrize(
    "state", ["", "x", "é", "A" * 56, pytest.param(new_state(NORTHLIGHT), id="one of nobody's sign-in")]
)
def test_a_state_that_nobody_made_leads_nowhere(people: People, state: str) -> None:
    assert people.get("/oauth/callback", params={"code": "x", "state": state}).status_code == 400


def test_a_provider_that_says_no_is_passed_on(people: People) -> None:
    begun = people.begin()
    state = parse_qs(urlsplit(begun.headers["location"]).query)["state"][0]
    found = told(people.get("/oauth/callback", params={"error": "access_denied", "state": state}))
    assert found["error"] == "access_denied"
    begun = people.begin()
    state = parse_qs(urlsplit(begun.headers["location"]).query)["state"][0]
    found = told(people.get("/oauth/callback", params={"code": "forged", "state": state}))
    assert "did not take its own code back" in found["error_description"]
