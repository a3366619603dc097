"""The keys that sign our access tokens: ES256, stored encrypted, rotated with overlap."""

from __future__ import annotations

import json
import time
from base64 import b64decode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any, Protocol

import asyncpg
from anyio import to_thread
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from joserfc.jwk import ECKey

from auth.crypto import Place, Sealer
from domain.identity import uuid7
from storage import signing_keys
from storage.database import Database
from storage.signing_keys import StoredKey

ALGORITHM = "ES256"
CURVE = "P-256"

OVERLAP = timedelta(minutes=5)
"""How long a new key is published before it signs: others keep our keys for so long."""

VERIFIES_ON = timedelta(hours=24)
"""How long a key verifies after it was replaced: no token lives longer."""

ASK_AGAIN = 5.0
"""Seconds after which a worker looks for keys that others made."""


class Keys(Protocol):
    """What issuing and verifying need of the keys."""

    @property
    def kid(self) -> str: ...
    @property
    def signing_key(self) -> ECKey: ...
    @property
    def public_keys(self) -> Mapping[str, ECKey]: ...


@dataclass(frozen=True, kw_only=True)
class SigningKeys:
    """The key that signs, and by their kid (RFC 7638 thumbprint) the public keys that verify."""

    signing_key: ECKey = field(repr=False)
    public_keys: Mapping[str, ECKey]

    @property
    def kid(self) -> str:
        """The thumbprint of the key that signs."""
        return self.signing_key.thumbprint()

    def jwks(self) -> dict[str, Any]:
        """Give the public keys as a JWK Set (RFC 7517)."""
        told = {"use": "sig", "alg": ALGORITHM}
        keys = self.public_keys.items()
        return {"keys": [{**key.as_dict(private=False), **told, "kid": kid} for kid, key in keys]}


class KeyRing:
    """The signing keys that are stored, as this worker last saw them."""

    def __init__(self, sealer: Sealer, clock: Callable[[], float] = time.time) -> None:
        self._sealer = sealer
        self._clock = clock
        self._private: dict[str, ECKey] = {}
        self._now: SigningKeys | None = None
        self._asked_at = 0.0

    @property
    def current(self) -> SigningKeys:
        """The keys of now. Raises LookupError before any were taken."""
        if self._now is None:
            raise LookupError("no signing keys were taken yet")
        return self._now

    @property
    def kid(self) -> str:
        return self.current.kid

    @property
    def signing_key(self) -> ECKey:
        return self.current.signing_key

    @property
    def public_keys(self) -> Mapping[str, ECKey]:
        """The keys that verify: the same object for as long as they are the same keys."""
        return self.current.public_keys

    def secret(self, kid: str, purpose: str) -> bytes | None:
        """Derive 32 bytes for another purpose that every worker with a private key derives alike.

        None where the key is not, or no longer, among those that verify.
        """
        key = self._private.get(kid)
        if key is None:
            return None
        private = b64decode(str(key.as_dict(private=True)["d"]) + "==", altchars=b"-_")
        return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose.encode()).derive(private)

    def take(self, stored: Sequence[StoredKey]) -> None:
        """Know these keys, and no others. Raises a KeyEncryptionError for one that cannot be decrypted."""
        at = datetime.fromtimestamp(self._clock(), UTC)
        verifying = [each for each in stored if each.verifies(at)]
        self._private = {each.kid: self._private.get(each.kid) or self._read(each) for each in verifying}
        # By a clock that is behind, a key may be of the future: then the one that signs first is it.
        signs = max(
            [each for each in verifying if each.signs_from <= at]
            or [min(verifying, key=lambda each: each.signs_from)],
            key=lambda each: each.signs_from,
        )
        self._now = SigningKeys(signing_key=self._private[signs.kid], public_keys=self._public())
        self._asked_at = self._clock()

    async def refresh(self, database: Database, unless_younger: float = 0) -> None:
        """Look for keys that others made or ended, unless that was done so many seconds ago.

        Raises DatabaseUnavailable.
        """
        if self._clock() - self._asked_at >= unless_younger:
            self._asked_at = self._clock()
            stored = await signing_keys.load(database)
            await to_thread.run_sync(self.take, stored)  # a key service is asked over the network

    def _public(self) -> Mapping[str, ECKey]:
        if self._now is not None and self._now.public_keys.keys() == self._private.keys():
            return self._now.public_keys
        keys = self._private.items()
        return MappingProxyType({kid: ECKey.import_key(key.as_dict(private=False)) for kid, key in keys})

    def _read(self, stored: StoredKey) -> ECKey:
        return ECKey.import_key(json.loads(self._sealer.open(stored.private_key, place_of(stored.kid))))


def place_of(kid: str) -> Place:
    """Return where a private key is stored; signing keys belong to the installation, not to an org."""
    return Place(org="", table="signing_key", row=kid, column="private_key")


def new_key(sealer: Sealer, now: datetime, signs_from: datetime) -> StoredKey:
    """Make a key, encrypted."""
    key = ECKey.generate_key(CURVE)
    kid = key.thumbprint()
    content = json.dumps(key.as_dict(private=True)).encode()
    return StoredKey(
        id=uuid7(),
        kid=kid,
        private_key=sealer.seal(content, place_of(kid)),
        made_at=now,
        signs_from=signs_from,
    )


async def first_keys(connection: asyncpg.Connection, sealer: Sealer, by: str) -> Sequence[StoredKey]:
    """Return the keys, of which there is one at least: of workers that start together one makes it."""
    async with connection.transaction():
        await signing_keys.lock(connection)
        found = await signing_keys.load(connection)
        if not found:
            now = datetime.now(UTC)
            await signing_keys.add(connection, new_key(sealer, now, now), by)
    return found or await signing_keys.load(connection)


async def rotate(
    connection: asyncpg.Connection, sealer: Sealer, by: str, *, overlap: timedelta = OVERLAP
) -> StoredKey:
    """Make a key that signs after `overlap`; the others verify on. Without overlap they end at once.

    No overlap is for a key that was stolen: every token that it signed is refused.
    """
    async with connection.transaction():
        await signing_keys.lock(connection)
        now = datetime.now(UTC)
        made = new_key(sealer, now, now + overlap)
        ends = made.signs_from + VERIFIES_ON if overlap else now
        await signing_keys.end_others(connection, made.id, ends, by)
        await signing_keys.add(connection, made, by)
    return made
