"""What a secret is stored and found under."""

from __future__ import annotations

import hashlib
from uuid import UUID


def digest_id(text: str) -> UUID:
    """Return the first 128 bits of the SHA-256 of a text: it names the text, and tells nothing of it."""
    return UUID(bytes=hashlib.sha256(text.encode()).digest()[:16])
