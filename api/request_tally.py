"""What became of the requests of this process: counted by operation, whole numbers only."""

from __future__ import annotations

from typing import Final

from domain.histogram import ANSWERING, Histogram

OWN: Final = "own"
"""Stands for every document of a caller's own: its name is a text that the caller chose."""
UNREAD: Final = "unread"
"""Stands for requests that were refused before it was known what they ask."""
OK: Final = "OK"


class RequestTally:
    """Latency by operation, and how often each was answered with which status and code."""

    __slots__ = ("answered", "latencies")

    def __init__(self) -> None:
        self.latencies: dict[str, Histogram] = {}
        self.answered: dict[tuple[str, int, str], int] = {}

    def note(self, operation: str, status: int, code: str | None, seconds: float) -> None:
        """Count a request that was answered."""
        latency = self.latencies.get(operation)
        if latency is None:
            latency = self.latencies[operation] = Histogram(ANSWERING)
        latency.add(seconds)
        key = operation, status, code or OK
        self.answered[key] = self.answered.get(key, 0) + 1
