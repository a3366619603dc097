"""What the scalars of the schema take, and what they say of the rest."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from api.scalars import read_date, read_datetime, read_decimal


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (read_decimal, "\uff11\uff12"),  # digits, but of another script
        (read_decimal, "\u0661"),
        (read_date, "\uff12\uff10\uff12\uff16-11-21"),
        (read_datetime, "2026-11-21T\uff10\uff19:30:00Z"),
    ],
)
def test_digits_of_other_scripts_are_none(read: Callable[[object], object], text: str) -> None:
    with pytest.raises(ValueError, match="such as"):
        read(text)
    assert read_decimal("12") == Decimal(12)


@pytest.mark.parametrize("text", ["2026-13-01T00:00:00Z", "9999-12-31T23:59:59-23:00"])
def test_a_moment_that_there_is_not_is_told_from_one_without_an_offset(text: str) -> None:
    with pytest.raises(ValueError, match="there is no such moment"):
        read_datetime(text)
    with pytest.raises(ValueError, match="has an offset"):
        read_datetime("2026-11-21T09:30:00")
