"""POST /graphql by the GraphQL-over-HTTP specification: media types, methods, tokens and statuses."""

from __future__ import annotations

import json
import time
from datetime import timedelta

import httpx
import pytest

from api.door import negotiate
from auth.principal import Principal
from auth.tokens import issue
from tests.api.graph import OURS, PLAIN_JSON, RESPONSE_JSON, Graph, code_of, media_type

CHALLENGE = (
    'Bearer realm="contract-graph",'
    ' resource_metadata="http://127.0.0.1:8000/.well-known/oauth-protected-resource/graphql"'
)

EVENT_STREAM = "text/event-stream"
QUESTION = b'{"query": "{ viewer { subject } }"}'
BOTH = pytest.mark.parametrize("accept", [RESPONSE_JSON, PLAIN_JSON])


# Media types


@pytest.mark.parametrize(
    ("accept", "answered"),
    [
        (None, PLAIN_JSON),
        ("*/*", PLAIN_JSON),
        ("application/*", PLAIN_JSON),
        (PLAIN_JSON, PLAIN_JSON),
        (RESPONSE_JSON, RESPONSE_JSON),
        (f"{RESPONSE_JSON}; charset=utf-8, {PLAIN_JSON}; charset=utf-8", RESPONSE_JSON),
        (f"{PLAIN_JSON}, {RESPONSE_JSON}", PLAIN_JSON),
        (f"{PLAIN_JSON};q=0.5, {RESPONSE_JSON};q=0.9", RESPONSE_JSON),
        (f"{RESPONSE_JSON};q=0.1, */*;q=0.2", PLAIN_JSON),
        (f"text/html, {RESPONSE_JSON};q=0.8", RESPONSE_JSON),
        ("text/html, */*;q=0.1", PLAIN_JSON),
        ("Application/JSON", PLAIN_JSON),
    ],
)
def test_the_answer_comes_in_the_media_type_that_is_wanted(
    graph: Graph, accept: str | None, answered: str
) -> None:
    headers = graph.headers()
    if accept is None:
        del headers["accept"]
        graph.client.headers.pop("accept", None)
    else:
        headers["accept"] = accept
    response = graph.send(content=QUESTION, headers=headers)
    assert (response.status_code, media_type(response)) == (200, answered)
    assert response.headers["content-type"].endswith("; charset=utf-8")
    assert response.json()["data"] == {"viewer": {"subject": "someone"}}


def test_several_accept_headers_count_as_one(graph: Graph) -> None:
    headers = [*graph.headers(accept="text/html").items(), ("accept", RESPONSE_JSON)]
    assert media_type(graph.send(content=QUESTION, headers=headers)) == RESPONSE_JSON


@pytest.mark.parametrize(
    "accept",
    ["text/html", "application/xml", f"{RESPONSE_JSON};q=0", "image/*", "text/*", "nonsense"],
)
def test_a_media_type_that_is_not_offered_is_not_acceptable(graph: Graph, accept: str) -> None:
    response = graph.send(content=QUESTION, headers=graph.headers(accept=accept))
    assert (response.status_code, code_of(response)) == (406, "NOT_ACCEPTABLE")


@pytest.mark.parametrize(
    ("accept", "answered"),
    [
        (b"*/*, application/json;q=0", RESPONSE_JSON),
        (b"application/graphql-response+json;q=0, */*", PLAIN_JSON),
        (b"application/json;q=nan", None),
        (b"text/event-stream", EVENT_STREAM),
        (b"text/event-stream;q=0, */*", PLAIN_JSON),
        (b"application/json, text/event-stream", PLAIN_JSON),
        (b"text/event-stream, multipart/mixed", EVENT_STREAM),
        (b"text/event-stream;q=x", None),
        (b"application/json;q=-1", None),
        (b"application/json;q=", None),
        (b"", None),
        (b",;,q=1,", None),
    ],
)
def test_odd_accept_headers_are_read_by_rfc_9110(accept: bytes, answered: str | None) -> None:
    assert negotiate(accept) == (answered and answered.encode())


