"""The authorization server: Authlib's grants over one connection, in one transaction a request."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from enum import StrEnum
from uuid import UUID

from authlib.oauth2.rfc6749 import OAuth2Error
from authlib.oauth2.rfc7523 import JWTBearerGrant
from sqlalchemy.util import greenlet_spawn

from auth.oauth.client import read_client_id
from auth.oauth.form import FormRequest, named_client, read_form
from auth.oauth.grants import assertion_issuer
from auth.oauth.request_server import Issuing, RequestServer
from auth.oauth.response import OAuthResponse, respond
from auth.tokens import TokenVerifier
from storage.database import Database


class Endpoint(StrEnum):
    """What is asked of the server."""

    TOKEN = "token"  # noqa: S105 - a word
    REVOCATION = "revocation"
    INTROSPECTION = "introspection"


class OAuthServer:
    """Answers requests for tokens, and about them."""

    def __init__(
        self,
        database: Database,
        issuing: Issuing,
        verifier: TokenVerifier,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._database = database
        self._issuing = issuing
        self._verifier = verifier
        self._clock = clock

    async def answer(
        self, endpoint: Endpoint, query: str, headers: Mapping[str, str], body: bytes
    ) -> OAuthResponse:
        """Answer one request, whose header names are lower case. Raises DatabaseUnavailable."""
        try:
            form = read_form(query, headers.get("content-type", ""), body)
            client_id = _client_id(form, headers.get("authorization"))
        except OAuth2Error as error:
            return respond(*error())
        given = {"Authorization": headers["authorization"]} if "authorization" in headers else {}
        request = FormRequest(self._issuing.token_url, form, given)
        # A text that names no org is looked up like another, in an org that has no clients: the same time.
        org_id, _ = read_client_id(client_id) or (UUID(int=0), None)
        async with self._database.transaction(org_id) as connection:
            server = RequestServer(connection, org_id, self._issuing, self._verifier, self._clock())
            if endpoint is Endpoint.TOKEN:
                return await greenlet_spawn(server.create_token_response, request)
            return await greenlet_spawn(server.create_endpoint_response, endpoint, request)


def _client_id(form: Mapping[str, str], authorization: str | None) -> str:
    """Return which client a request says it comes from. Raises OAuth2Error."""
    if form.get("grant_type") == JWTBearerGrant.GRANT_TYPE:
        return assertion_issuer(form, authenticates=authorization is not None)
    return named_client(form, authorization)
