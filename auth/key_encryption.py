"""Keys that encrypt other keys."""

from __future__ import annotations

import hashlib
import secrets
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from auth.key_file import KeyFileError, read_or_create

KEY_BYTES = 32
_NONCE_BYTES = 12
_FILE = "key-encryption.key"


class KeyEncryptionError(KeyFileError):
    """A key-encryption key cannot be used."""


class BrokenKey(KeyEncryptionError):
    """{where} holds no key of 256 bits in base64: restore it; what it encrypted cannot be read without it."""


class UnknownKeyEncryption(KeyEncryptionError):
    """The key-encryption key {kid} is not here: name it beside the new one; what is stored needs it."""


class NotDecrypted(KeyEncryptionError):
    """What is stored was changed or moved: its key-encryption key {kid} does not open it."""


class KeyServiceFailed(KeyEncryptionError):
    """The key service did not answer as it should: {reason}."""


class KeyEncryption(Protocol):
    """Wraps data keys. `context` says what a key is for; only with the same is it unwrapped again."""

    @property
    def kid(self) -> str:
        """Which key wraps now: letters, digits, - and _."""
        ...

    def wrap(self, data_key: bytes, context: Mapping[str, str]) -> bytes:
        """Encrypt a data key."""
        ...

    def unwrap(self, wrapped: bytes, kid: str, context: Mapping[str, str]) -> bytes:
        """Decrypt a data key. Raises a KeyEncryptionError."""
        ...


class LocalKeys:
    """Key-encryption keys of this machine: the first wraps, all unwrap, so that one can replace another."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._keys = {_kid(key): AESGCM(key) for key in keys}
        self._kid = _kid(keys[0])

    @property
    def kid(self) -> str:
        return self._kid

    def wrap(self, data_key: bytes, context: Mapping[str, str]) -> bytes:
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._keys[self._kid].encrypt(nonce, data_key, _bound(context))

    def unwrap(self, wrapped: bytes, kid: str, context: Mapping[str, str]) -> bytes:
        if kid not in self._keys:
            raise UnknownKeyEncryption(kid=kid)
        nonce, sealed = wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:]
        try:
            return self._keys[kid].decrypt(nonce, sealed, _bound(context))
        except (InvalidTag, ValueError) as error:
            raise NotDecrypted(kid=kid) from error


def from_file(directory: Path) -> LocalKeys:
    """Read the key of a directory, or make it. Raises a KeyFileError."""
    path = directory / _FILE
    content = read_or_create(path, b64encode(secrets.token_bytes(KEY_BYTES)) + b"\n")
    return LocalKeys(_read(content, str(path)))


def from_text(text: str, where: str) -> LocalKeys:
    """Read keys in base64, separated by commas, the first in use. Raises BrokenKey, which names `where`."""
    return LocalKeys(_read(text.encode("utf-8", "replace").replace(b",", b"\n"), where))


def _read(content: bytes, where: str) -> list[bytes]:
    keys = []
    for line in content.split():
        try:
            key = b64decode(line, validate=True)
        except ValueError:
            key = b""
        if len(key) != KEY_BYTES:
            raise BrokenKey(where=where)
        keys.append(key)
    if not keys:
        raise BrokenKey(where=where)
    return keys


def _kid(key: bytes) -> str:
    return hashlib.sha256(b"contract-graph key-encryption key" + key).hexdigest()[:16]


def _bound(context: Mapping[str, str]) -> bytes:
    return "|".join(f"{name}={context[name]}" for name in sorted(context)).encode()
