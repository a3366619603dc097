"""Bodies of every malformed kind: each is refused in JSON, none is a fault of ours."""

from __future__ import annotations

import gzip
import json
from collections.abc import AsyncIterator

import pytest

from api.limits import MAX_BODY, MAX_JSON_DEPTH
from tests.api.graph import PLAIN_JSON, RESPONSE_JSON, Graph, code_of, media_type

pytestmark = pytest.mark.usefixtures("nothing_secret_is_logged")

QUESTION = b'{"query": "{ viewer { subject } }"}'
BOTH = pytest.mark.parametrize("accept", [RESPONSE_JSON, PLAIN_JSON])


def deep(levels: int) -> bytes:
    return b'{"query": "{ __typename }", "variables": {"x": ' + b"[" * levels + b"]" * levels + b"}}"


MALFORMED: dict[str, bytes] = {
    "nothing": b"",
    "spaces": b"   ",
    "a brace": b"{",
    "half": QUESTION[:-5],
    "more behind": QUESTION + b"x",
    "two": QUESTION + QUESTION,
    "null": b"null",
    "true": b"true",
    "number": b"1",
    "string": b'"{ __typename }"',
    "empty array": b"[]",
    "a batch": b"[" + QUESTION + b"]",
    "empty object": b"{}",
    "no query": b'{"variables": {}}',
    "query is null": b'{"query": null}',
    "query is a number": b'{"query": 1}',
    "query is false": b'{"query": false}',
    "query is an array": b'{"query": ["{ __typename }"]}',
    "query is an object": b'{"query": {}}',
    "query is empty": b'{"query": ""}',
    "query is spaces": b'{"query": "  \\n "}',
    "query is a comment": b'{"query": "# nothing"}',
    "query in another case": b'{"Query": "{ __typename }"}',
    "variables are an array": b'{"query": "{ __typename }", "variables": []}',
    "variables are a string": b'{"query": "{ __typename }", "variables": "{}"}',
    "variables are a number": b'{"query": "{ __typename }", "variables": 0}',
    "variables are false": b'{"query": "{ __typename }", "variables": false}',
    "operationName is a number": b'{"query": "{ __typename }", "operationName": 1}',
    "operationName is an object": b'{"query": "{ __typename }", "operationName": {}}',
    "operationName is unknown": b'{"query": "{ __typename }", "operationName": "A"}',
    "operationName is empty": b'{"query": "query A { __typename }", "operationName": ""}',
    "extensions are an array": b'{"query": "{ __typename }", "extensions": []}',
    "extensions are a string": b'{"query": "{ __typename }", "extensions": "x"}',
    "NaN": b'{"query": "query($x: Float) { __typename }", "variables": {"x": NaN}}',
    "Infinity": b'{"query": "query($x: Float) { __typename }", "variables": {"x": -Infinity}}',
    "single quotes": b"{'query': '{ __typename }'}",
    "trailing comma": b'{"query": "{ __typename }",}',
    "a comment": b'/* */ {"query": "{ __typename }"}',
    "byte order mark": b"\xef\xbb\xbf" + QUESTION,
    "utf-16": '{"query": "{ __typename }"}'.encode("utf-16"),
    "utf-32": '{"query": "{ __typename }"}'.encode("utf-32-le"),
    "latin-1": '{"query": "{ __typename } # é"}'.encode("latin-1"),
    "broken utf-8": b'{"query": "{ __typename } # \xc3\x28"}',
    "surrogate in utf-8": b'{"query": "{ __typename } # \xed\xa0\x80"}',
    "overlong utf-8": b'{"query": "{ __typename } # \xc0\x80"}',
    "lone surrogate": b'{"query": "{ __typename } # \\ud800"}',
    "lone surrogate in a variable": (
        b'{"query": "query($n: String) { contract(number: $n) { id } }", "variables": {"n": "\\udc00"}}'
    ),
    "lone surrogate in a document": b'{"query": "{ contract(number: \\"\\\\ud800\\") { id } }"}',
    "raw control character": b'{"query": "{ __type\nname }"}',
    "NUL in the body": b'{"query": "{ __typename }"}\x00',
    "NUL in the document": b'{"query": "{ __typename }\\u0000"}',
    "NUL in a variable": (
        b'{"query": "query($n: String) { contract(number: $n) { id } }", "variables": {"n": "a\\u0000b"}}'
    ),
    "NUL in a literal": b'{"query": "{ contract(number: \\"a\\\\u0000b\\") { id } }"}',
    "NUL in an ID": b'{"query": "query($n: ID) { node(id: $n) { id } }", "variables": {"n": "\\u0000"}}',
    "NUL in a list": (
        b'{"query": "query($n: [String!]) { contracts(filter: {number: {in: $n}}) { totalCount } }",'
        b' "variables": {"n": ["a", "\\u0000"]}}'
    ),
    "NUL in a filter variable": (
        b'{"query": "query($f: ContractFilter) { contracts(filter: $f) { totalCount } }",'
        b' "variables": {"f": {"text": "\\u0000"}}}'
    ),
    "too deep an array": deep(MAX_JSON_DEPTH + 1),
    "a very deep array": deep(50_000),
    "a very deep object": b'{"a":' * 20_000 + b"1" + b"}" * 20_000,
    "brackets never closed": b"[" * 100_000,
    "a huge number": b'{"query": "{ __typename }", "variables": {"x": ' + b"9" * 5000 + b"}} x",
    "a huge exponent": (
        b'{"query": "query($n: Int) { contracts(first: $n) { totalCount } }", "variables": {"n": 1e999}}'
    ),
    "an integer of 64 bits": (
        b'{"query": "query($n: Int) { contracts(first: $n) { totalCount } }",'
        b' "variables": {"n": 9223372036854775808}}'
    ),
    "a huge literal": b'{"query": "{ contracts(first: ' + b"9" * 5000 + b') { totalCount } }"}',
    "a negative page": b'{"query": "{ contracts(first: -1) { nodes { id } } }"}',
    "a fraction for a whole number": b'{"query": "{ contracts(first: 1.5) { totalCount } }"}',
    "an id that is none": b'{"query": "{ node(id: \\"1\\") { id } }"}',
    "a cursor that is none": b'{"query": "{ contracts(after: \\"x\\") { totalCount nodes { id } } }"}',
    "a day that is none": (
        b'{"query": "{ contracts(filter: {expirationDate: {eq: \\"2026-02-30\\"}}) { totalCount } }"}'
    ),
    "a moment without an offset": (
        b'{"query": "{ contracts(filter: {updatedSince: \\"2026-02-03T00:00:00\\"}) { totalCount } }"}'
    ),
    "a number of letters": (
        b'{"query": "{ contracts(filter: {discountPercent: {eq: \\"abc\\"}}) { totalCount } }"}'
    ),
    "a duration that is none": (
        b'{"query": "{ contracts(filter: {renewalTerm: {eq: \\"1 year\\"}}) { totalCount } }"}'
    ),
    "gzip": gzip.compress(QUESTION),
    "a form": b"query=%7B__typename%7D",
    "a document without JSON": b"{ __typename }",
}  # fmt: skip


