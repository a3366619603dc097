"""What an event cannot do without: the ids and moments in a payload."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from sync.clm.malformed import Malformed
from sync.clm.path import Here, Path

_LONGEST_NAME: Final = 500


def name_at(payload: Any, path: Path) -> str:  # noqa: ANN401 - any JSON
    """Return the id that stands there. Raises Malformed where none does."""
    name = as_name(path.first(Here(payload, payload)))
    if name is None:
        raise Malformed(path.text, "an id is expected here: a text or a whole number")
    return name


def as_name(value: Any) -> str | None:  # noqa: ANN401 - any JSON
    """Return an id or word as text, where it is one that can be stored and shown; else None."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    text = str(value).strip()
    return text if text and len(text) <= _LONGEST_NAME and text.isprintable() else None


def word_at(payload: Any, path: Path) -> str:  # noqa: ANN401 - any JSON
    """Return the word that stands there, or an empty text."""
    return as_name(path.first(Here(payload, payload))) or ""


def moment_at(payload: Any, path: Path) -> datetime | None:  # noqa: ANN401 - any JSON
    """Return the moment that stands there, if one that can be read does."""
    return as_moment(path.first(Here(payload, payload)))


def as_moment(value: Any) -> datetime | None:  # noqa: ANN401 - any JSON
    """Read a moment in ISO 8601, in UTC; one without a zone is taken for UTC, a seventh decimal dropped."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value.strip())
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
