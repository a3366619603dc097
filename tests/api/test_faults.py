"""What breaks under load; `make faults` prints how long nobody is answered. No answer is off the record."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from storage.embedded import Cluster
from storage.embedded_roles import DATABASE, OWNER, READ_WRITE
from tests.api.test_audit_survives_kill import _children as children_of
from tests.api.test_audit_survives_kill import durable
from tests.api.test_serve_workers import Load, Serving, recorded, served, until
from tests.callers import is_unanswered

__all__ = ["durable"]


@contextmanager
def serving_over(durable: Cluster, *writing: str, **other: str) -> Iterator[Serving]:
    """Two processes over a cluster; the token is of `legal`, or of what `writing` says."""
    given = {
        "CONTRACT_GRAPH_HOME": str(durable.home),
        "DATABASE_URL": durable.dsn(READ_WRITE, DATABASE),
        "DATABASE_OWNER_URL": durable.dsn(OWNER, DATABASE),
        **other,
    }
    with served(given, *writing) as made:
        yield made


@pytest.fixture
def on_durable(durable: Cluster) -> Iterator[Serving]:
    """Two processes over a database that keeps what it has acknowledged."""
    with serving_over(durable) as made:
        yield made


def test_the_database_is_killed_and_started_again(on_durable: Serving, durable: Cluster) -> None:
    postmaster = durable.status().pid
    assert postmaster is not None
    with Load(on_durable) as load:
        load.more(30)
        for pid in (postmaster, *children_of(postmaster)):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        began = time.monotonic()
        durable.start()
        started = time.monotonic()
        load.more(1)
        answered = time.monotonic()
        load.more(30)
    sys.stdout.write(
        f"PostgreSQL was back after {started - began:.1f} s, answers {answered - started:.1f} s later\n"
    )
    # Whoever asked meanwhile was told so, and no process was lost over it.
    assert len(on_durable.pids()) == 2
    assert all("UNAVAILABLE" in each or "unavailable" in each for each in load.failed), set(load.failed)
    assert load.answered <= asyncio.run(recorded(durable.dsn("postgres", DATABASE)))


def test_one_process_is_killed_every_second(on_durable: Serving, durable: Cluster) -> None:
    longest, killed = 0.0, 0
    with Load(on_durable) as load:
        load.more(10)
        until_then, last, count = time.monotonic() + 15, time.monotonic(), len(load.answered)
        due = last
        while time.monotonic() < until_then:
            if time.monotonic() >= due and (pids := sorted(on_durable.pids())):
                with suppress(ProcessLookupError):
                    os.kill(pids[0], signal.SIGKILL)
                killed, due = killed + 1, due + 1
            if len(load.answered) > count:
                longest = max(longest, time.monotonic() - last)
                last, count = time.monotonic(), len(load.answered)
            time.sleep(0.01)
        until(lambda: len(on_durable.pids()) == 2)
        load.more(10)
        longest = max(longest, time.monotonic() - last)
    sys.stdout.write(f"{killed} processes killed: the longest without an answer {longest:.1f} s\n")
    assert all(is_unanswered(each) for each in load.failed), set(load.failed)
    assert load.answered <= asyncio.run(recorded(durable.dsn("postgres", DATABASE)))
