"""The running server as its data directory tells of it."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path

_STATUS_LINE = 7  # LOCK_FILE_LINE_PM_STATUS of PostgreSQL's miscadmin.h, counted from 0


@dataclass(frozen=True, kw_only=True)
class Postmaster:
    """A live server process; `ready` means that it takes connections."""

    pid: int
    ready: bool


def find(data: Path) -> Postmaster | None:
    """Give the live server of `data`, or None when postmaster.pid is missing, unfinished or stale."""
    try:
        lines = (data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        pid = int(lines[0])
    except (FileNotFoundError, NotADirectoryError, IndexError, ValueError):
        return None
    if not _serves(pid, data):
        return None
    return Postmaster(pid=pid, ready=len(lines) > _STATUS_LINE and lines[_STATUS_LINE].strip() == "ready")


def _serves(pid: int, data: Path) -> bool:
    # After a reboot the pid may be anybody's. The command line tells, and everybody may read it, whereas
    # /proc/PID/cwd is closed to root in a container without CAP_SYS_PTRACE; the latter is for a server that
    # somebody started by hand.
    process = Path(f"/proc/{pid}")
    if Path("/proc/self/cmdline").exists():
        with contextlib.suppress(OSError):
            if os.fsencode(data) in (process / "cmdline").read_bytes().split(b"\0"):
                return True
        with contextlib.suppress(OSError):
            return (process / "cwd").readlink() == data
        return False
    try:  # macOS
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
