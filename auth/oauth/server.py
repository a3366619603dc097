"""The authorization server: Authlib's grants over one connection, in one transaction a request."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

import asyncpg
from authlib.oauth2.rfc6749 import (
    AuthorizationServer,
    InvalidClientError,
    InvalidRequestError,
    OAuth2Error,
)
from authlib.oauth2.rfc7523 import JWTBearerGrant
from sqlalchemy.util import await_only, greenlet_spawn

from auth.keys import SigningKeys
from auth.oauth.assertion import SKEW, Assertion
from auth.oauth.client import RegisteredClient, read_client_id
from auth.oauth.endpoints import Introspection, Revocation
from auth.oauth.form import FormRequest, client_secret, read_form
from auth.oauth.grants import ClientCredentials, GrantedUser, SalesforceUser, assertion_issuer
from auth.principal import Principal
from auth.revocation import Holder, revoke_all, stands
from auth.tokens import AccessToken, TokenVerifier, issue
from storage.database import Database
from storage.oauth_clients import find_client, note_use
from storage.redeemed_assertions import redeem
from storage.role_grants import MirroredUser, find_user

T = TypeVar("T")

ACCESS_TOKEN_LIFETIME = timedelta(minutes=10)

# At DEBUG Authlib writes live tokens into the log.
logging.getLogger("authlib").setLevel(logging.INFO)


class OAuthResponse(NamedTuple):
    """An answer of the authorization server; a body of None has no content."""

    status: int
    body: Mapping[str, Any] | None
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Issuing:
    """Who issues tokens, for whom, and with which keys."""

    keys: SigningKeys
    issuer: str
    audience: str
    token_url: str


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
            server = _Server(connection, org_id, self._issuing, self._verifier, self._clock())
            if endpoint is Endpoint.TOKEN:
                return await greenlet_spawn(server.create_token_response, request)
            return await greenlet_spawn(server.create_endpoint_response, endpoint, request)


class _Server(AuthorizationServer):  # type: ignore[misc]
    """Authlib's server for one request: it is synchronous, so its hooks wait inside a greenlet."""

    def __init__(
        self,
        connection: asyncpg.Connection,
        org_id: UUID,
        issuing: Issuing,
        verifier: TokenVerifier,
        now: float,
    ) -> None:
        super().__init__()
        self._connection = connection
        self._org_id = org_id
        self.issuing = issuing
        self.verifier = verifier
        self.now = now
        self.register_endpoint(Revocation)
        self.register_endpoint(Introspection)
        self.register_grant(ClientCredentials)
        self.register_grant(SalesforceUser)
        self.register_token_generator("default", self._issue)

    def query_client(self, client_id: str) -> RegisteredClient:
        """Return a client, also one that is not there: its secret fits none, in the same time."""
        org_id, record_id = read_client_id(client_id) or (UUID(int=0), UUID(int=0))
        found = None
        if org_id == self._org_id:
            found = self._wait(find_client(self._connection, org_id, record_id))
        return RegisteredClient(client_id, found)

    def save_token(self, token: Mapping[str, Any], request: FormRequest) -> None:  # noqa: ARG002 - Authlib's
        """Record that the client got one; a token itself is stored nowhere."""
        record_id = request.client.registered.id
        self._wait(note_use(self._connection, self._org_id, record_id, self._moment))

    def redeem(self, assertion: Assertion) -> bool:
        """Use an assertion up; False where it was before."""
        work = redeem(
            self._connection, self._org_id, assertion.id, most_uses=assertion.uses(self.now),
            expires_at=datetime.fromtimestamp(assertion.expires + SKEW, UTC), now=self._moment,
        )  # fmt: skip
        return self._wait(work)

    def find_user(self, user_id: str) -> MirroredUser | None:
        """Return what is known of a Salesforce user of the org."""
        return self._wait(find_user(self._connection, self._org_id, user_id, self._moment))

    def stands(self, token: AccessToken) -> bool:
        """Return whether a token is of this org, and was not revoked."""
        if token.principal.org_id != self._org_id:
            return False
        return self._wait(stands(self._connection, token))

    def revoke(self, token: AccessToken) -> None:
        """Take a token back; this worker asks about it again at once."""
        token.stands_until = 0
        self._wait(revoke_all(self._connection, self._org_id, Holder.TOKEN, token.id))

    @property
    def _moment(self) -> datetime:
        return datetime.fromtimestamp(self.now, UTC)

    def send_signal(self, name: str, *args: object, **kwargs: object) -> None:
        """Send none."""

    def create_oauth2_request(self, request: FormRequest) -> FormRequest:
        return request

    def handle_error_response(self, request: FormRequest, error: OAuth2Error) -> OAuthResponse:
        if isinstance(error, InvalidClientError):
            # One answer for every failure, or a caller could find out which clients there are.
            error = InvalidClientError(status_code=401, description="Client authentication failed.")
        response: OAuthResponse = super().handle_error_response(request, error)
        return response

    def handle_response(
        self, status: int, body: Mapping[str, Any], headers: list[tuple[str, str]]
    ) -> OAuthResponse:
        return respond(status, body, headers)

    def _issue(
        self, client: RegisteredClient, scope: str, user: GrantedUser | None = None, **_: object
    ) -> dict[str, Any]:
        principal = Principal(
            org_id=self._org_id,
            subject=user.id if user else client.get_client_id(),
            client=client.get_client_id(),
            roles=user.roles if user else client.registered.roles,
            scopes=frozenset(scope.split()),
        )
        token = issue(
            self.issuing.keys, issuer=self.issuing.issuer, audience=self.issuing.audience,
            principal=principal, lifetime=ACCESS_TOKEN_LIFETIME, now=self.now,
        )  # fmt: skip
        return {
            "token_type": "Bearer",
            "access_token": token,
            "expires_in": int(ACCESS_TOKEN_LIFETIME.total_seconds()),
            "scope": scope,
        }

    def _wait(self, work: Awaitable[T]) -> T:
        return await_only(work)


def _client_id(form: Mapping[str, str], authorization: str | None) -> str:
    """Return which client a request says it comes from. Raises OAuth2Error."""
    if form.get("grant_type") == JWTBearerGrant.GRANT_TYPE:
        return assertion_issuer(form, authenticates=authorization is not None)
    return client_secret(form, authorization).client_id


def respond(status: int, body: Mapping[str, Any] | None, headers: list[tuple[str, str]]) -> OAuthResponse:
    """Carry an answer of Authlib's, which is never to be stored."""
    kept = {name: value for name, value in headers if name.lower() != "content-type"}
    if status == 401:  # noqa: PLR2004 - a status of HTTP
        kept["WWW-Authenticate"] = 'Basic realm="contract-graph"'
    return OAuthResponse(status, body, kept | {"Cache-Control": "no-store", "Pragma": "no-cache"})


def too_large(limit: int) -> OAuthResponse:
    """Refuse a body that is too large."""
    return respond(*InvalidRequestError(f"A request holds at most {limit} bytes.", status_code=413)())
