"""What a process has used, from /proc; nothing is known where there is none."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
_TICKS = os.sysconf("SC_CLK_TCK")
_PARENT, _USER, _SYSTEM = 1, 11, 12  # fields of stat after the name, which is in parentheses


@dataclass(frozen=True, kw_only=True)
class Usage:
    """CPU in seconds since the start of the server with its workers, and of PostgreSQL with its backends."""

    server: float
    postgres: float


def usage(server: int, postmaster: int) -> Usage | None:
    """Read what both have used so far."""
    if _stat(server) is None:
        return None
    used = dict.fromkeys((server, postmaster), 0.0)
    for folder in PROC.glob("[0-9]*"):
        stat = _stat(int(folder.name))
        for root in used:
            if stat and root in {int(folder.name), int(stat[_PARENT])}:
                used[root] += _seconds(stat)
    return Usage(server=used[server], postgres=used[postmaster])


def resident_megabytes(process: int) -> float | None:
    """Read how much memory a process holds."""
    try:
        text = (PROC / str(process) / "status").read_text()
    except OSError:
        return None
    return next(
        (int(line.split()[1]) / 1024 for line in text.splitlines() if line.startswith("VmRSS:")), None
    )


def _stat(process: int) -> list[str] | None:
    try:
        return (PROC / str(process) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None


def _seconds(stat: list[str]) -> float:
    return (int(stat[_USER]) + int(stat[_SYSTEM])) / _TICKS


def descendants(process: int) -> Iterator[int]:
    """Give a process and all that came of it and still run."""
    yield process
    try:
        children = (PROC / str(process) / "task" / str(process) / "children").read_text().split()
    except OSError:
        return
    for each in children:
        yield from descendants(int(each))


def seconds_of(process: int) -> float:
    """Read how much CPU a process has used, with those of its children that have ended."""
    stat = _stat(process)
    return sum(int(stat[each]) for each in (_USER, _SYSTEM, _USER + 2, _SYSTEM + 2)) / _TICKS if stat else 0.0


def machine_seconds() -> float:
    """Read how much CPU all processes of this machine have used."""
    user, nice, system = (PROC / "stat").read_text().split(maxsplit=4)[1:4]
    return (int(user) + int(nice) + int(system)) / _TICKS
