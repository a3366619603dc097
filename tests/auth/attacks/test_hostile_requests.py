"""Requests to the authorization server that no client sends: each is refused, none is a fault of ours."""

from __future__ import annotations

import asyncio
import json
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from joserfc import jws
from joserfc.jwk import RSAKey

from api.settings import Settings
from auth.oauth.client import TOKEN_EXCHANGE, client_id_of, new_client, new_trust
from auth.oauth.exchange import ID_TOKEN
from auth.oauth.form import CLIENT_ASSERTION
from storage.oauth_clients import add_client
from tests.api.graph import OURS, Graph, graph_over
from tests.api.salesforce_org import JWT_BEARER, certificate, claims, rsa_key
from tests.auth.attacks.test_salesforce_assertion import in_org
from tests.keys import KEY_ENCRYPTION

KEY = rsa_key()
SIGNING = RSAKey.import_key(KEY)
TRUST = new_trust(OURS.org.id, "Salesforce", [certificate(KEY)], ("RS256",), datetime.now(UTC))
PROGRAM, SECRET = new_client(OURS.org.id, "program", frozenset({"legal"}), datetime.now(UTC))
BASIC = httpx.BasicAuth(client_id_of(PROGRAM), SECRET)
FORM = "application/x-www-form-urlencoded"
GRANT = b"grant_type=client_credentials"
ENDPOINTS = ("token", "revoke", "introspect")


@dataclass(frozen=True)
class Server:
    """An authorization server whose clients may fail as often as they like."""

    graph: Graph

    def send(self, path: str, method: str = "POST", **request: Any) -> httpx.Response:
        return self.graph.run(self.graph.client.request(method, path, **request))


