"""Why an access token is refused, one class each, in the terms of RFC 6750 section 3."""

from __future__ import annotations

from typing import ClassVar


class TokenRefused(Exception):
    """The access token is refused.

    `status` and `error` are what RFC 6750 answers with; `error` is None where it wants no code. The
    description is a subclass's docstring: it says nothing of what the token holds.
    """

    status: ClassVar[int] = 401
    error: ClassVar[str | None] = "invalid_token"

    @property
    def description(self) -> str:
        """Say why, in ASCII that may stand in `error_description`."""
        return type(self).__doc__ or ""

    def __str__(self) -> str:
        return self.description


class MissingToken(TokenRefused):
    """No bearer token was sent."""

    error = None


class MalformedAuthorization(TokenRefused):
    """The Authorization header must be the word Bearer and one token."""

    status = 400
    error = "invalid_request"


class OversizedToken(TokenRefused):
    """The token is longer than 8 KiB."""


class MalformedToken(TokenRefused):
    """The token is not a JWT in compact form."""


class WrongType(TokenRefused):
    """The token is not an access token of type at+jwt, signed with ES256 by a key that it names."""


class UnknownKey(TokenRefused):
    """The token is signed by a key that is not one of ours."""


class BadSignature(TokenRefused):
    """The signature of the token is wrong."""


class MalformedClaims(TokenRefused):
    """A claim of the token is missing or malformed."""


class WrongIssuer(TokenRefused):
    """The token was issued by another issuer."""


class WrongAudience(TokenRefused):
    """The token was issued for another audience."""


class ExpiredToken(TokenRefused):
    """The token has expired."""


class RevokedToken(TokenRefused):
    """The token was revoked."""


class InsufficientScope(TokenRefused):
    """The token does not have the scope graph:read."""

    status = 403
    error = "insufficient_scope"


class InvalidProof(TokenRefused):
    """The DPoP proof is missing, malformed, not for this request, too old, or was seen before."""

    error = "invalid_dpop_proof"


class UnboundToken(TokenRefused):
    """The token is bound to no key: send it as Bearer."""


class BoundToken(TokenRefused):
    """The token is bound to a key: send it as DPoP, with a proof."""


class TokenNotYetValid(TokenRefused):
    """The token is not valid yet."""