# Methods and content types


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_only_post_is_allowed(graph: Graph, method: str) -> None:
    response = graph.send(method, headers=graph.headers(), params={"query": "{ __typename }"})
    assert (response.status_code, response.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "application/json; charset=utf-8",
        'application/json;charset="UTF-8"',
        "APPLICATION/JSON; charset=utf8",
    ],
)
def test_json_in_utf_8_is_taken(graph: Graph, content_type: str) -> None:
    headers = graph.headers() | {"content-type": content_type}
    assert graph.send(content=QUESTION, headers=headers).status_code == 200


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "",
        "text/plain",
        "application/graphql",
        "application/json; charset=iso-8859-1",
        "application/json; charset=utf-16",
        "multipart/form-data; boundary=x",
        "application/x-www-form-urlencoded",
        RESPONSE_JSON,
    ],
)
def test_other_content_types_are_refused(graph: Graph, content_type: str | None) -> None:
    headers = graph.headers()
    del headers["content-type"]
    response = graph.send(
        content=QUESTION,
        headers=headers if content_type is None else headers | {"content-type": content_type},
    )
    assert (response.status_code, code_of(response)) == (415, "UNSUPPORTED_MEDIA_TYPE")


def test_an_answer_is_never_stored_nor_sniffed(graph: Graph) -> None:
    for body in (QUESTION, b"{"):
        headers = graph.post(body).headers
        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["vary"] == "accept"
        assert int(headers["content-length"]) > 0


# Tokens


def test_a_request_without_a_token_is_asked_for_one(graph: Graph) -> None:
    headers = graph.headers()
    del headers["authorization"]
    response = graph.send(content=QUESTION, headers=headers)
    assert (response.status_code, code_of(response)) == (401, "UNAUTHENTICATED")
    assert response.headers["www-authenticate"] == CHALLENGE


def refused(graph: Graph, *authorization: str) -> httpx.Response:
    headers = graph.headers()
    del headers["authorization"]
    return graph.send(
        content=QUESTION,
        headers=[*headers.items(), *(("authorization", each.encode("latin-1")) for each in authorization)],
    )


@pytest.mark.parametrize(
    "authorization", ["Basic c29tZTpvbmU=", "Digest x", "token", "", "Bearerx y", "bearer\ta"]
)
def test_another_scheme_is_no_token(graph: Graph, authorization: str) -> None:
    response = refused(graph, authorization)
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == CHALLENGE


@pytest.mark.parametrize("authorization", ["Bearer", "Bearer ", "Bearer a b", "Bearer \xe4", "Bearer a,b"])
def test_a_malformed_header_is_a_bad_request(graph: Graph, authorization: str) -> None:
    response = refused(graph, authorization)
    assert (response.status_code, code_of(response)) == (400, "UNAUTHENTICATED")
    assert 'error="invalid_request"' in response.headers["www-authenticate"]


def test_a_token_that_is_not_ours_is_refused(graph: Graph) -> None:
    good = graph.token("legal")
    head, claims, signature = good.split(".")
    for token in (
        "a.b.c",
        good[:-4] + "AAAA",
        f"{head}.{claims}.",
        f"{head}.{claims[::-1]}.{signature}",
        "x" * 9000,
    ):
        response = refused(graph, f"Bearer {token}")
        assert (response.status_code, code_of(response)) == (401, "UNAUTHENTICATED")
        assert 'error="invalid_token"' in response.headers["www-authenticate"]
        assert token not in response.text


def test_an_expired_token_is_refused(graph: Graph) -> None:
    token = graph.token("legal", lifetime=60, now=time.time() - 61)
    response = refused(graph, f"Bearer {token}")
    assert response.status_code == 401
    assert "expired" in response.headers["www-authenticate"]


def test_two_authorization_headers_are_refused_whichever_is_good(graph: Graph) -> None:
    good = f"Bearer {graph.token('legal')}"
    for pair in ((good, good), (good, "Bearer x"), ("Bearer x", good), ("", good), (good, "")):
        assert refused(graph, *pair).status_code in (400, 401), pair


