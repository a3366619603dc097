from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from tests.reference.policy import Evaluator


class Decided(Protocol):
    """The decision about one field; a denial has a `reason` beside its rule."""

    @property
    def rule(self) -> str: ...


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Who asks the reference; `decisions`, `rows` and `commands` are what the API tells of the policy."""

    subject: str
    roles: tuple[str, ...]
    scopes: tuple[str, ...]
    policy: str
    evaluator: Evaluator
    decisions: Mapping[str, Decided]
    rows: Mapping[str, str | None]
    commands: tuple[str, ...] = ()

    def shows(self, coordinate: str) -> bool:
        return self.evaluator.shows(coordinate)

    def shows_always(self, coordinate: str) -> bool:
        """Whether each record that the caller sees shows the field."""
        return self.shows(coordinate) and self.rows[coordinate] is None
