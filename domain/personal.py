"""People's addresses and numbers: which texts are one."""

from __future__ import annotations

import unicodedata


def folded(text: str) -> str:
    """Return what two texts share that are one: their case, and spaces around them, say nothing."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text.strip()).casefold())
