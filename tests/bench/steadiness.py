"""Whether what a run measured stayed as it was: memory, latency, and what may pile up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import median
from typing import Final

WARM_UP: Final = 1 / 6
"""The part of a run, from its begin, in which caches fill: memory is looked at after it."""

GROWTH: Final = 0.05
GROWTH_MB: Final = 8.0
"""By so much, of what it is or in MB, whichever is more, memory may rise over the rest of a run."""

SLOWER: Final = 1.5
"""So many times as high may the p99 of the last third be as that of the first."""

QUIET: Final = 0.5
ENOUGH: Final = 3
"""Minutes are quiet in which others on the machine took less than half a processor; so many tell enough."""

MORE: Final = 0.1
"""By such a part may what is open or waits be more in the last third than in the first, or by its leeway."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that was looked at."""

    what: str
    good: bool
    told: str


def memory(who: str, megabytes: Sequence[float], least: float = GROWTH_MB) -> Finding:
    """Judge memory, in MB at equal distances over the whole run: the line through it may hardly rise.

    The slope is the median of those between any two points (Theil-Sen): a few high ones do not count.
    """
    found = megabytes[int(len(megabytes) * WARM_UP) :]
    rise = slope(found) * (len(found) - 1)
    bar = max(least, GROWTH * median(found))
    told = (
        f"{found[0]:,.1f} to {found[-1]:,.1f} MB after the warm-up, rises by {rise:+.1f} MB; bar {bar:.1f} MB"
    )
    return Finding(what=f"memory of {who}", good=rise < bar, told=told)


def slope(points: Sequence[float]) -> float:
    """Return by how much points rise from one to the next; 0 for fewer than two."""
    pairs = combinations(enumerate(points), 2)
    return median([(later - earlier) / (b - a) for (a, earlier), (b, later) in pairs] or [0.0])


def latency(p99s: Sequence[float], others: Sequence[float]) -> Finding:
    """Judge the p99 of each minute in milliseconds: the last third beside the first, by their medians.

    `others` are the processors that others kept busy in each. Where enough minutes of both thirds had the
    machine to themselves, only these count: what others do says nothing about us.
    """
    quiet = [taken < QUIET for taken in others]
    part = max(len(p99s) // 3, 1)
    is_told_by_quiet = min(sum(quiet[:part]), sum(quiet[-part:])) >= ENOUGH
    counted = [each or not is_told_by_quiet for each in quiet]
    first, last = (
        median(p99 for p99, counts in zip(p99s[where], counted[where], strict=True) if counts)
        for where in (slice(part), slice(-part, None))
    )
    of = f"{sum(quiet)} quiet minutes" if is_told_by_quiet else f"all minutes, {sum(quiet)} of them quiet"
    told = (
        f"{first:.1f} ms in the first third, {last:.1f} in the last, {last / first:.2f} x; bar {SLOWER:g} x"
    )
    return Finding(what=f"p99 of {of}", good=last < SLOWER * first, told=told)


def piles(what: str, counts: Sequence[float], leeway: float) -> Finding:
    """Judge what may pile up: the last third beside the first, by their medians."""
    part = max(len(counts) // 3, 1)
    first, last = median(counts[:part]), median(counts[-part:])
    bar = first + max(leeway, MORE * first)
    return Finding(what=what, good=last <= bar, told=f"{first:,.0f}, later {last:,.0f}; bar {bar:,.0f}")
