"""Token exchange (RFC 8693): what an org's Salesforce issued for a user, for a token of ours."""

from __future__ import annotations

from authlib.oauth2.rfc6749 import (
    InvalidGrantError,
    InvalidRequestError,
    UnauthorizedClientError,
)
from authlib.oauth2.rfc6749.grants import BaseGrant
from authlib.oauth2.rfc6749.grants.base import TokenEndpointMixin

from auth.oauth.client import AUTH_METHODS, TOKEN_EXCHANGE
from auth.oauth.grants import Issues, TokenResponse
from auth.oauth.provider import Identity
from auth.oauth.target import check_target

ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105 - a name
ID_TOKEN = "urn:ietf:params:oauth:token-type:id_token"  # noqa: S105 - a name


class TokenExchange(Issues, BaseGrant, TokenEndpointMixin):  # type: ignore[misc]
    """A client of an org gets a token for a user who signed in at their Salesforce.

    Between the two steps the Salesforce is asked who the user is; no transaction is open meanwhile.
    """

    GRANT_TYPE = TOKEN_EXCHANGE
    TOKEN_ENDPOINT_AUTH_METHODS = AUTH_METHODS

    def validate_token_request(self) -> None:
        """Judge the client and what it asks for. Raises an OAuth2Error."""
        client = self.authenticate_token_endpoint_client()
        if not client.check_grant_type(self.GRANT_TYPE):
            raise UnauthorizedClientError("The client may not exchange tokens: register it with --exchange.")
        self.request.client = client
        form: dict[str, str] = self.request.form
        if "subject_token" not in form or form.get("subject_token_type") not in (ACCESS_TOKEN, ID_TOKEN):
            raise InvalidRequestError(f"Send subject_token, with {ID_TOKEN} or {ACCESS_TOKEN} as its type.")
        if "actor_token" in form or form.get("requested_token_type", ACCESS_TOKEN) != ACCESS_TOKEN:
            raise InvalidRequestError("No actor_token is taken, and nothing but an access token is given.")
        check_target(form, "audience", self.server.issuing)
        self.validate_requested_scope()

    def exchange(self, identity: Identity) -> TokenResponse:
        """Issue a token for the user whom the subject token names. Raises an OAuth2Error."""
        if not self.server.is_of_org(identity):
            raise InvalidGrantError("The subject token is for a user of another Salesforce org.")
        if not self.server.redeem_subject(self.request.form["subject_token"]):
            raise InvalidGrantError("The subject token was exchanged before.")
        self.request.user = self.server.granted_user(identity.user_id)
        status, token, headers = self.create_token_response()
        return status, token | {"issued_token_type": ACCESS_TOKEN}, headers
