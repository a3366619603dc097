"""What processes hold while a run goes on, looked at every few seconds, from /proc."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Self

from tests.bench.processes import PROC, descendants, machine_seconds, seconds_of

EVERY: Final = 5.0
_KB: Final = 1024


@dataclass(frozen=True, kw_only=True)
class Sample:
    """What each of those watched held at one moment: memory in MB, open files, threads, and of how many."""

    at: float
    memory: Mapping[str, float]
    files: Mapping[str, int]
    threads: Mapping[str, int]
    processes: Mapping[str, int]


@dataclass
class Watch:
    """Watches processes by name; of "PostgreSQL" all are one, and only what each has for itself is counted.

    What they share is as large as their configuration says, and seems to grow while it is first touched.
    """

    processes: Mapping[str, int]
    root: int
    """Whoever started them all but PostgreSQL."""

    def __post_init__(self) -> None:
        self.samples: list[Sample] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._before = self._used()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def since(self, at: float) -> list[Sample]:
        """Return what was seen since a moment."""
        return [each for each in self.samples if each.at >= at]

    def taken_by_others(self) -> float:
        """Return how many processors others on this machine kept busy since it was last asked."""
        before, self._before = self._before, self._used()
        at, ours, all_ = (after - was for after, was in zip(self._before, before, strict=True))
        return max(all_ - ours, 0.0) / at

    def _used(self) -> tuple[float, float, float]:
        ours = {*descendants(self.root), *descendants(self.processes["PostgreSQL"])}
        return time.monotonic(), sum(seconds_of(each) for each in ours), machine_seconds()

    def _run(self) -> None:
        while not self._over.wait(EVERY):
            self.samples.append(self._look())

    def _look(self) -> Sample:
        families = {
            name: list(descendants(pid)) if name == "PostgreSQL" else [pid]
            for name, pid in self.processes.items()
        }
        part = {name: "Pss_Anon" if name == "PostgreSQL" else "Rss" for name in families}
        return Sample(
            at=time.monotonic(),
            memory={
                name: sum(_megabytes(pid, part[name]) for pid in pids) for name, pids in families.items()
            },
            files={name: sum(_count(pid, "fd") for pid in pids) for name, pids in families.items()},
            threads={name: sum(_count(pid, "task") for pid in pids) for name, pids in families.items()},
            processes={name: len(pids) for name, pids in families.items()},
        )


def _count(pid: int, what: str) -> int:
    with suppress(OSError):
        return len(list((PROC / str(pid) / what).iterdir()))
    return 0


def _megabytes(pid: int, part: str) -> float:
    return sum(_kilobytes(pid, part)) / _KB


def _kilobytes(pid: int, part: str) -> Iterator[int]:
    with suppress(OSError):
        for line in (PROC / str(pid) / "smaps_rollup").read_text().splitlines():
            if line.startswith(f"{part}:"):
                yield int(line.split()[1])
