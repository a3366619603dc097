"""What an import says: its progress while it runs, and a table when it is done."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from domain.counted import counted
from sync.feeds.reject import RejectsFile, What
from sync.feeds.source import READ
from sync.feeds.summary import Summary

_WIDTH = 30
_SECONDS_BETWEEN_LINES = 1.0
_SECONDS_BETWEEN_BARS = 0.1


class Progress:
    """A bar over the bytes of the files on a terminal, else a line a second at most, on standard error."""

    def __init__(self, files: Sequence[Path], *, silent: bool) -> None:
        self._sizes = {str(path): path.stat().st_size for path in files}
        self._silent = silent
        self._bar = sys.stderr.isatty()
        self._last = time.monotonic()
        self._shown = False

    def show(self, summary: Summary) -> None:
        """Show where the import stands, unless it was shown a moment ago."""
        now = time.monotonic()
        wait = _SECONDS_BETWEEN_BARS if self._bar else _SECONDS_BETWEEN_LINES
        if self._silent or now - self._last < wait:
            return
        self._last, self._shown = now, True
        done = sum(min(READ.get(name, 0), size) for name, size in self._sizes.items())
        share = done / max(1, sum(self._sizes.values()))
        said = f"{share:4.0%}  {summary.read:,} read, {sum(summary.rejected.values()):,} left out"
        if self._bar:
            full = round(share * _WIDTH)
            print(
                f"\r[{'#' * full}{'.' * (_WIDTH - full)}] {said}\033[K", end="", file=sys.stderr, flush=True
            )
        else:
            print(said, file=sys.stderr, flush=True)

    def end(self) -> None:
        """Clear the bar."""
        if self._bar and self._shown:
            print("\r\033[K", end="", file=sys.stderr, flush=True)


def report(summary: Summary, rejects: RejectsFile) -> Iterator[str]:
    """Give the lines of the summary."""
    saved = summary.saved
    counters = (saved.inserted, saved.updated, saved.unchanged, saved.deleted)
    yield f"{'':<20}{'inserted':>12}{'updated':>12}{'unchanged':>12}{'removed':>12}"
    for entity in dict.fromkeys(name for counter in counters for name in counter):
        counts = [counter[entity] for counter in counters]
        if any(counts):
            yield f"{entity:<20}" + "".join(f"{count:>12,}" for count in counts)
    records = summary.rejected[What.RECORD]
    yield f"read {counted(summary.read, 'record')}, rejected {records:,}; {_rates(summary)}"
    yield from _totals(summary)
    for note, count in summary.notes.items():
        yield note if count == 1 else f"{note} ({count:,} times)"
    if rejects.count:
        fields, links = summary.rejected[What.FIELD], summary.rejected[What.UNLINKED]
        yield (
            f"left out: {counted(records, 'record')}, {counted(fields, 'field')}, {counted(links, 'link')};"
            f" {rejects.path} says line by line what and why"
        )


def _rates(summary: Summary) -> str:
    seconds = max(summary.seconds, 0.001)
    rates = [
        f"{stored / seconds:,.0f} {name}/s"
        for entity, name in (("Contract", "contracts"), ("Amendment", "amendments"))
        if (stored := summary.stored(entity))
    ]
    return f"{seconds:.1f} s, " + (", ".join(rates) or f"{summary.read / seconds:,.0f} records/s")


def _totals(summary: Summary) -> Iterator[str]:
    if not summary.compared:
        return
    equal = summary.compared - summary.differing
    yield (
        f"totals: base plus changes is what the publisher reports for {equal:,} of {summary.compared:,}"
        f" contracts ({equal / summary.compared:.2%})"
    )
    for each in summary.differences:
        yield f"  {each.number}: reckoned {each.computed}, reported {each.reported}: {each.reason}"
    if (more := summary.differing - len(summary.differences)) > 0:
        yield f"  and {more:,} more"