@BOTH
@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_request_is_refused_in_json(graph: Graph, body: bytes, accept: str) -> None:
    response = graph.post(body, accept)
    assert 400 <= response.status_code < 500 or (accept == PLAIN_JSON and response.status_code == 200)
    errors = response.json()["errors"]
    assert media_type(response) == accept
    assert errors
    assert all(error["message"] for error in errors)
    assert "data" not in response.json()


NOT_GRAPHQL = [
    "nothing", "half", "null", "a batch", "empty object", "query is a number", "variables are an array",
    "operationName is a number", "extensions are an array", "NaN", "latin-1", "very deep", "gzip",
]  # fmt: skip


@pytest.mark.parametrize("name", [each for each in MALFORMED if each in NOT_GRAPHQL])
def test_what_is_no_graphql_request_is_400_in_plain_json_too(graph: Graph, name: str) -> None:
    response = graph.post(MALFORMED[name], PLAIN_JSON)
    assert (response.status_code, code_of(response)) == (400, "BAD_REQUEST")


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "identity"])
def test_a_compressed_body_is_not_taken(graph: Graph, encoding: str) -> None:
    body = gzip.compress(QUESTION) if encoding == "gzip" else QUESTION
    response = graph.send(content=body, headers=graph.headers() | {"content-encoding": encoding})
    if encoding == "identity":
        assert response.status_code == 200
    else:
        assert 400 <= response.status_code < 500
        assert response.json()["errors"]


