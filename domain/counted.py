"""A number with its noun, as people are told it."""

from __future__ import annotations


def counted(number: int, one: str, many: str | None = None) -> str:
    """Tell a number with its noun: 1 role, 2,008 decisions."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
