"""A piece of PostgreSQL's write-ahead log: 16 MB, known by its timeline and its number."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

_NAME = re.compile(r"[0-9A-F]{24}")
_PER_FILE = 0x1_0000_0000 // 0x100_0000  # segments of 16 MB in a "log file" of 4 GB


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment; `number` counts on across timelines."""

    timeline: int
    number: int

    @classmethod
    def named(cls, name: str) -> Self:
        """Read the name of its file, 24 hexadecimal digits."""
        timeline, high, low = (int(name[at : at + 8], 16) for at in (0, 8, 16))
        return cls(timeline, high * _PER_FILE + low)

    def place(self) -> tuple[int, int]:
        """Where it stands among others: those of several timelines with one number stand together."""
        return self.number, self.timeline

    def __str__(self) -> str:
        return f"{self.timeline:08X}{self.number // _PER_FILE:08X}{self.number % _PER_FILE:08X}"


def is_segment(name: str) -> bool:
    """Say whether a file of the log's folder is a segment, and no history or label."""
    return _NAME.fullmatch(name) is not None
