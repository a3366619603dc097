"""A stand-in for Salesforce as OpenID provider: the demo's people sign in at it, by choosing who they are.

It speaks as Salesforce does (salesforce.md section 3: subject, RS256, PKCE), and asks for no password.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import parse_qsl, urlencode

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

CLIENT_ID = "contract-graph"
"""What the authorization server is called here."""

_CODE_LIFETIME = 60
_MOST_CODES = 1000
_PAGE_POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'"


@dataclass(frozen=True, slots=True)
class StandInUser:
    """Somebody who may say that they are who they say."""

    organization_id: str
    user_id: str
    name: str
    role: str


@dataclass(frozen=True, slots=True)
class _Code:
    user: StandInUser
    asked: Mapping[str, str]
    ends: float


class StandInProvider:
    """An OpenID provider for each organisation of its people, under `origin`/stand-in/ORGANIZATION."""

    def __init__(self, origin: str, callback: str, users: Sequence[StandInUser]) -> None:
        self._origin = origin
        self._callback = callback
        self._users = users
        self._key = RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256", "kid": "stand-in"})
        self._codes: dict[str, _Code] = {}
        self._secret = secrets.token_urlsafe(32)
        self._sessions: dict[str, str] = {}

    @property
    def client_secret(self) -> str:
        """What the authorization server proves itself with where it asks about tokens."""
        return self._secret

    def issuer(self, organization_id: str) -> str:
        """Return the issuer of an organisation."""
        return f"{self._origin}/stand-in/{organization_id}"

    def routes(self) -> Sequence[BaseRoute]:
        """Return its pages."""
        own = "/stand-in/{organization}"
        return (
            Route(own + "/.well-known/openid-configuration", self._configuration, methods=["GET"]),
            Route(own + "/id/keys", self._keys, methods=["GET"]),
            Route(own + "/services/oauth2/authorize", self._authorize, methods=["GET"]),
            Route(own + "/services/oauth2/token", self._token, methods=["POST"]),
            Route(own + "/services/oauth2/introspect", self._introspect, methods=["POST"]),
        )

    async def _configuration(self, request: Request) -> Response:
        issuer = self.issuer(request.path_params["organization"])
        return JSONResponse(
            {
                "issuer": issuer,
                "authorization_endpoint": f"{issuer}/services/oauth2/authorize",
                "token_endpoint": f"{issuer}/services/oauth2/token",
                "introspection_endpoint": f"{issuer}/services/oauth2/introspect",
                "jwks_uri": f"{issuer}/id/keys",
                "id_token_signing_alg_values_supported": ["RS256"],
            }
        )

    async def _keys(self, _: Request) -> Response:
        return JSONResponse(KeySet([self._key]).as_dict(private=False))

    async def _authorize(self, request: Request) -> Response:
        """Ask who somebody is; a login_hint that names one of the people answers it."""
        asked = dict(request.query_params)
        if (asked.get("client_id"), asked.get("redirect_uri")) != (CLIENT_ID, self._callback):
            return HTMLResponse("<p>This client is not known at the stand-in.</p>", status_code=400)
        people = [u for u in self._users if u.organization_id == request.path_params["organization"]]
        chosen = [u for u in people if u.user_id == asked.get("login_hint")]
        if not chosen:
            links = [(f"?{urlencode(asked | {'login_hint': user.user_id})}", user) for user in people]
            return _choice(links)
        code = secrets.token_urlsafe(32)
        while len(self._codes) >= _MOST_CODES:
            del self._codes[next(iter(self._codes))]
        self._codes[code] = _Code(chosen[0], asked, time.time() + _CODE_LIFETIME)
        back = urlencode({"code": code, "state": asked.get("state", "")})
        return RedirectResponse(f"{self._callback}?{back}", status_code=302)

    async def _token(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode("utf-8", "replace")))
        found = self._codes.pop(form.get("code", ""), None)
        if found is None or found.ends < time.time() or not _fits(form, found.asked):
            return JSONResponse({"error": "invalid_grant"}, status_code=400)
        now = int(time.time())
        issuer = self.issuer(request.path_params["organization"])
        claims = {
            "iss": issuer, "sub": f"{issuer}/id/{found.user.organization_id}/{found.user.user_id}",
            "aud": CLIENT_ID, "iat": now, "exp": now + 120, "nonce": found.asked.get("nonce"),
        }  # fmt: skip
        signed = jwt.encode({"alg": "RS256", "kid": "stand-in"}, claims, self._key, algorithms=["RS256"])
        session = secrets.token_urlsafe(32)
        while len(self._sessions) >= _MOST_CODES:
            del self._sessions[next(iter(self._sessions))]
        self._sessions[session] = str(claims["sub"])
        return JSONResponse(
            {"access_token": session, "token_type": "Bearer", "id_token": signed},
            headers={"Cache-Control": "no-store"},
        )

    async def _introspect(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode("utf-8", "replace")))
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT_ID, self._secret):
            return JSONResponse({"error": "invalid_client"}, status_code=401)
        subject = self._sessions.get(form.get("token", ""))
        if subject is None:
            return JSONResponse({"active": False})
        return JSONResponse(
            {"active": True, "client_id": CLIENT_ID, "sub": subject, "token_type": "access_token"}
        )


def _fits(form: Mapping[str, str], asked: Mapping[str, str]) -> bool:
    digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
    challenge = urlsafe_b64encode(digest).rstrip(b"=").decode()
    return (
        asked.get("code_challenge_method") == "S256"
        and asked.get("code_challenge") == challenge
        and form.get("grant_type") == "authorization_code"
        and (form.get("client_id"), form.get("redirect_uri")) == (CLIENT_ID, asked.get("redirect_uri"))
    )


def _choice(links: Sequence[tuple[str, StandInUser]]) -> Response:
    """Show the people to choose among."""
    items = "\n".join(
        f'<li><a href="{escape(link)}">{escape(user.name)}</a>, {escape(user.role)}</li>'
        for link, user in links
    )
    page = (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Sign in · stand-in</title>'
        '<link rel="stylesheet" href="/pages/landing.css"></head>\n<body><main><h1>Who are you?</h1>'
        f"<p>This page stands in for the login of Salesforce: no password is asked.</p>\n<ul>\n{items}\n</ul>"
        "</main></body></html>\n"
    )
    headers = {"Cache-Control": "no-store", "Content-Security-Policy": _PAGE_POLICY}
    return HTMLResponse(page, headers=headers)
