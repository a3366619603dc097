"""How often a client may ask for tokens, and how often it may fail: buckets in this worker's memory."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

_MOST_BUCKETS = 20_000


@dataclass(slots=True)
class _Bucket:
    left: float
    filled_at: float


class Buckets:
    """A bucket of `per_minute` for each key, filled evenly; the one unused for longest is forgotten first."""

    def __init__(self, per_minute: int, clock: Callable[[], float]) -> None:
        self._per_minute = per_minute
        self._clock = clock
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def wait(self, key: str) -> int:
        """Return for how many whole seconds nothing may be taken: 0 where it may be at once."""
        bucket = self._filled(key)
        return 0 if bucket.left >= 1 else math.ceil((1 - bucket.left) * 60 / self._per_minute)

    def take(self, key: str) -> None:
        """Take one."""
        self._filled(key).left -= 1

    def _filled(self, key: str) -> _Bucket:
        now = self._clock()
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = _Bucket(self._per_minute, now)
            if len(self._buckets) > _MOST_BUCKETS:
                self._buckets.popitem(last=False)
        self._buckets.move_to_end(key)
        gained = (now - bucket.filled_at) * self._per_minute / 60
        bucket.left = min(self._per_minute, max(bucket.left, 0) + gained)
        bucket.filled_at = now
        return bucket


class Throttle:
    """Limits requests by client, and failures by client and address, each to so many a minute.

    Whoever guesses is slowed down by the second, and nobody else is.
    """

    def __init__(self, requests: int, failures: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._asked = Buckets(requests, clock)
        self._failed = Buckets(failures, clock)

    def admit(self, client_id: str, address: str) -> int:
        """Count a request; returns the seconds to wait where there are too many, and 0 where it may go on."""
        wait = max(self._asked.wait(client_id), self._failed.wait(f"{client_id} {address}"))
        if not wait:
            self._asked.take(client_id)
        return wait

    def failed(self, client_id: str, address: str) -> None:
        """Count a failure to prove something."""
        self._failed.take(f"{client_id} {address}")