@pytest.fixture(scope="module")
def server(
    seeded_url: str, loop: asyncio.Runner, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("hostile")
    for client in (TRUST, replace(PROGRAM, exchanges=True)):
        loop.run(in_org(seeded_url, OURS.org, lambda c, client=client: add_client(c, client)))
    settings = Settings(
        home=home, pool_size=2, key_encryption_key=KEY_ENCRYPTION, token_rate=100_000, token_failures=100_000
    )
    with graph_over(settings, seeded_url, loop) as graph:
        yield Server(graph)


def refused(response: httpx.Response, *statuses: int) -> None:
    """It is an error of OAuth, in JSON that nobody keeps and that tells nothing of what is within."""
    assert response.status_code in (statuses or (400,)), response.text
    assert response.headers["cache-control"] == "no-store"
    said = response.json()
    assert set(said) <= {"error", "error_description", "error_uri"}
    assert said["error"].startswith(("invalid_", "unsupported_", "unauthorized_", "access_denied")), said
    assert not [each for each in ("Traceback", "Error(", "Exception", ".py") if each in response.text]


def part(text: str | bytes) -> str:
    return urlsafe_b64encode(text if isinstance(text, bytes) else text.encode()).rstrip(b"=").decode()


HEAD = part('{"alg": "RS256", "typ": "JWT"}')
BODY = part(json.dumps(claims(client_id_of(TRUST), "http://127.0.0.1:8000")))


def head(text: str | bytes) -> str:
    """An assertion with another head, and no signature of anybody."""
    return f"{part(text)}.{BODY}.{part(b'x' * 256)}"


def signed(payload: str | bytes) -> str:
    """Bytes that are no claims, signed by whom the server trusts."""
    taken = payload if isinstance(payload, bytes) else payload.encode()
    return jws.serialize_compact({"alg": "RS256", "typ": "JWT"}, taken, SIGNING, algorithms=["RS256"])


DEEP = 1200
TEXTS: dict[str, str] = {
    "a control character for an algorithm": head('{"alg": "RS256\\u0000"}'),
    "a line end for a type": head('{"alg": "RS256", "typ": "JWT\\r\\nX: y"}'),
    "half a surrogate for a key id": head('{"alg": "RS256", "kid": "\\ud800"}'),
    "a head of brackets": head("[" * DEEP),
    "a head within heads": head('{"a":' * DEEP + "1" + "}" * DEEP),
    "a head that is a list": head('["RS256"]'),
    "a head that is null": head("null"),
    "a head of no UTF-8": head(b'{"alg": "RS256", "kid": "\xff\xfe"}'),
    "a head in UTF-16": head('{"alg": "RS256"}'.encode("utf-16")),
    "a head with an algorithm twice": head('{"alg": "none", "alg": "RS256"}'),
    "a head with a number without end": head('{"alg": "RS256", "kid": ' + "9" * 5000 + "}"),
    "a head with what must be understood": head('{"alg": "RS256", "crit": ["exp"], "b64": false}'),
    "an encrypted token that unpacks": part('{"alg": "dir", "enc": "A128GCM", "zip": "DEF"}') + "..a.b.c",
    "an encrypted token of a password": (
        part('{"alg": "PBES2-HS256+A128KW", "enc": "A128GCM", "p2c": 2000000000}') + ".a.b.c.d"
    ),
    "JSON with signatures": json.dumps(
        {"payload": BODY, "signatures": [{"protected": HEAD, "signature": "x"}]}
    ),
    "dots": "..",
    "a thousand dots": "." * 1000,
    "nothing between dots": f"{HEAD}..",
    "letters that are no base64": f"{HEAD}.!!!!.????",
    "letters of another script": f"{HEAD}.\N{ARABIC-INDIC DIGIT ONE}\N{FULLWIDTH LATIN SMALL LETTER A}.x",
    "blanks": f" {HEAD} . {BODY} . x ",
    "twelve thousand letters": "x" * 12_000,
    "claims that are a list": signed("[]"),
    "claims that are a number": signed("5"),
    "claims that are nothing": signed(""),
    "claims of brackets": signed("[" * DEEP),
    "claims within claims": signed('{"iss":' * DEEP + "1" + "}" * DEEP),
    "claims of no UTF-8": signed(b'{"iss": "\xff"}'),
    "claims in UTF-16": signed("{}".encode("utf-16")),
    "claims behind a byte order mark": signed("{}".encode("utf-8-sig")),
    "claims with NaN": signed('{"exp": NaN}'),
    "claims with a number without end": signed('{"exp": ' + "9" * 5000 + "}"),
    "claims with a power without end": signed('{"exp": 1e999}'),
    "claims that say a thing twice": signed(f'{{"iss": "x", "iss": "{client_id_of(TRUST)}"}}'),
    "claims with half a surrogate": signed(f'{{"iss": "{client_id_of(TRUST)}", "sub": "\\ud800"}}'),
    "claims with a NUL": signed(f'{{"iss": "{client_id_of(TRUST)}", "sub": "\\u0000", "jti": "\\u0000"}}'),
}
PLACES: dict[str, dict[str, str]] = {
    "assertion": {"grant_type": JWT_BEARER},
    "client_assertion": {"grant_type": "client_credentials", "client_assertion_type": CLIENT_ASSERTION},
    "subject_token": {"grant_type": TOKEN_EXCHANGE, "subject_token_type": ID_TOKEN},
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("text", TEXTS)
def test_no_text_is_taken_for_a_token_that_proves_something(server: Server, place: str, text: str) -> None:
    auth = BASIC if place == "subject_token" else None
    refused(server.send("/oauth/token", data=PLACES[place] | {place: TEXTS[text]}, auth=auth), 400)


@pytest.mark.parametrize("text", TEXTS)
def test_no_text_is_a_token_that_there_is(server: Server, text: str) -> None:
    form = {"token": TEXTS[text]}
    assert server.send("/oauth/introspect", data=form, auth=BASIC).json() == {"active": False}
    taken_back = server.send("/oauth/revoke", data=form, auth=BASIC)
    assert (taken_back.status_code, taken_back.json()) == (200, {})


@pytest.mark.parametrize("text", TEXTS)
def test_no_text_is_a_proof_or_an_access_token(server: Server, text: str) -> None:
    sent = TEXTS[text].encode()
    refused(
        server.send(
            "/oauth/token", content=GRANT, headers=[("content-type", FORM), ("dpop", sent)], auth=BASIC
        )
    )
    for scheme in (b"Bearer ", b"DPoP "):
        headers = [("authorization", scheme + sent), ("dpop", sent)]
        response = server.send("/graphql", json={"query": "{ __typename }"}, headers=headers)
        assert response.status_code in (400, 401), response.text
        assert response.json()["errors"][0]["extensions"]["code"] in ("BAD_REQUEST", "UNAUTHENTICATED")


BODIES: dict[str, bytes] = {
    "nothing": b"",
    "an ampersand": b"&",
    "a thousand ampersands": b"&" * 1000,
    "an equals sign": b"=",
    "a value without a name": b"=x",
    "half an escape": b"grant_type=%",
    "an escape that is none": b"grant_type=%ZZ&token=x",
    "no UTF-8": b"grant_type=\xff\xfe",
    "no UTF-8 escaped": b"grant_type=%FF&token=%FF",
    "half a surrogate": b"grant_type=%ED%A0%80&token=%ED%A0%80",
    "overlong": b"grant_type=%C0%80&token=%C0%80",
    "UTF-16": "grant_type=client_credentials".encode("utf-16"),
    "NUL": GRANT + b"&token=%00",
    "line ends": GRANT + b"%0D%0A&token=%0A",
    "two grants": GRANT + b"&grant_type=refresh_token&token=x&token=y",
    "the same twice": GRANT + b"&" + GRANT + b"&token=x&token=x",
    "semicolons": GRANT + b";scope=admin;token=x",
    "brackets": b"grant_type[]=client_credentials&token[]=x",
    "a hundred fields": b"&".join(b"a%d=1" % each for each in range(100)),
    "a field of 15,000 letters": b"x" * 15_000,
    "a secret that is empty": GRANT + b"&client_id=&client_secret=&token=",
    "JSON": b'{"grant_type": "client_credentials", "token": "x"}',
    "a document of XML": b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
}


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize("body", BODIES)
def test_no_body_is_taken_that_is_no_form(server: Server, endpoint: str, body: str) -> None:
    response = server.send(
        f"/oauth/{endpoint}", content=BODIES[body], headers={"content-type": FORM}, auth=None
    )
    refused(response, 400, 401)


HEADERS: dict[str, list[tuple[str, bytes]]] = {
    "no type": [],
    "JSON": [("content-type", b"application/json")],
    "plain text": [("content-type", b"text/plain")],
    "parts": [("content-type", b"multipart/form-data; boundary=x")],
    "a type twice": [("content-type", FORM.encode()), ("content-type", b"application/json")],
    "another alphabet": [("content-type", f"{FORM}; charset=utf-16".encode())],
    "compressed": [("content-type", FORM.encode()), ("content-encoding", b"gzip")],
    "Basic and nothing": [("content-type", FORM.encode()), ("authorization", b"Basic")],
    "Basic that is no base64": [("content-type", FORM.encode()), ("authorization", b"Basic \xff\xfe")],
    "Basic of no UTF-8": [
        ("content-type", FORM.encode()), ("authorization", b"Basic " + b64encode(b"\xff:\xfe")),
    ],
    "Basic without a colon": [
        ("content-type", FORM.encode()), ("authorization", b"Basic " + b64encode(b"abc")),
    ],
    "Basic with a NUL": [
        ("content-type", FORM.encode()), ("authorization", b"Basic " + b64encode(b"a\0:b\0")),
    ],
    "Basic of 12,000 letters": [
        ("content-type", FORM.encode()), ("authorization", b"Basic " + b64encode(b"a:" + b"x" * 9000)),
    ],
    "Bearer": [("content-type", FORM.encode()), ("authorization", b"Bearer x")],
    "Negotiate": [("content-type", FORM.encode()), ("authorization", b"Negotiate x")],
    "two authorizations": [
        ("content-type", FORM.encode()), ("authorization", b"Basic eDp5"), ("authorization", b"Basic eDp5"),
    ],
}  # fmt: skip


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize("sent", HEADERS)
def test_no_header_lets_anybody_in(server: Server, endpoint: str, sent: str) -> None:
    response = server.send(f"/oauth/{endpoint}", content=GRANT + b"&token=x", headers=HEADERS[sent])
    refused(response, 400, 401, 415)


@pytest.mark.parametrize("endpoint", [*ENDPOINTS, "authorize", "callback"])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"])
def test_each_endpoint_takes_its_own_method_alone(server: Server, endpoint: str, method: str) -> None:
    own = "POST" if endpoint in ENDPOINTS else "GET"
    if method == own:
        return
    response = server.send(f"/oauth/{endpoint}", method)
    assert response.status_code == 405, response.text
    assert response.json()["errors"][0]["extensions"]["code"] == "METHOD_NOT_ALLOWED"


QUERIES: dict[str, str] = {
    "nothing": "",
    "two clients": "client_id=a&client_id=b&response_type=code",
    "two ways back": "redirect_uri=https://a.example&redirect_uri=https://b.example&client_id=x",
    "no UTF-8": "client_id=%FF&state=%FE",
    "half a surrogate": "client_id=%ED%A0%80&state=%ED%A0%80",
    "NUL": "client_id=%00&state=%00&code=%00",
    "a header behind a line end": "state=x%0D%0ASet-Cookie:%20a=b&client_id=x%0D%0ALocation:%20https://evil.example",
    "a script": "error=%3Cscript%3Ealert(1)%3C/script%3E&state=%3Cscript%3E&client_id=%3Cscript%3E",
    "a request object": f"client_id=x&request={head('{}')}",
    "the address of a request object": "client_id=x&request_uri=https://evil.example/request",
    "a way back that is a script": "client_id=x&redirect_uri=javascript:alert(1)&response_type=code",
    "a way back without a scheme": "client_id=x&redirect_uri=//evil.example&response_type=code",
    "all ways at once": "client_id=x&response_type=code%20token%20id_token",
    "two hundred parameters": "&".join(f"a{each}=1" for each in range(200)),
    "12,000 letters": "state=" + "x" * 12_000,
}  # fmt: skip


@pytest.mark.parametrize("page", ["authorize", "callback"])
@pytest.mark.parametrize("query", QUERIES)
def test_nobody_is_sent_anywhere_by_an_address(server: Server, page: str, query: str) -> None:
    response = server.send(f"/oauth/{page}?{QUERIES[query]}", "GET")
    assert response.status_code == 400, response.text
    assert "location" not in response.headers
    assert "<script" not in response.text
    assert [name for name in response.headers if name == "set-cookie"] in ([], ["set-cookie"])
