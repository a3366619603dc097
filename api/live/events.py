"""Events as text/event-stream writes them, by the protocol GraphQL over SSE, in distinct connections."""

from __future__ import annotations

from typing import Final

ALIVE: Final = b":\n\n"
"""A comment: it keeps proxies from ending a connection on which nothing happens."""
COMPLETE: Final = b"event: complete\ndata:\n\n"


def next_event(result: bytes, cursor: str | None = None) -> bytes:
    """Write a result, which is JSON; a client that comes again names the `cursor` of the last it has."""
    lines = [b"data: " + line for line in result.splitlines()]
    known_as = [] if cursor is None else [b"id: " + cursor.encode()]
    return b"\n".join([b"event: next", *known_as, *lines]) + b"\n\n"
