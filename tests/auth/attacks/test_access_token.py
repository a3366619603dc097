from __future__ import annotations

import base64
import hmac
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import ECKey, RSAKey

from auth import token_refused as refused
from auth.keys import SigningKeys
from auth.token_refused import TokenRefused
from auth.tokens import MOST_BYTES, TokenVerifier
from tests.auth.forge import (
    AUDIENCE,
    ISSUER,
    ORG,
    bearer,
    coded,
    parts,
    signed,
    token,
    with_claims,
    with_header,
)
from tests.keys import new_keys


def odd_headers(good: bytes) -> dict[str, bytes]:
    bare = good.removeprefix(b"Bearer ")
    return {
        "no token": b"Bearer",
        "blank token": b"Bearer  ",
        "two headers in one": good + b", " + good,
        "two tokens": good + b" " + bare,
        "blank after": good + b" ",
        "line break after": good + b"\n",
        "NUL after": good + b"\x00",
        "NUL within": good[:40] + b"\x00" + good[40:],
        "high bytes": good + "é".encode(),
        "no UTF-8": b"Bearer \xff\xfe\x80",
        "parameter": b'Bearer token="' + bare + b'"',
    }


@pytest.mark.parametrize("name", odd_headers(b""))
def test_an_odd_header_is_an_invalid_request(keys: SigningKeys, verifier: TokenVerifier, name: str) -> None:
    header = odd_headers(bearer(token(keys)))[name]
    with pytest.raises(refused.MalformedAuthorization) as odd:
        verifier.verify(header)
    assert (odd.value.status, odd.value.error) == (400, "invalid_request")


