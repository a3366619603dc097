"""A registered client as Authlib asks about it, and how its id and secret are made."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from authlib.oauth2.rfc6749 import ClientMixin

from auth.address import is_secure
from auth.oauth.assertion import SALESFORCE_ALGORITHMS, check_proof
from auth.public_id import public_id, read_public_id
from auth.scopes import SCOPES, UNSAID, VOUCHED
from domain.identity import uuid7
from storage.oauth_clients import OAuthClient

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"  # noqa: S105 - a name
GRANTS = ("client_credentials", JWT_BEARER, "authorization_code", "refresh_token", TOKEN_EXCHANGE)
AUTH_METHODS = ("client_secret_basic", "client_secret_post", "private_key_jwt")
"""How a program authenticates; a client with addresses is public, and proves itself by PKCE."""

_LOOPBACK = re.compile(r"(http://(?:127\.0\.0\.1|\[::1\]))(?::\d{1,5})?(/[^#@\\]*)")
_NO_HASH = bytes(32)  # what a secret is compared with where there is no client, so that both take as long


def client_id_of(client: OAuthClient) -> str:
    """Return a client id, which says whose it is: the org is bound before anything is looked up."""
    return public_id(client.org_id, client.id)


def read_client_id(client_id: str) -> tuple[UUID, UUID] | None:
    """Return the org and the client that an id names, or None for a text that was never one of ours."""
    return read_public_id(client_id)


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
        org_id=org_id, id=uuid7(), name=name, secret_hash=secret_hash(secret),
        roles=roles, created_at=now,
    )  # fmt: skip
    return client, secret


def new_key_client(  # noqa: PLR0913 - each is said by another part of the registration, and by name
    org_id: UUID, name: str, *, public_keys: Sequence[str], algorithms: Sequence[str], roles: frozenset[str],
    now: datetime,
) -> OAuthClient:  # fmt: skip
    """Make a client that proves itself by a key of its own. Raises UnusableCertificate."""
    for pem in public_keys:
        check_proof(pem)
    return OAuthClient(
        org_id=org_id, id=uuid7(), name=name, public_keys=tuple(public_keys), algorithms=tuple(algorithms),
        roles=roles, created_at=now,
    )  # fmt: skip


def new_public_client(org_id: UUID, name: str, redirect_uris: Sequence[str], now: datetime) -> OAuthClient:
    """Make a client for people who sign in in a browser; it has no secret that it could keep.

    Raises UnusableAddress for a redirect URI that is neither https nor of this machine.
    """
    for uri in redirect_uris:
        if not is_secure(uri) or "#" in uri or not uri.isascii() or not uri.isprintable() or " " in uri:
            raise UnusableAddress(f"{uri!r} must be https, or http of this machine, and have no fragment")
    return OAuthClient(
        org_id=org_id, id=uuid7(), name=name, redirect_uris=tuple(redirect_uris), roles=frozenset(),
        created_at=now,
    )  # fmt: skip


def new_trust(
    org_id: UUID, name: str, certificates: Sequence[str], algorithms: Sequence[str], now: datetime
) -> OAuthClient:
    """Make the trust in a Salesforce org: whoever holds the key of a certificate vouches for its users.

    Raises UnusableCertificate for a certificate that proves nothing.
    """
    for pem in certificates:
        check_proof(pem)
    return OAuthClient(
        org_id=org_id, id=uuid7(), name=name, certificates=tuple(certificates),
        algorithms=tuple(algorithms), roles=frozenset(), created_at=now,
    )  # fmt: skip


class UnusableAddress(ValueError):
    """An address to which nobody may be sent."""


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

    @property
    def certificates(self) -> tuple[str, ...]:
        """What proves its assertions: nothing, if it is disabled or not there."""
        return self._usable.certificates if self._usable is not None else ()

    @property
    def algorithms(self) -> tuple[str, ...]:
        """What its assertions may be signed with."""
        return (self._usable.algorithms if self._usable is not None else ()) or SALESFORCE_ALGORITHMS

    @property
    def public_keys(self) -> tuple[str, ...]:
        """What proves that an assertion is its own."""
        return self._usable.public_keys if self._usable is not None else ()

    @property
    def vouches(self) -> bool:
        """Whether it speaks for the users of its org."""
        return bool(self.certificates)

    @property
    def scopes(self) -> tuple[str, ...]:
        """What it may ask for: as it was registered, or else as is usual for its kind."""
        if self._found is None:
            return SCOPES
        return self._found.scopes or (VOUCHED if self._found.certificates else SCOPES)

    @property
    def _usable(self) -> OAuthClient | None:
        return None if self._found is None or self._found.disabled_at else self._found

    def get_client_id(self) -> str:
        return self._client_id

    def get_default_redirect_uri(self) -> None:
        """Return none: no client of today sends people anywhere."""

    def get_allowed_scope(self, scope: str) -> str | None:
        """Return the scope if all of it may be asked for: none is dropped silently."""
        unsaid = (each for each in UNSAID if each in self.scopes)
        wanted = set(scope.split() if scope else unsaid)
        # Authlib takes an empty scope for one that was allowed.
        return (" ".join(sorted(wanted)) or None) if wanted <= set(self.scopes) else None

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        """Return whether people may be sent there: an address registered, letter by letter.

        Of one on this machine the port may differ (RFC 8252 section 7.3): a native program takes any.
        """
        registered = self._usable.redirect_uris if self._usable is not None else ()
        here = without_port(redirect_uri)
        return redirect_uri in registered or (here is not None and here in map(without_port, registered))

    def check_client_secret(self, client_secret: str) -> bool:
        known = self._usable.secret_hash if self._usable is not None else None
        fits = hmac.compare_digest(known or _NO_HASH, secret_hash(client_secret))
        return fits and known is not None

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:  # noqa: ARG002 - Authlib's
        if self._is_public:
            return method == "none"
        return method == "private_key_jwt" if self.public_keys else method in AUTH_METHODS[:2]

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code" and self._is_public

    def check_grant_type(self, grant_type: str) -> bool:
        if self._is_public:
            return grant_type in ("authorization_code", "refresh_token")
        if grant_type == TOKEN_EXCHANGE:
            return self._usable is not None and self._usable.exchanges
        return grant_type == (JWT_BEARER if self.vouches else "client_credentials")

    @property
    def _is_public(self) -> bool:
        return self._usable is not None and bool(self._usable.redirect_uris)


def without_port(url: str) -> str | None:
    """Return an address of this machine without its port, or None for any other."""
    match = _LOOPBACK.fullmatch(url)
    return match and match[1] + match[2]
