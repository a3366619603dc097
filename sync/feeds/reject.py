"""What an import left out, where it stood and why, in words that say what to do."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

_LONGEST_VALUE = 200


class What(StrEnum):
    """How much was left out: a whole record, one field of it, or only a link to another record."""

    RECORD = "record"
    FIELD = "field"
    UNLINKED = "unlinked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where something was read: the file as named, and the line in it, from 1, where lines are counted."""

    path: str
    line: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reject:
    """One thing left out; `value` may be shown to the importer, and to nobody else: never log it."""

    place: Place
    what: What = What.RECORD
    record: str | None = None
    field: str | None = None
    value: str | None = None
    reason: str


class RejectsFile:
    """A CSV of rejects, made when the first one comes, so that a clean import leaves no file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0
        self._file: TextIO | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    def write(self, reject: Reject) -> None:
        """Append one line: path, line, what, record, field, reason, value."""
        if self._file is None:
            # The user's own values: nobody else may read them.
            self.path.touch(mode=0o600)
            self._file = self.path.open("w", encoding="utf-8", errors="backslashreplace", newline="")
            csv.writer(self._file).writerow(("path", "line", "what", "record", "field", "reason", "value"))
        place, value = reject.place, reject.value
        if value is not None and len(value) > _LONGEST_VALUE:
            value = f"{value[:_LONGEST_VALUE]}…"
        row = (place.path, place.line, reject.what, reject.record, reject.field, reject.reason, value)
        csv.writer(self._file).writerow(["" if cell is None else _printable(str(cell)) for cell in row])
        self.count += 1


def _printable(cell: str) -> str:
    """The cell, safe to open in a spreadsheet: it neither holds NUL nor begins as a formula."""
    cell = cell.replace("\0", "\\0")
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell
