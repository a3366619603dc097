"""Signatures as Standard Webhooks has them: HMAC-SHA256 over id, time and body, once for each key."""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

PREFIX: Final = "whsec_"
_SHORTEST, _LONGEST = 24, 64


class NotASecret(ValueError):
    """A secret is whsec_ and 24 to 64 bytes in base64."""

    def __init__(self) -> None:
        super().__init__(type(self).__doc__)


def new_secret() -> str:
    """Make a secret that nobody knows."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def key_of(secret: str) -> bytes:
    """Return what is signed with. Raises NotASecret."""
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise NotASecret from None
    if not secret.startswith(PREFIX) or not _SHORTEST <= len(key) <= _LONGEST:
        raise NotASecret
    return key


def signed(keys: Sequence[bytes], message_id: str, now: datetime, body: bytes) -> Mapping[str, str]:
    """Return the headers of a message that is sent now; while keys change, it is signed with each."""
    seconds = str(int(now.timestamp()))
    content = f"{message_id}.{seconds}.".encode() + body
    marks = [base64.b64encode(hmac.digest(key, content, "sha256")).decode() for key in keys]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": seconds,
        "webhook-signature": " ".join(f"v1,{mark}" for mark in marks),
    }
