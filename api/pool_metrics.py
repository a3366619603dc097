"""The figures of connections to the database: those of a process that answers requests, or that works."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from api.metrics import Family
from storage.database import Database
from storage.replicas import Replicas


def of_pools(pools: Mapping[str, Database]) -> Iterable[Family]:
    """Tell how busy the connections to the database are."""
    told = [({"pool": name}, pool) for name, pool in pools.items()]
    yield Family("pool_size", "gauge", "Connections at most.", [(label, pool.size) for label, pool in told])
    yield Family(
        "pool_in_use", "gauge", "Connections at work.", [(label, pool.in_use) for label, pool in told]
    )
    yield Family(
        "pool_waiting", "gauge", "Who waits for one.", [(label, pool.waiting) for label, pool in told]
    )
    yield Family(
        "pool_waited_total", "counter", "Who had to wait.", [(label, pool.waited) for label, pool in told]
    )
    yield Family(
        "pool_batches_total",
        "counter",
        "Round trips with more than one read.",
        [(label, pool.batches.batches) for label, pool in told],
    )
    yield Family(
        "pool_batched_reads_total",
        "counter",
        "Reads that went with others.",
        [(label, pool.batches.together) for label, pool in told],
    )


def of_replicas(replicas: Replicas) -> Iterable[Family]:
    """Tell what each replica answers, and how far it may be behind where that is known."""
    told = [({"replica": each.name}, each) for each in replicas.all]
    yield Family(
        "replica_lag_seconds",
        "gauge",
        "How far a replica may be behind; of one that is away there is none.",
        [(label, lag) for label, each in told if (lag := replicas.lag(each)) is not None],
    )
    yield Family(
        "replica_reads_total", "counter", "Reads it answered.", [(label, each.reads) for label, each in told]
    )
    yield Family(
        "replica_passed_over_total",
        "counter",
        "Reads that it did not answer, by why.",
        [
            ({**label, "why": str(why)}, count)
            for label, each in told
            for why, count in list(each.passed_over.items())
        ],
    )
