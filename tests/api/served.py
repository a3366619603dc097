"""The application behind its own server, on a port of this machine, and spoken to byte by byte."""

from __future__ import annotations

import asyncio
import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import orjson
import uvicorn

from api.app import Application
from api.commands.serve import uvicorn_settings
from api.settings import Settings

PATIENCE = 30
"""Seconds after which a server has hung, however slow the machine."""


@dataclass(frozen=True)
class RawAnswer:
    """What a server answered, and whether it then closed the connection."""

    status: int
    headers: dict[str, str]
    body: bytes
    rest: bytes = b""

    @property
    def code(self) -> str | None:
        """The code of its first error."""
        errors = orjson.loads(self.body).get("errors") if self.body else None
        return errors[0]["extensions"]["code"] if errors else None


@dataclass
class Caller:
    """One connection, which says and hears bytes."""

    connection: socket.socket
    _heard: bytes = field(default=b"", init=False)

    def say(self, *parts: bytes) -> None:
        for part in parts:
            self.connection.sendall(part)

    def answer(self) -> RawAnswer | None:
        """The next answer; None where the connection was closed without one."""
        while b"\r\n\r\n" not in self._heard:
            if not self._hear():
                return None
        head, _, rest = self._heard.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        status = int(re.fullmatch(r"HTTP/1\.1 (\d{3})( .*)?", first)[1])  # type: ignore[index]
        length = 0 if status < 200 else int(headers.get("content-length", 0))
        while len(rest) < length:
            self._heard = b""
            assert self._hear(), "closed within an answer"
            rest += self._heard
        self._heard = rest[length:]
        return RawAnswer(status, headers, rest[:length])

    def is_closed(self) -> bool:
        """Whether the server closes the connection; waits until it does, and nothing may be said before."""
        while self._hear():
            pass
        return self._heard == b""

    def _hear(self) -> bool:
        try:
            came = self.connection.recv(65536)
        except ConnectionError:
            return False
        self._heard += came
        return bool(came)


@dataclass(frozen=True)
class Served:
    """A running server."""

    port: int
    application: Application
    _server: uvicorn.Server

    def until_nobody_is_connected(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while self._server.server_state.connections:
            assert time.monotonic() < deadline, "a connection stays open"
            time.sleep(0.05)

    @contextmanager
    def connection(self) -> Iterator[Caller]:
        with socket.create_connection(("127.0.0.1", self.port), PATIENCE) as opened:
            yield Caller(opened)

    def tell(self, *parts: bytes) -> tuple[RawAnswer | None, bool]:
        """Say something on a connection of its own; the answer, and whether it was closed after it."""
        with self.connection() as caller:
            caller.say(*parts)
            answer = caller.answer()
            closes = answer is None or answer.headers.get("connection") == "close"
            return answer, caller.is_closed() if closes else False


@contextmanager
def served(settings: Settings, database_url: str) -> Iterator[Served]:
    """Serve an application in a thread, and stop it."""
    with socket.socket() as door:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        door.bind(("127.0.0.1", 0))
        application = Application(settings, database_url)
        server = uvicorn.Server(uvicorn.Config(application, **uvicorn_settings(settings.limits)))
        factory = server.config.get_loop_factory()

        def run() -> None:
            with asyncio.Runner(loop_factory=factory) as runner:
                runner.run(server.serve(sockets=[door]))

        thread = threading.Thread(target=run)
        thread.start()
        try:
            deadline = time.monotonic() + PATIENCE
            while not server.started:
                assert thread.is_alive(), "it did not start"
                assert time.monotonic() < deadline, "it does not start"
                time.sleep(0.01)
            yield Served(door.getsockname()[1], application, server)
        finally:
            server.should_exit = True
            thread.join(PATIENCE)
