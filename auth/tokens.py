"""Access tokens: JWTs as RFC 9068 profiles them, signed with ES256."""

from __future__ import annotations

import re
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from joserfc import jws, jwt
from joserfc.errors import JoseError

from auth.compact import compact_parts, json_object
from auth.keys import ALGORITHM, Keys
from auth.principal import Principal
from auth.token_refused import (
    BadSignature,
    ExpiredToken,
    MalformedAuthorization,
    MalformedClaims,
    MalformedToken,
    MissingToken,
    OversizedToken,
    TokenNotYetValid,
    UnknownKey,
    WrongAudience,
    WrongIssuer,
    WrongType,
)

MOST_BYTES = 8 * 1024
SKEW = 30  # seconds by which an issuer's clock may be ahead of ours

_TYPE = "at+jwt"
_SCHEME = re.compile(rb"(?:bearer|dpop)(?: |\Z)", re.IGNORECASE)
_BEARER = re.compile(rb"(?:bearer|dpop) +([A-Za-z0-9._~+/-]+=*)", re.IGNORECASE)
_HEADER = frozenset({"alg", "kid", "typ"})
_ROLE = re.compile(r"[a-z][a-z0-9_]{0,63}")
_SCOPE = re.compile(r"[!#-\[\]-~]+(?: [!#-\[\]-~]+)*")  # RFC 6749 section 3.3
_LONGEST_TEXT = 255
_MOST_ROLES = 64
_LAST_SECOND = 2**53  # beyond it a number of JSON is not exact everywhere


def issue(  # noqa: PLR0913 - each is said by another part of the caller, and by name
    keys: Keys,
    *,
    issuer: str,
    audience: str,
    principal: Principal,
    lifetime: timedelta,
    now: float,
    session_id: UUID | None = None,
    jkt: str | None = None,
) -> str:
    """Sign an access token for `principal`, valid from `now` (seconds of Unix time) for `lifetime`.

    Raises ValueError for a principal without a client, which RFC 9068 obliges a token to name, and for a
    lifetime under a second.
    """
    if not principal.client:
        raise ValueError("an access token names the client that it is issued to")
    if lifetime < timedelta(seconds=1):
        raise ValueError("an access token lives for a second at least")
    claims = {
        "iss": issuer,
        "sub": principal.subject,
        "aud": audience,
        "exp": int(now) + int(lifetime.total_seconds()),
        "iat": int(now),
        "jti": str(uuid4()),
        "client_id": principal.client,
        "scope": " ".join(sorted(principal.scopes)),
        "roles": sorted(principal.roles),
        "org": str(principal.org_id),
    }
    if jkt is not None:
        claims["cnf"] = {"jkt": jkt}
    if session_id is not None:
        claims["sid"] = str(session_id)
    if not claims["scope"]:
        del claims["scope"]  # RFC 6749 knows no empty scope
    header = {"alg": ALGORITHM, "typ": _TYPE, "kid": keys.kid}
    return jwt.encode(header, claims, keys.signing_key, algorithms=[ALGORITHM])


@dataclass(slots=True)
class AccessToken:
    """A verified access token; times are seconds of Unix time.

    `jkt` is the thumbprint of the key that its sender has to prove (RFC 9449), if it is bound to one.
    `stands_until` is for whoever knows revocations: until then it need not be asked about again.
    """

    principal: Principal
    id: str
    issued_at: int
    expires_at: int
    session_id: str | None = None
    jkt: str | None = None
    stands_until: float = 0
    keys: object = None  # those that it was verified with


