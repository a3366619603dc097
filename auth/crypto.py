"""Values encrypted at rest: AES-256-GCM, each with a key of its own, bound to where it is stored."""

from __future__ import annotations

import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import asdict, dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from auth.key_encryption import KeyEncryption, NotDecrypted

_VERSION = "v1"
_NONCE_BYTES = 12


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value is stored: what was encrypted for one place is opened in no other."""

    org: str
    table: str
    row: str
    column: str


class Sealer:
    """Encrypts values under a key-encryption key; the text is `v1.kid.wrapped key.nonce.ciphertext`."""

    def __init__(self, keys: KeyEncryption) -> None:
        self._keys = keys

    @property
    def kid(self) -> str:
        """The key-encryption key in use."""
        return self._keys.kid

    def seal(self, value: bytes, place: Place) -> str:
        """Encrypt a value for a place."""
        data_key, nonce = AESGCM.generate_key(256), secrets.token_bytes(_NONCE_BYTES)
        wrapped = self._keys.wrap(data_key, asdict(place))
        sealed = AESGCM(data_key).encrypt(nonce, value, bound(place, self._keys.kid))
        return ".".join((_VERSION, self._keys.kid, *map(_coded, (wrapped, nonce, sealed))))

    def open(self, text: str, place: Place) -> bytes:
        """Decrypt a value. Raises a KeyEncryptionError: it was moved or changed, or its key is not here."""
        version, kid, *coded = (*text.split("."), "", "")[:6]
        try:
            wrapped, nonce, sealed = (urlsafe_b64decode(part) for part in coded[:3])
        except ValueError as error:
            raise NotDecrypted(kid="of an unknown form") from error
        if version != _VERSION or text.count(".") != 4:  # noqa: PLR2004 - five parts
            raise NotDecrypted(kid="of an unknown form")
        data_key = self._keys.unwrap(wrapped, kid, asdict(place))
        try:
            return AESGCM(data_key).decrypt(nonce, sealed, bound(place, kid))
        except (InvalidTag, ValueError) as error:
            raise NotDecrypted(kid=kid) from error


def kid_of(text: str) -> str:
    """Return the key-encryption key that a sealed text names."""
    return text.split(".")[1]


def bound(place: Place, kid: str) -> bytes:
    """Return what a ciphertext is authenticated with: where it lies, and which key opens it."""
    return f"{_VERSION}|{place.org}|{place.table}|{place.row}|{place.column}|{kid}".encode()


def _coded(content: bytes) -> str:
    return urlsafe_b64encode(content).decode()
