"""The data keys of one org in memory: they encrypt, decrypt and index its personal values."""

from __future__ import annotations

import hmac
import secrets
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from auth.crypto import Place, bound
from domain.field import DeclaredField
from domain.mask import masked_text
from domain.personal import folded
from storage.sealing import DamagedValue, SealedText
from storage.tables import table_name

VERSION = "v1"
NOTHING = ""
"""The blind index of every text where there is no key for one: no stored index is empty."""

_NONCE_BYTES = 12
_INDEX_BYTES = 16


class TextWithNul(UnicodeError):
    """a text holds the character U+0000, which PostgreSQL could not have stored."""

    def __init__(self) -> None:
        super().__init__(type(self).__doc__)


@dataclass(frozen=True, kw_only=True)
class OrgKeys:
    """Keys of one org: by kid those that open (None was destroyed), by table the kid that seals."""

    org_id: UUID
    opening: Mapping[str, bytes | None] = field(repr=False)
    sealing: Mapping[str, str]
    index_key: bytes | None = field(repr=False)
    _column_keys: dict[str, bytes] = field(default_factory=dict, repr=False)

    def seal(self, declared: DeclaredField, row: UUID, text: str) -> SealedText:
        """Encrypt the value of a field of a row, for that place only. Raises UnicodeError."""
        if "\0" in text:
            raise TextWithNul
        place = self._place(declared, row)
        kid, nonce = self.sealing[place.table], secrets.token_bytes(_NONCE_BYTES)
        sealed = self._ciphers[kid].encrypt(nonce, text.encode(), bound(place, kid))
        ciphertext = ".".join((VERSION, kid, _coded(nonce), _coded(sealed)))
        return SealedText(ciphertext, self.blind(declared, text), masked_text(declared, text.strip()))

    def open(self, declared: DeclaredField, row: UUID, ciphertext: str) -> str | None:
        """Decrypt one, or return None where its key was destroyed. Raises DamagedValue."""
        try:
            kid, nonce, sealed = _parts(ciphertext)
            if self.opening[kid] is None:
                return None
            place = self._place(declared, row)
            return self._ciphers[kid].decrypt(nonce, sealed, bound(place, kid)).decode()
        except (ValueError, KeyError, InvalidTag):
            raise DamagedValue(declared.coordinate, str(row)) from None

    def blind(self, declared: DeclaredField, text: str) -> str:
        """Return what a value is found by: the same for texts that differ in case or outer spaces only."""
        if self.index_key is None:
            return NOTHING
        column = f"{table_name(declared.entity)}|{declared.name}"
        key = self._column_keys.get(column)
        if key is None:
            info = f"contract-graph blind index|{self.org_id}|{column}".encode()
            derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(self.index_key)
            key = self._column_keys[column] = derived
        return _coded(hmac.digest(key, folded(text).encode(), "sha256")[:_INDEX_BYTES])

    @cached_property
    def _ciphers(self) -> dict[str, AESGCM]:
        return {kid: AESGCM(key) for kid, key in self.opening.items() if key is not None}

    def _place(self, declared: DeclaredField, row: UUID) -> Place:
        return Place(str(self.org_id), table_name(declared.entity), str(row), declared.name)


def _parts(ciphertext: str) -> tuple[str, bytes, bytes]:
    """Return the kid, the nonce and what was encrypted. Raises ValueError."""
    version, kid, nonce, sealed = ciphertext.split(".")
    if version != VERSION:
        raise ValueError(version)
    return kid, _decoded(nonce), _decoded(sealed)


def _coded(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    """Read base64url in its one spelling: another that means the same bytes was not written by us."""
    content = b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    if _coded(content) != text:
        raise ValueError(text)
    return content
