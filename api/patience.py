"""How the server meets callers that are slow, endless or malformed, for whom uvicorn would wait for ever."""

from __future__ import annotations

import asyncio
import math
from functools import partial
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from api.errors import ApiError, BadRequest
from api.limit_settings import Limits
from api.limits import MAX_HEADER_BYTES, MAX_HEADERS
from api.refusals import HeadersTooLarge, RequestTimeout
from domain.identity import uuid7

NEVER: Final = math.inf
EVERY: Final = 0.5
"""Seconds between two looks: so much later than its limit a connection may end."""


def protocol_with(limits: Limits) -> Any:  # noqa: ANN401 - uvicorn calls it as it would call the class
    """Return what makes the protocol of each connection of a server."""
    return partial(Connection, Watch(limits))


class Watch:
    """Ends connections whose time is up: it looks at all now and then, so that no request sets a timer."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._connections: set[Connection] = set()
        self._next: asyncio.TimerHandle | None = None

    def begin(self, connection: Connection) -> None:
        """Watch a connection."""
        self._connections.add(connection)
        if self._next is None:
            self._next = connection.loop.call_later(EVERY, self._look, connection.loop)

    def end(self, connection: Connection) -> None:
        """Watch a connection no more."""
        self._connections.discard(connection)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        self._next = loop.call_later(EVERY, self._look, loop) if self._connections else None
        now = loop.time()
        for connection in [each for each in self._connections if each.due < now]:
            connection.time_is_up()


class Connection(HttpToolsProtocol):
    """uvicorn's connection, with an end to its patience, a cap on its heads, and JSON for what is no HTTP."""

    def __init__(self, watch: Watch, **given: Any) -> None:  # noqa: ANN401 - as uvicorn gives it
        super().__init__(**given)
        self._watch = watch
        self._limits = watch.limits
        self._time = self.loop.time
        self._arrives_by = NEVER
        self._taken_by = NEVER
        self._in_head = False
        self._in_body = False
        self._head_bytes = self._chunk = 0
        self._refusal: ApiError | None = None

    @property
    def due(self) -> float:
        """When its time is up, by the clock of the loop."""
        return min(self._arrives_by, self._taken_by)

    def connection_made(self, transport: Any) -> None:  # noqa: ANN401 - as asyncio gives it
        """Begin to wait for a head."""
        super().connection_made(transport)
        self._arrives_by = self._time() + self._limits.head_seconds
        self._watch.begin(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._watch.end(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what came; of a head no more than a head may hold."""
        self._chunk = len(data)
        super().data_received(data)
        if self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEADER_BYTES:
                self._in_head = False
                self._refuse(HeadersTooLarge())

    def on_message_begin(self) -> None:
        """Begin to wait for the rest of the head."""
        super().on_message_begin()
        self._in_head, self._head_bytes = True, 0
        self._arrives_by = self._time() + self._limits.head_seconds

    def on_headers_complete(self) -> None:
        """Begin to wait for the body; what is raised here is answered by `send_400_response`."""
        self._in_head = False
        if len(self.headers) > MAX_HEADERS or (
            self._head_bytes + self._chunk > MAX_HEADER_BYTES and self._size_of_head() > MAX_HEADER_BYTES
        ):
            self._refusal = HeadersTooLarge()
            raise self._refusal
        self._in_body = True
        self._arrives_by = self._time() + self._limits.body_seconds
        super().on_headers_complete()

    def _size_of_head(self) -> int:
        return len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)

    def on_message_complete(self) -> None:
        """Wait for nothing while the request is answered."""
        self._in_body = False
        self._arrives_by = NEVER
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Begin to wait for the next request; empty lines, which uvicorn takes for one, prolong nothing."""
        super().on_response_complete()
        if self.timeout_keep_alive_task is not None and not self._in_body and not self._in_head:
            self._arrives_by = self._time() + self._limits.idle_seconds

    def pause_writing(self) -> None:
        """Begin to wait until an answer is taken."""
        self._taken_by = self._time() + self._limits.taking_seconds
        super().pause_writing()

    def resume_writing(self) -> None:
        """Go on: an answer was taken."""
        self._taken_by = NEVER
        super().resume_writing()

    def time_is_up(self) -> None:
        """End it: with an answer where a request is begun and nothing is said yet."""
        if self.transport.is_closing() or self._taken_by < NEVER:
            self.transport.abort()  # what it does not take would keep it open
            return
        self._arrives_by = self._time() + self._limits.idle_seconds
        cycle = self.cycle
        is_free = cycle is None or cycle.response_complete or (self._in_body and not cycle.response_started)
        if is_free and (self._in_head or self._in_body or cycle is None):
            self._refuse(RequestTimeout())
        else:
            self.transport.close()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - it names nothing that helps
        """Refuse what is not HTTP, in JSON."""
        self._refuse(self._refusal or BadRequest("the request is not HTTP/1.1 as it is to be written"))

    def _refuse(self, error: ApiError) -> None:
        known_as = str(uuid7())
        body = error.body(known_as)
        self.transport.write(
            STATUS_LINE[error.status]
            + b"".join(b"%b: %b\r\n" % each for each in self.server_state.default_headers)
            + b"content-type: application/json\r\ncontent-length: %d\r\n" % len(body)
            + b"x-request-id: %b\r\ncache-control: no-store\r\n" % known_as.encode()
            + b"x-content-type-options: nosniff\r\nconnection: close\r\n\r\n"
            + body
        )
        self.transport.close()

    def _unsupported_upgrade_warning(self) -> None:
        """Say nothing: whoever asks for another protocol is answered in this one."""
