from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from auth import token_refused as refused
from auth.keys import SigningKeys
from auth.token_refused import TokenRefused
from auth.tokens import SKEW, TokenVerifier
from tests.auth.forge import (
    AUDIENCE,
    ISSUER,
    NOW,
    ORG,
    REP,
    Clock,
    bearer,
    parts,
    token,
    with_claims,
    with_header,
)


def test_an_issued_token_gives_back_its_principal(keys: SigningKeys, verifier: TokenVerifier) -> None:
    header = bearer(token(keys))
    assert verifier.verify(header) == REP
    assert verifier.verify(header) is verifier.verify(header)


def test_an_issued_token_is_as_rfc_9068_says(keys: SigningKeys) -> None:
    header, claims = parts(token(keys))
    assert header == {"alg": "ES256", "typ": "at+jwt", "kid": keys.kid}
    assert UUID(claims.pop("jti"))
    assert claims == {
        "iss": ISSUER,
        "sub": REP.subject,
        "aud": AUDIENCE,
        "iat": NOW,
        "exp": NOW + 600,
        "client_id": "lwc",
        "scope": "read",
        "roles": ["legal", "sales_rep"],
        "org": str(ORG),
    }
    assert token(keys) != token(keys)


def test_a_principal_without_roles_and_scopes_survives(keys: SigningKeys, verifier: TokenVerifier) -> None:
    bare = replace(REP, roles=frozenset(), scopes=frozenset())
    assert verifier.verify(bearer(token(keys, bare))) == bare


def test_a_token_names_its_client_and_lives(keys: SigningKeys) -> None:
    with pytest.raises(ValueError, match="names the client"):
        token(keys, replace(REP, client=None))
    for seconds in (0, -1, 0.5):
        with pytest.raises(ValueError, match="lives for a second"):
            token(keys, seconds=seconds)


@pytest.mark.parametrize("kind", ["at+jwt", "AT+JWT", "application/at+jwt", "Application/At+Jwt"])
def test_the_type_may_be_spelt_as_rfc_9068_allows(
    keys: SigningKeys, verifier: TokenVerifier, kind: str
) -> None:
    assert verifier.verify(with_header(keys, typ=kind)) == REP


@pytest.mark.parametrize("scheme", [b"bearer ", b"BEARER ", b"Bearer   "])
def test_the_scheme_is_case_insensitive(keys: SigningKeys, verifier: TokenVerifier, scheme: bytes) -> None:
    assert verifier.verify(scheme + token(keys).encode()) == REP


@pytest.mark.parametrize("audience", [AUDIENCE, [AUDIENCE], ["https://other.example", AUDIENCE]])
def test_our_audience_may_be_one_of_several(
    keys: SigningKeys, verifier: TokenVerifier, audience: Any
) -> None:
    assert verifier.verify(with_claims(keys, aud=audience)) == REP


@pytest.mark.parametrize(
    "header", [None, b"", b"Basic dTpw", b"Bearertoken", b"\xff\xfe", b"Digest a.b.c", b" "]
)
def test_a_request_without_a_bearer_token_gets_no_error_code(
    verifier: TokenVerifier, header: bytes | None
) -> None:
    with pytest.raises(refused.MissingToken) as missing:
        verifier.verify(header)
    assert (missing.value.status, missing.value.error) == (401, None)


def test_a_token_is_refused_from_the_second_it_expires(
    keys: SigningKeys, verifier: TokenVerifier, clock: Clock
) -> None:
    header = bearer(token(keys, seconds=600))
    clock.now = NOW + 599.999
    assert verifier.verify(header) == REP
    for clock.now in (NOW + 600, NOW + 600.001, NOW + 10_000):
        with pytest.raises(refused.ExpiredToken):
            TokenVerifier(verifier._keys, ISSUER, AUDIENCE, clock).verify(header)


def test_a_remembered_token_is_refused_from_the_second_it_expires(
    keys: SigningKeys, verifier: TokenVerifier, clock: Clock
) -> None:
    header = bearer(token(keys, seconds=600))
    for clock.now in (NOW, NOW + 1, NOW + 599.999):
        assert verifier.verify(header) == REP
    for clock.now in (NOW + 600, NOW + 601):
        with pytest.raises(refused.ExpiredToken):
            verifier.verify(header)
    assert not verifier._verified


@pytest.mark.parametrize("claim", ["iat", "nbf"])
def test_a_token_of_the_future_waits_but_for_the_skew(
    keys: SigningKeys, verifier: TokenVerifier, clock: Clock, claim: str
) -> None:
    ahead: dict[str, Any] = {claim: NOW + 100}
    header = with_claims(keys, **ahead)
    clock.now = NOW + 100 - SKEW - 1
    with pytest.raises(refused.TokenNotYetValid):
        verifier.verify(header)
    clock.now = NOW + 100 - SKEW
    assert verifier.verify(header) == REP


def test_only_the_tokens_used_last_are_remembered(keys: SigningKeys, clock: Clock) -> None:
    verifier = TokenVerifier(keys, ISSUER, AUDIENCE, clock, capacity=2)
    first, second, third = (bearer(token(keys)) for _ in range(3))
    kept = verifier.verify(first)
    verifier.verify(second)
    assert verifier.verify(first) is kept
    verifier.verify(third)
    assert list(verifier._verified) == [first, third]
    assert verifier.verify(first) is kept
    assert verifier.verify(second) == REP


def test_what_is_refused_is_not_remembered(keys: SigningKeys, verifier: TokenVerifier) -> None:
    for header in (None, b"", b"Bearer x", with_claims(keys, aud="other"), with_header(keys, alg="none")):
        with pytest.raises(TokenRefused):
            verifier.verify(header)
    assert not verifier._verified
