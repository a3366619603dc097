"""The pages of the authorization server: /oauth/* and /.well-known/*."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from html import escape

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

from auth.oauth import openapi
from auth.oauth.form import MOST_BYTES
from auth.oauth.issuing import Issuing
from auth.oauth.metadata import (
    AUTHORIZATION_PATH,
    CALLBACK_PATH,
    INTROSPECTION_PATH,
    JWKS_PATH,
    RESOURCE_PATH,
    REVOCATION_PATH,
    SERVER_PATH,
    TOKEN_PATH,
    resource_metadata,
    server_metadata,
)
from auth.oauth.response import OAuthResponse, respond, too_large
from auth.oauth.server import Asked, Endpoint, OAuthServer
from auth.oauth.sign_in import SIGN_IN_LIFETIME, SignInFlow
from auth.oauth.throttle import Throttle
from storage.database import BUSY, LOST, Database, DatabaseUnavailable

Answered = Callable[[Request], Awaitable[Response]]

_MAY_BE_KEPT = {"Cache-Control": "public, max-age=300", "Access-Control-Allow-Origin": "*"}
_COOKIE_LIFETIME = int(SIGN_IN_LIFETIME.total_seconds())
_UNAVAILABLE: OAuthResponse = respond(
    503,
    {"error": "temporarily_unavailable", "error_description": "The database cannot be reached; try again."},
    [("Retry-After", "1")],
)
_OK = "ok"
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>contract-graph</title></head>
<body><h1>Nobody was signed in</h1><p>{told}</p></body></html>
"""


class OAuthPages:
    """Turns requests into questions to the authorization server; `database` gives it once it is open."""

    def __init__(
        self,
        issuing: Issuing,
        throttle: Throttle,
        database: Callable[[], Database | None],
    ) -> None:
        self._issuing = issuing
        self._throttle = throttle
        self._database = database
        self._secure = issuing.issuer.startswith("https:")
        self._cookie = "__Host-contract-graph" if self._secure else "contract-graph"
        self.answered: Counter[tuple[Endpoint, str]] = Counter()
        """How often each endpoint was asked, by the error that it answered, `ok` where it was none."""

    def routes(self) -> Sequence[BaseRoute]:
        """Return the routes."""
        return (
            Route(TOKEN_PATH, self._posted(Endpoint.TOKEN), methods=["POST"]),
            Route(REVOCATION_PATH, self._posted(Endpoint.REVOCATION), methods=["POST"]),
            Route(INTROSPECTION_PATH, self._posted(Endpoint.INTROSPECTION), methods=["POST"]),
            Route(AUTHORIZATION_PATH, self._browsed(self._authorize), methods=["GET"]),
            Route(CALLBACK_PATH, self._browsed(self._callback), methods=["GET"]),
            Route(JWKS_PATH, self._jwks, methods=["GET"]),
            Route(SERVER_PATH, self._server, methods=["GET"]),
            Route(RESOURCE_PATH, self._protected, methods=["GET"]),
            Route(openapi.PATH, self._openapi, methods=["GET"]),
        )

    def _posted(self, endpoint: Endpoint) -> Answered:
        async def answered(request: Request) -> Response:
            answer = await self._answer(endpoint, request)
            self.answered[endpoint, _result(answer)] += 1
            return JSONResponse(answer.body, answer.status, dict(answer.headers))

        return answered

    async def _answer(self, endpoint: Endpoint, request: Request) -> OAuthResponse:
        body, database = await _read(request), self._database()
        if body is None:
            return too_large(MOST_BYTES)
        if database is None:
            return _UNAVAILABLE
        server = OAuthServer(database, self._issuing, self._throttle)
        address = request.client.host if request.client else ""
        try:
            return await server.answer(endpoint, Asked(request.url.query, request.headers, body, address))
        except (DatabaseUnavailable, *BUSY, *LOST):
            return _UNAVAILABLE

    def _browsed(self, answer: Callable[[SignInFlow, Request], Awaitable[Response]]) -> Answered:
        async def answered(request: Request) -> Response:
            database = self._database()
            if database is None:
                return _page(_UNAVAILABLE)
            try:
                return await answer(SignInFlow(database, self._issuing), request)
            except (DatabaseUnavailable, *BUSY, *LOST):
                return _page(_UNAVAILABLE)

        return answered

    async def _authorize(self, flow: SignInFlow, request: Request) -> Response:
        answer, browser = await flow.begin(request.url.query, request.cookies.get(self._cookie))
        response = _page(answer)
        response.set_cookie(
            self._cookie, browser, max_age=_COOKIE_LIFETIME, httponly=True, samesite="lax",
            secure=self._secure,
        )  # fmt: skip
        return response

    async def _callback(self, flow: SignInFlow, request: Request) -> Response:
        return _page(await flow.complete(request.url.query, request.cookies.get(self._cookie)))

    async def _jwks(self, _: Request) -> Response:
        return JSONResponse(self._issuing.keys.current.jwks(), headers=_MAY_BE_KEPT)

    async def _server(self, _: Request) -> Response:
        return JSONResponse(server_metadata(self._issuing.issuer), headers=_MAY_BE_KEPT)

    async def _openapi(self, _: Request) -> Response:
        return JSONResponse(openapi.document(self._issuing.issuer), headers=_MAY_BE_KEPT)

    async def _protected(self, _: Request) -> Response:
        found = resource_metadata(self._issuing.issuer, self._issuing.resource)
        return JSONResponse(found, headers=_MAY_BE_KEPT)


def _result(answer: OAuthResponse) -> str:
    error = (answer.body or {}).get("error")
    return _OK if error is None else str(error)


def _page(answer: OAuthResponse) -> Response:
    """Answer a browser: send it on, or tell whoever sits there what is wrong."""
    headers = {**answer.headers, "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff"}
    if "Location" in headers:
        return Response(status_code=answer.status, headers=headers)
    body = answer.body or {}
    told = escape(str(body.get("error_description") or body.get("error")))
    headers |= {"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'"}
    return HTMLResponse(_PAGE.format(told=told), answer.status, headers)


async def _read(request: Request) -> bytes | None:
    """Read the body, or return None once it is larger than a form may be."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            return None
    return body
