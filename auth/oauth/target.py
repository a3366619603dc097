"""What a token is for (RFC 8707): there is one API, and no token for anything else."""

from __future__ import annotations

from collections.abc import Mapping

from authlib.oauth2.rfc6749 import OAuth2Error

from auth.oauth.issuing import Issuing


class InvalidTargetError(OAuth2Error):  # type: ignore[misc]
    """A token for something else was asked for (RFC 8707 section 2, RFC 8693 section 2.2.2)."""

    error = "invalid_target"


def check_target(parameters: Mapping[str, str], name: str, ours: Issuing) -> None:
    """Judge what a token shall be for: each value of a parameter must be us. Raises InvalidTargetError."""
    known = ours.resource, ours.audience
    if not set(parameters.get(name, "").split(" ")) <= {*known, ""}:
        raise InvalidTargetError(f"{name} must be {' or '.join(known)}.")
