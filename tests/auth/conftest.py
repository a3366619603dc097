from __future__ import annotations

import pytest

from auth.keys import SigningKeys
from auth.tokens import TokenVerifier
from tests.auth.forge import AUDIENCE, ISSUER, Clock
from tests.keys import new_keys


@pytest.fixture(scope="session")
def keys() -> SigningKeys:
    return new_keys()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def verifier(keys: SigningKeys, clock: Clock) -> TokenVerifier:
    return TokenVerifier(keys, ISSUER, AUDIENCE, clock)
