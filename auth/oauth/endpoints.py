"""Revocation (RFC 7009) and introspection (RFC 7662): a client asks about the tokens that it was given.

A token of another client gets the answer of one that there is not.
"""

from __future__ import annotations

from typing import Any

from authlib.oauth2.rfc6749 import InvalidRequestError, TokenMixin
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7662 import IntrospectionEndpoint

from auth.oauth.client import AUTH_METHODS, RegisteredClient
from auth.oauth.code import RefreshOf
from auth.oauth.form import FormRequest
from auth.token_refused import TokenRefused
from auth.tokens import AccessToken


class IssuedToken(TokenMixin):  # type: ignore[misc]
    """An access token of ours as Authlib asks about it: its signature and its times were verified."""

    def __init__(self, read: AccessToken, *, revoked: bool) -> None:
        self.read = read
        self._revoked = revoked

    def check_client(self, client: RegisteredClient) -> bool:
        return self.read.principal.client == client.get_client_id()

    def is_expired(self) -> bool:
        return False

    def is_revoked(self) -> bool:
        return self._revoked


class _OwnTokens:
    def check_params(self, request: FormRequest, client: RegisteredClient) -> None:  # noqa: ARG002 - Authlib's
        """Ask for a token; a hint that is not known is no more than a hint (RFC 7009 section 2.1)."""
        if "token" not in request.form:
            raise InvalidRequestError("Missing 'token' in request.")

    def query_token(self, token: str, hint: str | None) -> IssuedToken | None:  # noqa: ARG002 - a hint only
        """Read a token; None for one that was never ours, or is ours no longer."""
        server: Any = self.server  # type: ignore[attr-defined]
        try:
            read: AccessToken = server.verifier.read(b"Bearer " + token.encode("latin-1", "replace"))
        except TokenRefused:
            return None
        return IssuedToken(read, revoked=not server.stands(read))


class Revocation(_OwnTokens, RevocationEndpoint):  # type: ignore[misc]
    """Takes a token back at once; every worker knows it within two seconds.

    A client of people has no secret: that it holds the token, and says whose it is, is enough to end it.
    """

    CLIENT_AUTH_METHODS = ("none", *AUTH_METHODS)

    def authenticate_token(
        self, request: FormRequest, client: RegisteredClient
    ) -> IssuedToken | RefreshOf | None:
        """Find a token of the client's own, of either kind: no text could be both, so no hint is needed."""
        self.check_params(request, client)
        token = request.form["token"]
        found: IssuedToken | RefreshOf | None = self.query_token(token, None)
        if found is None and (stored := self.server.sessions.find(token)):
            found = RefreshOf(stored)
        return found if found is not None and found.check_client(client) else None

    def revoke_token(self, token: IssuedToken | RefreshOf, request: object) -> None:  # noqa: ARG002 - Authlib's
        """Take back an access token alone, and with a refresh token all that its session gave."""
        if isinstance(token, RefreshOf):
            self.server.sessions.end(token.stored.session_id)
        else:
            self.server.revoke(token.read)


class Introspection(_OwnTokens, IntrospectionEndpoint):  # type: ignore[misc]
    """Tells a client about its own tokens; of any other, that it is not active."""

    CLIENT_AUTH_METHODS = AUTH_METHODS

    def check_permission(self, token: IssuedToken, client: RegisteredClient, _: object) -> bool:
        return token.check_client(client)

    def introspect_token(self, token: IssuedToken) -> dict[str, Any]:
        read, who = token.read, token.read.principal
        told: dict[str, Any] = {
            "token_type": "DPoP" if read.jkt else "Bearer", "client_id": who.client, "sub": who.subject,
            "exp": read.expires_at, "iat": read.issued_at, "jti": read.id, "iss": self.server.issuing.issuer,
            "aud": self.server.issuing.audience, "org": str(who.org_id), "roles": sorted(who.roles),
        }  # fmt: skip
        if read.jkt:
            told["cnf"] = {"jkt": read.jkt}
        return told | ({"scope": " ".join(sorted(who.scopes))} if who.scopes else {})
