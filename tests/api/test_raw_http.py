"""Bytes that are no HTTP, or not quite: refused in JSON, the connection handled right, the server alive."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.limits import MAX_HEADER_BYTES, MAX_HEADERS
from api.settings import Settings
from tests.api.graph import GENEROUS, Graph
from tests.api.served import Served, served
from tests.keys import KEY_ENCRYPTION

pytestmark = pytest.mark.usefixtures("nothing_secret_is_logged")

BODY = b'{"query":"{ __typename }"}'
ANSWER = b'{"data":{"__typename" : "Query"}'


@pytest.fixture(scope="module")
def server(
    seeded_url: str, loop: asyncio.Runner, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    assert loop
    home: Path = tmp_path_factory.mktemp("served")
    with served(
        Settings(home=home, pool_size=2, key_encryption_key=KEY_ENCRYPTION, limits=GENEROUS), seeded_url
    ) as running:
        yield running


@pytest.fixture(scope="module")
def token(graph: Graph) -> bytes:
    return graph.token("legal").encode()


def head(*lines: bytes, method: bytes = b"POST", path: bytes = b"/graphql", host: bool = True) -> bytes:
    given = [method + b" " + path + b" HTTP/1.1", *([b"Host: 127.0.0.1"] if host else []), *lines]
    return b"\r\n".join(given) + b"\r\n\r\n"


def question(token: bytes, *lines: bytes, length: bytes | None = None, body: bytes = BODY) -> bytes:
    said = b"%d" % len(body) if length is None else length
    ours = (b"Authorization: Bearer " + token, b"Content-Type: application/json", b"Content-Length: " + said)
    return head(*ours, *lines) + body


JSON = (b"Content-Type: application/json",)
LENGTH = b"Content-Length: 26"
CHUNKED = b"Transfer-Encoding: chunked"
ONE_CHUNK = b"1a\r\n" + BODY + b"\r\n0\r\n\r\n"

NOT_HTTP: dict[str, bytes] = {
    "both lengths": head(*JSON, LENGTH, CHUNKED) + ONE_CHUNK,
    "both lengths the other way": head(*JSON, CHUNKED, LENGTH) + ONE_CHUNK,
    "two different lengths": head(*JSON, LENGTH, b"Content-Length: 5") + BODY,
    "two equal lengths": head(*JSON, LENGTH, LENGTH) + BODY,
    "a list of lengths": head(*JSON, b"Content-Length: 26, 26") + BODY,
    "a negative length": head(*JSON, b"Content-Length: -1") + BODY,
    "a signed length": head(*JSON, b"Content-Length: +26") + BODY,
    "a length in hexadecimal": head(*JSON, b"Content-Length: 0x1a") + BODY,
    "a length of letters": head(*JSON, b"Content-Length: many") + BODY,
    "a length beyond 64 bits": head(*JSON, b"Content-Length: 99999999999999999999") + BODY,
    "a length with spaces within": head(*JSON, b"Content-Length: 2 6") + BODY,
    "another coding": head(*JSON, b"Transfer-Encoding: gzip") + ONE_CHUNK,
    "chunked is not last": head(*JSON, b"Transfer-Encoding: chunked, gzip") + ONE_CHUNK,
    "chunked is no word of its own": head(*JSON, b"Transfer-Encoding: xchunked") + ONE_CHUNK,
    "a bad size of a chunk": head(*JSON, CHUNKED) + b"zz\r\n" + BODY + b"\r\n0\r\n\r\n",
    "a negative size of a chunk": head(*JSON, CHUNKED) + b"-1\r\n" + BODY + b"\r\n0\r\n\r\n",
    "a huge size of a chunk": head(*JSON, CHUNKED) + b"fffffffffffffffff\r\n" + BODY + b"\r\n0\r\n\r\n",
    "a chunk longer than it says": head(*JSON, CHUNKED) + b"5\r\n" + BODY + b"\r\n0\r\n\r\n",
    "a space before the colon": head(b"Content-Length : 26", *JSON) + BODY,
    "a folded header": head(b"X-Folded: a\r\n b", *JSON, LENGTH) + BODY,
    "a header without a colon": head(b"nothing", *JSON, LENGTH) + BODY,
    "a header without a name": head(b": x", *JSON, LENGTH) + BODY,
    "NUL in a header": head(b"X-Nul: a\x00b", *JSON, LENGTH) + BODY,
    "NUL in a name": head(b"X-\x00Nul: a", *JSON, LENGTH) + BODY,
    "a bare CR in a header": head(b"X-Cr: a\rb", *JSON, LENGTH) + BODY,
    "bare LF as ends of lines": head(*JSON, LENGTH).replace(b"\r\n", b"\n") + BODY,
    "NUL in the target": head(*JSON, LENGTH, path=b"/graph\x00ql") + BODY,
    "a space in the target": head(*JSON, LENGTH, path=b"/graph ql") + BODY,
    "no target": b"POST HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "a method of no HTTP": head(*JSON, LENGTH, method=b"ASK") + BODY,
    "a method in small letters": head(*JSON, LENGTH, method=b"post") + BODY,
    "another version": head(*JSON, LENGTH).replace(b"HTTP/1.1", b"HTTP/9.9") + BODY,
    "HTTP/2 by itself": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "TLS": bytes.fromhex("16030100a5010000a10303") + b"\x00" * 64,
    "nothing of HTTP": b"EHLO example.com\r\n\r\n",
    "binary": bytes(range(256)),
}  # fmt: skip


@pytest.mark.parametrize("what", NOT_HTTP)
def test_what_is_no_http_is_refused_and_the_connection_closed(server: Served, what: str) -> None:
    answer, closed = server.tell(NOT_HTTP[what])
    assert answer is not None
    assert (answer.status, answer.code) == (400, "BAD_REQUEST")
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-request-id"].encode() in answer.body
    assert closed


HOSTS: dict[str, tuple[bytes, int]] = {
    "no host": (head(*JSON, LENGTH, host=False) + BODY, 400),
    "two hosts": (head(b"Host: 127.0.0.1", *JSON, LENGTH) + BODY, 400),
    "a malformed host": (head(b"Host: 127.0.0.1:x", *JSON, LENGTH, host=False) + BODY, 400),
    "an empty host": (head(b"Host: ", *JSON, LENGTH, host=False) + BODY, 400),
    "another host": (head(b"Host: evil.example", *JSON, LENGTH, host=False) + BODY, 421),
    "another host as the target": (
        head(b"Host: evil.example", *JSON, LENGTH, host=False, path=b"http://127.0.0.1/graphql") + BODY, 421,
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", HOSTS)
def test_a_request_that_names_no_host_of_ours_is_refused(server: Served, what: str) -> None:
    said, status = HOSTS[what]
    answer, _ = server.tell(said)
    assert answer is not None
    assert answer.status == status
    assert answer.code in ("BAD_REQUEST", "WRONG_HOST")


# Heads


def sized(token: bytes, size: int) -> bytes:
    bare = question(token, b"X-Fill: ")
    return bare.replace(b"X-Fill: ", b"X-Fill: " + b"x" * (size - (len(bare) - len(BODY))))


def test_a_head_of_the_largest_size_is_taken_and_a_larger_one_refused(server: Served, token: bytes) -> None:
    slack = 64  # what of a request line counts differs by a few bytes
    answer, closed = server.tell(sized(token, MAX_HEADER_BYTES - slack))
    assert answer is not None
    assert (answer.status, closed) == (200, False)
    answer, closed = server.tell(sized(token, MAX_HEADER_BYTES + slack))
    assert answer is not None
    assert (answer.status, answer.code, closed) == (431, "HEADERS_TOO_LARGE", True)


def test_as_many_headers_as_may_be_are_taken_and_one_more_refused(server: Served, token: bytes) -> None:
    for more, status in ((0, 200), (1, 431)):
        lines = [b"X-%d: x" % place for place in range(MAX_HEADERS - 4 + more)]
        answer, _ = server.tell(question(token, *lines))
        assert answer is not None
        assert answer.status == status


@pytest.mark.parametrize("endless", [b"X-Endless: " + b"x" * 8000, b"x" * 8000], ids=["value", "name"])
def test_a_head_without_end_is_cut_off(server: Served, endless: bytes) -> None:
    with server.connection() as caller:
        caller.say(b"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\n" + endless)
        try:
            for _ in range(100):
                caller.say(b"x" * 1024)
        except ConnectionError:
            pass  # what was not read yet is thrown away with the connection, and an answer at times too
        answer = caller.answer()
        assert answer is None or answer.code == "HEADERS_TOO_LARGE"
        assert caller.is_closed()


def test_a_target_without_end_is_cut_off(server: Served) -> None:
    answer, closed = server.tell(head(path=b"/" + b"x" * MAX_HEADER_BYTES, method=b"GET"))
    assert answer is None or answer.status == 431
    assert closed


# What a connection carries


def test_a_connection_carries_one_request_after_another(server: Served, token: bytes) -> None:
    with server.connection() as caller:
        for _ in range(3):
            caller.say(question(token))
            answer = caller.answer()
            assert answer is not None
            assert answer.body.startswith(ANSWER)


def test_requests_sent_at_once_are_answered_in_turn(server: Served, token: bytes) -> None:
    bodies = [b'{"query":"{ a%d: __typename }"}' % place for place in range(10)]
    with server.connection() as caller:
        caller.say(b"".join(question(token, body=each) for each in bodies))
        for place in range(10):
            answer = caller.answer()
            assert answer is not None
            assert answer.body.startswith(b'{"data":{"a%d" :' % place)


def test_what_follows_a_request_is_a_request_of_its_own(server: Served, token: bytes) -> None:
    with server.connection() as caller:
        caller.say(question(token) + b"GARBAGE\r\n\r\n")
        first, second = caller.answer(), caller.answer()
        # It is refused at once: the answer before it may be lost with the connection, never mixed with it.
        assert first is not None
        assert first.status in (200, 400)
        assert second is None or second.status == 400
        assert caller.is_closed()


def test_a_request_byte_by_byte_is_read_as_one(server: Served, token: bytes) -> None:
    with server.connection() as caller:
        caller.say(*(bytes([each]) for each in question(token)))
        answer = caller.answer()
        assert answer is not None
        assert answer.status == 200


def test_chunks_are_read_as_one_body(server: Served, token: bytes) -> None:
    said = head(b"Authorization: Bearer " + token, *JSON, CHUNKED) + ONE_CHUNK
    answer, _ = server.tell(said)
    assert answer is not None
    assert answer.body.startswith(ANSWER)


def test_whoever_waits_to_go_on_is_told_to(server: Served, token: bytes) -> None:
    said = question(token, b"Expect: 100-continue", length=b"26", body=b"")
    with server.connection() as caller:
        caller.say(said)
        goes_on = caller.answer()
        assert goes_on is not None
        assert goes_on.status == 100
        caller.say(BODY)
        answer = caller.answer()
        assert answer is not None
        assert answer.status == 200


def test_whoever_is_refused_is_not_told_to_go_on(server: Served) -> None:
    answer, _ = server.tell(head(*JSON, LENGTH, b"Expect: 100-continue"))
    assert answer is not None
    assert answer.status == 401


@pytest.mark.parametrize("protocol", [b"websocket", b"h2c", b"TLS/1.3"])
def test_no_other_protocol_is_gone_over_to(server: Served, protocol: bytes) -> None:
    lines = (b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: " + protocol, b"HTTP2-Settings: AAMAAABk",
             b"Sec-WebSocket-Version: 13", b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
             b"Sec-WebSocket-Protocol: graphql-transport-ws")  # fmt: skip
    answer, _ = server.tell(head(*lines, method=b"GET"))
    assert answer is not None
    assert (answer.status, answer.code) == (405, "METHOD_NOT_ALLOWED")


def test_connect_opens_nothing(server: Served) -> None:
    answer, _ = server.tell(b"CONNECT 127.0.0.1:80 HTTP/1.1\r\nHost: 127.0.0.1:80\r\n\r\n")
    assert answer is not None
    assert answer.status in (400, 404, 405)


def test_a_large_body_is_refused_before_it_is_whole(server: Served, token: bytes) -> None:
    with server.connection() as caller:
        caller.say(question(token, length=b"10000000", body=b"x" * 200_000))
        answer = caller.answer()
        assert answer is not None
        assert (answer.status, answer.code) == (413, "REQUEST_TOO_LARGE")


def test_old_http_is_answered_and_closed(server: Served, token: bytes) -> None:
    answer, closed = server.tell(question(token).replace(b"HTTP/1.1", b"HTTP/1.0"))
    assert answer is not None
    assert (answer.status, closed) == (200, True)


def test_whoever_hangs_up_leaves_nothing_behind(server: Served, token: bytes) -> None:
    for cut in (5, 60, len(question(token)) - 5, len(question(token))):
        with server.connection() as caller:
            caller.say(question(token)[:cut])
    answer, _ = server.tell(question(token))
    assert answer is not None
    assert answer.status == 200
