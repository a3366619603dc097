"""An org that fails as a whole is left alone for a while, then asked once whether it is back."""

from __future__ import annotations

import time
from collections.abc import Callable

from sync.salesforce.failures import SalesforceFailure

_PROBE = 2.0  # seconds in which a call that finds out how things stand is likely to have done so


class LeftAlone(SalesforceFailure):
    """The org failed so often in a row that nothing is sent to it for `wait` seconds."""

    def __init__(self, wait: float) -> None:
        super().__init__(
            "Salesforce failed several times in a row, and is left alone for a while", "LEFT_ALONE"
        )
        self.wait = wait


class Breaker:
    """Counts failures of the whole org in a row; after `failures` of them it is open for `rest` seconds.

    Then one call may find out how things stand (half-open): it closes the breaker, or opens it for twice as
    long, up to `longest`. A probe that never comes to an end is given up after `patience` seconds.
    """

    def __init__(
        self,
        *,
        failures: int = 5,
        rest: float = 15.0,
        longest: float = 300.0,
        patience: float = 60.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._failures, self._first, self._longest = failures, rest, longest
        self._patience, self._clock = patience, clock
        self._failed, self._rest = 0, rest
        self._until: float | None = None
        self._probing = False

    @property
    def is_open(self) -> bool:
        """Whether calls are refused, all of them or all but one."""
        return self._until is not None

    @property
    def wait(self) -> float:
        """Seconds until it may be asked again; 0.0 while it is closed."""
        return 0.0 if self._until is None else max(0.0, self._until - self._clock())

    def check(self) -> None:
        """Let a call pass, or refuse it. Raises LeftAlone."""
        if self._until is None:
            return
        if self._clock() < self._until:
            raise LeftAlone(min(self.wait, _PROBE) if self._probing else self.wait)
        # This one may; the others wait for what it comes to.
        self._probing = True
        self._until = self._clock() + self._patience

    def succeeded(self) -> bool:
        """Note that the org answered; returns whether that closed the breaker."""
        was_open = self.is_open
        self._failed, self._rest, self._until, self._probing = 0, self._first, None, False
        return was_open

    def failed(self) -> bool:
        """Note that the org as a whole failed; returns whether that opened the breaker."""
        if self._until is not None and not self._probing:
            return False  # a call that was under way when it opened tells nothing new
        self._failed += 1
        if not self._probing and self._failed < self._failures:
            return False
        if self._probing:
            self._rest = min(2 * self._rest, self._longest)
        self._until, self._probing = self._clock() + self._rest, False
        return True
