"""The grants: ways to a token, each with what Authlib leaves open decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from authlib.oauth2.rfc6749 import (
    AccessDeniedError,
    InvalidGrantError,
    InvalidRequestError,
    InvalidScopeError,
)
from authlib.oauth2.rfc6749.grants import ClientCredentialsGrant
from authlib.oauth2.rfc7523 import JWTBearerGrant

from auth.oauth.assertion import Assertion, Expected, read_assertion, verify
from auth.oauth.client import AUTH_METHODS
from domain.identity import NotASalesforceId, WrongSalesforceChecksum, salesforce_id
from storage.role_grants import MirroredUser

TokenResponse = tuple[int, dict[str, Any], list[tuple[str, str]]]


@dataclass(frozen=True, slots=True)
class GrantedUser:
    """A Salesforce user for whom a token is issued, and the roles that an administrator gave them.

    `session_id` names what they signed in for, if they did; it ends at `session_ends_at`, unsaid where it
    has just begun.
    """

    id: str
    roles: frozenset[str]
    session_id: UUID | None = None
    session_ends_at: datetime | None = None

    def get_user_id(self) -> str:
        """Return the Salesforce id, as Authlib asks for it."""
        return self.id

    def in_session(self, session_id: UUID, ends_at: datetime | None = None) -> GrantedUser:
        """Return the user as signed in."""
        return replace(self, session_id=session_id, session_ends_at=ends_at)


def granted_user(user_id: str, found: MirroredUser | None) -> GrantedUser:
    """Judge what is known of a user. Raises AccessDeniedError with what an administrator can do about it."""
    if found is None:
        raise AccessDeniedError(
            f"The user {user_id} is not known here: import the users, contract-graph import crm."
        )
    if not found.active:
        raise AccessDeniedError(f"The user {user_id} is not active in Salesforce, as of the last import.")
    if not found.roles:
        why = f"The user {user_id} has no role here, by no grant to them, their profile or permission sets"
        how = f"contract-graph roles grant --user {user_id} (or --profile, or --permission-set)"
        raise AccessDeniedError(f"{why}: an administrator can run {how}.")
    return GrantedUser(user_id, found.roles)


class SettlesScope:
    """Settles the scope that a client asks for: Authlib would not name those that it may have."""

    def validate_requested_scope(self) -> None:
        """Settle the scope. Raises InvalidScopeError, which names those that it may have."""
        request = self.request  # type: ignore[attr-defined]
        scope = request.client.get_allowed_scope(request.payload.scope)
        if scope is None:
            raise InvalidScopeError(f"The scopes are: {' '.join(request.client.scopes)}.")
        request.scope = scope


class Issues(SettlesScope):
    """Issues by the scope that was settled: Authlib would drop the scopes that it does not know."""

    def create_token_response(self) -> TokenResponse:
        """Issue the token."""
        grant: Any = self
        token = grant.generate_token(
            user=grant.request.user, scope=grant.request.scope, include_refresh_token=False
        )
        grant.save_token(token)
        return 200, token, grant.TOKEN_RESPONSE_HEADER


class ClientCredentials(Issues, ClientCredentialsGrant):  # type: ignore[misc]
    """RFC 6749 section 4.4: a program asks for itself."""

    TOKEN_ENDPOINT_AUTH_METHODS = AUTH_METHODS


class SalesforceUser(Issues, JWTBearerGrant):  # type: ignore[misc]
    """RFC 7523: a Salesforce org vouches for a user of its own, by a certificate registered for it."""

    def process_assertion_claims(self, assertion: str) -> Mapping[str, Any]:
        """Believe an assertion, and use it up; only then may anything be said about its subject."""
        read: Assertion = read_assertion(assertion)
        client = self.server.query_client(read.issuer)
        expected = Expected(client.certificates, client.algorithms, self.get_audiences())
        verify(read, expected, self.server.now)
        if not self.server.redeem(read):
            raise InvalidGrantError("The assertion was redeemed before; sign another.")
        return read.claims

    def get_audiences(self) -> list[str]:
        return [self.server.issuing.token_url, self.server.issuing.issuer]

    def resolve_issuer_client(self, issuer: str) -> Any:  # noqa: ANN401 - Authlib is untyped
        return self.server.query_client(issuer)

    def authenticate_user(self, subject: str) -> GrantedUser:
        """Find the user. Raises InvalidGrantError, AccessDeniedError."""
        try:
            user_id = salesforce_id(subject)
        except (NotASalesforceId, WrongSalesforceChecksum):
            raise InvalidGrantError("sub must be the Salesforce id of a user: use {!$User.Id}.") from None
        user: GrantedUser = self.server.granted_user(user_id)
        return user

    def has_granted_permission(self, client: Any, user: GrantedUser) -> bool:  # noqa: ANN401 - as above
        """Say whether the issuer may vouch for the user: both belong to the org that is bound."""
        return client.vouches and bool(user.roles)


def assertion_issuer(form: Mapping[str, str], *, authenticates: bool) -> str:
    """Return who says to have signed the assertion of a form. Raises an OAuth2Error."""
    if authenticates or "client_secret" in form:
        raise InvalidRequestError("An assertion proves its issuer; send no secret beside it.")
    if "assertion" not in form:
        raise InvalidRequestError("Missing 'assertion' in request.")
    issuer = read_assertion(form["assertion"]).issuer
    if form.get("client_id", issuer) != issuer:
        raise InvalidRequestError("client_id differs from the issuer of the assertion.")
    return issuer
