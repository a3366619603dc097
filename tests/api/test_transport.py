"""What holds for every request over HTTP, whatever it asks for."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from api.error_reference import known_errors
from api.settings import Settings
from api.transport import GUARDS
from tests.api.graph import Graph, code_of, graph_over
from tests.keys import KEY_ENCRYPTION

QUESTION = b'{"query": "{ viewer { subject } }"}'
PORTAL = "https://portal.example"
PATHS = {
    "/graphql": "POST",
    "/oauth/token": "POST",
    "/oauth/authorize": "GET",
    "/.well-known/jwks.json": "GET",
    "/health": "GET",
    "/ready": "GET",
    "/schema.graphql": "GET",
    "/webhooks/x": "POST",
    "/nowhere": "GET",
}


@pytest.fixture(scope="module")
def public(
    seeded_url: str, loop: asyncio.Runner, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Graph]:
    """An application with a public address, that a page of another origin may ask."""
    home: Path = tmp_path_factory.mktemp("public")
    settings = Settings(
        home=home, pool_size=2, key_encryption_key=KEY_ENCRYPTION, issuer="https://graph.example",
        hosts=("graph.internal", "[2001:db8::1]"), origins=(PORTAL,),
    )  # fmt: skip
    with graph_over(settings, seeded_url, loop) as running:
        yield running


def ask(graph: Graph, path: str, method: str | None = None, **headers: str) -> httpx.Response:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return graph.run(graph.client.request(method or PATHS[path], path, headers=given))


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_is_guarded(graph: Graph, public: Graph, path: str) -> None:
    for running in (graph, public):
        headers = ask(running, path).headers
        assert GUARDS
        for name, value in GUARDS:
            if name not in (b"cache-control", b"content-security-policy"):
                assert headers[name.decode()] == value.decode()
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "cache-control" in headers
        assert headers["x-request-id"]
        assert "server" not in headers
        assert ("strict-transport-security" in headers) == (running is public)


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "LOCALHOST:8000", "[::1]:1", "graph.example", "graph.internal:443", "[2001:db8::1]:80"],
)
def test_our_hosts_are_served_by_any_port(public: Graph, host: str) -> None:
    for _ in range(2):  # known anew, and known already
        assert ask(public, "/schema.graphql", host=host).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example", "graph.example.evil.example", "evil.example:8000", "127.0.0.1.evil.example",
        "2001:db8::1", "[2001:db8::2]", "graph.example:", "graph.example:x", "graph.example:123456",
        "a@graph.example", "graph.example/x", "graph.example graph.example", "", ":80", "[::1",
        "graph.example,evil.example",
    ],
)  # fmt: skip
def test_other_hosts_are_refused_wherever_they_ask(public: Graph, host: str) -> None:
    for path in ("/graphql", "/oauth/token", "/schema.graphql", "/nowhere"):
        response = ask(public, path, host=host)
        assert (response.status_code, code_of(response)) in ((421, "WRONG_HOST"), (400, "BAD_REQUEST"))
        assert not host or host not in response.text


def test_a_host_is_named_once(public: Graph) -> None:
    request = public.client.build_request("GET", "/schema.graphql")
    for hosts in ([], [("host", "graph.example"), ("host", "graph.example")]):
        request.headers = httpx.Headers(hosts)
        response = public.run(public.client.send(request))
        assert (response.status_code, code_of(response)) == (400, "BAD_REQUEST")


def test_probes_ask_by_any_name(public: Graph) -> None:
    for path in ("/health", "/ready"):
        assert ask(public, path, host="10.0.0.7:8000").status_code == 200


def test_a_host_that_is_listened_on_is_ours(seeded_url: str, loop: asyncio.Runner, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, pool_size=1, key_encryption_key=KEY_ENCRYPTION, host="192.0.2.1")
    with graph_over(settings, seeded_url, loop) as running:
        assert ask(running, "/schema.graphql", host="192.0.2.1:8000").status_code == 200


# Pages of other origins


@pytest.mark.parametrize("path", ["/graphql", "/oauth/token"])
def test_a_page_that_the_settings_name_may_ask_and_read(public: Graph, path: str) -> None:
    asking = {"access-control-request-method": "POST", "access-control-request-headers": "authorization"}
    preflight = public.run(public.client.options(path, headers={"origin": PORTAL, **asking}))
    assert preflight.status_code == 200
    assert preflight.headers["access-control-allow-origin"] == PORTAL
    assert preflight.headers["access-control-allow-methods"] == "POST"
    answer = ask(public, path, origin=PORTAL)
    assert answer.headers["access-control-allow-origin"] == PORTAL
    assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "https://portal.example.evil.example",
                                    "http://portal.example"])  # fmt: skip
def test_no_other_page_may(public: Graph, origin: str) -> None:
    asking = {"access-control-request-method": "POST"}
    preflight = public.run(public.client.options("/graphql", headers={"origin": origin, **asking}))
    for response in (preflight, ask(public, "/graphql", origin=origin)):
        assert "access-control-allow-origin" not in response.headers


def test_a_page_that_may_ask_may_not_ask_all(public: Graph) -> None:
    assert "access-control-allow-origin" not in ask(public, "/schema.graphql", origin=PORTAL).headers


# What is not offered


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY"])
def test_graphql_is_asked_with_post_alone(graph: Graph, method: str) -> None:
    response = graph.send(method, headers=graph.headers(), params={"query": "{ __typename }"})
    assert response.status_code == 405
    assert method == "HEAD" or code_of(response) == "METHOD_NOT_ALLOWED"
    assert response.headers["allow"] == "POST"


def test_files_are_not_taken(graph: Graph) -> None:
    headers = graph.headers()
    del headers["content-type"]
    parts = {"operations": (None, QUESTION), "map": (None, b"{}"), "0": ("x.txt", b"x")}
    response = graph.send(headers=headers, files=parts)
    assert (response.status_code, code_of(response)) == (415, "UNSUPPORTED_MEDIA_TYPE")


def test_a_socket_is_closed_at_once(graph: Graph) -> None:
    async def asked() -> list[object]:
        sent: list[object] = []

        async def send(message: object) -> None:
            sent.append(message)

        async def receive() -> dict[str, str]:
            return {"type": "websocket.connect"}

        scope = {"type": "websocket", "path": "/graphql", "headers": [(b"host", b"127.0.0.1")]}
        await graph.application(scope, receive, send)
        return sent

    assert graph.run(asked()) == [{"type": "websocket.close", "code": 1002, "reason": "no sockets here"}]


@pytest.mark.parametrize(("path", "method", "status", "code"), [
    ("/nowhere", "GET", 404, "NOT_FOUND"),
    ("/graphql/", "POST", 404, "NOT_FOUND"),
    ("/graphql%00", "POST", 404, "NOT_FOUND"),
    ("/../etc/passwd", "GET", 404, "NOT_FOUND"),
    ("/schema.graphql", "POST", 405, "METHOD_NOT_ALLOWED"),
    ("/oauth/token", "GET", 405, "METHOD_NOT_ALLOWED"),
    ("/webhooks/x", "POST", 404, "UNKNOWN_CONNECTION"),
])  # fmt: skip
def test_what_is_refused_is_told_in_json(
    graph: Graph, path: str, method: str, status: int, code: str
) -> None:
    response = graph.run(graph.client.request(method, path))
    assert (response.status_code, code_of(response)) == (status, code)
    assert response.headers["content-type"] == "application/json"
    assert response.json()["extensions"] == {"requestId": response.headers["x-request-id"]}
    assert ("allow" in response.headers) == (status == 405)


def test_an_error_carries_the_callers_name_of_the_request(graph: Graph) -> None:
    for body in (b"{", b'{"query": "{ nothing }"}'):
        headers = graph.headers() | {"x-request-id": "mine-7"}
        told = graph.send(content=body, headers=headers).json()
        assert told["extensions"] == {"requestId": "mine-7"}


def test_half_a_request_asks_for_nothing(graph: Graph) -> None:
    """What came until the caller went may be JSON by chance: it is not taken for the whole."""

    async def asked() -> list[object]:
        sent: list[object] = []
        coming = [
            {"type": "http.request", "body": b'{"query": "{ __typename }"}', "more_body": True},
            {"type": "http.disconnect"},
        ]  # fmt: skip

        async def send(message: object) -> None:
            sent.append(message)

        async def receive() -> dict[str, object]:
            return coming.pop(0)

        given = {**graph.headers(), "host": "127.0.0.1"}
        headers = [(name.encode(), value.encode()) for name, value in given.items()]
        scope = {"type": "http", "method": "POST", "path": "/graphql", "headers": headers}
        await graph.application(scope, receive, send)
        return sent

    assert graph.run(asked()) == []


def test_each_code_is_documented_once() -> None:
    codes = [each.code for each in known_errors()]
    assert len(codes) == len(set(codes))
    assert all(each.remedy and each.__doc__ for each in known_errors())
