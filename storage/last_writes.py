"""Where the log was after the last write of each caller: what they have written they are to see."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Final, NamedTuple

BEYOND: Final = 2**63 - 1
"""A position that no standby reaches: of a write under way, or of one of which nothing more is known."""
_MOST_KEPT: Final = 10_000


class _Write(NamedTuple):
    position: int
    until: float


class LastWrites:
    """The last positions of callers, each kept for as many seconds as a standby that is asked may lag."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._of: OrderedDict[Hashable, _Write] = OrderedDict()
        self._floor = _Write(0, 0.0)

    def note(self, who: Hashable, position: int, now: float) -> None:
        """Keep a position; that of a write under way gives place to the position where it ended."""
        before = self._of.pop(who, None)
        if before is not None and BEYOND not in {before.position, position} and before.until > now:
            position = max(position, before.position)
        self._of[who] = _Write(position, now + self._seconds)
        while self._of and (len(self._of) > _MOST_KEPT or next(iter(self._of.values())).until <= now):
            _, oldest = self._of.popitem(last=False)
            if oldest.until > now:
                # Nobody's is forgotten too early: what is not kept of one counts for all.
                kept = self._floor.position if self._floor.until > now else 0
                self._floor = _Write(max(kept, oldest.position), oldest.until)

    def of(self, who: Hashable, now: float) -> int:
        """Return the position that an answer to a caller must have reached, or 0."""
        last = self._of.get(who)
        floor = self._floor.position if self._floor.until > now else 0
        return max(floor, last.position) if last is not None and last.until > now else floor
