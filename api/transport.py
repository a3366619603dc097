"""What holds for every request over HTTP, whatever it asks for: the host it names, what guards its answer."""

from __future__ import annotations

import logging
import re
from contextlib import suppress
from typing import Any, Final
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response

from api.errors import ApiError, BadRequest, InternalError, where
from api.headers import Header
from api.metrics_page import PATH as METRICS_PATH
from api.refusals import MethodNotAllowed, NotFound, WrongHost
from api.settings import Settings
from auth.oauth.metadata import GRAPHQL_PATH, REVOCATION_PATH, TOKEN_PATH
from domain.identity import uuid7

log = logging.getLogger("contract_graph.transport")

LOOPBACK: Final = ("127.0.0.1", "localhost", "[::1]")
UNEXPECTED: Final = "the request could not be answered; the operator's log says why"
PROBES: Final = frozenset({"/health", "/health/live", "/health/ready", "/ready", METRICS_PATH})
"""What may be asked by any name: probes and Prometheus go to an address, and are told nothing else."""

GUARDS: Final[tuple[Header, ...]] = (
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
"""Headers of every answer that does not say otherwise itself."""

_HOST: Final = re.compile(rb"([a-z0-9._-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?")
MOST_KNOWN: Final = 100

HSTS: Final[Header] = (b"strict-transport-security", b"max-age=63072000; includeSubDomains")
FOR_PAGES: Final = frozenset({GRAPHQL_PATH, TOKEN_PATH, REVOCATION_PATH})
"""What a page of an origin that the settings name may ask."""


def guards(settings: Settings) -> tuple[Header, ...]:
    """Return the headers that guard an answer; over https browsers are to ask by nothing else."""
    return (*GUARDS, HSTS) if settings.issuer.startswith("https:") else GUARDS


class Transport:
    """Guards an ASGI application: refuses hosts that are not ours, and adds to each answer what it lacks."""

    def __init__(self, application: Any, settings: Settings) -> None:  # noqa: ANN401 - ASGI's own type
        self._application = application
        self._for_pages = application
        self._hosts = {*LOOPBACK, settings.host, *settings.hosts, urlsplit(settings.issuer).hostname}
        self._known: set[bytes] = set()
        self._guards = {name: (name, value) for name, value in guards(settings)}
        if settings.origins:
            self._for_pages = CORSMiddleware(
                application,
                allow_origins=settings.origins,
                allow_methods=["POST"],
                allow_headers=[
                    "authorization",
                    "content-type",
                    "dpop",
                    "prefer",
                    "read-after",
                    "x-request-id",
                ],
                expose_headers=["www-authenticate", "x-request-id", "retry-after"],
                max_age=600,
            )

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI's own types
        """Answer one request, or refuse it for the host that it names."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1002, "reason": "no sockets here"})
            return
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        refused = None if scope["path"] in PROBES else self._misdirected(scope["headers"])
        # The door of /graphql guards its answers itself: every request there would pay for a second look.
        guarded = send if scope["path"] == GRAPHQL_PATH and refused is None else self._guarded(send)
        application = told(refused) if refused is not None else self._application
        if refused is None and scope["path"] in FOR_PAGES:
            application = self._for_pages
        try:
            await application(scope, receive, guarded)
        except Exception as error:  # noqa: BLE001 - the boundary: uvicorn would log the message, which may hold values
            log.error("unexpected %s at %s", type(error).__name__, where(error))  # noqa: TRY400 - as above
            with suppress(RuntimeError):  # Starlette has answered before it raises
                await told(InternalError(UNEXPECTED))(scope, receive, self._guarded(send))

    def _guarded(self, send: Any) -> Any:  # noqa: ANN401 - ASGI's own types
        guards = self._guards

        async def sending(message: Any) -> None:  # noqa: ANN401 - as above
            if message["type"] == "http.response.start":
                headers = message["headers"] = list(message.get("headers", ()))
                there = {name for name, _ in headers}
                headers += [each for name, each in guards.items() if name not in there]
                if b"x-request-id" not in there:
                    headers.append((b"x-request-id", str(uuid7()).encode()))
            await send(message)

        return sending

    def _misdirected(self, headers: list[Header]) -> ApiError | None:
        """Say why the host that a request names is refused, or None."""
        named = [value for name, value in headers if name == b"host"]
        if len(named) != 1:
            return BadRequest("the request must name its host, once")
        if named[0] in self._known:
            return None
        read = _HOST.fullmatch(named[0].lower())
        if read is None:
            return BadRequest("the request's Host cannot be read")
        if read[1].decode() not in self._hosts:
            return WrongHost()
        if len(self._known) < MOST_KNOWN:  # by whatever ports; these are not read again
            self._known.add(named[0])
        return None


def told(error: ApiError, headers: dict[str, str] | None = None) -> Response:
    """Answer with an error."""
    known_as = str(uuid7())
    return Response(
        error.body(known_as),
        error.status,
        {**(headers or {}), "X-Request-Id": known_as},
        media_type="application/json",
    )


async def _not_served(_: Request, error: Exception) -> Response:
    """Answer what Starlette would answer in words of its own."""
    found = error if isinstance(error, HTTPException) else HTTPException(500)
    kinds: dict[int, type[ApiError]] = {404: NotFound, 405: MethodNotAllowed}
    kind = kinds.get(
        found.status_code, BadRequest if found.status_code < InternalError.status else InternalError
    )
    return told(kind(), dict(found.headers or {}))


async def _failed(_: Request, __: Exception) -> Response:
    return told(InternalError(UNEXPECTED))


HANDLERS: Final[Any] = {HTTPException: _not_served, Exception: _failed}
"""How Starlette tells what it refuses, and a fault of ours."""
