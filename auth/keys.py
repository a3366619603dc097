"""The keys that sign our access tokens: one ES256 key, in a directory that only its owner can enter."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import ECKey

ALGORITHM = "ES256"

_CURVE = "P-256"
_FILE = "es256.pem"
_MOST_BYTES = 16 * 1024  # a PEM of this kind has 241
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class KeyFileError(Exception):
    """The signing key cannot be used.

    A subclass's docstring is its message template; no message quotes what a file holds.
    """

    def __init__(self, **facts: object) -> None:
        super().__init__((type(self).__doc__ or "").format(**facts))


class ExposedKey(KeyFileError):
    """{path} is open to other users: run `chmod {mode} {path}`, or remove it to get a new key."""


class ForeignKey(KeyFileError):
    """{path} belongs to another user (uid {owner}): whoever owns the key signs every token."""


class BrokenKey(KeyFileError):
    """{path} holds no ES256 private key in PEM (PKCS #8): restore it, or remove it to get a new key."""


class UnusableKeys(KeyFileError):
    """{path} cannot be used for signing keys: {reason}."""


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


def load_or_create(directory: Path) -> SigningKeys:
    """Read the key of `directory`, or make it; of several processes that start at once, all get the same.

    Raises a KeyFileError for a key that others can read, that another user owns, or that is broken.
    """
    path = directory / _FILE
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        _check(directory, directory.stat(), "700")
        if not path.exists():
            _create(path)
        key = _read(path)
    except OSError as error:
        raise UnusableKeys(path=error.filename or path, reason=error.strerror or "unreadable") from error
    public = ECKey.import_key(key.as_dict(private=False))
    return SigningKeys(signing_key=key, public_keys=MappingProxyType({key.thumbprint(): public}))


def _create(path: Path) -> None:
    """Write a new key beside `path` and link it there: the link fails if another process was first.

    O_EXCL on `path` itself would do as well, but would show the others a file that is still empty.
    """
    handle, draft = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # O_EXCL, mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(ECKey.generate_key(_CURVE).as_pem(private=True))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return
    finally:
        Path(draft).unlink()


def _read(path: Path) -> ECKey:
    with path.open("rb") as file:
        _check(path, os.fstat(file.fileno()), "600")
        content = file.read(_MOST_BYTES)
    try:
        key = ECKey.import_key(content)
    except (ValueError, TypeError, JoseError) as error:
        raise BrokenKey(path=path) from error
    if not key.is_private or key.curve_name != _CURVE:
        raise BrokenKey(path=path)
    return key


def _check(path: Path, found: os.stat_result, mode: str) -> None:
    if found.st_uid != os.geteuid():
        raise ForeignKey(path=path, owner=found.st_uid)
    if stat.S_IMODE(found.st_mode) & _OTHERS:
        raise ExposedKey(path=path, mode=mode)
