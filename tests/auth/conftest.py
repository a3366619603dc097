from __future__ import annotations

import pytest
from forge import AUDIENCE, ISSUER, Clock

from auth.keys import SigningKeys, load_or_create
from auth.tokens import TokenVerifier


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> SigningKeys:
    return load_or_create(tmp_path_factory.mktemp("auth") / "keys")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def verifier(keys: SigningKeys, clock: Clock) -> TokenVerifier:
    return TokenVerifier(keys, ISSUER, AUDIENCE, clock)
