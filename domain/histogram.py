"""How long things took: counted in steps, so that any number of them costs the same to keep."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate
from typing import Final


def steps(lowest: int, highest: int) -> tuple[float, ...]:
    """Return the bounds 1, 2, 5 of each power of ten from `lowest` to below `highest`, in seconds."""
    return tuple(float(f"{n}e{power}") for power in range(lowest, highest) for n in (1, 2, 5))


ANSWERING: Final = steps(-3, 1)
"""Bounds for what somebody waits for: from a millisecond to five seconds."""
PASSING: Final = steps(-2, 4)
"""Bounds for what goes from one system to another: from ten milliseconds to an hour and a half."""


class Histogram:
    """Counts durations by the first bound that they do not exceed; the last count has none."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0
        """Seconds, of all of them together."""

    def add(self, seconds: float) -> None:
        """Count one."""
        self.counts[bisect_left(self.bounds, seconds)] += 1
        self.total += seconds


def percentile(bounds: Sequence[float], counts: Sequence[int], share: float) -> float | None:
    """Return the seconds that a share of what was counted did not exceed, None where nothing was.

    Between two bounds it is estimated evenly; beyond the last it is the last.
    """
    wanted = share * sum(counts)
    if not wanted:
        return None
    for place, reached in enumerate(accumulate(counts)):
        if reached >= wanted:
            if place == len(bounds):
                break
            below = bounds[place - 1] if place else 0.0
            return below + (bounds[place] - below) * (1 - (reached - wanted) / counts[place])
    return bounds[-1]
