"""Tokens of Salesforce: asked for once by however many calls need one, and no more often than makes sense."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import requests
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from auth.address import is_secure
from sync.salesforce.connection import ClientCredentials, Connection, JwtBearer
from sync.salesforce.failures import NotAuthorised, Retryable, SalesforceFailure, of_answer
from sync.salesforce.transport import BoundedSession, guarded

_LIFETIME = 180  # seconds that an assertion is good for; Salesforce takes no longer ones
_REST = 30.0  # seconds for which a refusal stands, so that a wrong key is not tried without end
_MOST_TOKENS, _IN = 5, 60.0  # so many in so many seconds: more are not a matter of sessions that end
_OK = 200
_JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"


@dataclass(frozen=True, slots=True)
class Token:
    """A session, the address of the instance that it is for, and what says whose it is."""

    value: str = field(repr=False)
    instance_url: str
    identity: str = ""

    @property
    def org_id(self) -> str:
        """The id of the org that it is for, as Salesforce says it; empty where it did not."""
        return "/".join(self.identity.split("/")[-2:-1])

    @property
    def user_id(self) -> str:
        """The id of the user whose session it is; empty where Salesforce did not say."""
        return self.identity.rpartition("/")[2]


class Tokens:
    """The token of one connection; `mint` asks for a new one, see `minted`."""

    def __init__(
        self, mint: Callable[[], Awaitable[Token]], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._mint, self._clock = mint, clock
        self._lock = asyncio.Lock()
        self._token: Token | None = None
        self._minted_at: deque[float] = deque(maxlen=_MOST_TOKENS)
        self._refused: tuple[float, NotAuthorised] | None = None

    async def current(self, stale: Token | None = None) -> Token:
        """Return the token; a new one where the caller found it `stale`. Raises SalesforceFailure.

        Of many callers that find the same token stale one asks for the next, and all get that.
        """
        async with self._lock:
            if self._token is not None and self._token is not stale:
                return self._token
            if self._refused is not None and self._clock() < self._refused[0]:
                raise NotAuthorised(self._refused[1].code)
            self._token = None
            self._check_pace()
            try:
                self._token = await self._mint()
            except NotAuthorised as error:
                self._refused = (self._clock() + _REST, error)
                raise
            return self._token

    def _check_pace(self) -> None:
        """Refuse to ask for token after token, each over as soon as it is there. Raises Retryable."""
        now = self._clock()
        if len(self._minted_at) == _MOST_TOKENS and now - self._minted_at[0] < _IN:
            raise Retryable("SESSIONS_DO_NOT_LAST", self._minted_at[0] + _IN - now)
        self._minted_at.append(now)


def minted(connection: Connection) -> Token:
    """Ask Salesforce for a token; waits for the network. Raises SalesforceFailure."""
    form = _form(connection)
    with BoundedSession(connection, connection.url) as session:
        answer = guarded(lambda: session.post(f"{connection.url}/services/oauth2/token", form))
    try:
        said = answer.json()
    except ValueError:
        said = None
    if answer.status_code != _OK or not isinstance(said, dict):
        raise _refusal(answer, said)
    token, instance_url = said.get("access_token"), said.get("instance_url")
    if not isinstance(token, str) or not isinstance(instance_url, str) or not is_secure(instance_url):
        raise NotAuthorised("NO_TOKEN")
    return Token(token, instance_url, str(said.get("id") or ""))


def _form(connection: Connection) -> dict[str, str]:
    match connection.credentials:
        case ClientCredentials(key, secret):
            return {"grant_type": "client_credentials", "client_id": key, "client_secret": secret}
        case JwtBearer(key, private_key, username, audience):
            # simple-salesforce would write `exp` as a text, and send it to login.salesforce.com at best.
            exp = int(time.time()) + _LIFETIME
            claims = {"iss": key, "sub": username, "aud": audience, "exp": exp}
            try:
                signed = jwt.encode(
                    {"alg": "RS256"}, claims, RSAKey.import_key(private_key), algorithms=["RS256"]
                )
            except (JoseError, ValueError):
                raise NotAuthorised("BAD_PRIVATE_KEY") from None
            return {"grant_type": _JWT_BEARER, "assertion": signed}


def _refusal(answer: requests.Response, said: object) -> SalesforceFailure:
    """Return why there is no token: the code of OAuth, which says no secret; its description is left out."""
    if isinstance(said, dict) and isinstance(said.get("error"), str):
        code = "".join(letter for letter in said["error"][:60] if letter.isalnum() or letter == "_")
        return NotAuthorised(code)
    failure = of_answer(answer.status_code, said)
    return failure if isinstance(failure, Retryable) else NotAuthorised(f"HTTP_{answer.status_code}")
