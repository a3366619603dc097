"""What a mapping file says of how a source calls: its events, its signature, and what it lets us fetch."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sync.clm.delivery import Delivery
from sync.clm.mapping_reader import MappingReader, Table
from sync.clm.path import Path
from sync.clm.signature import ENCODINGS

_TOLERANCE: Final = 300
_LONGEST_TOLERANCE: Final = 86_400
_HEADER: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_SECONDS: Final = re.compile(r"[0-9]{1,11}")
_ID: Final = "{id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signing:
    """How a source signs: HMAC-SHA256 over the body, or over a time, what joins them, and the body.

    `tolerance` is in seconds: how far that time may lie from ours.
    """

    header: str
    encoding: str = "hex"
    prefix: str = ""
    timestamp_header: str | None = None
    tolerance: int = _TOLERANCE
    joined_by: str = "."

    def message(self, delivery: Delivery, now: datetime) -> bytes | str:
        """Return what is signed, or why the delivery is refused before its signature is looked at."""
        if self.timestamp_header is None:
            return delivery.body
        told = delivery.header(self.timestamp_header)
        if told is None:
            return f"the header {self.timestamp_header} is missing: it says when the delivery was signed"
        if not _SECONDS.fullmatch(told):
            return f"the header {self.timestamp_header} is no time in seconds since 1970"
        if abs(int(told) - now.timestamp()) > self.tolerance:
            return (
                f"the header {self.timestamp_header} is more than {self.tolerance} s away from our clock:"
                " compare the clocks, or do not hold deliveries back"
            )
        return f"{told}{self.joined_by}".encode() + delivery.body


@dataclass(frozen=True, slots=True, kw_only=True)
class EventNames:
    """What names an event: a path or a header; without either, the digest of what it says."""

    each: Path | None = None
    id: Path | None = None
    id_header: str | None = None
    kind: Path | None = None
    at: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchRule:
    """Where the contract is fetched that an event only names: the segments of a path, one of them its id."""

    segments: tuple[str, ...]
    id: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """How a source calls; without `signing` nothing that it sends is believed."""

    events: EventNames
    signing: Signing | None
    fetch: FetchRule | None


def read_door(reading: MappingReader) -> Door:
    """Read [event], [signature] and [fetch]. Raises MappingFileError."""
    event, signature, fetch = (reading.table(key) for key in ("event", "signature", "fetch"))
    return Door(
        events=EventNames() if event is None else _events(reading, event),
        signing=None if signature is None else _signing(reading, signature),
        fetch=None if fetch is None else _fetch(reading, fetch),
    )


def _events(reading: MappingReader, table: Table) -> EventNames:
    where = ("event",)
    reading.known_keys(where, "event", table, ("each", "id", "id_header", "kind", "at"))
    if "id" in table and "id_header" in table:
        raise reading.error(
            where, "id_header", "an event has one id, and two are named", "leave one of them out"
        )
    one = {key: reading.paths(where, key, table[key])[0] for key in ("id", "kind", "at") if key in table}
    return EventNames(
        each=reading.path(where, "each", table["each"]) if "each" in table else None,
        id_header=_header(reading, where, table, "id_header"),
        **one,
    )


def _signing(reading: MappingReader, table: Table) -> Signing:
    where = ("signature",)
    known = ("header", "encoding", "prefix", "timestamp_header", "tolerance", "joined_by")
    reading.known_keys(where, "signature", table, known)
    header = _header(reading, where, table, "header")
    if header is None:
        raise reading.error(where, None, "signature does not name its header", 'add header = "X-Signature"')
    timestamp = _header(reading, where, table, "timestamp_header")
    for key in ("tolerance", "joined_by"):
        if key in table and timestamp is None:
            hint = "add timestamp_header, or leave it out"
            raise reading.error(where, key, f"{key} has no use without a timestamp_header", hint)
    tolerance = table.get("tolerance", _TOLERANCE)
    if (
        isinstance(tolerance, bool)
        or not isinstance(tolerance, int)
        or not 0 < tolerance <= _LONGEST_TOLERANCE
    ):
        problem = f"tolerance = {tolerance!r} is no number of seconds up to {_LONGEST_TOLERANCE}"
        raise reading.error(where, "tolerance", problem, "write tolerance = 300")
    joined = reading.text(where, "joined_by", table)
    return Signing(
        header=header,
        encoding=reading.one_of(where, "encoding", table, ENCODINGS) or "hex",
        prefix=reading.text(where, "prefix", table) or "",
        timestamp_header=timestamp,
        tolerance=tolerance,
        joined_by="." if joined is None else joined,
    )


def _fetch(reading: MappingReader, table: Table) -> FetchRule:
    where = ("fetch",)
    reading.known_keys(where, "fetch", table, ("path", "id"))
    path = reading.text(where, "path", table)
    hint = 'write path = "/api/contracts/{id}", below the base address of the connection'
    if path is None or "id" not in table:
        raise reading.error(where, None, "fetch needs a path and an id", hint)
    segments = tuple(path.strip("/").split("/"))
    plain = all(each == _ID or re.fullmatch(r"[\w.~-]+", each, re.ASCII) for each in segments)
    if not plain or segments.count(_ID) != 1 or {".", ".."} & set(segments):
        raise reading.error(where, "path", f"path = {path!r} is no path with one {_ID} in it", hint)
    return FetchRule(segments=segments, id=reading.paths(where, "id", table["id"])[0])


def _header(reading: MappingReader, where: tuple[str, ...], table: Table, key: str) -> str | None:
    said = reading.text(where, key, table)
    if said is not None and not _HEADER.fullmatch(said):
        raise reading.error(
            where, key, f"{key} = {said!r} is no name of a header", 'write it like "X-Signature"'
        )
    return said
