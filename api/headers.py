"""The headers of a request to /graphql, read once."""

from __future__ import annotations

import re
from typing import NamedTuple

from domain.identity import uuid7

Header = tuple[bytes, bytes]

REQUEST_ID = re.compile(rb"[!-~]{1,64}")
"""A caller's own name for a request is taken if it is short and printable."""

_ONCE = frozenset({b"authorization", b"dpop", b"read-after"})

_STRICT = re.compile(rb"(?:^|[,;])\s*handling\s*=\s*\"?strict\"?\s*(?:$|[,;])", re.IGNORECASE)
"""RFC 7240 section 4.4: what cannot be given as it is asked for is to be an error."""


class RequestHeaders(NamedTuple):
    """What of the headers decides over an answer: `proof` is one of DPoP, `after` a state of ours."""

    accept: bytes | None
    authorization: bytes | None
    is_json: bool
    proof: bytes | None
    request_id: bytes
    strict: bool
    last_event: str | None = None
    after: bytes | None = None


def read_headers(headers: list[Header]) -> RequestHeaders:
    """Read the headers of a request; one without a name for itself is given one."""
    accept = content_type = None
    last_event: str | None = None
    once: dict[bytes, bytes] = {}
    request_id, strict = b"", False
    for name, value in headers:
        if name in _ONCE:
            # Two of them are refused as one that cannot be read.
            once[name] = value if name not in once else b""
        elif name == b"content-type":
            content_type = value
        elif name == b"accept":
            accept = value if accept is None else accept + b"," + value
        elif name == b"x-request-id" and REQUEST_ID.fullmatch(value):
            request_id = value
        elif name == b"last-event-id":
            last_event = value.decode("latin-1")
        elif name == b"prefer":
            strict = strict or _STRICT.search(value) is not None
        elif name == b"content-encoding" and value != b"identity":
            content_type = b""
            break
    known_as = request_id or str(uuid7()).encode()
    return RequestHeaders(
        accept,
        once.get(b"authorization"),
        _is_json(content_type),
        once.get(b"dpop"),
        known_as,
        strict,
        last_event,
        once.get(b"read-after"),
    )


def _is_json(content_type: bytes | None) -> bool:
    if content_type == b"application/json":
        return True
    if content_type is None:
        return False
    name, *parameters = (part.strip() for part in content_type.lower().split(b";"))
    charsets = [each[8:].strip(b'"') for each in parameters if each.startswith(b"charset=")]
    return name == b"application/json" and all(charset in (b"utf-8", b"utf8") for charset in charsets)
