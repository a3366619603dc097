"""The door of the API: HTTP in front of GraphQL, as a raw ASGI path, for every request pays for it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from http import HTTPStatus
from typing import Any

from api import errors
from api.asked import Answer
from api.errors import ApiError, Unauthenticated, Unavailable
from api.graphql import Endpoint
from api.headers import Header, RequestHeaders, read_headers
from api.limits import MAX_BODY
from api.live.live import Live
from api.live.sending import Sending
from api.refusals import (
    MethodNotAllowed,
    NotAcceptable,
    RequestTooLarge,
    UnsupportedMediaType,
)
from auth.dpop import ALGORITHMS, Proof, read_proof
from auth.key_encryption import KeyEncryptionError
from auth.proofs import Proofs
from auth.revocation import Revocations
from auth.scopes import READ
from auth.token_refused import (
    BoundToken,
    InsufficientScope,
    InvalidProof,
    TokenRefused,
    UnboundToken,
    UnknownKey,
)
from auth.tokens import AccessToken, TokenVerifier, token_of
from storage.database import BUSY, DatabaseUnavailable

RESPONSE_JSON = b"application/graphql-response+json"
PLAIN_JSON = b"application/json"
EVENT_STREAM = b"text/event-stream"
MEDIA_TYPES = {
    RESPONSE_JSON: RESPONSE_JSON,
    PLAIN_JSON: PLAIN_JSON,
    EVENT_STREAM: EVENT_STREAM,
    b"application/*": PLAIN_JSON,
    b"*/*": PLAIN_JSON,
}

RANGES = {
    PLAIN_JSON: (PLAIN_JSON, b"application/*", b"*/*"),
    RESPONSE_JSON: (RESPONSE_JSON, b"application/*", b"*/*"),
    # A stream is for who asks for it by its name.
    EVENT_STREAM: (EVENT_STREAM,),
}

# With plain JSON the specification answers 200 to a request that was understood, whatever became of it.
UNDERSTOOD = frozenset({"GRAPHQL_VALIDATION_FAILED", "BAD_USER_INPUT", "ACCESS_DENIED", "QUERY_TOO_COMPLEX"})

VARY: Header = (b"vary", b"accept")


class Door:
    """Answers POST /graphql: who is asking, in which media type, and how much of a body."""

    def __init__(
        self,
        verifier: TokenVerifier,
        renew_keys: Callable[[], Awaitable[None]],
        url: str,
        challenge: str,
        guards: Sequence[Header] = (),
    ) -> None:
        self._verifier = verifier
        self._url = url
        self._renew_keys = renew_keys
        self._challenge = challenge
        self._heads = {
            media_type: [(b"content-type", media_type + b"; charset=utf-8"), VARY, *guards]
            for media_type in (RESPONSE_JSON, PLAIN_JSON, EVENT_STREAM)
        }
        self.endpoint: Endpoint | None = None
        self.revocations: Revocations | None = None
        self.proofs: Proofs | None = None
        self.live: Live | None = None
        self.turned_away: Counter[str] = Counter()
        """How often a request was refused here, before the audit log and the endpoint knew of it, by code."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI's own types
        """Answer one request."""
        asked = read_headers(scope["headers"])
        reply = partial(self._send, send, asked)
        told = asked.request_id.decode()
        wanted = negotiate(asked.accept)
        # What is refused before anything is asked comes as JSON: its status tells.
        media_type = PLAIN_JSON if wanted is None or wanted is EVENT_STREAM else wanted
        refused = _unread(scope["method"], asked, wanted)
        if refused is not None:
            allow = [(b"allow", b"POST")] if isinstance(refused, MethodNotAllowed) else []
            await reply(refused.status, self._turn_away(refused, told), media_type, *allow)
            return
        if self.endpoint is None or self.revocations is None or self.proofs is None or self.live is None:
            await reply(Unavailable.status, self._turn_away(Unavailable(STARTING), told), media_type)
            return
        try:
            token = await self._read(asked.authorization)
            proof = self._check_binding(token, asked.authorization or b"", asked.proof)
            await self.revocations.check(token)
            if proof is not None:
                await self.proofs.take(token.principal.org_id, proof, time.time())
        except TokenRefused as error:
            body = self._turn_away(_told(error), told)
            await reply(error.status, body, media_type, self._challenging(error))
            return
        except (DatabaseUnavailable, KeyEncryptionError, *BUSY):
            await reply(Unavailable.status, self._turn_away(Unavailable(UNREACHED), told), media_type)
            return
        if READ not in token.principal.scopes:
            lacking = InsufficientScope()
            answer = await self.endpoint.turn_away(token.principal, _told(lacking), told)
            await reply(answer.status, answer.body, media_type, self._challenging(lacking))
            return
        try:
            given = await read_body(receive)
        except Disconnected:
            return  # nobody is there to be answered, and the half of a request asks for nothing
        if given is None:
            answer = await self.endpoint.turn_away(token.principal, RequestTooLarge(TOO_LARGE), told)
        elif wanted is EVENT_STREAM:
            opening = partial(self.live.open, token, given, told)
            found = await opening(last_event=asked.last_event, strict=asked.strict, after=asked.after)
            await Sending(self.live, receive, send).send(found, self._headers(asked, EVENT_STREAM))
            return
        else:
            answer = await self.endpoint.answer(
                token.principal, given, told, strict=asked.strict, after=asked.after
            )
        await reply(_status(answer, media_type), answer.body, media_type, *self._asking_for(answer))

    def _turn_away(self, error: ApiError, known_as: str) -> bytes:
        self.turned_away[error.code] += 1
        return error.body(known_as)

    def _asking_for(self, answer: Answer) -> list[Header]:
        """Say when to come again, or with which scopes a token would do (RFC 6750 section 3.1)."""
        if answer.retry_after is not None:
            return [(b"retry-after", b"%d" % answer.retry_after)]
        if answer.scope is None:
            return []
        challenge = f'{self._challenge}, error="insufficient_scope", scope="{READ} {answer.scope}"'
        return [(b"www-authenticate", challenge.encode())]

    async def _read(self, authorization: bytes | None) -> AccessToken:
        try:
            return self._verifier.read(authorization)
        except UnknownKey:
            # Another worker may have begun to sign with it a moment ago.
            await self._renew_keys()
            return self._verifier.read(authorization)

    def _check_binding(self, token: AccessToken, authorization: bytes, proof: bytes | None) -> Proof | None:
        """Ask for a proof where a token is bound to a key, and return it. Raises a TokenRefused."""
        as_bound = authorization[:4].lower() == b"dpop"
        if token.jkt is None:
            if as_bound:
                raise UnboundToken
            return None
        if not as_bound:
            raise BoundToken
        read = read_proof(proof or b"", "POST", self._url, time.time(), token_of(authorization))
        if read.jkt != token.jkt:
            raise InvalidProof
        return read

    async def _send(
        self,
        send: Any,  # noqa: ANN401 - ASGI's own type
        asked: RequestHeaders,
        status: int,
        body: bytes,
        media_type: bytes,
        *more: Header,
    ) -> None:
        headers = [*self._headers(asked, media_type), (b"content-length", b"%d" % len(body)), *more]
        await send({"type": "http.response.start", "status": int(status), "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def _headers(self, asked: RequestHeaders, media_type: bytes) -> list[Header]:
        headers = [*self._heads[media_type], (b"x-request-id", asked.request_id)]
        if asked.strict:
            headers.append((b"preference-applied", b"handling=strict"))
        return headers

    def _challenging(self, refused: TokenRefused) -> Header:
        """Say how to ask with a token that would do (RFC 6750 section 3)."""
        challenge = self._challenge
        if isinstance(refused, InvalidProof | BoundToken):
            challenge = f'DPoP algs="{" ".join(ALGORITHMS)}"'
        if refused.error is not None:
            challenge += f', error="{refused.error}", error_description="{refused.description}"'
        if isinstance(refused, InsufficientScope):
            challenge = f'{challenge}, scope="{READ}"'
        return b"www-authenticate", challenge.encode()


class Disconnected(Exception):
    """The caller has gone before the request was whole."""


def _unread(method: str, asked: RequestHeaders, media_type: bytes | None) -> ApiError | None:
    """Say why a request is refused before it is read, or None."""
    if media_type is None:
        return NotAcceptable()
    if method != "POST":
        return MethodNotAllowed("send the request with POST")
    return None if asked.is_json else UnsupportedMediaType()


def _told(refused: TokenRefused) -> ApiError:
    if isinstance(refused, InsufficientScope):
        return errors.InsufficientScope(refused.description)
    return Unauthenticated(refused.description)


STARTING = "the application has not started; try again in a moment"
TOO_LARGE = f"a request holds at most {MAX_BODY} bytes"
UNREACHED = "the database or the key service cannot be reached; try again in a moment"


def negotiate(accept: bytes | None) -> bytes | None:
    """Choose the media type of the answer, or None where the caller takes neither."""
    if accept is None:
        return PLAIN_JSON
    if accept in MEDIA_TYPES:
        return MEDIA_TYPES[accept]
    qualities: dict[bytes, float] = {}
    for item in accept.lower().split(b","):
        name, *parameters = (part.strip() for part in item.split(b";"))
        qualities[name] = _quality(parameters)
    best, chosen = (0.0, 0), None
    for media_type, ranges in RANGES.items():
        # The most specific range that names a type decides over it; of equal ones the first that was named.
        decides = next((each for each in ranges if each in qualities), None)
        if decides is None:
            continue
        rank = qualities[decides], -list(qualities).index(decides)
        if rank[0] > 0 and (chosen is None or rank > best):
            best, chosen = rank, media_type
    return chosen


def _quality(parameters: list[bytes]) -> float:
    for parameter in parameters:
        if parameter.startswith(b"q="):
            try:
                return float(parameter[2:])
            except ValueError:
                return 0.0
    return 1.0


async def read_body(receive: Any) -> bytes | None:  # noqa: ANN401 - ASGI's own type
    """Read the body, or return None once it is larger than a request may be. Raises Disconnected."""
    message = await receive()
    body: bytes = message.get("body", b"")
    if message["type"] == "http.request" and not message.get("more_body"):
        return body if len(body) <= MAX_BODY else None
    parts, size = [body], len(body)
    while message.get("more_body") and size <= MAX_BODY:
        message = await receive()
        parts.append(message.get("body", b""))
        size += len(parts[-1])
    if message["type"] == "http.disconnect":
        raise Disconnected
    return b"".join(parts) if size <= MAX_BODY else None


def _status(answer: Answer, media_type: bytes) -> int:
    if media_type is PLAIN_JSON and answer.code in UNDERSTOOD:
        return HTTPStatus.OK
    return answer.status
