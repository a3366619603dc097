from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol


class Decided(Protocol):
    """The decision about one field; a denial has a `reason` beside its rule."""

    @property
    def rule(self) -> str: ...


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Who asks the reference, and the view of the policy that it obeys."""

    subject: str
    roles: tuple[str, ...]
    scopes: tuple[str, ...]
    policy: str
    shows: Callable[[str], bool]
    decisions: Mapping[str, Decided]
