"""Authlib's authorization server for one request, over one connection in one transaction."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

import asyncpg
from authlib.common.urls import add_params_to_uri
from authlib.oauth2.rfc6749 import AuthorizationServer, InvalidClientError, InvalidGrantError, OAuth2Error
from sqlalchemy.util import await_only

from auth.digest import digest_id
from auth.dpop import OLDEST, Proof
from auth.oauth.assertion import LONGEST_CLIENT_LIFE, SKEW, Assertion, Expected, read_assertion, verify
from auth.oauth.client import RegisteredClient, new_secret, read_client_id
from auth.oauth.code import S256, Offered, SignedInPerson, StillSignedIn
from auth.oauth.endpoints import Introspection, Revocation
from auth.oauth.exchange import TokenExchange
from auth.oauth.form import AuthorizationRequest, FormRequest, unauthenticated
from auth.oauth.grants import ClientCredentials, GrantedUser, SalesforceUser, granted_user
from auth.oauth.issuing import Issuing
from auth.oauth.provider import Identity
from auth.oauth.response import OAuthResponse, respond
from auth.oauth.session import Sessions
from auth.oauth.target import check_target
from auth.principal import Principal
from auth.revocation import Holder, revoke_all, stands
from auth.tokens import AccessToken, issue
from storage.oauth_clients import find_client, note_use
from storage.orgs import salesforce_org_id
from storage.redeemed_assertions import redeem
from storage.role_grants import find_user

T = TypeVar("T")

ACCESS_TOKEN_LIFETIME = timedelta(minutes=10)
_SUBJECT_KEPT = 24 * 3600  # seconds: no ID token of Salesforce lives so long

# At DEBUG Authlib writes live tokens into the log.
logging.getLogger("authlib").setLevel(logging.INFO)


class InvalidDpopProof(OAuth2Error):  # type: ignore[misc]
    """A proof that was used before (RFC 9449 section 5)."""

    error = "invalid_dpop_proof"
    description = "The DPoP proof was used before; make another."


class RequestServer(AuthorizationServer):  # type: ignore[misc]
    """Authlib's server for one request: it is synchronous, so its hooks wait inside a greenlet."""

    def __init__(
        self,
        connection: asyncpg.Connection,
        org_id: UUID,
        issuing: Issuing,
        now: float,
        proof: Proof | None = None,
    ) -> None:
        super().__init__()
        self._connection = connection
        self._org_id = org_id
        self.issuing = issuing
        self.verifier = issuing.verifier
        self.now = now
        self._proof = proof
        self.sessions = Sessions(connection, org_id, self._moment, self._jkt)
        self._clients: dict[str, RegisteredClient] = {}
        self.register_endpoint(Revocation)
        self.register_endpoint(Introspection)
        self.register_grant(ClientCredentials)
        self.register_grant(SalesforceUser)
        self.register_grant(SignedInPerson, [S256(required=True), Offered()])
        self.register_grant(StillSignedIn)
        self.register_grant(TokenExchange)
        self.register_token_generator("default", self._issue)
        self.register_client_auth_method("private_key_jwt", self._by_private_key)

    def create_token_response(self, request: FormRequest) -> OAuthResponse:
        response: OAuthResponse = self._refused_at_once(request) or super().create_token_response(request)
        return response

    def begin_exchange(self, request: FormRequest) -> OAuthResponse | TokenExchange:
        """Judge a token exchange up to the subject token, which somebody else has to judge."""
        if refused := self._refused_at_once(request):
            return refused
        grant: TokenExchange = self.get_token_grant(request)
        try:
            grant.validate_token_request()
        except OAuth2Error as error:
            return self.handle_error_response(request, error)
        return grant

    def finish_exchange(self, grant: TokenExchange, identity: Identity | OAuth2Error) -> OAuthResponse:
        """Issue the token for whom the subject token names."""
        grant.server = self
        try:
            if isinstance(identity, OAuth2Error):
                raise identity
            return self.handle_response(*grant.exchange(identity))
        except OAuth2Error as error:
            return self.handle_error_response(grant.request, error)

    def _refused_at_once(self, request: FormRequest) -> OAuthResponse | None:
        """Refuse what no grant takes, before any uses something up: another target, and an old DPoP proof."""
        try:
            check_target(request.form, "resource", self.issuing)
            self._use_proof()
        except OAuth2Error as error:
            return self.handle_error_response(request, error)
        return None

    def _use_proof(self) -> None:
        """Use the DPoP proof up; of many at once one is the first. Raises InvalidDpopProof."""
        if self._proof is None:
            return
        known = digest_id(f"dpop|{self._proof.jkt}|{self._proof.jti}")
        if not self._redeem_once(known, self._proof.issued_at + OLDEST):
            raise InvalidDpopProof

    def _by_private_key(self, query_client: object, request: FormRequest) -> RegisteredClient | None:  # noqa: ARG002
        """Authenticate a client by an assertion about itself (RFC 7523 section 2.2), once."""
        if "client_assertion" not in request.form:
            return None
        read = read_assertion(request.form["client_assertion"])
        client = self.query_client(read.issuer)
        # The issuer is the audience (rfc7523bis); the token URL is what RFC 7523 named.
        audiences = [self.issuing.issuer, self.issuing.token_url]
        expected = Expected(client.public_keys, client.algorithms, audiences, LONGEST_CLIENT_LIFE)
        try:
            verify(read, expected, self.now)
            proven = read.subject == read.issuer and "jti" in read.claims and self.redeem(read)
        except InvalidGrantError:
            return None
        return client if proven else None

    def query_client(self, client_id: str) -> RegisteredClient:
        """Return a client, also one that is not there: its secret fits none, in the same time."""
        if client_id not in self._clients:
            org_id, record_id = read_client_id(client_id) or (UUID(int=0), UUID(int=0))
            found = None
            if org_id == self._org_id:
                found = self._wait(find_client(self._connection, org_id, record_id))
            self._clients[client_id] = RegisteredClient(client_id, found)
        return self._clients[client_id]

    def save_token(self, token: Mapping[str, Any], request: FormRequest) -> None:
        """Record that the client got one; a token itself is stored nowhere."""
        record_id = request.client.registered.id
        if request.client.registered.was_unused(self._moment):
            self._wait(note_use(self._connection, self._org_id, record_id, self._moment))
        if "refresh_token" in token:
            self.sessions.keep_up(token["refresh_token"], token["scope"], record_id, request.user)

    def refused(self, request: AuthorizationRequest) -> OAuthResponse | None:
        """Return why nobody may be sent to sign in for a client; None where they may."""
        try:
            self.get_consent_grant(request)
        except OAuth2Error as error:
            return self.handle_error_response(request, error)
        return None

    def refuse(self, request: AuthorizationRequest, error: OAuth2Error) -> OAuthResponse:
        """Send somebody back to the client with an error; `refused` has judged where to."""
        error.redirect_uri = request.payload.redirect_uri
        error.state = request.payload.state
        return self.handle_error_response(request, error)

    def authorize(self, request: AuthorizationRequest, user_id: str) -> OAuthResponse:
        """Send somebody who signed in back to the client with a code."""
        grant = self.get_consent_grant(request)
        try:
            user = self.granted_user(user_id)
        except OAuth2Error as error:
            return self.refuse(request, error)
        response: OAuthResponse = self.create_authorization_response(request, user, grant)
        return response

    def redeem(self, assertion: Assertion) -> bool:
        """Use an assertion up; False where it was before."""
        return self._redeem_once(assertion.id, assertion.expires, assertion.uses(self.now))

    def _redeem_once(self, id_: UUID, ends: int, most_uses: int = 1) -> bool:
        ends_at = datetime.fromtimestamp(ends + SKEW, UTC)
        work = redeem(
            self._connection, self._org_id, id_, most_uses=most_uses, expires_at=ends_at, now=self._moment
        )
        return self._wait(work)

    def redeem_subject(self, subject_token: str) -> bool:
        """Use a subject token up: what Salesforce issued is exchanged once."""
        return self._redeem_once(digest_id(f"subject|{subject_token}"), int(self.now) + _SUBJECT_KEPT)

    def is_of_org(self, identity: Identity) -> bool:
        """Return whether somebody belongs to the Salesforce org that is bound."""
        return identity.organization_id == self._wait(salesforce_org_id(self._connection, self._org_id))

    def granted_user(self, user_id: str) -> GrantedUser:
        """Return a user of the org with the roles of now. Raises AccessDeniedError."""
        found = self._wait(find_user(self._connection, self._org_id, user_id, self._moment))
        return granted_user(user_id, found)

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
    def _jkt(self) -> str | None:
        return None if self._proof is None else self._proof.jkt

    @property
    def _moment(self) -> datetime:
        return datetime.fromtimestamp(self.now, UTC)

    def send_signal(self, name: str, *args: object, **kwargs: object) -> None:
        """Send none."""

    def create_oauth2_request(self, request: FormRequest) -> FormRequest:
        return request

    def handle_error_response(self, request: FormRequest, error: OAuth2Error) -> OAuthResponse:
        if isinstance(error, InvalidClientError):
            error = unauthenticated(by_header="Authorization" in request.headers)
        response: OAuthResponse = super().handle_error_response(request, error)
        return response

    def handle_response(
        self, status: int, body: Mapping[str, Any], headers: list[tuple[str, str]]
    ) -> OAuthResponse:
        named = [
            # RFC 9207: whoever comes back says from whom.
            (name, add_params_to_uri(value, {"iss": self.issuing.issuer}) if name == "Location" else value)
            for name, value in headers
        ]
        return respond(status, body, named)

    def _issue(
        self,
        client: RegisteredClient,
        scope: str,
        user: GrantedUser | None = None,
        *,
        include_refresh_token: bool = False,
        **_: object,
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
            session_id=user.session_id if user else None, jkt=self._jkt,
        )  # fmt: skip
        made = {
            "token_type": "DPoP" if self._proof else "Bearer",
            "access_token": token,
            "expires_in": int(ACCESS_TOKEN_LIFETIME.total_seconds()),
            "scope": scope,
        }
        return made | ({"refresh_token": new_secret()} if include_refresh_token else {})

    def _wait(self, work: Awaitable[T]) -> T:
        return await_only(work)
