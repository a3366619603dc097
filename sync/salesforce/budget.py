"""How many calls the org still allows today, as it says with every answer."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from sync.salesforce.failures import LimitReached

_USAGE: Final = re.compile(r"(per-app-)?api-usage=(\d+)/(\d+)")
_ASK_AGAIN = 300.0  # seconds after which one call may find out how things stand


@dataclass(frozen=True, slots=True)
class Usage:
    """Calls used of those allowed in 24 hours."""

    used: int
    allowed: int


class Budget:
    """What `Sforce-Limit-Info` said last, for the org and for our app; any thread may tell it.

    Of what the org allows, the share `kept_back` is never ours to use up: others work there too.
    """

    def __init__(self, kept_back: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._kept_back, self._clock = kept_back, clock
        self._usages: Mapping[str, Usage] = {}
        self._told_at = 0.0

    @property
    def org(self) -> Usage | None:
        """The usage of the whole org, None while nothing is known."""
        return self._usages.get("")

    @property
    def left(self) -> int | None:
        """How many calls are ours to make, None while nothing is known."""
        if not self._usages:
            return None
        return max(0, min(int(u.allowed * (1 - self._kept_back)) - u.used for u in self._usages.values()))

    def seen(self, headers: Mapping[str, str]) -> None:
        """Take note of the headers of an answer."""
        found = _USAGE.findall(headers.get("Sforce-Limit-Info", ""))
        if found:
            self._usages = {scope: Usage(int(used), int(allowed)) for scope, used, allowed in found}
            self._told_at = self._clock()

    def check(self) -> None:
        """Refuse a call that would use what is kept back; now and then one may ask. Raises LimitReached."""
        if self.left != 0:
            return
        waited = self._clock() - self._told_at
        if waited < _ASK_AGAIN:
            raise LimitReached(_ASK_AGAIN - waited)
        self._told_at = self._clock()
