"""A value that history keeps as text is read back as what it was."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

import domain.graph  # noqa: F401 - it registers every entity
from domain.contract import ContractType
from domain.field import field_named
from domain.money import Money
from domain.term import Period
from domain.written import NotWritten, pattern_of, read_written, written

VALUES: list[tuple[str, Any, str]] = [
    ("title", "An order", "An order"),
    ("type", ContractType.MSA, "MSA"),
    ("total_value", Money(Decimal("12.5"), "USD"), "12.50 USD"),
    ("total_value", Money(Decimal(12), "JPY"), "12 JPY"),
    ("expiration_date", date(2027, 1, 31), "2027-01-31"),
    ("updated_at", datetime(2026, 1, 31, 9, 30, tzinfo=UTC), "2026-01-31T09:30:00+00:00"),
    ("renewal_term", Period(years=1, months=6), "P1Y6M"),
    ("discount_percent", Decimal("0.00"), "0.00"),
    ("discount_percent", Decimal("1E+2"), "100"),
    ("liability_uncapped", False, "false"),
    ("risk_score", 0, "0"),
    ("account_id", UUID(int=7), "00000000-0000-0000-0000-000000000007"),
    ("total_value", None, None),
]


@pytest.mark.parametrize(("name", "value", "text"), VALUES)
def test_a_value_is_written_and_read_back(name: str, value: Any, text: str | None) -> None:
    assert written(value) == text
    assert read_written(field_named("Contract", name), text) == value


@pytest.mark.parametrize(
    ("name", "text"),
    [("type", "Msa"), ("total_value", "12.50"), ("total_value", "1,2 USD"), ("expiration_date", "tomorrow"),
     ("renewal_term", "1 year"), ("discount_percent", "NaN"), ("liability_uncapped", "yes"),
     ("risk_score", "1.5"), ("account_id", "7")],
)  # fmt: skip
def test_another_text_is_refused_with_the_form_that_is_expected(name: str, text: str) -> None:
    with pytest.raises(NotWritten, match="is expected"):
        read_written(field_named("Contract", name), text)


@pytest.mark.parametrize(("name", "value", "text"), [each for each in VALUES if each[0] != "updated_at"])
def test_whatever_is_written_matches_the_pattern_of_its_field(
    name: str, value: Any, text: str | None
) -> None:
    pattern = pattern_of(field_named("Contract", name))
    assert text is None or pattern is None or re.search(pattern, text), value


@given(value=st.integers(-(2**32), 2**32) | st.sampled_from([2**31 - 1, 2**31, -(2**31) + 1, -(2**31)]))
def test_the_pattern_of_whole_numbers_takes_those_that_a_column_holds(value: int) -> None:
    pattern = pattern_of(field_named("Contract", "risk_score"))
    assert bool(re.search(pattern or "", written(value) or "")) is (abs(value) < 2**31)


@given(year=st.integers(0, 9999), month=st.integers(0, 13), day=st.integers(0, 32))
def test_the_pattern_of_days_takes_those_of_the_calendar(year: int, month: int, day: int) -> None:
    text = f"{year:04}-{month:02}-{day:02}"
    try:
        is_day = bool(date.fromisoformat(text))
    except ValueError:
        is_day = False
    pattern = pattern_of(field_named("Contract", "expiration_date"))
    assert bool(re.search(pattern or "", text)) is is_day
