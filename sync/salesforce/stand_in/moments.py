"""Time as the stand-in keeps and writes it: whole seconds, `+0000` without a colon."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime


class Clock:
    """The time of the stand-in: that of the machine, until a test stops it."""

    def __init__(self) -> None:
        self.stopped_at: datetime | None = None

    def now(self) -> datetime:
        """Return the present second in UTC."""
        return (self.stopped_at or datetime.now(UTC)).replace(microsecond=0)


def written(moment: datetime) -> str:
    """Return a moment as Salesforce writes it: `2024-01-01T00:00:00.000+0000`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def read(text: str) -> datetime:
    """Read a moment with its offset, to the second, in UTC. Raises ValueError."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is None or "T" not in text:
        raise ValueError("a moment needs a time and an offset")
    return found.astimezone(UTC).replace(microsecond=0)


def http_date(moment: datetime) -> str:
    """Return a moment as a header has it."""
    return format_datetime(moment.astimezone(UTC), usegmt=True)


def read_http_date(text: str) -> datetime:
    """Read the moment of a header. Raises ValueError."""
    found = parsedate_to_datetime(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)
