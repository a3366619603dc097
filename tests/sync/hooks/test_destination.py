"""Where messages of webhooks go: to the address that was looked at, and never where nobody is to reach."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from sync.alerts.sender import NotAnAddress, NotSent
from sync.hooks.destination import Destination, NotPublic
from sync.hooks.networks import NotANetwork, may_be_reached, networks_of
from tests.sync.alerts.hook import Hook, hooks

HERE = networks_of("127.0.0.0/8, ::1/128")


def send(destination: Destination) -> int:
    return asyncio.run(destination.send(b'{"a": 1}', {"webhook-id": "one"}))


@contextmanager
def answering(answer: bytes) -> Iterator[int]:
    """A server that says one thing to whoever connects, and then nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.sendall(answer)
                connection.recv(65536)
                connection.settimeout(5)
                connection.recv(1)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield int(server.getsockname()[1])


@pytest.mark.parametrize("address", [
    "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",  # noqa: S104
    "224.0.0.1", "255.255.255.255", "198.18.0.1", "::1", "::", "fe80::1", "fe80::1%eth0", "fd00::1",
    "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "64:ff9b::7f00:1", "2002:7f00:1::",
    "2002:a00:1::1", "nonsense", "",
])  # fmt: skip
def test_a_private_address_however_it_is_written_is_not_reached(address: str) -> None:
    assert not may_be_reached(address, ())


@pytest.mark.parametrize(
    "address", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "64:ff9b::5db8:d70e"]
)
def test_a_public_address_is_reached(address: str) -> None:
    assert may_be_reached(address, ())


def test_a_network_that_the_operator_names_is_reached_and_no_other() -> None:
    allowed = networks_of("10.1.0.0/16")
    assert may_be_reached("10.1.2.3", allowed)
    assert may_be_reached("::ffff:10.1.2.3", allowed)
    assert not may_be_reached("10.2.0.1", allowed)
    with pytest.raises(NotANetwork):
        networks_of("10.1.0.0/16, everything")


@pytest.mark.parametrize(
    "bad",
    [
        "http://example.com/",
        "https://a:b@example.com/",
        "ftp://example.com",
        "https:///",
        "https://example.com/#x",
    ],
)
def test_what_is_no_address_is_refused(bad: str) -> None:
    with pytest.raises(NotAnAddress):
        Destination(bad)


def test_this_machine_is_reached_only_where_the_operator_says_so() -> None:
    hook = Hook()
    with hooks(hook):
        for address in (hook.url, hook.url.replace("127.0.0.1", "localhost")):
            with pytest.raises(NotPublic) as refused:
                send(Destination(address))
            assert not refused.value.again
            assert send(Destination(address, HERE)) == 200
    assert len(hook.sent) == 2
    headers, body = hook.sent[0]
    assert (body, headers["webhook-id"], headers["content-type"]) == (b'{"a": 1}', "one", "application/json")


def test_a_name_of_which_one_address_is_private_is_not_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    both = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, 443)) for each in ("93.184.215.14", "127.0.0.1")
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: both)
    with pytest.raises(NotPublic):
        send(Destination("https://rebinding.example/"))


def test_what_keeps_a_message_from_being_sent_is_told_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(NotSent, match="nothing listens there"):
        send(Destination(f"http://127.0.0.1:{port}/", HERE))

    def nowhere(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", nowhere)
    with pytest.raises(NotSent, match="its name leads to no address"):
        send(Destination("https://nowhere.example/"))


def test_a_redirect_is_not_followed() -> None:
    elsewhere = Hook()
    hook = Hook(302, headers={"Location": elsewhere.url})
    with hooks(hook, elsewhere), pytest.raises(NotSent, match="HTTP 302") as refused:
        send(Destination(hook.url, HERE))
    assert (refused.value.again, elsewhere.sent) == (False, [])


@pytest.mark.parametrize(
    ("statuses", "again", "after"),
    [(503, True, 7.0), (429, True, 7.0), (400, False, None), (410, False, None)],
)
def test_an_answer_says_whether_and_when_it_is_worth_sending_again(
    statuses: int,
    again: bool,  # noqa: FBT001 - the case
    after: float | None,
) -> None:
    hook = Hook(statuses, headers={"Retry-After": "7"})
    with hooks(hook), pytest.raises(NotSent) as refused:
        send(Destination(hook.url, HERE))
    assert (refused.value.again, refused.value.after) == (again, after)
    assert "canary" not in str(refused.value)


@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/1.1 200 OK\r\nX: ", b"SSH-2.0-x\r\n\r\n", b"HTTP/1.1 999 X\r\n\r\n", b"X" * 70_000]
)
def test_a_server_that_does_not_answer_in_time_or_in_http_is_tried_again(answer: bytes) -> None:
    with answering(answer) as port, pytest.raises(NotSent) as refused:
        send(Destination(f"http://127.0.0.1:{port}/canary", HERE, patience=0.5))
    assert refused.value.again
    assert "canary" not in str(refused.value)


def test_what_comes_before_the_answer_is_not_the_answer() -> None:
    with answering(b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n") as port:
        assert send(Destination(f"http://127.0.0.1:{port}/", HERE)) == 204


def test_who_cannot_prove_the_name_is_told_nothing() -> None:
    with answering(b"HTTP/1.1 200 OK\r\n\r\n") as port, pytest.raises(NotSent, match="TLS"):
        send(Destination(f"https://localhost:{port}/", HERE))
