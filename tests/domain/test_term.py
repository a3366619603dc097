from __future__ import annotations

import re
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.term import (
    PERIOD_PATTERN,
    NotAPeriod,
    Period,
    PeriodOutOfBounds,
    add,
    days_to_expiration,
    months_covered,
    subtract,
    term_months,
    variance_days,
)

periods = st.builds(
    Period,
    years=st.integers(0, 999),
    months=st.integers(0, 9999),
    weeks=st.integers(0, 9999),
    days=st.integers(0, 99999),
)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("P1Y6M", "P1Y6M"),
        ("P12M", "P12M"),
        ("P30D", "P30D"),
        ("P2W", "P2W"),
        ("P1Y2M3W4D", "P1Y2M3W4D"),
        ("P0Y06M", "P6M"),
        ("P0D", "P0D"),
        ("P0Y0M0W0D", "P0D"),
        ("P000000000001D", "P1D"),
    ],
)
def test_a_period_has_one_text(text: str, canonical: str) -> None:
    assert str(Period.parse(text)) == canonical


@pytest.mark.parametrize(
    "text",
    ["", "P", "1Y", "P1", "PT1H", "P1DT1H", "-P1Y", "P-1Y", "P1.5Y", "P1D1Y", "p1y", "P1Y ", "P1Y\n",
     "P\u0661D", "P" + "0" * 50 + "1D", "12 months"],
)  # fmt: skip
def test_what_is_no_period_is_refused(text: str) -> None:
    with pytest.raises(NotAPeriod):
        Period.parse(text)
    assert not re.search(PERIOD_PATTERN, text) or text.endswith("\n")


@pytest.mark.parametrize("text", ["P1000Y", "P10000M", "P10000W", "P100000D"])
def test_a_period_longer_than_any_contract_is_refused(text: str) -> None:
    with pytest.raises(PeriodOutOfBounds, match="a whole number from 0 to"):
        Period.parse(text)
    assert not re.fullmatch(PERIOD_PATTERN, text)


@pytest.mark.parametrize("value", [-1, 1.0, True, None, "1"])
def test_a_unit_is_a_whole_number(value: Any) -> None:
    with pytest.raises(PeriodOutOfBounds, match="months"):
        Period(months=value)


@given(periods)
def test_the_text_is_canonical_and_reads_back(period: Period) -> None:
    assert re.fullmatch(PERIOD_PATTERN, str(period))
    assert Period.parse(str(period)) == period


@pytest.mark.parametrize("text", ["P01Y", "P0Y1M", "P0M", "P", "P1Y0D", "P00D"])
def test_the_pattern_knows_canonical_text_only(text: str) -> None:
    assert not re.fullmatch(PERIOD_PATTERN, text)


def test_periods_are_equal_when_they_are_written_alike() -> None:
    assert Period.parse("P12M") != Period.parse("P1Y")
    assert not Period.parse("P0D")
    assert Period.parse("P1D")


@pytest.mark.parametrize(
    ("day", "period", "times", "result"),
    [
        (date(2026, 1, 31), "P1M", 1, date(2026, 2, 28)),
        (date(2026, 1, 31), "P1M", 2, date(2026, 3, 31)),
        (date(2024, 1, 31), "P1M", 1, date(2024, 2, 29)),
        (date(2024, 2, 29), "P1Y", 1, date(2025, 2, 28)),
        (date(2024, 2, 29), "P1Y", 4, date(2028, 2, 29)),
        (date(2024, 2, 29), "P4Y", 19, date(2100, 2, 28)),
        (date(2026, 1, 31), "P1M1D", 1, date(2026, 3, 1)),
        (date(2026, 1, 31), "P1M1D", 2, date(2026, 4, 2)),
        (date(2026, 12, 31), "P2M", 1, date(2027, 2, 28)),
        (date(2026, 3, 31), "P1M", -1, date(2026, 2, 28)),
        (date(2024, 3, 31), "P1M2D", -1, date(2024, 2, 27)),
        (date(2026, 5, 5), "P0D", 1000, date(2026, 5, 5)),
        (date(2026, 5, 5), "P2W1D", 1, date(2026, 5, 20)),
        (date(9999, 12, 30), "P1D", 1, date(9999, 12, 31)),
        (date(9999, 12, 31), "P1D", 1, None),
        (date(9999, 12, 1), "P1M", 1, None),
        (date(1, 1, 1), "P1D", -1, None),
        (date(1, 1, 31), "P999Y", -1, None),
        (date(2026, 1, 1), "P999Y", 10**9, None),
    ],
)
def test_months_come_first_and_are_held_back_to_the_end_of_the_month(
    day: date, period: str, times: int, result: date | None
) -> None:
    assert add(day, Period.parse(period), times) == result
    assert subtract(day, Period.parse(period), -times) == result


