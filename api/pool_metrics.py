"""The figures of connections to the database: those of a process that answers requests, or that works."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from api.metrics import Family
from storage.database import Database


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
