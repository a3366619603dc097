"""Pages of other origins: they may read what is public, and nothing else of us (docs/integrators.md)."""

from __future__ import annotations

import pytest

from tests.api.graph import Graph

PAGE = {"origin": "https://portal.example"}
PUBLIC = (
    "/.well-known/oauth-authorization-server",
    "/.well-known/oauth-protected-resource/graphql",
    "/.well-known/jwks.json",
    "/oauth/openapi.json",
)
CLOSED = ("/graphql", "/oauth/token", "/oauth/revoke", "/oauth/introspect")


@pytest.mark.parametrize("path", PUBLIC)
def test_a_page_reads_what_is_public(graph: Graph, path: str) -> None:
    response = graph.run(graph.client.get(path, headers=PAGE))
    assert response.status_code == 200
    assert response.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in response.headers


@pytest.mark.parametrize("path", CLOSED)
@pytest.mark.parametrize("origin", ["https://portal.example", "null", "http://127.0.0.1:8000"])
def test_a_page_may_neither_ask_nor_read_the_answer(graph: Graph, path: str, origin: str) -> None:
    asked = {"origin": origin, "access-control-request-method": "POST"}
    asked["access-control-request-headers"] = "authorization, content-type"
    preflight = graph.run(graph.client.options(path, headers=asked))
    answer = graph.run(graph.client.post(path, headers={"origin": origin}, data={"token": "x"}))
    assert preflight.status_code == 405
    for response in (preflight, answer):
        assert not [name for name in response.headers if name.startswith("access-control")]