@given(st.dates(), st.integers(0, 99999))
def test_days_add_like_days(day: date, days: int) -> None:
    result = add(day, Period(days=days))
    assert result == (day + timedelta(days=days) if day.toordinal() + days <= date.max.toordinal() else None)


@given(st.dates(), periods, st.integers(0, 20))
def test_a_later_time_is_a_later_day(day: date, period: Period, times: int) -> None:
    here, there = add(day, period, times), add(day, period, times + 1)
    if here is None:
        assert there is None
    elif there is not None:
        assert there > here if period else there == here


@given(st.dates(), st.integers(0, 9999), st.integers(0, 3))
def test_months_keep_the_day_or_take_the_last_of_the_month(day: date, months: int, times: int) -> None:
    result = add(day, Period(months=months), times)
    if result is not None:
        assert result.day == day.day or (
            result.day < day.day and result + timedelta(days=1) == date(*_month_after(result), 1)
        )


def _month_after(day: date) -> tuple[int, int]:
    return (day.year + day.month // 12, day.month % 12 + 1)


@pytest.mark.parametrize(
    ("expiration", "left"),
    [
        (date(2026, 11, 21), 0),
        (date(2026, 11, 22), 1),
        (date(2026, 11, 20), -1),
        (date(2028, 2, 29), 465),
        (None, None),
    ],
)
def test_days_to_expiration_are_counted_from_today(expiration: date | None, left: int | None) -> None:
    assert days_to_expiration(expiration, date(2026, 11, 21)) == left


@pytest.mark.parametrize(
    ("first", "last", "months"),
    [
        (date(2026, 1, 1), date(2026, 12, 31), 12),
        (date(2026, 1, 1), date(2026, 12, 30), 11),
        (date(2026, 1, 1), date(2027, 1, 1), 12),
        (date(2026, 1, 15), date(2026, 2, 14), 1),
        (date(2026, 1, 15), date(2026, 2, 13), 0),
        (date(2026, 1, 31), date(2026, 2, 27), 1),
        (date(2024, 2, 29), date(2025, 2, 27), 12),
        (date(2024, 2, 29), date(2025, 2, 26), 11),
        (date(2026, 5, 1), date(2026, 5, 1), 0),
        (date(2026, 5, 2), date(2026, 5, 1), None),
        (None, date(2026, 5, 1), None),
        (date(2026, 5, 1), None, None),
        (date(9999, 12, 1), date(9999, 12, 31), 1),
        (date(1, 1, 1), date(9999, 12, 31), 119988),
    ],
)
def test_a_term_counts_both_its_days(first: date | None, last: date | None, months: int | None) -> None:
    assert term_months(first, last) == months


@pytest.mark.parametrize(
    ("first", "last", "months"),
    [
        (date(2026, 1, 1), date(2026, 4, 15), Fraction(7, 2)),
        (date(2026, 2, 1), date(2026, 2, 7), Fraction(1, 4)),
        (date(2024, 2, 1), date(2024, 2, 1), Fraction(1, 29)),
        (date(2026, 1, 31), date(2026, 2, 28), 1 + Fraction(1, 31)),
        (date(2026, 1, 15), date(2026, 2, 13), Fraction(30, 31)),
        (date(2026, 2, 28), date(2026, 3, 26), Fraction(27, 28)),
        (date(2026, 2, 1), date(2026, 2, 28), Fraction(1)),
        (date(9999, 12, 31), date(9999, 12, 31), Fraction(1, 31)),
    ],
)
def test_a_month_begun_counts_by_its_days(first: date, last: date, months: Fraction) -> None:
    assert months_covered(first, last) == months


@given(st.dates(), st.dates(), st.integers(1, 400))
def test_a_longer_term_covers_more_months(first: date, last: date, more: int) -> None:
    covered = months_covered(first, last)
    if last < first:
        assert covered is None
        return
    assert covered is not None
    assert covered > 0
    if last.toordinal() + more <= date.max.toordinal():
        longer = months_covered(first, last + timedelta(days=more))
        assert longer is not None
        assert longer > covered


@given(st.dates(max_value=date(9000, 1, 1)), st.integers(1, 9999))
def test_whole_months_are_whole(first: date, months: int) -> None:
    after = add(first, Period(months=months))
    assert after is not None
    assert months_covered(first, after - timedelta(days=1)) == months


@pytest.mark.parametrize(
    ("target", "actual", "days"),
    [
        (date(2024, 2, 28), date(2024, 3, 1), 2),
        (date(2024, 3, 1), date(2024, 2, 28), -2),
        (date(2024, 3, 1), None, None),
        (None, date(2024, 3, 1), None),
    ],
)
def test_a_milestone_is_late_by_the_days_after_its_target(
    target: date | None, actual: date | None, days: int | None
) -> None:
    assert variance_days(target, actual) == days
