"""The parts of a JWT in compact form, read strictly before any of it is believed."""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

_COMPACT = re.compile(rb"([\w-]+)\.([\w-]+)\.([\w-]+)", re.ASCII)


def compact_parts(token: bytes) -> tuple[bytes, bytes, bytes]:
    """Decode header, claims and signature; raises ValueError where one is no base64url.

    A second spelling of the same bytes is refused, or one token would be many.
    """
    match = _COMPACT.fullmatch(token)
    if match is None:
        raise ValueError("not three parts")
    header, claims, signature = (_decoded(part) for part in match.groups())
    return header, claims, signature


def json_object(content: bytes) -> dict[str, Any] | None:
    """Read a JSON object of UTF-8; None for anything else, a repeated name or a NaN among it."""
    try:
        found = json.loads(content.decode(), object_pairs_hook=_once, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _decoded(part: bytes) -> bytes:
    decoded = urlsafe_b64decode(part + b"=" * (-len(part) % 4))
    if urlsafe_b64encode(decoded).rstrip(b"=") != part:
        raise ValueError("another spelling")
    return decoded


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name is repeated")
    return found


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON")
