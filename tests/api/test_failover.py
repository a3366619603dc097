"""The primary is killed under load and its standby promoted: nothing that was acknowledged is lost.

The standby is synchronous. `make faults` goes on for longer, and prints how long nobody was answered.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from storage.embedded import Cluster
from storage.embedded_conf import PORT
from storage.embedded_roles import DATABASE, READ_WRITE
from tests.api.test_audit_survives_kill import _children as children_of
from tests.api.test_audit_survives_kill import durable_in
from tests.api.test_faults import serving_over
from tests.api.test_serve_workers import Load, Serving, recorded, until
from tests.api.writes import Writes, stored
from tests.standby import sql, standby_of

COUNT = 5 * (1 + int(os.environ.get("CONTRACT_GRAPH_FAULTS", "0")))


@dataclass(frozen=True)
class Pair:
    """A primary, and the standby that every commit of it waits for."""

    primary: Cluster
    standby: Cluster

    @property
    def url(self) -> str:
        """Whichever of the two takes writes."""
        folders = f"{self.primary.sockets},{self.standby.sockets}"
        return (
            f"postgresql://{READ_WRITE}@/{DATABASE}?host={folders}&port={PORT},{PORT}"
            "&target_session_attrs=read-write"
        )


@pytest.fixture
def pair() -> Iterator[Pair]:
    with tempfile.TemporaryDirectory(prefix="cg-failover-", dir="/tmp") as folder:
        home = Path(folder)
        home.chmod(0o711)
        with durable_in(home) as primary, standby_of(primary, "waited_for", durable=True) as standby:
            # After the copy was made: the standby, once it is promoted, has nobody to wait for.
            sql(primary, "ALTER SYSTEM SET synchronous_standby_names = 'waited_for'")
            sql(primary, "SELECT pg_reload_conf()")
            state = "SELECT sync_state FROM pg_stat_replication"
            until(lambda: sql(primary, state) == "sync")
            yield Pair(primary, standby)


@contextmanager
def serving(pair: Pair) -> Iterator[Serving]:
    given = {
        "DATABASE_URL": pair.url,
        "CONTRACT_GRAPH_REPLICA_URLS": pair.standby.dsn(READ_WRITE, DATABASE),
        "CONTRACT_GRAPH_CALLER_OPERATIONS": "100",
    }
    with serving_over(pair.primary, "--role", "admin", "--write", **given) as made:
        yield made


def kill(cluster: Cluster) -> None:
    postmaster = cluster.status().pid
    assert postmaster is not None
    for pid in (postmaster, *children_of(postmaster)):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def ready(serving: Serving) -> object:
    return httpx.get(f"{serving.origin}/health/ready", timeout=20).json()


def test_the_standby_is_promoted_and_has_all_that_was_acknowledged(pair: Pair) -> None:
    with serving(pair) as made, Load(made) as load, Writes(made, "failover") as writes:
        until(lambda: ready(made) == {"status": "ready", "replicas": {"1": "near"}})
        load.more(COUNT)
        writes.more(COUNT)
        kill(pair.primary)
        began = time.monotonic()
        assert sql(pair.standby, "SELECT pg_promote()") == "t"
        promoted = time.monotonic()
        writes.more(1)
        written = time.monotonic()
        load.more(COUNT)
        writes.more(COUNT)
        # What was its standby is the database now, and counts as no replica any more.
        until(lambda: ready(made) == {"status": "ready", "replicas": {"1": "unfit"}})
        assert len(made.pids()) == 2
    sys.stdout.write(
        f"the standby was promoted after {promoted - began:.1f} s, the first write {written - promoted:.1f} s"
        f" later; the longest without one {writes.longest:.1f} s; {len(writes.acknowledged)} writes and"
        f" {len(load.answered)} answers, none lost\n"
    )
    failed = {*load.failed, *writes.failed}
    assert all("UNAVAILABLE" in each or "unavailable" in each for each in failed), failed
    there = asyncio.run(stored(pair.standby.dsn("postgres", DATABASE), "failover"))
    assert len(there) == len(set(there))
    assert writes.acknowledged <= set(there)
    assert load.answered <= asyncio.run(recorded(pair.standby.dsn("postgres", DATABASE)))
