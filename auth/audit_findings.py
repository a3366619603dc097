"""What can be wrong with an audit log, and where."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Wrong(StrEnum):
    """The kinds of findings."""

    EDITED = "edited"
    DELETED = "deleted"
    TRUNCATED = "truncated"
    REORDERED = "reordered"
    REWRITTEN = "rewritten"
    CLOCK = "clock"
    FORKED = "forked"
    UNSIGNED = "unsigned"
    UNSEALED = "unsealed"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong: what, with which event or at which position, and how it is known."""

    wrong: Wrong
    told: str
    position: int | None = None
    event: UUID | None = None

    def __str__(self) -> str:
        where = [] if self.event is None else [f"event {self.event}"]
        where += [] if self.position is None else [f"position {self.position}"]
        return f"{self.wrong.upper()}: {', '.join(where) or 'the log'}: {self.told}"
