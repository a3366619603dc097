"""Every write that the stand-in took: what a test counts to say "once, and no more"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One write of one record; `changed` are the fields whose values it moved: perhaps none."""

    number: int
    at: str
    object: str
    id: str
    operation: str
    fields: Mapping[str, Any]
    changed: Sequence[str]
    user: str
    client: str | None
    via: str


class Journal:
    """Writes in the order in which they were taken; one that is rolled back was never taken."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def add(self, **said: Any) -> None:  # noqa: ANN401 - the fields of an entry
        """Note a write."""
        self.entries.append(Entry(number=len(self.entries) + 1, **said))

    def shown(self, after: int, **where: str | None) -> list[dict[str, Any]]:
        """Return the entries after a number, of those with the given attributes."""
        asked = {name: value for name, value in where.items() if value is not None}
        return [
            asdict(entry)
            for entry in self.entries[after:]
            if all(getattr(entry, name) == value for name, value in asked.items())
        ]
