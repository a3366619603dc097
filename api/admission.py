"""How many operations are worked on at once, for each caller and in this worker."""

from __future__ import annotations

from collections import Counter
from types import TracebackType
from typing import Self
from uuid import UUID

from api.errors import TooManyRequests, Unavailable
from api.limit_settings import Limits
from auth.principal import Principal


class Admissions:
    """Counts operations that are worked on."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.of_caller: Counter[tuple[UUID, str]] = Counter()
        self.all = 0

    def admit(self, who: Principal) -> Admission:
        """Return what counts one operation while it is entered."""
        return Admission(self, (who.org_id, who.subject))


class Admission:
    """One operation: entering it raises TooManyRequests or Unavailable where there are too many."""

    __slots__ = ("_admissions", "_caller")

    def __init__(self, admissions: Admissions, caller: tuple[UUID, str]) -> None:
        self._admissions = admissions
        self._caller = caller

    def __enter__(self) -> Self:
        admissions, limits = self._admissions, self._admissions.limits
        if admissions.of_caller[self._caller] >= limits.caller_operations:
            most = limits.caller_operations
            message = f"at most {most} operations of one caller are worked on at once; wait for an answer"
            raise TooManyRequests(message, retryAfter=1)
        if admissions.all >= limits.worker_operations:
            raise Unavailable("too many operations are worked on; try again in a moment")
        admissions.of_caller[self._caller] += 1
        admissions.all += 1
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        admissions = self._admissions
        admissions.all -= 1
        admissions.of_caller[self._caller] -= 1
        if not admissions.of_caller[self._caller]:
            del admissions.of_caller[self._caller]
