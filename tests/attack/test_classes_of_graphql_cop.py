"""The twelve classes of finding of graphql-cop: what each asks, and what must come back.

The requests are our own; the tool is not here. A finding is an answer where a refusal is due, or words that
tell how things are within.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from auth.principal import Principal
from auth.tokens import issue
from tests.api.graph import OURS, PLAIN_JSON, RESPONSE_JSON, Graph, code_of
from tests.attack.documents import introspected, many

ANYTHING = "{ __typename }"
GRANTED = 'idempotencyKey: "1", holderId: "x", role: "admin", reason: "x"'
CHANGE = f"mutation {{ grantRole(input: {{ {GRANTED} }}) {{ __typename }} }}"
FORM = "application/x-www-form-urlencoded"
WITHIN = ("traceback", "exception", "stack", ".py", "asyncpg", "graphql-core", "did you mean", "<html")
"""What no answer says, in whatever case."""


@dataclass(frozen=True)
class Attempt:
    """A request of a class of finding, and the refusal that is due; an answer where no code is."""

    finding: str
    status: int
    code: str | None = None
    query: str | None = None
    method: str = "POST"
    path: str = "/graphql"
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes | None = None
    scopes: frozenset[str] = frozenset({"graph:read", "graph:documents"})

    def request(self) -> dict[str, Any]:
        """What is sent, but for who sends it."""
        content = json.dumps({"query": self.query}).encode() if self.query is not None else self.content
        return {"method": self.method, "url": self.path, "content": content}


def by_get(query: str, **more: str) -> str:
    return "/graphql?" + urlencode({"query": query, **more})


def form(query: str) -> bytes:
    return urlencode({"query": query}).encode()


LARGE, INVALID = "QUERY_TOO_COMPLEX", "GRAPHQL_VALIDATION_FAILED"
HTML = {"accept": "text/html"}
PAGES = ("/graphiql", "/playground", "/console", "/altair", "/voyager", "/v1/graphql", "/graphql/")

ATTEMPTS: dict[str, Attempt] = {
    "31 aliases": Attempt("alias overloading", 400, LARGE, "{" + many(31, "a#: __typename") + "}"),
    "101 aliases": Attempt("alias overloading", 400, LARGE, "{" + many(101, "a#: __typename") + "}"),
    "aliases below": Attempt(
        "alias overloading", 400, LARGE, "{ viewer { " + many(101, "a#: subject") + "} }"
    ),
    "ten in an array": Attempt(
        "array-based batching", 400, "BAD_REQUEST", content=json.dumps([{"query": ANYTHING}] * 10).encode()
    ),
    "one in an array": Attempt(
        "array-based batching", 400, "BAD_REQUEST", content=json.dumps([{"query": ANYTHING}]).encode()
    ),
    "ten lines of JSON": Attempt(
        "array-based batching", 400, "BAD_REQUEST", content=b"\n".join([b'{"query": "{ __typename }"}'] * 10)
    ),
    "ten unknown directives": Attempt(
        "directive overloading", 400, INVALID, "{ __typename " + "@aa" * 10 + "}"
    ),
    "51 that are known": Attempt(
        "directive overloading", 400, LARGE, "{ __typename" + " @include(if: true)" * 51 + "}"
    ),
    "one twice": Attempt(
        "directive overloading", 400, INVALID, "{ __typename" + " @include(if: true)" * 2 + "}"
    ),
    "fields of types of fields": Attempt("circular introspection", 400, INVALID, introspected(4)),
    "the same, deep": Attempt("circular introspection", 400, LARGE, introspected(12)),
    "a field 501 times": Attempt("field duplication", 200, None, "{ viewer {" + " subject" * 501 + "} }"),
    "a field 1,001 times": Attempt("field duplication", 400, LARGE, "{ viewer {" + " subject" * 1001 + "} }"),
    "a list 21 times": Attempt("field duplication", 400, LARGE, "{" + " contracts { totalCount }" * 21 + "}"),
    "a name that is nearly one": Attempt("field suggestions", 400, INVALID, "{ contrac { id } }"),
    "a name of introspection": Attempt("field suggestions", 400, INVALID, "{ __schema { directive } }"),
    "an argument": Attempt("field suggestions", 400, INVALID, "{ contracts(frst: 1) { totalCount } }"),
    "a value of an enum": Attempt(
        "field suggestions",
        400,
        INVALID,
        "{ contracts(filter: { status: { eq: ACTIV } }) { totalCount } }",
    ),
    "a question by GET": Attempt(
        "GET queries", 405, "METHOD_NOT_ALLOWED", method="GET", path=by_get(ANYTHING)
    ),
    "its head": Attempt("GET queries", 405, method="HEAD", path=by_get(ANYTHING)),
    "introspection by GET": Attempt(
        "GET queries", 405, "METHOD_NOT_ALLOWED", method="GET", path=by_get("{ __schema { types { name } } }")
    ),
    "a trusted document by GET": Attempt(
        "GET queries", 405, "METHOD_NOT_ALLOWED", method="GET", path=by_get("", id="sha256:" + "0" * 64)
    ),
    "a question in the address of a POST": Attempt(
        "GET queries", 400, "BAD_REQUEST", path=by_get(ANYTHING), content=b"{}"
    ),
    "a mutation by GET": Attempt(
        "GET mutations", 405, "METHOD_NOT_ALLOWED", method="GET", path=by_get(CHANGE)
    ),
    "a mutation by PUT": Attempt("GET mutations", 405, "METHOD_NOT_ALLOWED", CHANGE, method="PUT"),
    "a mutation that may only read": Attempt("GET mutations", 403, "INSUFFICIENT_SCOPE", CHANGE),
    "a question in a form": Attempt(
        "POST with a form",
        415,
        "UNSUPPORTED_MEDIA_TYPE",
        headers={"content-type": FORM},
        content=form(ANYTHING),
    ),
    "a mutation in a form": Attempt(
        "POST with a form",
        415,
        "UNSUPPORTED_MEDIA_TYPE",
        headers={"content-type": FORM},
        content=form(CHANGE),
    ),
    "JSON as plain text": Attempt(
        "POST with a form", 415, "UNSUPPORTED_MEDIA_TYPE", ANYTHING, headers={"content-type": "text/plain"}
    ),
    "JSON as multipart": Attempt(
        "POST with a form",
        415,
        "UNSUPPORTED_MEDIA_TYPE",
        ANYTHING,
        headers={"content-type": "multipart/form-data; boundary=x"},
    ),
    "a browser at the API": Attempt("IDE", 406, "NOT_ACCEPTABLE", method="GET", headers=HTML),
    **{
        f"a browser at {path}": Attempt("IDE", 404, "NOT_FOUND", method="GET", path=path, headers=HTML)
        for path in PAGES
    },
    "types without the scope": Attempt(
        "introspection",
        403,
        "INSUFFICIENT_SCOPE",
        "{ __schema { types { name } } }",
        scopes=frozenset({"graph:read"}),
    ),
    "one type without the scope": Attempt(
        "introspection",
        403,
        "INSUFFICIENT_SCOPE",
        '{ __type(name: "Contract") { name } }',
        scopes=frozenset({"graph:read"}),
    ),
    "types by nobody": Attempt(
        "introspection",
        401,
        "UNAUTHENTICATED",
        "{ __schema { types { name } } }",
        headers={"authorization": ""},
    ),
    "three times at once": Attempt(
        "introspection", 400, LARGE, "{" + many(3, "a#: __schema { types { name } }") + "}"
    ),
    "a trace that is asked for": Attempt(
        "tracing", 200, None, ANYTHING, headers={"apollo-tracing": "1", "x-trace": "1", "debug": "true"}
    ),
    "a trace in the extensions": Attempt(
        "tracing",
        200,
        None,
        content=b'{"query": "{ __typename }", "extensions": {"tracing": true, "explain": true, "debug": 1}}',
    ),
    "a directive without a name": Attempt("unhandled errors", 400, INVALID, "{ __typename @ }"),
    "an operation of no kind": Attempt("unhandled errors", 400, INVALID, "qwerty cop { abc }"),
    "variables of no kind": Attempt(
        "unhandled errors", 400, "BAD_REQUEST", content=b'{"query": "{ __typename }", "variables": "x"}'
    ),
    "an id that is none": Attempt("unhandled errors", 400, "BAD_USER_INPUT", '{ node(id: "x") { id } }'),
    "a number that is none": Attempt(
        "unhandled errors", 400, INVALID, "{ contracts(first: 9999999999) { totalCount } }"
    ),
}
FINDINGS = {each.finding for each in ATTEMPTS.values()}
EXTENSIONS = {"access", "cost", "policy", "requestId"}
"""What an answer carries beside its data: nothing of how it was come to."""


@pytest.mark.parametrize("name", ATTEMPTS)
def test_there_is_no_finding(graph: Graph, name: str) -> None:
    attempt = ATTEMPTS[name]
    principal = Principal(OURS.org.id, "someone", "tests", frozenset({"admin"}), attempt.scopes)
    token = issue(
        graph.keys, issuer=graph.settings.issuer, audience=graph.settings.audience, principal=principal,
        lifetime=timedelta(minutes=10), now=time.time(),
    )  # fmt: skip
    usual = {"authorization": f"Bearer {token}", "content-type": PLAIN_JSON, "accept": RESPONSE_JSON}
    request = attempt.request() | {"headers": usual | dict(attempt.headers)}
    response = graph.run(graph.client.request(**request))
    assert response.status_code == attempt.status, response.text
    assert not [each for each in WITHIN if each in response.text.lower()]
    if attempt.method == "HEAD":
        return
    assert code_of(response) == attempt.code, response.text
    said = response.json()
    assert ("data" in said) is (attempt.code is None)
    assert set(said.get("extensions", ())) <= EXTENSIONS


def test_every_class_is_tried() -> None:
    assert len(FINDINGS) >= 12
