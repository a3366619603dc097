"""Processes whose clock is wrong: a library of some lines, before libc's, adds to the time of day."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

_SOURCE = r"""
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static long skew(void) { const char *said = getenv("SKEW_SECONDS"); return said ? atol(said) : 0; }

int clock_gettime(clockid_t clock, struct timespec *at) {
    long failed = syscall(SYS_clock_gettime, clock, at);
    if (!failed && clock == CLOCK_REALTIME) at->tv_sec += skew();
    return (int)failed;
}

int gettimeofday(struct timeval *restrict at, void *restrict zone) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    at->tv_sec = now.tv_sec;
    at->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *at) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (at) *at = now.tv_sec;
    return now.tv_sec;
}
"""


def skewed(folder: Path, seconds: int) -> Mapping[str, str]:
    """The environment of a process whose clock is so far ahead, or behind where it is negative."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("there is no C compiler: clocks that are wrong were NOT tried")
    library = folder / "skew.so"
    if not library.exists():
        source = folder / "skew.c"
        source.write_text(_SOURCE)
        command = (compiler, "-shared", "-fPIC", "-O1", "-o", str(library), str(source))
        subprocess.run(command, check=True, capture_output=True)
    return {"LD_PRELOAD": str(library), "SKEW_SECONDS": str(seconds)}
