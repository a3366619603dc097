"""The door of the API: HTTP in front of GraphQL, as a raw ASGI path, for every request pays for it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Awaitable, Callable
from functools import partial
from http import HTTPStatus
from typing import Any

import orjson

from api.graphql import Answer, Endpoint
from api.headers import Header, RequestHeaders, read_headers
from api.limits import MAX_BODY
from api.live.live import Live
from api.live.sending import Sending
from auth.dpop import ALGORITHMS, ProofsSeen, read_proof
from auth.key_encryption import KeyEncryptionError
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

FIXED: tuple[Header, ...] = (
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"vary", b"accept"),
)
_HEADS = {
    media_type: [(b"content-type", media_type + b"; charset=utf-8"), *FIXED]
    for media_type in (RESPONSE_JSON, PLAIN_JSON, EVENT_STREAM)
}


class Door:
    """Answers POST /graphql: who is asking, in which media type, and how much of a body."""

    def __init__(
        self,
        verifier: TokenVerifier,
        renew_keys: Callable[[], Awaitable[None]],
        url: str,
        challenge: str,
    ) -> None:
        self._verifier = verifier
        self._url = url
        self._proofs = ProofsSeen()
        self._renew_keys = renew_keys
        self._challenge = challenge
        self.endpoint: Endpoint | None = None
        self.revocations: Revocations | None = None
        self.live: Live | None = None
        self.turned_away: Counter[str] = Counter()
        """How often a request was refused here, before the audit log and the endpoint knew of it, by code."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI's own types
        """Answer one request."""
        asked = read_headers(scope["headers"])
        reply = partial(_send, send, asked)
        wanted = negotiate(asked.accept)
        # What is refused before anything is asked comes as JSON: its status tells.
        media_type = PLAIN_JSON if wanted is EVENT_STREAM else wanted
        if media_type is None:
            body = self._turn_away("NOT_ACCEPTABLE", NOT_ACCEPTABLE)
            await reply(HTTPStatus.NOT_ACCEPTABLE, body, PLAIN_JSON)
            return
        if scope["method"] != "POST":
            body = self._turn_away("METHOD_NOT_ALLOWED", "send the request with POST")
            await reply(HTTPStatus.METHOD_NOT_ALLOWED, body, media_type, (b"allow", b"POST"))
            return
        if not asked.is_json:
            body = self._turn_away("UNSUPPORTED_MEDIA_TYPE", NOT_JSON)
            await reply(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, body, media_type)
            return
        if self.endpoint is None or self.revocations is None or self.live is None:
            body = self._turn_away("UNAVAILABLE", STARTING)
            await reply(HTTPStatus.SERVICE_UNAVAILABLE, body, media_type)
            return
        try:
            token = await self._read(asked.authorization)
            self._check_binding(token, asked.authorization or b"", asked.proof)
            await self.revocations.check(token)
        except TokenRefused as refused:
            self.turned_away["UNAUTHENTICATED"] += 1
            await reply(refused.status, *self._refuse(refused, media_type))
            return
        except (DatabaseUnavailable, KeyEncryptionError, *BUSY):
            body = self._turn_away("UNAVAILABLE", UNREACHED)
            await reply(HTTPStatus.SERVICE_UNAVAILABLE, body, media_type)
            return
        told = asked.request_id.decode()
        if READ not in token.principal.scopes:
            body, _, *challenge = self._refuse(InsufficientScope(), media_type)
            refusal = Answer(InsufficientScope.status, body, "INSUFFICIENT_SCOPE")
            answer = await self.endpoint.turn_away(token.principal, refusal, told)
            await reply(answer.status, answer.body, media_type, *challenge)
            return
        given = await read_body(receive)
        if given is None:
            body = _error("REQUEST_TOO_LARGE", TOO_LARGE)
            refusal = Answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, body, "REQUEST_TOO_LARGE")
            answer = await self.endpoint.turn_away(token.principal, refusal, told)
        elif wanted is EVENT_STREAM:
            opening = partial(self.live.open, token, given, told)
            found = await opening(last_event=asked.last_event, strict=asked.strict)
            await Sending(self.live, receive, send).send(found, _heads(asked, EVENT_STREAM))
            return
        else:
            answer = await self.endpoint.answer(token.principal, given, told, strict=asked.strict)
        await reply(_status(answer, media_type), answer.body, media_type, *self._asking_for(answer))

    def _turn_away(self, code: str, message: str) -> bytes:
        self.turned_away[code] += 1
        return _error(code, message)

    def _asking_for(self, answer: Answer) -> list[Header]:
        """Say with which scopes a token would do (RFC 6750 section 3.1)."""
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

    def _check_binding(self, token: AccessToken, authorization: bytes, proof: bytes | None) -> None:
        """Ask for a proof where a token is bound to a key. Raises a TokenRefused."""
        as_bound = authorization[:4].lower() == b"dpop"
        if token.jkt is None:
            if as_bound:
                raise UnboundToken
            return
        if not as_bound:
            raise BoundToken
        now = time.time()
        read = read_proof(proof or b"", "POST", self._url, now, token_of(authorization))
        if read.jkt != token.jkt:
            raise InvalidProof
        self._proofs.take(read, now)

    def _refuse(self, refused: TokenRefused, media_type: bytes) -> tuple[bytes, bytes, Header]:
        """Return the body, its media type and the challenge."""
        challenge = self._challenge
        if isinstance(refused, InvalidProof | BoundToken):
            challenge = f'DPoP algs="{" ".join(ALGORITHMS)}"'
        if refused.error is not None:
            challenge += f', error="{refused.error}", error_description="{refused.description}"'
        code = "UNAUTHENTICATED"
        if isinstance(refused, InsufficientScope):
            challenge, code = f'{challenge}, scope="{READ}"', "INSUFFICIENT_SCOPE"
        return _error(code, refused.description), media_type, (b"www-authenticate", challenge.encode())


NOT_ACCEPTABLE = "answers come as application/graphql-response+json or application/json"
NOT_JSON = "send the request as application/json, not compressed"
STARTING = "the application has not started; try again in a moment"
UNREACHED = "the database or the key service cannot be reached; try again in a moment"
TOO_LARGE = f"a request holds at most {MAX_BODY} bytes"


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
    """Read the body, or return None once it is larger than a request may be."""
    message = await receive()
    body: bytes = message.get("body", b"")
    if not message.get("more_body"):
        return body if len(body) <= MAX_BODY else None
    parts, size = [body], len(body)
    while message.get("more_body") and size <= MAX_BODY:
        message = await receive()
        parts.append(message.get("body", b""))
        size += len(parts[-1])
    return b"".join(parts) if size <= MAX_BODY else None


def _status(answer: Answer, media_type: bytes) -> int:
    if media_type is PLAIN_JSON and answer.code in UNDERSTOOD:
        return HTTPStatus.OK
    return answer.status


def _error(code: str, message: str) -> bytes:
    return orjson.dumps({"errors": [{"message": message, "extensions": {"code": code}}]})


async def _send(
    send: Any,  # noqa: ANN401 - ASGI's own type
    asked: RequestHeaders,
    status: int,
    body: bytes,
    media_type: bytes,
    *more: Header,
) -> None:
    headers = [*_heads(asked, media_type), (b"content-length", b"%d" % len(body)), *more]
    await send({"type": "http.response.start", "status": int(status), "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _heads(asked: RequestHeaders, media_type: bytes) -> list[Header]:
    headers = [*_HEADS[media_type], (b"x-request-id", asked.request_id)]
    if asked.strict:
        headers.append((b"preference-applied", b"handling=strict"))
    return headers
