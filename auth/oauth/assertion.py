"""Assertions (RFC 7523): what Authlib leaves to us, and reference/security.md lists as left."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from authlib.oauth2.rfc6749 import InvalidGrantError
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from joserfc import jws
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import ECKey, OKPKey, RSAKey

from auth.compact import compact_parts, json_object
from auth.digest import digest_id

MOST_BYTES = 8 * 1024
LONGEST_LIFE = 300  # seconds
LONGEST_CLIENT_LIFE = 3600
"""Authlib as a client signs for an hour; such an assertion is good once, by its jti."""
SKEW = 30
REPEAT_WITHIN = 10  # seconds in which one without jti may come again: Salesforce signs whole seconds
REPEATS = 20

CLIENT_ALGORITHMS = ("ES256", "RS256", "PS256", "EdDSA")
"""What the programs of integrators sign with."""

ALGORITHMS = {"RS256": RSAKey, "RS512": RSAKey, "PS256": RSAKey, "ES256": ECKey, "EdDSA": OKPKey}
SALESFORCE_ALGORITHMS = ("RS256", "RS512")

# RFC 9864 renames it; the clients that there are still say EdDSA.
warnings.filterwarnings("ignore", message="EdDSA is deprecated", category=SecurityWarning)

_HEADER = frozenset({"alg", "kid", "typ", "x5t", "x5t#S256"})
_KID = re.compile(r"[\w.:\-]{0,128}", re.ASCII)
_LONGEST_TEXT = 255
_SMALLEST_RSA = 2048
_LAST_SECOND = 2**53


_ALWAYS = datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)


class UnusableCertificate(ValueError):
    """A certificate or public key that is no proof."""


class Proof(NamedTuple):
    """A key that proves who signed, and from when to when it does."""

    starts: datetime
    ends: datetime
    key: RSAKey | ECKey | OKPKey


@dataclass(frozen=True, slots=True)
class Assertion:
    """An assertion as it was sent: nothing of it is believed before `verify`."""

    text: str
    header: Mapping[str, Any]
    claims: Mapping[str, Any]

    @property
    def issuer(self) -> str:
        """Who says to have signed it."""
        return _text(self.claims, "iss")

    @property
    def subject(self) -> str:
        """Whom it is about."""
        return _text(self.claims, "sub")

    @property
    def expires(self) -> int:
        """When it ends, in seconds of Unix time."""
        return _second(self.claims, "exp")

    @property
    def id(self) -> UUID:
        """What it is known by: its issuer and jti, else all that was signed."""
        named = "jti" in self.claims
        told = f"jti:{_text(self.claims, 'jti')}" if named else self.text.rpartition(".")[0]
        return digest_id(f"{self.issuer}|{told}")

    def uses(self, now: float) -> int:
        """Return how often it may be redeemed in all, as of now: once, if it carries a jti or is older."""
        fresh = now - _second(self.claims, "iat") <= REPEAT_WITHIN if "iat" in self.claims else False
        return 1 if "jti" in self.claims or not fresh else REPEATS


def read_assertion(text: str) -> Assertion:
    """Take an assertion apart. Raises InvalidGrantError."""
    if len(text) > MOST_BYTES:
        raise InvalidGrantError("The assertion is longer than 8 KiB.")
    try:
        header, claims, _signature = compact_parts(text.encode())
    except ValueError:
        header = claims = b""
    head, body = json_object(header), json_object(claims)
    if head is None or body is None:
        raise InvalidGrantError("The assertion is no JWT in compact form.")
    return Assertion(text, head, body)


@dataclass(frozen=True, slots=True)
class Expected:
    """What an assertion must be: signed by one of `proofs` (PEM), for one of `audiences`, and short-lived."""

    proofs: Sequence[str]
    algorithms: Sequence[str]
    audiences: Sequence[str]
    longest_life: int = LONGEST_LIFE


def verify(assertion: Assertion, expected: Expected, now: float) -> None:
    """Believe an assertion, or raise InvalidGrantError; whether it was seen before is not asked here."""
    algorithm = _algorithm(assertion.header, expected.algorithms)
    if not any(_signed(assertion.text, key, algorithm) for key in _keys(expected.proofs, algorithm, now)):
        raise InvalidGrantError("The assertion is signed by no key of its issuer that is valid now.")
    claims = assertion.claims
    if claims.get("aud") not in expected.audiences or not isinstance(claims["aud"], str):
        raise InvalidGrantError(f"aud must be one text: {' or '.join(expected.audiences)}.")
    _in_time(claims, now, expected.longest_life)
    _text(claims, "sub")
    if "jti" in claims:
        _text(claims, "jti")


def _in_time(claims: Mapping[str, Any], now: float, longest_life: int) -> None:
    ends = _second(claims, "exp")
    if now >= ends + SKEW:
        raise InvalidGrantError("The assertion has expired.")
    if ends > now + longest_life + SKEW:
        raise InvalidGrantError(f"exp is more than {longest_life} seconds from now.")
    for name in ("iat", "nbf"):
        if name in claims and _second(claims, name) > now + SKEW:
            raise InvalidGrantError(f"{name} lies in the future.")
    if "iat" in claims and _second(claims, "iat") < now - longest_life - SKEW:
        raise InvalidGrantError(f"iat is more than {longest_life} seconds ago.")


def _algorithm(header: Mapping[str, Any], algorithms: Sequence[str]) -> str:
    algorithm, kid, kind = header.get("alg"), header.get("kid", ""), header.get("typ", "JWT")
    if not isinstance(algorithm, str) or algorithm not in algorithms:
        raise InvalidGrantError(f"alg must be {' or '.join(algorithms)}.")
    if not header.keys() <= _HEADER or not isinstance(kid, str) or not _KID.fullmatch(kid):
        raise InvalidGrantError("The header has a member that is not taken, or a kid that is none.")
    if not isinstance(kind, str) or kind.upper() != "JWT":
        raise InvalidGrantError("typ must be JWT.")
    return algorithm


def _keys(proofs: Sequence[str], algorithm: str, now: float) -> list[RSAKey | ECKey | OKPKey]:
    at = datetime.fromtimestamp(now, UTC)
    found = (_proof(pem) for pem in proofs)
    return [key for start, end, key in found if isinstance(key, ALGORITHMS[algorithm]) and start <= at < end]


def _signed(text: str, key: RSAKey | ECKey | OKPKey, algorithm: str) -> bool:
    try:
        jws.deserialize_compact(text.encode(), key, algorithms=[algorithm])
    except (JoseError, ValueError):
        return False
    return True


@lru_cache(maxsize=1024)
def _proof(pem: str) -> Proof:
    """Return from when to when a proof is good, and its key. Raises UnusableCertificate."""
    try:
        if "BEGIN PUBLIC KEY" in pem:
            key, start, end = load_pem_public_key(pem.encode()), _ALWAYS[0], _ALWAYS[1]
        else:
            read = x509.load_pem_x509_certificate(pem.encode())
            key, start, end = read.public_key(), read.not_valid_before_utc, read.not_valid_after_utc
    except (ValueError, UnsupportedAlgorithm) as error:
        raise UnusableCertificate("it is no X.509 certificate and no public key in PEM") from error
    content = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    if isinstance(key, rsa.RSAPublicKey):
        if key.key_size < _SMALLEST_RSA:
            raise UnusableCertificate(f"its RSA key has {key.key_size} bits; {_SMALLEST_RSA} are the least")
        return Proof(start, end, RSAKey.import_key(content))
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name == "secp256r1":
        return Proof(start, end, ECKey.import_key(content))
    if isinstance(key, ed25519.Ed25519PublicKey):
        return Proof(start, end, OKPKey.import_key(content))
    raise UnusableCertificate("its key is neither RSA, nor P-256, nor Ed25519")


def check_proof(pem: str) -> Proof:
    """Return a certificate's or public key's times and key. Raises UnusableCertificate, which says why."""
    return _proof(pem)


def _second(claims: Mapping[str, Any], name: str) -> int:
    value = claims.get(name)
    if type(value) is not int or not 0 < value < _LAST_SECOND:  # bool is an int to isinstance
        raise InvalidGrantError(f"{name} must be whole seconds of Unix time.")
    return value


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST_TEXT or not value.isprintable():
        raise InvalidGrantError(f"{name} must be a text of 1 to {_LONGEST_TEXT} characters.")
    return value
