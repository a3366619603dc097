from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Allowed:
    """A rule lets it happen."""

    def __bool__(self) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class Refused:
    """A rule does not let it happen, and says why."""

    reason: str

    def __bool__(self) -> bool:
        return False
