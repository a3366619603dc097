"""How many operations are worked on at once, for each caller and in this worker, and for how long each."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Final, Self

from api.errors import DeadlineExceeded, TooManyRequests, Unavailable
from api.limit_settings import Limits
from auth.principal import Principal

EVERY: Final = 0.25
"""Seconds between two looks: so much later than its deadline an operation may end."""


class Admissions:
    """Counts operations that are worked on, and gives up those whose time is up.

    It looks at all now and then, so that no operation sets a timer.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.of_caller: dict[tuple[int, str], int] = {}
        self.under_way: set[Admission] = set()
        self._next: asyncio.TimerHandle | None = None

    def admit(self, who: Principal) -> Admission:
        """Return what counts one operation while it is entered."""
        return Admission(self, (who.org_id.int, who.subject))

    def begin(self, admission: Admission, loop: asyncio.AbstractEventLoop) -> None:
        """Look at an operation from now on."""
        self.under_way.add(admission)
        if self._next is None:
            self._next = loop.call_later(EVERY, self._look, loop)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        self._next = loop.call_later(EVERY, self._look, loop) if self.under_way else None
        now = loop.time()
        for each in [each for each in self.under_way if each.due < now]:
            each.give_up()


class Admission:
    """One operation: entering it raises TooManyRequests or Unavailable where there are too many.

    Leaving it raises DeadlineExceeded where it was given up.
    """

    __slots__ = ("_admissions", "_caller", "_cancelling", "_is_over", "_task", "due")

    def __init__(self, admissions: Admissions, caller: tuple[int, str]) -> None:
        self._admissions = admissions
        self._caller = caller
        self._is_over = False

    def __enter__(self) -> Self:
        admissions, limits = self._admissions, self._admissions.limits
        others = admissions.of_caller.get(self._caller, 0)
        if others >= limits.caller_operations:
            most = limits.caller_operations
            message = f"at most {most} operations of one caller are worked on at once; wait for an answer"
            raise TooManyRequests(message, retryAfter=1)
        if len(admissions.under_way) >= limits.worker_operations:
            raise Unavailable("too many operations are worked on; try again in a moment")
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("an operation is worked on in a task")
        loop = task.get_loop()
        self._task, self._cancelling = task, task.cancelling()
        self.due = loop.time() + limits.operation_seconds
        admissions.of_caller[self._caller] = others + 1
        admissions.begin(self, loop)
        return self

    def give_up(self) -> None:
        """End the work on it."""
        if not self._is_over:
            self._is_over = True
            self._task.cancel()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        admissions = self._admissions
        admissions.under_way.discard(self)
        left = admissions.of_caller[self._caller] - 1
        if left:
            admissions.of_caller[self._caller] = left
        else:
            del admissions.of_caller[self._caller]
        # As asyncio.timeout does: who else cancels the task meanwhile is obeyed.
        if self._is_over and self._task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            most = admissions.limits.operation_seconds
            raise DeadlineExceeded(f"an operation takes at most {most} seconds") from error
