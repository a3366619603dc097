"""Signing people in: sent to their org's Salesforce, and back to the client with a code."""

from __future__ import annotations

import hashlib
import re
import secrets
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from urllib.parse import urlencode
from uuid import UUID

import anyio.to_thread
from authlib.oauth2.rfc6749 import AccessDeniedError, InvalidRequestError, OAuth2Error
from sqlalchemy.util import greenlet_spawn

from auth.digest import digest_id
from auth.oauth.client import read_client_id
from auth.oauth.form import AuthorizationRequest, read_parameters
from auth.oauth.issuing import Issuing
from auth.oauth.metadata import AUTHORIZATION_PATH
from auth.oauth.provider import SignInFailed
from auth.oauth.request_server import RequestServer
from auth.oauth.response import MALFORMED, OAuthResponse, malformed, respond
from storage import sign_ins
from storage.database import Database
from storage.sign_ins import SignIn, SignInProvider

SIGN_IN_LIFETIME = timedelta(minutes=10)

_STATE_LENGTH = 56  # base64url of the org's id and 26 random bytes
_BROWSER = re.compile(r"[\w-]{43}", re.ASCII)


class BrowserAnswer(NamedTuple):
    """An answer for a browser, and the cookie that it shall keep."""

    response: OAuthResponse
    browser: str


class SignInFlow:
    """The two ends of a sign-in: where a client sends people, and where their provider sends them back."""

    def __init__(
        self,
        database: Database,
        issuing: Issuing,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._database = database
        self._issuing = issuing
        self._clock = clock

    async def begin(self, query: str, cookie: str | None) -> BrowserAnswer:
        """Send somebody to sign in. Raises DatabaseUnavailable."""
        browser = cookie if cookie and _BROWSER.fullmatch(cookie) else secrets.token_urlsafe(32)
        try:
            asked = read_parameters(query)
        except OAuth2Error as error:
            return BrowserAnswer(respond(*error()), browser)
        try:
            return BrowserAnswer(await self._sent(asked, browser), browser)
        except MALFORMED as error:
            return BrowserAnswer(malformed(error), browser)

    async def _sent(self, asked: dict[str, str], browser: str) -> OAuthResponse:
        org_id, _ = read_client_id(asked.get("client_id", "")) or (UUID(int=0), None)
        request = self._request(asked)
        state = new_state(org_id)
        made = SignIn(
            id=digest_id(state), browser=_digest(browser), request=urlencode(asked),
            nonce=secrets.token_urlsafe(32), code_verifier=secrets.token_urlsafe(48),
            expires_at=self._now + SIGN_IN_LIFETIME,
        )  # fmt: skip
        async with self._database.transaction(org_id) as connection:
            server = RequestServer(connection, org_id, self._issuing, self._clock())
            refused = await greenlet_spawn(server.refused, request)
            if refused is not None:
                return refused
            provider = await sign_ins.find_provider(connection, org_id)
            if provider is None:
                why = "No sign-in provider is set for this org: contract-graph signin set."
                return server.refuse(request, AccessDeniedError(why))
            await sign_ins.begin(connection, org_id, made, self._now)
        try:
            url = await anyio.to_thread.run_sync(
                lambda: self._issuing.provider(org_id, provider).authorization_url(
                    made, state, asked.get("login_hint")
                )
            )
        except SignInFailed as error:
            return server.refuse(request, AccessDeniedError(f"The sign-in cannot begin: {error}."))
        return respond(302, None, [("Location", url)])

    async def complete(self, query: str, cookie: str | None) -> OAuthResponse:
        """Take somebody back who signed in. Raises DatabaseUnavailable."""
        try:
            came = read_parameters(query)
        except OAuth2Error as error:
            return respond(*error())
        state = came.get("state", "")
        org_id = org_of_state(state) or UUID(int=0)
        async with self._database.transaction(org_id) as connection:
            browser = _digest(cookie or "")
            begun = await sign_ins.finish(connection, org_id, digest_id(state), browser, self._now)
            provider = await sign_ins.find_provider(connection, org_id)
        if begun is None or provider is None:
            why = "This sign-in was not begun in this browser, or it is over: go back and begin anew."
            return respond(*InvalidRequestError(why)())
        try:
            return await self._sent_back(org_id, begun, provider, came)
        except MALFORMED as error:
            return malformed(error)

    async def _sent_back(
        self, org_id: UUID, begun: SignIn, provider: SignInProvider, came: dict[str, str]
    ) -> OAuthResponse:
        identity, why = None, "The provider let nobody in."
        if "code" in came and "error" not in came and came.get("iss", provider.issuer) == provider.issuer:
            try:
                identity = await anyio.to_thread.run_sync(
                    lambda: self._issuing.provider(org_id, provider).identify(
                        begun, came["code"], self._clock()
                    )
                )
            except SignInFailed as error:
                why = f"The sign-in failed: {error}."
        request = self._request(read_parameters(begun.request))
        async with self._database.transaction(org_id) as connection:
            server = RequestServer(connection, org_id, self._issuing, self._clock())
            refused = await greenlet_spawn(server.refused, request)
            if refused is not None:
                return refused
            if identity is not None and not await greenlet_spawn(server.is_of_org, identity):
                identity, why = None, "The user who signed in belongs to another Salesforce org."
            if identity is None:
                return server.refuse(request, AccessDeniedError(why))
            return await greenlet_spawn(server.authorize, request, identity.user_id)

    def _request(self, asked: dict[str, str]) -> AuthorizationRequest:
        return AuthorizationRequest(self._issuing.issuer + AUTHORIZATION_PATH, asked)

    @property
    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)


def new_state(org_id: UUID) -> str:
    """Make a state that says whose sign-in it is, as a client id does."""
    return urlsafe_b64encode(org_id.bytes + secrets.token_bytes(26)).decode()


def org_of_state(state: str) -> UUID | None:
    """Return the org that a state names, or None for a text that was never one of ours."""
    if len(state) != _STATE_LENGTH or not state.isascii():
        return None
    try:
        return UUID(bytes=urlsafe_b64decode(state)[:16])
    except ValueError:
        return None


def _digest(browser: str) -> bytes:
    return hashlib.sha256(browser.encode()).digest()
