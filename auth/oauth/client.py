"""A registered client as Authlib asks about it, and how its id and secret are made."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime
from uuid import UUID

from authlib.oauth2.rfc6749 import ClientMixin

from storage.oauth_clients import OAuthClient

READ = "graph:read"
SCOPES = (READ,)
GRANTS = ("client_credentials",)
AUTH_METHODS = ("client_secret_basic", "client_secret_post")

_ORG_BYTES, _RANDOM_BYTES = 16, 8
_ID_LENGTH = (_ORG_BYTES + _RANDOM_BYTES) * 4 // 3
_NO_HASH = bytes(32)  # what a secret is compared with where there is no client, so that both take as long


def new_client_id(org_id: UUID) -> str:
    """Make a client id that says whose it is: the org is known, and bound, before anything is looked up."""
    return urlsafe_b64encode(org_id.bytes + secrets.token_bytes(_RANDOM_BYTES)).decode()


def org_of(client_id: str) -> UUID | None:
    """Return the org that a client id names, or None for a text that was never one of ours."""
    if len(client_id) != _ID_LENGTH or not client_id.isascii():
        return None
    try:
        return UUID(bytes=urlsafe_b64decode(client_id)[:_ORG_BYTES])
    except ValueError:
        return None


def new_secret() -> str:
    """Make a secret of 256 bits: no hash need be slow against guessing one."""
    return secrets.token_urlsafe(32)


def secret_hash(secret: str) -> bytes:
    """Return what is stored of a secret."""
    return hashlib.sha256(secret.encode()).digest()


def new_client(org_id: UUID, name: str, roles: frozenset[str], now: datetime) -> tuple[OAuthClient, str]:
    """Make a client of an org, and the secret that is shown once."""
    secret = new_secret()
    client = OAuthClient(
        org_id=org_id, id=new_client_id(org_id), name=name, secret_hash=secret_hash(secret),
        roles=roles, created_at=now,
    )  # fmt: skip
    return client, secret


class RegisteredClient(ClientMixin):  # type: ignore[misc]
    """What a client may do. One that is not there, or is disabled, has no secret that fits."""

    def __init__(self, client_id: str, found: OAuthClient | None) -> None:
        self._client_id = client_id
        self._found = found

    @property
    def registered(self) -> OAuthClient:
        """The registration, which an authenticated client always has."""
        if self._found is None:
            raise LookupError("a client that was not authenticated has no registration")
        return self._found

    def get_client_id(self) -> str:
        return self._client_id

    def get_default_redirect_uri(self) -> None:
        """Return none: no client of today sends people anywhere."""

    def get_allowed_scope(self, scope: str) -> str | None:
        """Return the scope if all of it may be asked for: none is dropped silently."""
        wanted = scope.split() if scope else list(SCOPES)
        return " ".join(sorted(set(wanted))) if set(wanted) <= set(SCOPES) else None

    def check_redirect_uri(self, redirect_uri: str) -> bool:  # noqa: ARG002 - Authlib's signature
        return False

    def check_client_secret(self, client_secret: str) -> bool:
        known = self._found.secret_hash if self._found is not None else _NO_HASH
        fits = hmac.compare_digest(known, secret_hash(client_secret))
        return fits and self._found is not None and self._found.disabled_at is None

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:  # noqa: ARG002 - as above
        return method in AUTH_METHODS

    def check_response_type(self, response_type: str) -> bool:  # noqa: ARG002 - as above
        return False

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type in GRANTS
