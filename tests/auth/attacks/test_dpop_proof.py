from __future__ import annotations

import base64
import hashlib
import json
import secrets
from typing import Any

import pytest
from joserfc import jws, jwt
from joserfc.jwk import ECKey, OKPKey

from auth.dpop import OLDEST, Proof, ProofsSeen, read_proof
from auth.token_refused import InvalidProof

URL, NOW = "https://graph.example/graphql", 1_795_000_000
KEY = ECKey.generate_key("P-256")
TOKEN = b"an.access.token"
KINDS = {"ES256": KEY, "EdDSA": OKPKey.generate_key("Ed25519")}


def proof(
    key: Any = KEY,
    algorithm: str = "ES256",
    header: dict[str, Any] | None = None,
    token: bytes | None = None,
    **changes: Any,
) -> bytes:
    """Make a proof, or what a forger would."""
    whole = {"htm": "POST", "htu": URL, "iat": NOW, "jti": secrets.token_urlsafe(8)} | changes
    if token is not None:
        whole.setdefault(
            "ath", base64.urlsafe_b64encode(hashlib.sha256(token).digest()).rstrip(b"=").decode()
        )
    head = {"typ": "dpop+jwt", "alg": algorithm, "jwk": key.as_dict(private=False)} | (header or {})
    claims = {name: value for name, value in whole.items() if value is not None}
    registry = jws.JWSRegistry(algorithms=[algorithm], strict_check_header=False)
    head = {name: value for name, value in head.items() if value is not None}
    return jwt.encode(head, claims, key, algorithms=[algorithm], registry=registry).encode()


def refused(made: bytes, token: bytes | None = None, method: str = "POST", url: str = URL) -> None:
    with pytest.raises(InvalidProof):
        read_proof(made, method, url, NOW, token)


@pytest.mark.parametrize("algorithm", KINDS)
def test_a_proof_of_each_kind_of_key_is_believed(algorithm: str) -> None:
    key = KINDS[algorithm]
    read = read_proof(proof(key, algorithm, token=TOKEN), "POST", URL, NOW, TOKEN)
    assert read.jkt == key.thumbprint()


def test_a_proof_is_for_one_method_one_url_and_one_token() -> None:
    good = proof(token=TOKEN)
    refused(good, TOKEN, method="GET")
    refused(good, TOKEN, url=URL + "/")
    refused(good, b"another.access.token")
    refused(good)
    refused(proof(), TOKEN)
    assert read_proof(good, "POST", URL, NOW, TOKEN)


CLAIMS: list[dict[str, Any]] = [
    {"htm": None}, {"htm": "post"}, {"htm": ["POST"]}, {"htu": None}, {"htu": URL + "?x=1"},
    {"htu": URL.upper()},
    {"iat": None}, {"iat": NOW - OLDEST - 1}, {"iat": NOW + 31}, {"iat": str(NOW)}, {"iat": NOW + 0.5},
    {"iat": True}, {"jti": None}, {"jti": ""}, {"jti": 5}, {"jti": "x" * 256}, {"jti": "a\nb"}, {"ath": "x"},
]  # fmt: skip


@pytest.mark.parametrize("changes", CLAIMS, ids=str)
def test_a_claim_that_is_not_as_it_must_be_is_refused(changes: dict[str, Any]) -> None:
    refused(proof(**changes))


PRIVATE = KEY.as_dict(private=True)
HEADERS: list[dict[str, Any]] = [
    {"typ": None}, {"typ": "JWT"}, {"typ": ["dpop+jwt"]}, {"jwk": None}, {"jwk": "x"}, {"jwk": {}},
    {"jwk": PRIVATE},
    {"jwk": {"kty": "oct", "k": "c2VjcmV0"}}, {"jwk": {**KEY.as_dict(private=False), "crv": "P-384"}},
    {"jwk": {**KEY.as_dict(private=False), "x": "AA"}}, {"jwk": {**KEY.as_dict(private=False), "x": 5}},
    {"jwk": {**KEY.as_dict(private=False), "x5u": "https://evil.example"}}, {"kid": "x"},
    {"jku": "https://e.example"},
    {"crit": ["exp"]}, {"jwk": ECKey.generate_key("P-256").as_dict(private=False)},
]  # fmt: skip


@pytest.mark.parametrize("header", HEADERS, ids=range(len(HEADERS)))
def test_a_header_that_is_not_as_it_must_be_is_refused(header: dict[str, Any]) -> None:
    good = proof()
    _, claims, signature = good.split(b".")
    head = {"typ": "dpop+jwt", "alg": "ES256", "jwk": KEY.as_dict(private=False)} | header
    coded = json.dumps({name: value for name, value in head.items() if value is not None}).encode()
    refused(base64.urlsafe_b64encode(coded).rstrip(b"=") + b"." + claims + b"." + signature)


@pytest.mark.parametrize("algorithm", ["none", "HS256", "ES384", "RS256", 5, None, ["ES256"]])
def test_an_algorithm_that_is_not_of_the_key_is_refused(algorithm: object) -> None:
    _, claims, signature = proof().split(b".")
    head = json.dumps({"typ": "dpop+jwt", "alg": algorithm, "jwk": KEY.as_dict(private=False)}).encode()
    refused(base64.urlsafe_b64encode(head).rstrip(b"=") + b"." + claims + b"." + signature)


@pytest.mark.parametrize(
    "made", [b"", b"x", b"a.b.c", b"...", b"\xff", proof()[:-4], proof() + b"=", b"x" * 5000]
)
def test_what_is_no_proof_is_refused(made: bytes) -> None:
    refused(made)


def test_a_proof_is_good_once_and_memory_is_bounded() -> None:
    seen = ProofsSeen(capacity=3)
    for jti in ("a", "b", "c"):
        seen.take(Proof("key", jti, NOW), NOW)
    with pytest.raises(InvalidProof):
        seen.take(Proof("key", "a", NOW), NOW)
    with pytest.raises(InvalidProof):
        seen.take(Proof("key", "d", NOW), NOW)
    seen.take(Proof("key", "d", NOW), NOW + OLDEST + 31)
    assert len(seen._seen) == 1