class TokenVerifier:
    """Verifies Authorization headers, and remembers the last `capacity` that were good until they expire.

    `clock` gives seconds of Unix time. A verifier belongs to one thread, such as that of an event loop.
    """

    def __init__(
        self,
        keys: Keys,
        issuer: str,
        audience: str,
        clock: Callable[[], float] = time.time,
        capacity: int = 10_000,
    ) -> None:
        self._keys = keys
        self._issuer = issuer
        self._audience = audience
        self._clock = clock
        self._capacity = capacity
        self._verified: OrderedDict[bytes, AccessToken] = OrderedDict()

    def verify(self, authorization: bytes | None) -> Principal:
        """Give the principal of an Authorization header's value; raises a TokenRefused."""
        return self.read(authorization).principal

    def read(self, authorization: bytes | None) -> AccessToken:
        """Give the token of an Authorization header's value; raises a TokenRefused."""
        now = self._clock()
        if authorization is not None and (known := self._verified.get(authorization)):
            if now < known.expires_at and known.keys is self._keys.public_keys:
                self._verified.move_to_end(authorization)
                return known
            del self._verified[authorization]
        token = self._accept(self._claims(_bearer(authorization)), now)
        if authorization is not None:
            token.keys = self._keys.public_keys
            self._remember(authorization, token)
        return token

    def _claims(self, token: bytes) -> Mapping[str, Any]:
        """Give the claims of a token whose header and signature are ours."""
        try:
            header, claims, _signature = compact_parts(token)
        except ValueError as error:
            raise MalformedToken from error
        head = json_object(header)
        if head is None:
            raise MalformedToken
        key = self._keys.public_keys.get(_kid(head))
        if key is None:
            raise UnknownKey
        try:
            jws.deserialize_compact(token, key, algorithms=[ALGORITHM])
        except (JoseError, ValueError) as error:
            raise BadSignature from error
        found = json_object(claims)
        if found is None:
            raise MalformedClaims
        return found

    def _accept(self, claims: Mapping[str, Any], now: float) -> AccessToken:
        """Give the token of signed claims, if they are for us and for now."""
        if claims.get("iss") != self._issuer:
            raise WrongIssuer
        audiences = claims.get("aud")
        if self._audience not in (audiences if isinstance(audiences, list) else [audiences]):
            raise WrongAudience
        if now >= _second(claims, "exp"):  # no skew: a token is never used at or after its expiry
            raise ExpiredToken
        starts = max(_second(claims, "iat"), _second(claims, "nbf") if "nbf" in claims else 0)
        if starts > now + SKEW:
            raise TokenNotYetValid
        identity = _text(claims, "jti")
        principal = Principal(
            org_id=_org(claims),
            subject=_text(claims, "sub"),
            client=_text(claims, "client_id"),
            roles=_roles(claims),
            scopes=_scopes(claims),
        )
        return AccessToken(
            principal,
            identity,
            issued_at=_second(claims, "iat"),
            expires_at=_second(claims, "exp"),
            session_id=_text(claims, "sid") if "sid" in claims else None,
            jkt=_jkt(claims),
        )

    def _remember(self, authorization: bytes, token: AccessToken) -> None:
        while self._verified and len(self._verified) >= self._capacity:
            self._verified.popitem(last=False)
        self._verified[authorization] = token


def _bearer(authorization: bytes | None) -> bytes:
    if authorization is None or not _SCHEME.match(authorization):
        raise MissingToken
    if len(authorization) > MOST_BYTES + len(b"Bearer "):
        raise OversizedToken
    match = _BEARER.fullmatch(authorization)
    if match is None:
        raise MalformedAuthorization
    return match[1]


def _kid(header: Mapping[str, Any]) -> str:
    """Give the kid of a header as ours are; another member, such as jwk, jku, x5u or crit, is not one."""
    kind, kid = header.get("typ"), header.get("kid")
    typed = isinstance(kind, str) and kind.lower().removeprefix("application/") == _TYPE
    if header.keys() != _HEADER or header["alg"] != ALGORITHM or not typed or not isinstance(kid, str):
        raise WrongType
    return kid


def _second(claims: Mapping[str, Any], name: str) -> int:
    value = claims.get(name)
    if type(value) is not int or not 0 < value < _LAST_SECOND:  # bool is an int to isinstance
        raise MalformedClaims
    return value


def _text(claims: Mapping[str, Any], name: str) -> str:
    """Give a claim that is written to the audit and the database: no NUL, no surrogate, nothing unseen."""
    value = claims.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST_TEXT or not value.isprintable():
        raise MalformedClaims
    return value


def _org(claims: Mapping[str, Any]) -> UUID:
    text = _text(claims, "org")
    try:
        org = UUID(text)
    except ValueError as error:
        raise MalformedClaims from error
    if str(org) != text:
        raise MalformedClaims
    return org


def _jkt(claims: Mapping[str, Any]) -> str | None:
    """Give the key that a token is bound to; a binding that is not understood is refused, not dropped."""
    if "cnf" not in claims:
        return None
    bound = claims["cnf"]
    if not isinstance(bound, dict) or bound.keys() != {"jkt"}:
        raise MalformedClaims
    return _text(bound, "jkt")


def token_of(authorization: bytes) -> bytes:
    """Give the token of an Authorization header that was verified."""
    return authorization.partition(b" ")[2].strip()


def _roles(claims: Mapping[str, Any]) -> frozenset[str]:
    roles = claims.get("roles")
    if not isinstance(roles, list) or len(roles) > _MOST_ROLES:
        raise MalformedClaims
    if not all(isinstance(role, str) and _ROLE.fullmatch(role) for role in roles):
        raise MalformedClaims
    return frozenset(roles)


def _scopes(claims: Mapping[str, Any]) -> frozenset[str]:
    if "scope" not in claims:
        return frozenset()
    scope = claims["scope"]
    if not isinstance(scope, str) or not _SCOPE.fullmatch(scope):
        raise MalformedClaims
    return frozenset(scope.split(" "))
