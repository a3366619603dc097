"""Callers that take their time: each connection ends, with an answer where one can be given."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from api.settings import Settings
from tests.api.graph import GENEROUS, Graph
from tests.api.served import Caller, Served, served
from tests.api.test_raw_http import BODY, question
from tests.keys import KEY_ENCRYPTION

IMPATIENT = replace(GENEROUS, head_seconds=1, body_seconds=1, idle_seconds=1, taking_seconds=1)
START = b"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\n"


@pytest.fixture(scope="module")
def server(
    seeded_url: str, loop: asyncio.Runner, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    assert loop
    home: Path = tmp_path_factory.mktemp("impatient")
    settings = Settings(home=home, pool_size=2, key_encryption_key=KEY_ENCRYPTION, limits=IMPATIENT)
    with served(settings, seeded_url) as running:
        yield running


@pytest.fixture(scope="module")
def token(graph: Graph) -> bytes:
    return graph.token("legal").encode()


def test_whoever_says_nothing_is_sent_away(server: Served) -> None:
    with server.connection() as caller:
        answer = caller.answer()
        assert answer is not None
        assert (answer.status, answer.code) == (408, "REQUEST_TIMEOUT")
        assert caller.is_closed()


@pytest.mark.parametrize("said", [b"P", START, START + b"X-Slow: ", b"\r\n\r\n"])
def test_half_a_head_is_not_waited_for(server: Served, said: bytes) -> None:
    with server.connection() as caller:
        caller.say(said)
        answer = caller.answer()
        assert answer is not None
        assert (answer.status, answer.code) == (408, "REQUEST_TIMEOUT")
        assert caller.is_closed()


def test_half_a_body_is_not_waited_for(server: Served, token: bytes) -> None:
    with server.connection() as caller:
        caller.say(question(token, length=b"1000", body=BODY))
        answer = caller.answer()
        assert answer is not None
        assert (answer.status, answer.code) == (408, "REQUEST_TIMEOUT")
        assert caller.is_closed()


def test_the_body_of_whoever_is_refused_is_not_waited_for(server: Served) -> None:
    with server.connection() as caller:
        caller.say(question(b"x.y.z", length=b"1000", body=BODY))
        answer = caller.answer()
        assert answer is not None
        assert answer.status == 401
        assert caller.answer() is None
        assert caller.is_closed()


def drip(caller: Caller, made: Callable[[int], bytes]) -> None:
    """Say a little at a time for as long as it is taken."""
    deadline = time.monotonic() + 30
    place = 0
    while time.monotonic() < deadline:
        try:
            caller.say(made(place))
        except ConnectionError:
            return
        place += 1
        time.sleep(0.1)
    pytest.fail("it goes on for ever")


def test_a_head_that_drips_is_cut_off(server: Served) -> None:
    with server.connection() as caller:
        caller.say(START)
        drip(caller, lambda place: b"X-%d: x\r\n" % place)


def test_a_body_that_drips_is_cut_off(server: Served, token: bytes) -> None:
    with server.connection() as caller:
        caller.say(question(token, length=b"100000", body=b" "))
        drip(caller, lambda _: b" ")


def test_empty_lines_do_not_keep_a_connection(server: Served, token: bytes) -> None:
    with server.connection() as caller:
        caller.say(question(token))
        answer = caller.answer()
        assert answer is not None
        assert answer.status == 200
        drip(caller, lambda _: b"\r\n")


def test_whoever_asks_nothing_more_is_let_go(server: Served, token: bytes) -> None:
    with server.connection() as caller:
        caller.say(question(token))
        answer = caller.answer()
        assert answer is not None
        assert answer.status == 200
        assert caller.answer() is None
        assert caller.is_closed()


def test_whoever_does_not_take_the_answers_is_let_go(server: Served) -> None:
    with socket.socket() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.connect(("127.0.0.1", server.port))
        deaf.settimeout(1)
        asked = b"GET /schema.graphql HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" * 200
        with suppress(TimeoutError, ConnectionError):  # nor is taken what is asked meanwhile
            deaf.sendall(asked)
        server.until_nobody_is_connected()


def test_many_that_are_half_open_are_let_go_and_the_others_are_answered(server: Served, token: bytes) -> None:
    with ExitStack() as stack:
        opened = [stack.enter_context(server.connection()) for _ in range(100)]
        for caller in opened:
            caller.say(START)
        answer, _ = server.tell(question(token))
        assert answer is not None
        assert answer.status == 200
        for caller in opened:
            answer = caller.answer()
            assert answer is not None
            assert answer.status == 408
            assert caller.is_closed()
    server.until_nobody_is_connected()
