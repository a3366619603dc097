"""A candidate policy beside the one that answers: what it would decide otherwise, counted."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from api.errors import AccessDenied
from api.planner.difference import Difference
from api.planner.run import Plan, Planner
from auth.policy import Policy
from auth.view import View, Views
from storage.policy_versions import PolicyDifference

MOST = 10_000
"""Of more kinds of difference than these, the rest is told as one."""


class Shadow:
    """Counts where a candidate would decide otherwise; it answers nobody."""

    def __init__(self, candidate: Policy, against: str) -> None:
        self.candidate = candidate
        self.against = against
        self._views = Views(candidate)
        self._counts: dict[tuple[tuple[str, ...], Difference], int] = {}
        self._examples: dict[tuple[tuple[str, ...], Difference], str] = {}

    def note(
        self, planner: Planner, plan: Plan | AccessDenied, request: Mapping[str, Any], view: View
    ) -> None:
        """Count the differences of one request that was answered, or refused."""
        found = planner.differences(plan, request, view, self._views.of(frozenset(view.roles)))
        for difference in found:
            key = view.roles, difference
            if key not in self._counts and len(self._counts) >= MOST:
                key = view.roles, _REST
            self._counts[key] = self._counts.get(key, 0) + 1
            if key not in self._examples:
                self._examples[key] = f"{planner.name_of(request)} ({_digest(request)})"

    def take(self) -> list[PolicyDifference]:
        """Return what was counted since the last time."""
        counts, self._counts = self._counts, {}
        examples, self._examples = self._examples, {}
        return [
            PolicyDifference(
                ", ".join(roles), each.subject, each.was, each.would_be, number, examples[roles, each]
            )
            for (roles, each), number in counts.items()
        ]


_REST = Difference("others", "not told apart", "not told apart")


def _digest(request: Mapping[str, Any]) -> str:
    return hashlib.sha256(request["query"].encode()).hexdigest()[:12]
