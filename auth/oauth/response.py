"""What the authorization server answers with, before it is HTTP."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, NamedTuple

from authlib.oauth2.rfc6749 import InvalidRequestError
from joserfc.errors import JoseError

log = logging.getLogger("contract_graph.oauth")


class OAuthResponse(NamedTuple):
    """An answer of the authorization server; a body of None has no content."""

    status: int
    body: Mapping[str, Any] | None
    headers: Mapping[str, str]


def respond(status: int, body: Mapping[str, Any] | None, headers: list[tuple[str, str]]) -> OAuthResponse:
    """Carry an answer of Authlib's, which is never to be stored."""
    kept = {name: value for name, value in headers if name.lower() != "content-type"}
    if status == 401:  # noqa: PLR2004 - a status of HTTP
        kept["WWW-Authenticate"] = 'Basic realm="contract-graph"'
    return OAuthResponse(status, body, kept | {"Cache-Control": "no-store", "Pragma": "no-cache"})


def too_large(limit: int) -> OAuthResponse:
    """Refuse a body that is too large."""
    return respond(*InvalidRequestError(f"A request holds at most {limit} bytes.", status_code=413)())


def too_often(wait: int) -> OAuthResponse:
    """Ask a client to come again after so many seconds."""
    told = {
        "error": "temporarily_unavailable",
        "error_description": f"Too many requests; wait {wait} seconds.",
    }
    return respond(429, told, [("Retry-After", str(wait))])


MALFORMED = (ValueError, RecursionError, JoseError)
"""What Authlib lets escape where a request holds what no message of OAuth may hold, or nests too deep."""


def malformed(error: BaseException) -> OAuthResponse:
    """Refuse a request that could not be worked on; the log gets no text: it may hold values."""
    log.warning("a malformed request: %s", type(error).__name__)
    return respond(*InvalidRequestError("The request is malformed.")())
