"""One thing that a source says happened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any, Final
from urllib.parse import quote, urlencode

from sync.clm.malformed import Malformed

_LONGEST_ID: Final = 200
_LONGEST_SEGMENT: Final = 200


@dataclass(frozen=True, slots=True)
class Fetch:
    """What must be got from the source: the segments of a path below the connection's base address.

    Segments may come from a payload: each is quoted whole, so that none can lead elsewhere.
    """

    segments: tuple[str, ...]
    query: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for segment in self.segments:
            if not segment or segment in {".", ".."} or len(segment) > _LONGEST_SEGMENT:
                raise Malformed("path to fetch", "an id is empty, too long, or no id at all")

    @property
    def path(self) -> str:
        """The path with its query, which begins at the base address: no slash before it."""
        path = "/".join(quote(segment, safe="", errors="replace") for segment in self.segments)
        return f"{path}?{urlencode(self.query, errors='replace')}" if self.query else path


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened.

    `id` is the source's own, the same whenever it is told again. `kind` is the source's word for it, `at`
    when it says that it was so. `content` is what can be read of it at once; with a `fetch` it is only what
    the body names, and what there is to read must be fetched.
    """

    id: str
    kind: str
    at: datetime | None = None
    content: Any = field(default=None, repr=False)
    fetch: Fetch | None = None


def event_id(*parts: str) -> str:
    """Return an id made of what names an event: readable, or a digest where it could not be stored so."""
    told = "/".join(parts)
    if len(told) <= _LONGEST_ID and told.isprintable() and told.isascii():
        return told
    return "sha256:" + sha256(told.encode(errors="surrogatepass")).hexdigest()
