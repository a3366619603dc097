"""/metrics: the figures of this process, to whoever knows the token, or asks on the loopback port."""

from __future__ import annotations

import asyncio
import errno
import hmac
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Final

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.metrics import MEDIA_TYPE, Family, exposition
from api.settings import Settings, SettingsError

PATH: Final = "/metrics"
LOOPBACK: Final = "127.0.0.1"
MOST_PROCESSES: Final = 16
"""Ports from the one that is set that processes of one machine take, each the first that is free."""

Source = Callable[[], Awaitable[Iterable[Family]]]


class MetricsPage:
    """Tells the figures of a source; with a token only to who brings it, and nothing else is told apart."""

    def __init__(self, source: Source, token: str | None = None) -> None:
        self._source = source
        self._expected = None if token is None else f"Bearer {token}".encode()

    def route(self) -> Route:
        """Return the route."""
        return Route(PATH, self.answer, methods=["GET"])

    async def answer(self, request: Request) -> Response:
        """Answer one request: as if there were no such page where the token is not the right one."""
        given = request.headers.get("authorization", "").encode()
        if self._expected is not None and not hmac.compare_digest(given, self._expected):
            raise HTTPException(404)
        text = exposition(await self._source())
        return Response(text, media_type=MEDIA_TYPE, headers={"Cache-Control": "no-store"})


class _Beside(uvicorn.Server):
    """A server beside another, which alone is told by signals when to end."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def metrics_told(settings: Settings, source: Source) -> AsyncIterator[int | None]:
    """Tell figures on the loopback port while what is inside runs, if one is set; gives the port taken.

    Raises SettingsError where none of the ports is free.
    """
    if settings.metrics_port is None:
        yield None
        return
    with open_door(settings.metrics_port) as door:
        # A page in a browser on this machine may send a request here under a name of its own: it gets none.
        trusted = Middleware(TrustedHostMiddleware, allowed_hosts=[LOOPBACK, "localhost"])
        pages = Starlette(routes=[MetricsPage(source).route()], middleware=[trusted])
        server = _Beside(uvicorn.Config(pages, **_UVICORN))
        serving = asyncio.create_task(server.serve(sockets=[door]))
        try:
            yield door.getsockname()[1]
        finally:
            server.should_exit = True
            await serving


_UVICORN: Final[dict[str, Any]] = {
    "http": "httptools",
    "ws": "none",
    "lifespan": "off",
    "log_config": None,
    "access_log": False,
    "proxy_headers": False,
    "server_header": False,
    "timeout_graceful_shutdown": 1,
}


def open_door(first: int) -> socket.socket:
    """Take the first port that is free, from one on. Raises SettingsError where none is."""
    last = min(first + MOST_PROCESSES, 65536)
    for port in range(first, last):
        door = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            door.bind((LOOPBACK, port))
            door.listen()
        except OSError as error:
            door.close()
            if error.errno != errno.EADDRINUSE:
                break
        else:
            return door
    raise SettingsError(
        f"none of the ports {first} to {last - 1} of {LOOPBACK} can be listened on:"
        " set CONTRACT_GRAPH_METRICS_PORT to another"
    )
