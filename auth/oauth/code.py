"""The grants of people: an authorization code with PKCE (RFC 7636), and refresh tokens that rotate."""

from __future__ import annotations

from typing import Any

from authlib.oauth2.rfc6749 import InvalidGrantError, InvalidRequestError, OAuth2Error
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant, RefreshTokenGrant
from authlib.oauth2.rfc7636 import CodeChallenge

from auth.oauth.client import AUTH_METHODS
from auth.oauth.grants import GrantedUser, SettlesScope
from auth.oauth.target import check_target
from storage.sessions import AuthorizationCode, RefreshToken


class S256(CodeChallenge):  # type: ignore[misc]
    """PKCE as RFC 9700 wants it: always, and never plain. Authlib asks for neither at this step."""

    DEFAULT_CODE_CHALLENGE_METHOD = "S256"
    SUPPORTED_CODE_CHALLENGE_METHOD = ("S256",)

    def validate_code_challenge(self, grant: Any, redirect_uri: str) -> None:  # noqa: ANN401 - Authlib is untyped
        asked = grant.request.payload.data
        if not asked.get("code_challenge") or asked.get("code_challenge_method") != "S256":
            raise InvalidRequestError("PKCE is obligatory: send code_challenge, and S256 as its method.")
        super().validate_code_challenge(grant, redirect_uri)

    def get_authorization_code_challenge_method(self, authorization_code: object) -> str:  # noqa: ARG002
        return "S256"


class LoginRequired(OAuth2Error):  # type: ignore[misc]
    """Nobody can be signed in without being asked (OpenID Connect Core section 3.1.2.6)."""

    error = "login_required"
    description = "Nobody is signed in without being asked: leave prompt=none out."


class Offered:
    """What a client may ask beside a code: refused is what there is not, rather than passed over."""

    def __call__(self, grant: Any) -> None:  # noqa: ANN401 - Authlib is untyped
        """Have a grant ask `validate`, whose errors go back to the client."""
        grant.register_hook("after_validate_authorization_request_payload", self.validate)

    def validate(self, grant: Any, redirect_uri: str) -> None:  # noqa: ANN401, ARG002 - Authlib's
        """Judge what is asked. Raises an OAuth2Error."""
        asked = grant.request.payload.data
        check_target(asked, "resource", grant.server.issuing)
        if asked.get("response_mode", "query") != "query":
            raise InvalidRequestError("response_mode must be query.")
        if "none" in asked.get("prompt", "").split(" "):
            raise LoginRequired


class CodeOf:
    """A stored code as Authlib asks about it."""

    def __init__(self, stored: AuthorizationCode) -> None:
        self.stored = stored
        self.code_challenge = stored.code_challenge

    def get_redirect_uri(self) -> str:
        return self.stored.redirect_uri

    def get_scope(self) -> str:
        return self.stored.scope


class SignedInPerson(SettlesScope, AuthorizationCodeGrant):  # type: ignore[misc]
    """RFC 6749 section 4.1: somebody signed in, and their client exchanges a code for tokens."""

    TOKEN_ENDPOINT_AUTH_METHODS = ("none", *AUTH_METHODS)

    def save_authorization_code(self, code: str, request: Any) -> None:  # noqa: ANN401 - Authlib is untyped
        self.server.sessions.begin(code, request)

    def query_authorization_code(self, code: str, client: Any) -> CodeOf | None:  # noqa: ANN401 - as above
        """Use a code up, whatever comes of it; one that comes again ends what it led to."""
        found = self.server.sessions.use(AuthorizationCode, code, client.registered.id)
        return None if found is None else CodeOf(found)

    def delete_authorization_code(self, authorization_code: CodeOf) -> None:
        """Leave it: it is used, and its coming again shall be noticed."""

    def authenticate_user(self, authorization_code: CodeOf) -> GrantedUser:
        stored = authorization_code.stored
        user: GrantedUser = self.server.granted_user(stored.salesforce_user_id)
        return user.in_session(stored.session_id)


class RefreshOf:
    """A stored refresh token as Authlib asks about it."""

    def __init__(self, stored: RefreshToken) -> None:
        self.stored = stored

    def check_client(self, client: Any) -> bool:  # noqa: ANN401 - Authlib is untyped
        return bool(self.stored.client_id == client.registered.id)

    def get_scope(self) -> str:
        return self.stored.scope


class StillSignedIn(RefreshTokenGrant):  # type: ignore[misc]
    """RFC 6749 section 6, rotating: a refresh token is good once, and its coming again ends the session."""

    TOKEN_ENDPOINT_AUTH_METHODS = ("none", *AUTH_METHODS)
    INCLUDE_NEW_REFRESH_TOKEN = True

    def authenticate_refresh_token(self, refresh_token: str) -> RefreshOf:
        found = self.server.sessions.use(RefreshToken, refresh_token, self.request.client.registered.id)
        if found is None:
            raise InvalidGrantError("The refresh token is not good, or not good any more: sign in again.")
        return RefreshOf(found)

    def authenticate_user(self, refresh_token: RefreshOf) -> GrantedUser:
        """Ask anew what the person may do: roles change while somebody is signed in."""
        stored = refresh_token.stored
        user: GrantedUser = self.server.granted_user(stored.salesforce_user_id)
        return user.in_session(stored.session_id, stored.session_ends_at)

    def issue_token(self, user: GrantedUser, refresh_token: RefreshOf) -> dict[str, Any]:
        self.request.user = user
        token: dict[str, Any] = super().issue_token(user, refresh_token)
        return token

    def revoke_old_credential(self, refresh_token: RefreshOf) -> None:
        """Nothing is left to do: it was used up when it was found."""
