"""Access tokens for tests: good ones, and any other that our own key could be made to sign."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import Any
from uuid import UUID

from joserfc import jws

from auth.keys import SigningKeys
from auth.principal import Principal
from auth.tokens import issue

ISSUER, AUDIENCE, NOW = "https://graph.example", "https://graph.example/graphql", 1_795_000_000
ORG = UUID("01938f2e-7c1a-7e3d-8a52-3f0c9d1b2a44")
REP = Principal(ORG, "005xx000001X8UzAAK", "lwc", frozenset({"sales_rep", "legal"}), frozenset({"read"}))


class Clock:
    def __init__(self) -> None:
        self.now: float = NOW

    def __call__(self) -> float:
        return self.now


def token(keys: SigningKeys, principal: Principal = REP, seconds: float = 600) -> str:
    life = timedelta(seconds=seconds)
    return issue(keys, issuer=ISSUER, audience=AUDIENCE, principal=principal, lifetime=life, now=NOW)


def coded(content: bytes) -> bytes:
    return base64.urlsafe_b64encode(content).rstrip(b"=")


def parts(text: str) -> tuple[dict[str, Any], dict[str, Any]]:
    header, claims, _ = (base64.urlsafe_b64decode(part + "==") for part in text.split("."))
    return json.loads(header), json.loads(claims)


def signed(keys: SigningKeys, header: bytes, claims: bytes) -> bytes:
    """Sign any bytes with our own key, below the library's checks of the header."""
    algorithm = jws.default_registry.get_alg("ES256")
    signing_input = coded(header) + b"." + coded(claims)
    return b"Bearer " + signing_input + b"." + coded(algorithm.sign(signing_input, keys.signing_key))


def with_header(keys: SigningKeys, *, drop: str = "", **changes: Any) -> bytes:
    header, claims = parts(token(keys))
    header = {name: value for name, value in (header | changes).items() if name != drop}
    return signed(keys, json.dumps(header).encode(), json.dumps(claims).encode())


def with_claims(keys: SigningKeys, *, drop: str = "", **changes: Any) -> bytes:
    header, claims = parts(token(keys))
    claims = {name: value for name, value in (claims | changes).items() if name != drop}
    return signed(keys, json.dumps(header).encode(), json.dumps(claims).encode())


def bearer(text: str) -> bytes:
    return b"Bearer " + text.encode()
