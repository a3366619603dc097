"""Names by which the outside knows our records: each names its org, so that it is bound before any lookup."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from uuid import UUID

_LENGTH = 43  # base64url of 32 bytes, without its padding


def public_id(org_id: UUID, record_id: UUID) -> str:
    """Return the name of a record of an org."""
    return urlsafe_b64encode(org_id.bytes + record_id.bytes).rstrip(b"=").decode()


def read_public_id(text: str) -> tuple[UUID, UUID] | None:
    """Return the org and the record that a name is made of, or None for a text that was never one of ours."""
    if len(text) != _LENGTH or not text.isascii():
        return None
    try:
        both = urlsafe_b64decode(text + "=")
    except ValueError:
        return None
    if urlsafe_b64encode(both).rstrip(b"=") != text.encode():
        return None  # another spelling of the same bytes
    return UUID(bytes=both[:16]), UUID(bytes=both[16:])
