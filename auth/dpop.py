"""DPoP (RFC 9449): whoever sends a token proves that they hold the key that it is bound to."""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey

from auth.compact import compact_parts, json_object
from auth.token_refused import InvalidProof

ALGORITHMS = ("ES256", "EdDSA")
MOST_BYTES = 4096
OLDEST, SKEW = 60, 30  # seconds

_MEMBERS = {"EC": {"crv", "kty", "x", "y"}, "OKP": {"crv", "kty", "x"}}
_KEYS: dict[str, tuple[Any, str, str]] = {
    "EC": (ECKey, "P-256", "ES256"),
    "OKP": (OKPKey, "Ed25519", "EdDSA"),
}
_LONGEST_TEXT = 255


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof that holds: `jkt` is the RFC 7638 thumbprint of its key, `jti` what it is known by."""

    jkt: str
    jti: str
    issued_at: int


def read_proof(proof: bytes, method: str, url: str, now: float, access_token: bytes | None = None) -> Proof:
    """Believe a proof for one request, and for one access token where there is one. Raises InvalidProof.

    `url` is ours, without query; whether the proof was seen before is not asked here.
    """
    if len(proof) > MOST_BYTES:
        raise InvalidProof
    try:
        header, claims, _signature = compact_parts(proof)
    except ValueError as error:
        raise InvalidProof from error
    head, body = json_object(header), json_object(claims)
    if head is None or body is None or head.keys() != {"typ", "alg", "jwk"} or head["typ"] != "dpop+jwt":
        raise InvalidProof
    key = _key(head["jwk"], head["alg"])
    try:
        jws.deserialize_compact(proof, key, algorithms=[head["alg"]])
    except (JoseError, ValueError) as error:
        raise InvalidProof from error
    if (body.get("htm"), body.get("htu")) != (method, url) or body.get("ath") != _hash(access_token):
        raise InvalidProof
    return Proof(key.thumbprint(), _jti(body), _issued_at(body, now))


class ProofsSeen:
    """The proofs that one worker saw, until they would be too old anyway."""

    def __init__(self, capacity: int = 100_000) -> None:
        self._capacity = capacity
        self._seen: OrderedDict[tuple[str, str], int] = OrderedDict()

    def take(self, proof: Proof, now: float) -> None:
        """Use a proof up. Raises InvalidProof for one that was seen, or where too many come to remember."""
        while self._seen and next(iter(self._seen.values())) < now - OLDEST - SKEW:
            self._seen.popitem(last=False)
        known = (proof.jkt, proof.jti)
        if known in self._seen or len(self._seen) >= self._capacity:
            raise InvalidProof
        self._seen[known] = int(now)


def _key(jwk: object, algorithm: object) -> ECKey | OKPKey:
    """Read a public key, with the members that it needs and no other: never a private one."""
    if not isinstance(jwk, dict) or not all(isinstance(value, str) for value in jwk.values()):
        raise InvalidProof
    kind = jwk.get("kty", "")
    if kind not in _KEYS or jwk.keys() - {"kid", "use", "alg"} != _MEMBERS[kind]:
        raise InvalidProof
    type_, curve, signs = _KEYS[kind]
    if (algorithm, jwk["crv"]) != (signs, curve):
        raise InvalidProof
    try:
        key: ECKey | OKPKey = type_.import_key({name: jwk[name] for name in _MEMBERS[kind]})
        key.thumbprint()
    except (JoseError, ValueError, TypeError) as error:
        raise InvalidProof from error
    return key


def _hash(access_token: bytes | None) -> str | None:
    if access_token is None:
        return None
    return urlsafe_b64encode(hashlib.sha256(access_token).digest()).rstrip(b"=").decode()


def _jti(claims: Mapping[str, Any]) -> str:
    jti = claims.get("jti")
    if not isinstance(jti, str) or not 0 < len(jti) <= _LONGEST_TEXT or not jti.isprintable():
        raise InvalidProof
    return jti


def _issued_at(claims: Mapping[str, Any], now: float) -> int:
    issued = claims.get("iat")
    if type(issued) is not int or not now - OLDEST <= issued <= now + SKEW:  # bool is an int to isinstance
        raise InvalidProof
    return issued