TWICE = {
    "query": b'{"query": "{ nothing }", "query": "{ __typename }"}',
    "the same": b'{"query": "{ __typename }", "query": "{ __typename }"}',
    "written otherwise": b'{"query": "{ __typename }", "quer\\u0079": "{ __typename }"}',
    "a variable": b'{"query": "{ __typename }", "variables": {"a": 1, "a": 1}}',
    "deep within": b'{"query": "{ __typename }", "variables": {"a": [{"b": {"c": 1, "d": 2, "c": 3}}]}}',
    "beside an escape": rb'{"query": "{ __typename }", "variables": {"a": "\u003a\u003A", "b": 1, "b": 2}}',
    "beside ids": b'{"query": "{ __typename }", "variables": {"a": "sha256:", "sha256:": 1, "sha256:": 2}}',
    "beside colons in text": b'{"query": "{ a: __typename }", "variables": {"a": "::", "b": 1, "b": ":"}}',
}


def test_a_name_given_twice_may_be_as_deep_as_it_likes(graph: Graph) -> None:
    deep = b"[" * 1000 + b"]" * 1000
    response = graph.post(b'{"query": "{ __typename }", "variables": {"a": %b, "a": 1}}' % deep)
    assert (response.status_code, code_of(response)) == (400, "BAD_REQUEST")


@pytest.mark.parametrize("which", TWICE)
def test_a_name_given_twice_is_refused(graph: Graph, which: str) -> None:
    response = graph.post(TWICE[which])
    assert (response.status_code, code_of(response)) == (400, "BAD_REQUEST")
    assert "twice" in response.text


def test_a_name_may_stand_once_in_each_of_many_objects(graph: Graph) -> None:
    body = {"query": "{ a: __typename }", "variables": {"a": [{"a": ":"}, {"a": "::", "b": {"a": 1e5}}]}}
    assert graph.post(json.dumps(body).encode()).json()["data"] == {"a": "Query"}


def test_json_as_deep_as_the_limit_is_read(graph: Graph) -> None:
    # Two levels are the request's own.
    assert graph.post(deep(MAX_JSON_DEPTH - 2)).status_code == 200


def test_brackets_in_text_are_not_depth(graph: Graph) -> None:
    body = {"query": "{ __typename }", "variables": {"x": "[{" * 500 + '\\"' * 10}}
    assert graph.post(json.dumps(body).encode()).status_code == 200


# Size


def body_of(size: int) -> bytes:
    start, end = b'{"query": "{ __typename }", "variables": {"x": "', b'"}}'
    return start + b"x" * (size - len(start) - len(end)) + end


async def in_parts(body: bytes, size: int = 10_000) -> AsyncIterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]


def test_a_body_of_the_largest_size_is_taken(graph: Graph) -> None:
    assert graph.post(body_of(MAX_BODY)).status_code == 200
    assert graph.send(content=in_parts(body_of(MAX_BODY)), headers=graph.headers()).status_code == 200


def test_a_larger_body_is_refused(graph: Graph) -> None:
    whole = graph.post(body_of(MAX_BODY + 1))
    parts = graph.send(content=in_parts(body_of(MAX_BODY + 1)), headers=graph.headers())
    for response in (whole, parts):
        assert (response.status_code, code_of(response)) == (413, "REQUEST_TOO_LARGE")
        assert media_type(response) == RESPONSE_JSON


def test_a_body_in_parts_is_read_whole(graph: Graph) -> None:
    response = graph.send(content=in_parts(QUESTION, 3), headers=graph.headers())
    assert response.json()["data"] == {"viewer": {"subject": "someone"}}