ATTACKS: dict[str, tuple[type[TokenRefused], dict[str, Any]]] = {
    "alg none": (refused.WrongType, {"alg": "none"}),
    "alg HS256": (refused.WrongType, {"alg": "HS256"}),
    "alg RS256": (refused.WrongType, {"alg": "RS256"}),
    "alg ES384": (refused.WrongType, {"alg": "ES384"}),
    "alg in lower case": (refused.WrongType, {"alg": "es256"}),
    "alg as a list": (refused.WrongType, {"alg": ["ES256"]}),
    "no alg": (refused.WrongType, {"drop": "alg"}),
    "typ JWT": (refused.WrongType, {"typ": "JWT"}),
    "typ of a logout token": (refused.WrongType, {"typ": "logout+jwt"}),
    "typ with two prefixes": (refused.WrongType, {"typ": "application/application/at+jwt"}),
    "typ as a number": (refused.WrongType, {"typ": 1}),
    "no typ": (refused.WrongType, {"drop": "typ"}),
    "no kid": (refused.WrongType, {"drop": "kid"}),
    "kid null": (refused.WrongType, {"kid": None}),
    "kid as a list": (refused.WrongType, {"kid": ["a"]}),
    "kid empty": (refused.UnknownKey, {"kid": ""}),
    "kid as a path": (refused.UnknownKey, {"kid": "../../dev/null"}),
    "kid as SQL": (refused.UnknownKey, {"kid": "' OR 1=1 --"}),
    "kid with NUL": (refused.UnknownKey, {"kid": "\x00"}),
    "crit": (refused.WrongType, {"crit": ["exp"]}),
    "crit empty": (refused.WrongType, {"crit": []}),
    "b64": (refused.WrongType, {"crit": ["b64"], "b64": False}),
    "jwk": (refused.WrongType, {"jwk": ECKey.generate_key("P-256").as_dict(private=False)}),
    "jku": (refused.WrongType, {"jku": "https://evil.example/jwks"}),
    "x5u": (refused.WrongType, {"x5u": "https://evil.example/cert"}),
    "x5c": (refused.WrongType, {"x5c": ["MIIB"]}),
    "zip": (refused.WrongType, {"zip": "DEF"}),
    "kid too long": (refused.UnknownKey, {"kid": "k" * 2_000}),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_a_header_unlike_ours_is_refused(keys: SigningKeys, verifier: TokenVerifier, name: str) -> None:
    expected, changes = ATTACKS[name]
    with pytest.raises(expected):
        verifier.verify(with_header(keys, **changes))


def test_an_unsigned_token_is_refused(keys: SigningKeys, verifier: TokenVerifier) -> None:
    header, claims, _ = token(keys).encode().split(b".")
    none = coded(json.dumps({"alg": "none", "typ": "at+jwt", "kid": keys.kid}).encode())
    for attempt in (none + b"." + claims + b".", header + b"." + claims + b".", header + b"." + claims):
        with pytest.raises(refused.MalformedToken):
            verifier.verify(b"Bearer " + attempt)
    with pytest.raises(refused.WrongType):
        verifier.verify(b"Bearer " + none + b"." + claims + b".AA")


@pytest.mark.parametrize("alg", ["HS256", "ES256"])
def test_a_mac_by_the_public_key_is_refused(keys: SigningKeys, verifier: TokenVerifier, alg: str) -> None:
    (public,) = keys.public_keys.values()
    header, claims = parts(token(keys))
    signing_input = b".".join(coded(json.dumps(part).encode()) for part in (header | {"alg": alg}, claims))
    for secret in (public.as_pem(private=False), public.as_der(private=False)):
        mac = hmac.digest(secret, signing_input, "sha256")
        with pytest.raises((refused.WrongType, refused.BadSignature)):
            verifier.verify(b"Bearer " + signing_input + b"." + coded(mac))


@pytest.mark.parametrize("alg", ["RS256", "ES384"])
def test_a_signature_of_another_algorithm_is_refused(
    keys: SigningKeys, verifier: TokenVerifier, alg: str
) -> None:
    key = RSAKey.generate_key(2048) if alg == "RS256" else ECKey.generate_key("P-384")
    _, claims = parts(token(keys))
    header = {"alg": alg, "typ": "at+jwt", "kid": keys.kid}
    forged = jws.serialize_compact(header, json.dumps(claims), key, algorithms=[alg])
    with pytest.raises(refused.WrongType):
        verifier.verify(bearer(forged))
    ours, signature = token(keys).split(".")[:2], forged.split(".")[2]
    with pytest.raises(refused.BadSignature):
        verifier.verify(bearer(".".join([*ours, signature])))


def test_a_token_of_another_key_is_refused(keys: SigningKeys, verifier: TokenVerifier) -> None:
    others = new_keys()
    with pytest.raises(refused.UnknownKey):
        verifier.verify(bearer(token(others)))
    claiming = SigningKeys(signing_key=others.signing_key, public_keys={})
    header, claims = parts(token(keys))
    with pytest.raises(refused.BadSignature):
        verifier.verify(signed(claiming, json.dumps(header).encode(), json.dumps(claims).encode()))


def test_a_changed_claim_or_signature_is_refused(keys: SigningKeys, verifier: TokenVerifier) -> None:
    header, claims, signature = token(keys).encode().split(b".")
    more = coded(json.dumps(parts(token(keys))[1] | {"roles": ["admin"]}).encode())
    raw = base64.urlsafe_b64decode(signature + b"==")
    flipped = coded(bytes([raw[0] ^ 1]) + raw[1:])
    for attempt in (
        [header, more, signature],
        [header, claims, flipped],
        [header, claims, coded(raw[:32])],
        [header, claims, coded(bytes(64))],
        [header, claims, coded(raw + raw)],
        [header, claims, coded(raw * 30)],
    ):
        with pytest.raises(refused.BadSignature):
            verifier.verify(b"Bearer " + b".".join(attempt))


def test_a_second_spelling_of_the_same_token_is_refused(keys: SigningKeys, verifier: TokenVerifier) -> None:
    good = token(keys).encode()
    alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    other = good[:-1] + alphabet[alphabet.index(good[-1]) ^ 1 :][:1]  # 64 bytes leave four bits unused
    assert base64.urlsafe_b64decode(other[-86:] + b"==") == base64.urlsafe_b64decode(good[-86:] + b"==")
    with pytest.raises(refused.MalformedToken):
        verifier.verify(b"Bearer " + other)


NO_JWT = ["a", "a.b", "a.b.c", "a.b.c.d.e", "..", "a..c", "e30.e30.e30", "++.//.aa", "a=.b.c"]


@pytest.mark.parametrize("text", NO_JWT)
def test_what_is_no_jwt_is_refused(verifier: TokenVerifier, text: str) -> None:
    with pytest.raises((refused.MalformedToken, refused.WrongType, refused.MalformedAuthorization)):
        verifier.verify(bearer(text))


def test_an_oversized_token_is_refused_before_it_is_read(keys: SigningKeys, verifier: TokenVerifier) -> None:
    with pytest.raises(refused.OversizedToken):
        verifier.verify(with_claims(keys, roles=["r" * 60] * 150))
    with pytest.raises(refused.OversizedToken):
        verifier.verify(b"Bearer " + b"a" * (MOST_BYTES + 1))
    with pytest.raises(refused.MalformedToken):
        verifier.verify(b"Bearer " + b"a" * MOST_BYTES)


def claim_attacks() -> list[tuple[type[TokenRefused], dict[str, Any]]]:
    malformed: dict[str, list[Any]] = {
        "exp": ["1795000600", 1795000600.0, True, None, [], -1, 0, 2**53, 10**400, 1e300],
        "iat": ["1795000000", 1795000000.5, False, None, {}, -1, 2**63],
        "nbf": ["0", 1.5, None, True, -5],
        "sub": [None, "", 5, ["a"], "a\x00b", "a\nb", "\ud800", "x" * 256],
        "jti": [None, "", 7, {}, "\x00"],
        "client_id": [None, "", 5, "a\x00", "c" * 256],
        "org": [None, "", 5, "acme", str(ORG).upper(), f"{{{ORG}}}", f"urn:uuid:{ORG}", ORG.hex],
        "roles": [None, "admin", {"admin": 1}, [1], [None], [["admin"]], ["Admin"], ["a\0"], [""], ["a\n"]],
        "scope": [None, "", 5, ["read"], " read", "read ", "a  b", "a\x00", 'a"b', "é"],
    }
    found: list[tuple[type[TokenRefused], dict[str, Any]]] = [
        (refused.MalformedClaims, {name: value}) for name, values in malformed.items() for value in values
    ]
    found += [(refused.MalformedClaims, {"roles": ["admin"] * 65})]
    found += [(refused.MalformedClaims, {"drop": name}) for name in malformed if name not in {"nbf", "scope"}]
    audiences: list[Any] = [None, "", [], ["a"], {AUDIENCE: 1}, [[AUDIENCE]], AUDIENCE + "/", 5]
    audiences += [AUDIENCE.upper(), AUDIENCE[:-1]]
    issuers: list[Any] = [None, "", [ISSUER], ISSUER + "/", ISSUER.upper(), "https://evil.example", 5]
    found += [(refused.WrongAudience, {"aud": value}) for value in audiences]
    found += [(refused.WrongIssuer, {"iss": value}) for value in issuers]
    found += [(refused.WrongAudience, {"drop": "aud"}), (refused.WrongIssuer, {"drop": "iss"})]
    return found


@pytest.mark.parametrize(("expected", "changes"), claim_attacks(), ids=lambda value: repr(value)[:60])
def test_a_signed_claim_of_the_wrong_shape_is_refused(
    keys: SigningKeys, verifier: TokenVerifier, expected: type[TokenRefused], changes: dict[str, Any]
) -> None:
    with pytest.raises(expected) as wrong:
        verifier.verify(with_claims(keys, **changes))
    assert (wrong.value.status, wrong.value.error) == (401, "invalid_token")


@pytest.mark.parametrize(
    "claims",
    [
        b"[]", b"5", b'"text"', b"null", b"", b"{", b"{}x", b"\xff\xfe", '{"a":1}'.encode("utf-16"),
        b'{"exp":NaN}', b'{"exp":-Infinity}', b'{"exp":1,"exp":2}', b'{"a":{"b":1,"b":2}}',
        b"[" * 5_000, b'{"a":' * 900 + b"1" + b"}" * 900, b'{"exp":' + b"9" * 5_000 + b"}", b"\xef\xbb\xbf{}",
    ],
    ids=lambda value: repr(value[:20]),
)  # fmt: skip
def test_signed_bytes_that_are_no_claims_are_refused(
    keys: SigningKeys, verifier: TokenVerifier, claims: bytes
) -> None:
    header = json.dumps(parts(token(keys))[0]).encode()
    with pytest.raises((refused.MalformedClaims, refused.MalformedToken, refused.WrongIssuer)):
        verifier.verify(signed(keys, header, claims))
    with pytest.raises((refused.MalformedToken, refused.WrongType)):
        verifier.verify(signed(keys, claims, b"{}"))


def test_good_claims_in_no_json_of_utf_8_are_refused(keys: SigningKeys, verifier: TokenVerifier) -> None:
    header, claims = (json.dumps(part) for part in parts(token(keys)))
    assert verifier.verify(signed(keys, header.encode(), claims.encode()))
    for spelling in (claims.encode("utf-16"), claims.encode("utf-32-le"), claims.encode("utf-8-sig")):
        with pytest.raises(refused.MalformedClaims):
            verifier.verify(signed(keys, header.encode(), spelling))
    with pytest.raises(refused.MalformedClaims):
        verifier.verify(with_claims(keys, more=float("nan")))


def test_a_header_that_says_a_thing_twice_is_refused(keys: SigningKeys, verifier: TokenVerifier) -> None:
    header, claims = parts(token(keys))
    twice = json.dumps(header)[:-1] + ', "alg": "none"}'
    with pytest.raises(refused.MalformedToken):
        verifier.verify(signed(keys, twice.encode(), json.dumps(claims).encode()))


def test_no_refusal_says_what_the_token_holds(keys: SigningKeys, verifier: TokenVerifier) -> None:
    canary = "canary-5f1c"
    for header in (
        with_claims(keys, iss=canary), with_claims(keys, aud=canary), with_claims(keys, org=canary),
        with_claims(keys, scope=canary + '"'), with_header(keys, kid=canary), with_header(keys, alg=canary),
        f"Bearer {canary}".encode(), f"Bearer {canary} {canary}".encode(), f"Basic {canary}".encode(),
    ):  # fmt: skip
        with pytest.raises(TokenRefused) as why:
            verifier.verify(header)
        assert canary not in str(why.value) + repr(why.value) + repr(why.value.args)
        assert why.value.description.isascii()
        assert '"' not in why.value.description


KEPT: list[SigningKeys] = []


@given(st.one_of(st.binary(max_size=200), st.binary(max_size=200).map(lambda tail: b"Bearer " + tail)))
def test_no_bytes_raise_anything_but_a_refusal(header: bytes) -> None:
    if not KEPT:
        KEPT.append(new_keys())
    with pytest.raises(TokenRefused):
        TokenVerifier(KEPT[0], ISSUER, AUDIENCE).verify(header)
