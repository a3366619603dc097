"""What went from one system to another, or failed to: counted, never kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class SyncDirection(StrEnum):
    """From which side to which."""

    FROM_CLM = "FROM_CLM"
    TO_SALESFORCE = "TO_SALESFORCE"
    FROM_SALESFORCE = "FROM_SALESFORCE"


class Fate(StrEnum):
    """What became of an attempt."""

    DONE = "DONE"
    PUT_OFF = "PUT_OFF"
    HELD = "HELD"


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """An attempt to bring something across, about one kind of object; first heard of at `since`.

    `accepted`, `refused` and `conflicts` count the values that it brought by what became of them.
    """

    direction: SyncDirection
    object: str
    fate: Fate
    since: datetime
    accepted: int = 0
    refused: int = 0
    conflicts: int = 0


class FigureName(StrEnum):
    """What is known of the other side as it last stood."""

    LIMIT_LEFT = "LIMIT_LEFT"
    LIMIT_ALLOWED = "LIMIT_ALLOWED"
    BREAKER_OPEN = "BREAKER_OPEN"
    REPLAY_POSITION = "REPLAY_POSITION"
    DRIFTED = "DRIFTED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """How something stands: a whole number, or for a replay position a text that is opaque to us.

    `object` is empty where it is about the whole org. BREAKER_OPEN is 1 or 0.
    """

    name: FigureName
    object: str = ""
    count: int | None = None
    position: str | None = None
