"""A position of the database's log as callers carry it: it tells them nothing, and they cannot make one."""

from __future__ import annotations

import re
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from auth.keys import KeyRing

_PURPOSE: Final = "contract-graph read-after"
_FORM: Final = re.compile(rb"([A-Za-z0-9_-]{43})\.([A-Za-z0-9_-]{48})")
_NONCE_BYTES: Final = 12
_POSITION_BYTES: Final = 8


class NotGivenOut(Exception):
    """It is no position that was given out to this organisation."""


class ReadAfter:
    """Gives out positions encrypted, each for one org, under what is derived of the key that signs tokens."""

    def __init__(self, keys: KeyRing) -> None:
        self._keys = keys
        self._ciphers: dict[str, AESGCM] = {}

    def give(self, org_id: UUID, position: int) -> str:
        """Return a position for callers of an org."""
        kid, nonce = self._keys.kid, secrets.token_bytes(_NONCE_BYTES)
        cipher = self._cipher(kid)
        if cipher is None:
            raise LookupError(kid)
        sealed = cipher.encrypt(nonce, position.to_bytes(_POSITION_BYTES), org_id.bytes)
        return f"{kid}.{urlsafe_b64encode(nonce + sealed).decode()}"

    def read(self, org_id: UUID, text: bytes) -> int | None:
        """Return a position, or None of one whose key is not here, or no more. Raises NotGivenOut."""
        form = _FORM.fullmatch(text)
        if form is None:
            raise NotGivenOut
        cipher, content = self._cipher(form[1].decode()), urlsafe_b64decode(form[2])
        if cipher is None:
            return None
        try:
            opened = cipher.decrypt(content[:_NONCE_BYTES], content[_NONCE_BYTES:], org_id.bytes)
        except InvalidTag:
            raise NotGivenOut from None
        return int.from_bytes(opened)

    def _cipher(self, kid: str) -> AESGCM | None:
        found = self._ciphers.get(kid)
        # A key that has ended is known no more, and what it sealed with it.
        if found is None or kid not in self._keys.public_keys:
            self._ciphers.pop(kid, None)
            secret = self._keys.secret(kid, _PURPOSE)
            if secret is None:
                return None
            found = self._ciphers[kid] = AESGCM(secret)
        return found
