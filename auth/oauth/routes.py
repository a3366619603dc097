"""The pages of the authorization server: /oauth/* and /.well-known/*."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from auth.oauth.form import MOST_BYTES
from auth.oauth.metadata import (
    INTROSPECTION_PATH,
    JWKS_PATH,
    RESOURCE_PATH,
    REVOCATION_PATH,
    SERVER_PATH,
    TOKEN_PATH,
    resource_metadata,
    server_metadata,
)
from auth.oauth.server import Endpoint, Issuing, OAuthResponse, OAuthServer, respond, too_large
from auth.tokens import TokenVerifier
from storage.database import BUSY, LOST, Database, DatabaseUnavailable

_MAY_BE_KEPT = {"Cache-Control": "public, max-age=300", "Access-Control-Allow-Origin": "*"}


def oauth_routes(
    issuing: Issuing, verifier: TokenVerifier, resource: str, database: Callable[[], Database | None]
) -> Sequence[BaseRoute]:
    """Return the routes; `database` gives the open one, or None before the start."""

    def form_post(endpoint: Endpoint) -> Callable[[Request], Awaitable[Response]]:
        async def answered(request: Request) -> Response:
            body = await _read(request)
            opened = database()
            if body is None:
                answer = too_large(MOST_BYTES)
            elif opened is None:
                answer = _UNAVAILABLE
            else:
                server = OAuthServer(opened, issuing, verifier)
                try:
                    answer = await server.answer(endpoint, request.url.query, request.headers, body)
                except (DatabaseUnavailable, *BUSY, *LOST):
                    answer = _UNAVAILABLE
            return JSONResponse(answer.body, answer.status, dict(answer.headers))

        return answered

    async def jwks(_: Request) -> Response:
        return JSONResponse(issuing.keys.jwks(), headers=_MAY_BE_KEPT)

    async def server(_: Request) -> Response:
        return JSONResponse(server_metadata(issuing.issuer), headers=_MAY_BE_KEPT)

    async def protected(_: Request) -> Response:
        return JSONResponse(resource_metadata(issuing.issuer, resource), headers=_MAY_BE_KEPT)

    return (
        Route(TOKEN_PATH, form_post(Endpoint.TOKEN), methods=["POST"]),
        Route(REVOCATION_PATH, form_post(Endpoint.REVOCATION), methods=["POST"]),
        Route(INTROSPECTION_PATH, form_post(Endpoint.INTROSPECTION), methods=["POST"]),
        Route(JWKS_PATH, jwks, methods=["GET"]),
        Route(SERVER_PATH, server, methods=["GET"]),
        Route(RESOURCE_PATH, protected, methods=["GET"]),
        Route(RESOURCE_PATH + "/graphql", protected, methods=["GET"]),
    )


async def _read(request: Request) -> bytes | None:
    """Read the body, or return None once it is larger than a form may be."""
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            return None
    return body


_UNAVAILABLE: OAuthResponse = respond(
    503,
    {"error": "temporarily_unavailable", "error_description": "The database cannot be reached; try again."},
    [("Retry-After", "1")],
)
