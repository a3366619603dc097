"""Who may call the stand-in: the OAuth token endpoint of Salesforce, and the sessions that it opens."""

from __future__ import annotations

import secrets
import time
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from sync.salesforce.stand_in.org import Caller, Org
from sync.salesforce.stand_in.refusal import OAuthRefused, session_expired
from sync.salesforce.stand_in.rights import Rights

LOGIN = "https://login.salesforce.com"
_AUDIENCES = (LOGIN, "https://test.salesforce.com")
_JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_LEEWAY = (
    180  # seconds beyond which an assertion may not reach into the future, besides its own three minutes
)


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """An external client app: what it proves itself by, and whom it may act for.

    `run_as` is the username of its client credentials flow; `approved` are those of the JWT bearer flow,
    None for all.
    """

    consumer_key: str
    consumer_secret: str | None = None
    public_key: str | None = None
    run_as: str | None = None
    approved: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class _Session:
    user_id: str
    ends: float


class Sessions:
    """The apps that are registered, and the sessions that are open; `origin` is this server's address."""

    def __init__(self, org: Org, origin: str) -> None:
        self._org, self.origin = org, origin
        self._apps: dict[str, App] = {}
        self._open: dict[str, _Session] = {}

    def register(self, said: Mapping[str, Any]) -> None:
        """Register an app as JSON says it. Raises TypeError."""
        approved = said.get("approved")
        app = App(**dict(said) | {"approved": None if approved is None else tuple(approved)})
        self._apps[app.consumer_key] = app

    def end_all(self) -> None:
        """End every session."""
        self._open.clear()

    def end(self, token: str) -> None:
        """End one session, if it is open."""
        self._open.pop(token, None)

    def caller(self, token: str, client: str | None) -> Caller:
        """Return who calls with a token. Raises Refused."""
        session = self._open.get(token)
        if session is None or session.ends < time.monotonic():
            raise session_expired()
        return Caller(session.user_id, self._org.rights.get(session.user_id, Rights()), client)

    def issue(self, form: Mapping[str, str], authorization: str | None) -> dict[str, str]:
        """Answer the token endpoint: neither a refresh token nor `expires_in`. Raises OAuthRefused."""
        grants = {_JWT_BEARER: self._by_assertion, "client_credentials": self._by_secret}
        grant = grants.get(form.get("grant_type", ""))
        if grant is None:
            raise OAuthRefused("unsupported_grant_type", "grant type not supported")
        user_id = grant(form, authorization)
        token = f"{self._org.org_id[:15]}!{secrets.token_urlsafe(48)}"
        self._open[token] = _Session(user_id, time.monotonic() + self._org.settings.session_seconds)
        identity = f"{LOGIN}/id/{self._org.org_id}/{user_id}"
        return {
            "access_token": token, "scope": "api", "instance_url": self.origin, "id": identity,
            "token_type": "Bearer",
        }  # fmt: skip

    def introspect(self, form: Mapping[str, str]) -> dict[str, Any]:
        """Say whether a token is of an open session. Raises OAuthRefused."""
        app = self._apps.get(form.get("client_id", ""))
        if app is None or not _same(form.get("client_secret"), app.consumer_secret):
            raise OAuthRefused("invalid_client", "invalid client credentials")
        session = self._open.get(form.get("token", ""))
        if session is None or session.ends < time.monotonic():
            return {"active": False}
        subject = f"{LOGIN}/id/{self._org.org_id}/{session.user_id}"
        return {"active": True, "client_id": app.consumer_key, "token_type": "access_token", "sub": subject}

    def _by_secret(self, form: Mapping[str, str], authorization: str | None) -> str:
        key, secret = form.get("client_id"), form.get("client_secret")
        if authorization and authorization.startswith("Basic "):
            key, _, secret = b64decode(authorization.removeprefix("Basic ")).decode().partition(":")
        app = self._apps.get(key or "")
        if app is None:
            raise OAuthRefused("invalid_client_id", "client identifier invalid")
        if not _same(secret, app.consumer_secret):
            raise OAuthRefused("invalid_client", "invalid client credentials")
        if app.run_as is None:
            raise OAuthRefused("invalid_grant", "no client credentials user enabled")
        return self._user(app.run_as)

    def _by_assertion(self, form: Mapping[str, str], _: str | None) -> str:
        assertion = form.get("assertion", "")
        app = self._apps.get(_issuer(assertion))
        if app is None or app.public_key is None:
            raise OAuthRefused("invalid_client_id", "client identifier invalid")
        try:
            claims = jwt.decode(assertion, RSAKey.import_key(app.public_key), algorithms=["RS256"]).claims
            exp = int(claims["exp"])
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise OAuthRefused("invalid_grant", "invalid assertion") from error
        if claims.get("aud") not in (*_AUDIENCES, self.origin):
            raise OAuthRefused("invalid_grant", "audience is invalid")
        if not time.time() - _LEEWAY < exp < time.time() + 2 * _LEEWAY:
            raise OAuthRefused("invalid_grant", "expired authorization code")
        username = str(claims.get("sub"))
        if app.approved is not None and username not in app.approved:
            raise OAuthRefused("invalid_app_access", "user is not admin approved to access this app")
        return self._user(username)

    def _user(self, username: str) -> str:
        for user in self._org.store.all("User"):
            if str(user["Username"]).casefold() == username.casefold():
                if not user["IsActive"]:
                    raise OAuthRefused("inactive_user", "user is inactive")
                return str(user["Id"])
        raise OAuthRefused("invalid_grant", "user hasn't approved this consumer")


def _issuer(assertion: str) -> str:
    """Return whom an assertion says that it is from, not yet believed."""
    try:
        return str(orjson.loads(jws.extract_compact(assertion.encode()).payload).get("iss"))
    except (JoseError, ValueError, AttributeError):
        return ""


def _same(given: str | None, known: str | None) -> bool:
    return bool(given and known) and secrets.compare_digest((given or "").encode(), (known or "").encode())