def test_a_caller_without_a_known_role_sees_nothing(graph: Graph) -> None:
    headers = graph.headers("no_such_role")
    body = json.dumps({"query": "{ contracts { nodes { id number } } }"})
    response = graph.send(content=body, headers=headers)
    assert (response.status_code, code_of(response)) == (403, "ACCESS_DENIED")


# Status codes

FAULTS = {
    "parse error": ("{", None, "GRAPHQL_VALIDATION_FAILED"),
    "validation error": ("{ nothing }", None, "GRAPHQL_VALIDATION_FAILED"),
    "variable missing": ("query($n: String!) { contract(number: $n) { id } }", {}, "BAD_USER_INPUT"),
    "variable of another type": (
        "query($n: Int) { contracts(first: $n) { totalCount } }", {"n": "x"}, "BAD_USER_INPUT",
    ),
    "value out of range": ("{ contracts(first: 101) { nodes { id } } }", None, "BAD_USER_INPUT"),
    "denied": ('{ contracts(filter: { governingLaw: { eq: "x" } }) { totalCount } }', None, "ACCESS_DENIED"),
    "too large": ("{" + "a: __typename " * 31 + "}", None, "QUERY_TOO_COMPLEX"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_of_the_operation_has_a_status_of_its_own(graph: Graph, fault: str) -> None:
    query, variables, code = FAULTS[fault]
    response = graph.ask(query, variables, role="finance")
    assert response.status_code == (403 if fault == "denied" else 400), response.text
    assert code_of(response) == code
    assert "data" not in response.json()


@pytest.mark.parametrize("fault", FAULTS)
def test_plain_json_answers_200_to_a_request_that_was_understood(graph: Graph, fault: str) -> None:
    query, variables, code = FAULTS[fault]
    body = json.dumps({"query": query, "variables": variables})
    response = graph.send(content=body, headers=graph.headers("finance", accept=PLAIN_JSON))
    assert (response.status_code, media_type(response), code_of(response)) == (200, PLAIN_JSON, code)


@BOTH
@pytest.mark.parametrize(
    ("operation", "message"),
    [
        ("subscription { contractChanged { at } }", "text/event-stream"),
        ("query A { __typename } query B { __typename }", "operationName"),
        ("fragment F on Contract { id }", ""),
    ],
)
def test_an_operation_that_is_not_offered_is_refused_clearly(
    graph: Graph, operation: str, message: str, accept: str
) -> None:
    response = graph.post(json.dumps({"query": operation}).encode(), accept)
    assert 400 <= response.status_code < 500 or accept == PLAIN_JSON
    assert message in response.json()["errors"][0]["message"]
    assert "data" not in response.json()


def test_an_operation_is_chosen_by_its_name(graph: Graph) -> None:
    body = {"query": "query A { a: __typename } query B { b: __typename }", "operationName": "B"}
    assert graph.post(json.dumps(body).encode()).json()["data"] == {"b": "Query"}
    unknown = graph.post(json.dumps(body | {"operationName": "C"}).encode())
    assert (unknown.status_code, code_of(unknown)) == (400, "BAD_REQUEST")


def test_members_that_are_null_are_as_absent(graph: Graph) -> None:
    body = {"query": "{ __typename }", "variables": None, "operationName": None, "extensions": None}
    assert graph.post(json.dumps(body).encode()).json()["data"] == {"__typename": "Query"}


def test_a_token_without_the_scope_of_reading_is_good_for_nothing_here(graph: Graph) -> None:
    token = issue(
        graph.keys,
        issuer=graph.settings.issuer,
        audience=graph.settings.audience,
        principal=Principal(OURS.org.id, "someone", "tests", frozenset({"legal"}), frozenset({"other"})),
        lifetime=timedelta(minutes=5),
        now=time.time(),
    )
    response = refused(graph, f"Bearer {token}")
    assert (response.status_code, code_of(response)) == (403, "INSUFFICIENT_SCOPE")
    challenge = response.headers["www-authenticate"]
    assert 'error="insufficient_scope"' in challenge
    assert challenge.endswith('scope="graph:read"')
