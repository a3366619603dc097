from __future__ import annotations

import asyncio
import json
import os
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from sync.clm.event import Fetch
from sync.clm.fetcher import HttpFetcher, NotABase, NotFetched
from sync.clm.malformed import Malformed

JSON = {"Content-Type": "application/json; charset=utf-8"}
Answer = tuple[int, dict[str, str], bytes]


class Source:
    """A contract system on this machine that answers as the test says, one answer after the other."""

    def __init__(self) -> None:
        self.answers: list[Answer | Callable[[BaseHTTPRequestHandler], None]] = []
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.pauses: list[float] = []
        source = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout: ClassVar[float] = 5

            def do_GET(self) -> None:
                source.asked.append((self.path, {k.lower(): v for k, v in self.headers.items()}))
                answer = source.answers.pop(0) if len(source.answers) > 1 else source.answers[0]
                if callable(answer):
                    answer(self)
                    return
                status, headers, body = answer
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/base"

    def get(self, fetch: Fetch | None = None, **options: Any) -> Any:
        async def pause(seconds: float) -> None:
            self.pauses.append(seconds)

        fetcher = HttpFetcher(
            base=options.pop("base", self.url),
            headers={"Authorization": "Bearer canary"},
            sleep=pause,
            **options,
        )
        return asyncio.run(fetcher.get_json(fetch or Fetch(("contracts", "1"))))


@pytest.fixture
def source() -> Iterator[Source]:
    made = Source()
    thread = threading.Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join()


def test_json_is_got_with_the_connections_credentials_and_exact_numbers(source: Source) -> None:
    source.answers = [(200, JSON, b'{"amount": 0.1}')]
    assert str(source.get(Fetch(("contracts", "a/b c"), {"include": "x y"}))["amount"]) == "0.1"
    path, headers = source.asked[0]
    assert path == "/base/contracts/a%2Fb%20c?include=x+y"
    assert headers["authorization"] == "Bearer canary"


def test_a_netrc_of_the_machine_replaces_no_credentials(
    source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password else\n")
    netrc.chmod(0o600)
    monkeypatch.setitem(os.environ, "NETRC", str(netrc))
    source.answers = [(200, JSON, b"{}")]
    source.get()
    assert source.asked[0][1]["authorization"] == "Bearer canary"


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_what_may_pass_is_asked_again_with_growing_pauses(source: Source, status: int) -> None:
    source.answers = [(status, {}, b"<html>sorry</html>")] * 2 + [(200, JSON, b"[1]")]
    assert source.get() == [1]
    assert len(source.pauses) == 2
    assert 0 <= source.pauses[0] <= 1
    assert 0 <= source.pauses[1] <= 2


def test_a_source_that_says_when_to_come_again_is_asked_then(source: Source) -> None:
    source.answers = [(429, {"Retry-After": "7"}, b""), (200, JSON, b"{}")]
    source.get()
    assert source.pauses == [7]


def test_who_is_to_wait_long_leaves_it_to_the_caller(source: Source) -> None:
    source.answers = [(429, {"Retry-After": "3600"}, b"")]
    with pytest.raises(NotFetched) as refused:
        source.get()
    assert (refused.value.again, refused.value.after) == (True, 3600)
    assert source.pauses == []


def test_it_gives_up_after_its_attempts(source: Source) -> None:
    source.answers = [(503, {}, b"")]
    with pytest.raises(NotFetched, match="HTTP 503") as refused:
        source.get()
    assert refused.value.again
    assert len(source.asked) == 4


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ((401, JSON, b"{}"), "does not take the connection's credentials"),
        ((403, JSON, b"{}"), "credentials do not reach it"),
        ((404, JSON, b"{}"), "does not have it"),
        ((410, JSON, b"{}"), "HTTP 410"),
        ((204, {}, b""), "HTTP 204"),
        ((200, {"Content-Type": "text/html"}, b"{}"), "not JSON by its Content-Type"),
        ((200, {}, b"{}"), "not JSON by its Content-Type"),
        ((200, JSON | {"Content-Encoding": "gzip"}, b"{}"), "is packed"),
        ((200, JSON, b"[" + b"1," * 600 + b"1]"), "larger than 1,000 bytes"),
    ],
)
def test_what_will_not_pass_is_asked_once(source: Source, answer: Answer, reason: str) -> None:
    source.answers = [answer]
    with pytest.raises(NotFetched, match=reason) as refused:
        source.get(largest_body=1000)
    assert not refused.value.again
    assert len(source.asked) == 1


def test_a_redirect_is_never_followed(source: Source) -> None:
    for status in (301, 302, 303, 307, 308):
        source.answers = [(status, {"Location": f"{source.url}/elsewhere"}, b"")]
        source.asked.clear()
        with pytest.raises(NotFetched, match="a redirect, which is never followed: correct the base address"):
            source.get()
        assert len(source.asked) == 1


def test_an_answer_that_is_no_json_is_asked_again(source: Source) -> None:
    source.answers = [(200, JSON, b'{"cut": '), (200, JSON, b"\xff"), (200, JSON, b"{}")]
    assert source.get() == {}


def test_a_cut_connection_is_asked_again(source: Source) -> None:
    def cut(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", "100")
        handler.end_headers()
        handler.wfile.write(b"{")
        handler.wfile.flush()
        handler.connection.shutdown(socket.SHUT_RDWR)
        handler.close_connection = True

    source.answers = [cut, (200, JSON, b"{}")]
    assert source.get() == {}


def test_an_answer_that_trickles_is_given_up(source: Source) -> None:
    def trickle(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "application/json")
        handler.end_headers()
        handler.close_connection = True
        try:
            while True:
                handler.wfile.write(b" ")
                handler.wfile.flush()
                threading.Event().wait(0.01)
        except OSError:
            pass

    source.answers = [trickle]
    with pytest.raises(NotFetched, match=r"took longer than 0\.1 s"):
        source.get(longest_answer=0.1, attempts=1)


def test_nobody_there_is_asked_again_and_told_without_what_was_sent() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    source = Source()
    source.server.server_close()
    with pytest.raises(NotFetched, match="ConnectionError") as refused:
        source.get(base=f"http://127.0.0.1:{port}")
    assert refused.value.again
    assert "canary" not in str(refused.value)
    assert len(source.pauses) == 3


@pytest.mark.parametrize(
    "base",
    [
        "http://clm.example",
        "https://user@clm.example",
        "https://clm.example?x=1",
        "https://clm.example#x",
        "ftp://clm.example",
        "https://",
        "",
    ],
)
def test_a_base_address_carries_no_secret_in_the_clear(base: str) -> None:
    with pytest.raises(NotABase):
        HttpFetcher(base=base, headers={})


def test_credentials_are_in_no_text_of_a_fetcher() -> None:
    assert "canary" not in repr(HttpFetcher(base="https://clm.example", headers={"Authorization": "canary"}))


@pytest.mark.parametrize("segments", [("a", ""), ("a", ".."), (".",), ("a" * 201,)])
def test_a_path_has_no_segment_that_leads_elsewhere(segments: tuple[str, ...]) -> None:
    with pytest.raises(Malformed):
        Fetch(segments)


def test_a_half_character_in_an_id_is_quoted() -> None:
    assert Fetch(("a", json.loads('"\\ud800"'))).path == "a/%3F"
