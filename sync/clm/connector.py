"""What every contract system is to us: who made a delivery, what happened, what to get, what it says."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

from domain.claim import Report
from sync.clm.delivery import Delivery
from sync.clm.event import Event
from sync.clm.fetcher import Fetcher
from sync.clm.signature import Key, Verdict


class Connector(Protocol):
    """One kind of contract system, as one connection uses it.

    A delivery is verified, and its `events` named, before it is stored and answered. Later `events` are
    asked again, each is fetched, and what came of that is read.
    """

    def verify(self, delivery: Delivery, keys: Sequence[Key], now: datetime) -> Verdict:
        """Tell which key made the delivery, or why none did. Raises nothing."""

    def events(self, delivery: Delivery) -> tuple[Event, ...]:
        """Return what the delivery tells of contracts; none for what is not about them. Raises Malformed."""

    async def fetch(self, event: Event, fetcher: Fetcher) -> Any:  # noqa: ANN401 - any JSON
        """Return all that there is to read of an event. Raises NotFetched or Malformed."""

    def read(self, event: Event, content: Any, source: str) -> tuple[Report, ...]:  # noqa: ANN401 - any JSON
        """Return the claims, a report for each contract; `source` is the connection. Raises Malformed."""
