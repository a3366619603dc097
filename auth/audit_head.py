"""Signed heads of the audit log, and the key that signs them, which is not the application's."""

from __future__ import annotations

import hashlib
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from auth.audit import told
from auth.key_file import KeyFileError, UnusableKeys, read_or_create

_LOG = "contract-graph audit"
_VERSION = 1
_END = b"-----END PUBLIC KEY-----"


class UnreadableHeads(KeyFileError):
    """{path}, line {line}, is no exported head of an audit log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedHead:
    """How large a log was at a moment, the root of its tree, and the signature over both."""

    org_id: UUID
    size: int
    root: bytes
    sealed_at: datetime
    kid: str
    signature: bytes = b""

    def facts(self) -> dict[str, Any]:
        """Return what is signed."""
        return {
            "kid": self.kid,
            "log": _LOG,
            "org": str(self.org_id),
            "root": self.root.hex(),
            "sealed_at": told(self.sealed_at),
            "size": self.size,
            "v": _VERSION,
        }

    def statement(self) -> bytes:
        """Return the bytes that are signed: JSON with sorted keys and no spaces."""
        return orjson.dumps(self.facts(), option=orjson.OPT_SORT_KEYS)

    @classmethod
    def read(cls, facts: Mapping[str, Any], signature: str) -> SignedHead:
        """Read what was exported. Raises ValueError, KeyError or TypeError."""
        made = cls(
            org_id=UUID(facts["org"]), size=int(facts["size"]), root=bytes.fromhex(facts["root"]),
            sealed_at=datetime.fromisoformat(facts["sealed_at"]), kid=str(facts["kid"]),
            signature=b64decode(signature, validate=True),
        )  # fmt: skip
        if made.facts() != facts:
            raise ValueError("a head of another kind")
        return made


@dataclass(frozen=True, slots=True)
class ExportedHead:
    """A head as it lies in a second place, with the ids and hashes of the leaves since the head before it."""

    head: SignedHead
    leaves: tuple[tuple[UUID, bytes], ...]

    @property
    def first(self) -> int:
        """The position of the first of its leaves."""
        return self.head.size - len(self.leaves)

    def line(self) -> bytes:
        """Write it as one line of JSON."""
        return orjson.dumps(
            {
                "head": self.head.facts(),
                "leaves": [[str(event), hash_.hex()] for event, hash_ in self.leaves],
                "signature": b64encode(self.head.signature).decode(),
            },
            option=orjson.OPT_APPEND_NEWLINE,
        )

    @classmethod
    def read(cls, line: bytes) -> ExportedHead:
        """Read a line. Raises ValueError, KeyError or TypeError."""
        said = orjson.loads(line)
        leaves = tuple((UUID(event), bytes.fromhex(hash_)) for event, hash_ in said["leaves"])
        return cls(SignedHead.read(said["head"], said["signature"]), leaves)


def read_exports(path: Path) -> Sequence[ExportedHead]:
    """Read a file of exported heads, a line each. Raises UnreadableHeads or UnusableKeys."""
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise UnusableKeys(path=path, reason=error.strerror) from None
    found = []
    for number, line in enumerate(lines, 1):
        try:
            found.append(ExportedHead.read(line))
        except (ValueError, KeyError, TypeError):
            raise UnreadableHeads(path=path, line=number) from None
    return found


class SealKey:
    """The private key that signs heads."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public = key.public_key()
        self.kid = kid_of(self.public)

    @classmethod
    def load(cls, path: Path) -> SealKey:
        """Read the key of a file, which is made if it is not there. Raises KeyFileError."""
        made = Ed25519PrivateKey.generate()
        pem = made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        try:
            key = load_pem_private_key(read_or_create(path, pem), None)
        except (ValueError, TypeError):
            raise UnusableKeys(path=path, reason="it holds no private key in PEM") from None
        if not isinstance(key, Ed25519PrivateKey):
            raise UnusableKeys(path=path, reason="its key is not one of Ed25519")
        return cls(key)

    def sign(self, org_id: UUID, size: int, root: bytes, sealed_at: datetime) -> SignedHead:
        """Sign a head."""
        head = SignedHead(org_id=org_id, size=size, root=root, sealed_at=sealed_at, kid=self.kid)
        signature = self._key.sign(head.statement())
        return SignedHead(
            org_id=org_id, size=size, root=root, sealed_at=sealed_at, kid=self.kid, signature=signature
        )

    def public_pem(self) -> str:
        return self.public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


class SealKeys:
    """The public keys by which heads are checked."""

    def __init__(self, keys: Sequence[Ed25519PublicKey]) -> None:
        self._keys = {kid_of(key): key for key in keys}

    @classmethod
    def load(cls, path: Path) -> SealKeys:
        """Read a file of one or more public keys in PEM. Raises UnusableKeys."""
        try:
            pems = [part + _END for part in path.read_bytes().split(_END)[:-1]]
            keys = [load_pem_public_key(pem.strip()) for pem in pems]
        except OSError as error:
            raise UnusableKeys(path=path, reason=error.strerror) from None
        except ValueError:
            keys = []
        found = [key for key in keys if isinstance(key, Ed25519PublicKey)]
        if not found or len(found) != len(keys):
            raise UnusableKeys(path=path, reason="it holds no public keys of Ed25519 in PEM")
        return cls(found)

    def knows(self, kid: str) -> bool:
        return kid in self._keys

    def signed(self, head: SignedHead) -> bool:
        """Whether one of the keys signed a head."""
        key = self._keys.get(head.kid)
        try:
            if key is not None:
                key.verify(head.signature, head.statement())
        except InvalidSignature:
            return False
        return key is not None


def kid_of(key: Ed25519PublicKey) -> str:
    """Return what a key is called: the beginning of the SHA-256 of its 32 bytes, in hex."""
    return hashlib.sha256(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()[:16]
