"""The OpenID provider of an org, which is its Salesforce: where people sign in, and what it says of them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import requests
from authlib.integrations.requests_client import OAuth2Session
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from auth.address import is_secure
from domain.error import DomainError
from domain.identity import salesforce_id
from storage.sign_ins import SignIn, SignInProvider

PATIENCE = 5.0  # seconds for each answer of a provider
KEPT = 300  # seconds for which what a provider publishes is kept
_ALGORITHMS = ["RS256"]
_SCOPE = "openid"


class SignInFailed(Exception):
    """The sign-in failed; the text may be shown to whoever signs in."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who signed in, as their Salesforce says: ids of 18 characters."""

    organization_id: str
    user_id: str


@dataclass(frozen=True, slots=True)
class Configuration:
    """What a provider publishes of itself (OpenID Connect Discovery)."""

    authorization_endpoint: str
    token_endpoint: str
    introspection_endpoint: str | None
    keys: KeySet


class ProviderClient:
    """Talks to one provider; its calls wait for the network, so they belong into a thread."""

    def __init__(self, provider: SignInProvider, redirect_uri: str, client_secret: str | None = None) -> None:
        self._provider = provider
        self._redirect_uri = redirect_uri
        self._client_secret = client_secret

    def authorization_url(self, sign_in: SignIn, state: str, login_hint: str | None) -> str:
        """Return where to send somebody to sign in. Raises SignInFailed."""
        with self._session() as session:
            hint = {"login_hint": login_hint} if login_hint else {}
            url, _ = session.create_authorization_url(
                self._configuration().authorization_endpoint,
                state=state, code_verifier=sign_in.code_verifier, nonce=sign_in.nonce, **hint,
            )  # fmt: skip
        return str(url)

    def identify(self, sign_in: SignIn, code: str, now: float) -> Identity:
        """Exchange the code that somebody came back with for who they are. Raises SignInFailed."""
        configuration = self._configuration()
        try:
            with self._session() as session:
                tokens = session.fetch_token(
                    configuration.token_endpoint, code=code, code_verifier=sign_in.code_verifier,
                    grant_type="authorization_code", timeout=PATIENCE, allow_redirects=False,
                )  # fmt: skip
        except Exception as error:
            # Authlib raises what the provider says, which is not ours to show; requests, what failed.
            raise SignInFailed("the provider did not take its own code back; sign in again") from error
        return self._read(tokens.get("id_token"), configuration, now, nonce=sign_in.nonce)

    def read_id_token(self, id_token: str, now: float) -> Identity:
        """Believe an ID token that was issued to us, however it came here. Raises SignInFailed."""
        return self._read(id_token, self._configuration(), now)

    def introspect(self, access_token: str) -> Identity:
        """Ask the provider about an access token that was issued to us. Raises SignInFailed."""
        endpoint = self._configuration().introspection_endpoint
        if endpoint is None or self._client_secret is None:
            raise SignInFailed("access tokens cannot be asked about: no introspection, or no client secret")
        form = {
            "token": access_token, "token_type_hint": "access_token", "client_id": self._provider.client_id,
            "client_secret": self._client_secret,
        }  # fmt: skip
        found = _answer(lambda: requests.post(endpoint, form, timeout=PATIENCE, allow_redirects=False))
        if found.get("active") is not True or found.get("client_id") != self._provider.client_id:
            raise SignInFailed("the access token is not active, or was issued to another client")
        return _identity(found.get("sub"))

    def _read(
        self, id_token: object, configuration: Configuration, now: float, nonce: str | None = None
    ) -> Identity:
        if not isinstance(id_token, str):
            raise SignInFailed("the provider sent no ID token")
        registry = jwt.JWTClaimsRegistry(
            now=lambda: int(now), leeway=30,
            iss={"essential": True, "value": self._provider.issuer},
            aud={"essential": True, "value": self._provider.client_id},
            exp={"essential": True}, sub={"essential": True},
        )  # fmt: skip
        try:
            read = jwt.decode(id_token, configuration.keys, algorithms=_ALGORITHMS)
            registry.validate(read.claims)
            fits = nonce is None or read.claims.get("nonce") == nonce
        except (JoseError, ValueError, RecursionError) as error:
            raise SignInFailed(
                "the provider's ID token is not for us, not for now, or not its own"
            ) from error
        if not fits:
            raise SignInFailed("the provider's ID token is for another sign-in")
        return _identity(read.claims["sub"])

    def _session(self) -> OAuth2Session:
        return OAuth2Session(
            self._provider.client_id, self._client_secret, scope=_SCOPE,
            token_endpoint_auth_method="client_secret_post" if self._client_secret else "none",
            redirect_uri=self._redirect_uri, code_challenge_method="S256",
        )  # fmt: skip

    def _configuration(self) -> Configuration:
        return _configuration(self._provider.issuer, int(time.monotonic() // KEPT))


@lru_cache(maxsize=256)
def _configuration(issuer: str, _period: int) -> Configuration:
    """Read what a provider publishes; a failure is not kept. Raises SignInFailed."""
    found = _fetched(issuer + "/.well-known/openid-configuration")
    if found.get("issuer") != issuer:
        raise SignInFailed("the provider says that it is another")
    keys_at = _endpoint(found, "jwks_uri")
    try:
        keys = KeySet.import_key_set(_fetched(keys_at))  # type: ignore[arg-type]
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise SignInFailed("the provider publishes no keys that can be read") from error
    asked = _endpoint(found, "introspection_endpoint") if "introspection_endpoint" in found else None
    authorize, token = _endpoint(found, "authorization_endpoint"), _endpoint(found, "token_endpoint")
    return Configuration(authorize, token, asked, keys)


def _endpoint(found: dict[str, Any], name: str) -> str:
    url = found.get(name)
    if not isinstance(url, str) or not is_secure(url):
        raise SignInFailed(f"the provider's {name} is not https")
    return url


def _fetched(url: str) -> dict[str, Any]:
    return _answer(lambda: requests.get(url, timeout=PATIENCE, allow_redirects=False))


def _answer(ask: Callable[[], requests.Response]) -> dict[str, Any]:
    try:
        response = ask()
        found = response.json() if response.status_code == requests.codes.ok else None
    except (requests.RequestException, ValueError, RecursionError) as error:
        raise SignInFailed("the provider cannot be reached") from error
    if not isinstance(found, dict):
        raise SignInFailed("the provider does not answer as it should")
    return found


def _identity(subject: object) -> Identity:
    """Read Salesforce's subject: https://login.salesforce.com/id/ORGANIZATION/USER."""
    parts = str(subject).split("/")
    try:
        *_, kind, organization, user = parts
        found = Identity(salesforce_id(organization), salesforce_id(user)) if kind == "id" else None
    except (ValueError, DomainError):
        found = None
    if found is None:
        raise SignInFailed("the provider does not say which Salesforce user signed in")
    return found
