"""The authorization server: Authlib's grants over one connection, in one transaction a request."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from anyio import to_thread
from authlib.oauth2.rfc6749 import InvalidGrantError, OAuth2Error
from authlib.oauth2.rfc7523 import JWTBearerGrant
from sqlalchemy.util import greenlet_spawn

from auth.dpop import Proof, read_proof
from auth.oauth.client import TOKEN_EXCHANGE, read_client_id
from auth.oauth.exchange import ID_TOKEN
from auth.oauth.form import FormRequest, named_client, read_form
from auth.oauth.grants import assertion_issuer
from auth.oauth.issuing import Issuing
from auth.oauth.provider import Identity, SignInFailed
from auth.oauth.request_server import RequestServer
from auth.oauth.response import MALFORMED, OAuthResponse, malformed, respond, too_often
from auth.oauth.throttle import Throttle
from auth.token_refused import InvalidProof
from storage.database import Database
from storage.sign_ins import SignInProvider, find_provider


class Endpoint(StrEnum):
    """What is asked of the server."""

    TOKEN = "token"  # noqa: S105 - a word
    REVOCATION = "revocation"
    INTROSPECTION = "introspection"


_UNPROVEN = ("invalid_client", "invalid_grant")


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it came: header names are in lower case, `address` is the caller's."""

    query: str
    headers: Mapping[str, str]
    body: bytes
    address: str


class OAuthServer:
    """Answers requests for tokens, and about them."""

    def __init__(
        self,
        database: Database,
        issuing: Issuing,
        throttle: Throttle,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._database = database
        self._issuing = issuing
        self._throttle = throttle
        self._clock = clock

    async def answer(self, endpoint: Endpoint, asked: Asked) -> OAuthResponse:
        """Answer one request. Raises DatabaseUnavailable."""
        authorization = asked.headers.get("authorization")
        try:
            form = read_form(asked.query, asked.headers.get("content-type", ""), asked.body)
            client_id = _client_id(form, authorization)
        except OAuth2Error as error:
            return respond(*error())
        if wait := self._throttle.admit(client_id, asked.address):
            return too_often(wait)
        try:
            proof = self._proof(endpoint, asked.headers)
        except InvalidProof as error:
            return respond(*OAuth2Error(error.description, error="invalid_dpop_proof")())
        given = {} if authorization is None else {"Authorization": authorization}
        request = FormRequest(self._issuing.token_url, form, given)
        # A text that names no org is looked up like another, in an org that has no clients: the same time.
        org_id, _ = read_client_id(client_id) or (UUID(int=0), None)
        try:
            if endpoint is Endpoint.TOKEN and form.get("grant_type") == TOKEN_EXCHANGE:
                answer = await self._exchange(org_id, request, proof)
            else:
                answer = await self._answer(endpoint, org_id, request, proof)
        except MALFORMED as error:
            answer = malformed(error)
        if (answer.body or {}).get("error") in _UNPROVEN:
            self._throttle.failed(client_id, asked.address)
        return answer

    async def _answer(
        self, endpoint: Endpoint, org_id: UUID, request: FormRequest, proof: Proof | None
    ) -> OAuthResponse:
        async with self._database.transaction(org_id) as connection:
            server = RequestServer(connection, org_id, self._issuing, self._clock(), proof)
            if endpoint is Endpoint.TOKEN:
                answer: OAuthResponse = await greenlet_spawn(server.create_token_response, request)
            else:
                answer = await greenlet_spawn(server.create_endpoint_response, endpoint, request)
        return answer

    async def _exchange(self, org_id: UUID, request: FormRequest, proof: Proof | None) -> OAuthResponse:
        """Answer a token exchange: the client is judged, then its subject token, then the user."""
        async with self._database.transaction(org_id) as connection:
            server = RequestServer(connection, org_id, self._issuing, self._clock(), proof)
            begun = await greenlet_spawn(server.begin_exchange, request)
            provider = await find_provider(connection, org_id)
        if isinstance(begun, OAuthResponse):
            return begun
        identity = await self._identity(org_id, provider, request)
        async with self._database.transaction(org_id) as connection:
            server = RequestServer(connection, org_id, self._issuing, self._clock(), proof)
            answer: OAuthResponse = await greenlet_spawn(server.finish_exchange, begun, identity)
        return answer

    async def _identity(
        self, org_id: UUID, provider: SignInProvider | None, request: FormRequest
    ) -> Identity | OAuth2Error:
        """Ask the org's Salesforce whom a subject token is about."""
        if provider is None:
            return InvalidGrantError("No sign-in provider is set for this org: contract-graph signin set.")

        def ask() -> Identity:
            client, subject = self._issuing.provider(org_id, provider), request.form["subject_token"]
            if request.form["subject_token_type"] == ID_TOKEN:
                return client.read_id_token(subject, self._clock())
            return client.introspect(subject)

        try:
            return await to_thread.run_sync(ask)
        except SignInFailed as error:
            return InvalidGrantError(f"The subject token proves nothing: {error}.")

    def _proof(self, endpoint: Endpoint, headers: Mapping[str, str]) -> Proof | None:
        """Read the DPoP proof of a request for a token. Raises InvalidProof."""
        if endpoint is not Endpoint.TOKEN or "dpop" not in headers:
            return None
        proof = headers["dpop"].encode("latin-1", "replace")
        return read_proof(proof, "POST", self._issuing.token_url, self._clock())


def _client_id(form: Mapping[str, str], authorization: str | None) -> str:
    """Return which client a request says it comes from. Raises OAuth2Error."""
    if form.get("grant_type") == JWTBearerGrant.GRANT_TYPE:
        return assertion_issuer(form, authenticates=authorization is not None)
    return named_client(form, authorization)
