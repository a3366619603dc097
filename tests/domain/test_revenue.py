from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.decision import Refused
from domain.money import Money
from domain.revenue import (
    RecurringRevenue,
    StageCategory,
    arr,
    assigned_override,
    line_arr,
    line_mrr,
    mrr,
    recurring_revenue,
    stage_category,
    total_contract_value,
)
from domain.term import Period, add


@dataclass(frozen=True, kw_only=True)
class Line:
    recurring: bool = True
    total: Money | None = None
    start_date: date | None = date(2026, 1, 1)
    end_date: date | None = date(2026, 12, 31)


def usd(text: str) -> Money:
    return Money(Decimal(text), "USD")


@pytest.mark.parametrize(
    ("total", "start", "end", "annual", "monthly"),
    [
        ("1200", date(2026, 1, 1), date(2026, 12, 31), "1200", "100"),
        ("3600", date(2026, 1, 1), date(2028, 12, 31), "1200", "100"),
        ("1200", date(2024, 2, 29), date(2025, 2, 27), "1200", "100"),
        ("100", date(2026, 1, 31), date(2026, 2, 27), "1200", "100"),
        ("350", date(2026, 1, 1), date(2026, 4, 15), "1200", "100"),
        ("1000", date(2026, 1, 1), date(2026, 12, 31), "1000", "83.33"),
        ("0.06", date(2026, 1, 1), date(2026, 12, 31), "0.06", "0.00"),
        ("0.18", date(2026, 1, 1), date(2026, 12, 31), "0.18", "0.02"),
        ("-1200", date(2026, 1, 1), date(2026, 12, 31), "-1200", "-100"),
        ("10", date(2026, 2, 1), date(2026, 2, 1), "3360", "280"),
    ],
)
def test_a_recurring_line_is_annualised_over_its_own_dates(
    total: str, start: date, end: date, annual: str, monthly: str
) -> None:
    terms = {"recurring": True, "total": usd(total), "start_date": start, "end_date": end}
    assert line_arr(**terms) == usd(annual)  # type: ignore[arg-type]
    assert line_mrr(**terms) == usd(monthly)  # type: ignore[arg-type]


def test_a_line_that_does_not_recur_has_no_recurring_revenue() -> None:
    assert line_arr(recurring=False, total=usd("5"), start_date=None, end_date=None) == usd("0")


@pytest.mark.parametrize(
    "line",
    [
        Line(total=None),
        Line(total=usd("1"), start_date=None),
        Line(total=usd("1"), end_date=None),
        Line(total=usd("1"), start_date=date(2027, 1, 1)),
    ],
)
def test_a_line_of_which_too_little_is_known_is_not_guessed(line: Line) -> None:
    terms = {name: getattr(line, name) for name in ("recurring", "total", "start_date", "end_date")}
    assert line_arr(**terms) is None
    assert line_mrr(**terms) is None
    assert arr([Line(total=usd("1200")), line], None, None) is None
    refused = recurring_revenue([Line(total=usd("1200")), line], None, None)
    assert refused == Refused("the ARR of 1 of 2 lines is unknown")


def test_a_currency_without_decimals_is_rounded_to_whole_units() -> None:
    yen = Money(Decimal(1000), "JPY")
    terms = {"recurring": True, "total": yen, "start_date": date(2026, 1, 1), "end_date": date(2026, 12, 31)}
    assert str(line_mrr(**terms)) == "83 JPY"  # type: ignore[arg-type]


def test_the_contract_sums_its_lines() -> None:
    lines = [
        Line(total=usd("1200")),
        Line(total=usd("2400"), end_date=date(2027, 12, 31)),
        Line(total=usd("99"), recurring=False),
    ]
    assert arr(lines, None, None) == usd("2400")
    assert mrr(lines, None, None) == usd("200")
    assert total_contract_value(lines) == usd("3699")


def test_what_was_assigned_stands_in_place_of_the_lines() -> None:
    lines = [Line(total=usd("1200")), Line()]
    assert arr(lines, usd("7"), usd("1")) == usd("7")
    assert mrr(lines, usd("7"), usd("1")) == usd("1")
    assert assigned_override(usd("0"), usd("0")) == RecurringRevenue(
        arr=usd("0"), mrr=usd("0"), assigned=True
    )


@pytest.mark.parametrize(
    ("assigned_arr", "assigned_mrr", "reason"),
    [
        (usd("12"), None, "needs an assigned MRR beside it"),
        (None, usd("1"), "needs an assigned ARR beside it"),
        (usd("12"), Money(Decimal(1), "EUR"), "assigned ARR is in USD, assigned MRR in EUR"),
    ],
)
def test_both_are_assigned_in_one_currency_or_neither(
    assigned_arr: Money | None, assigned_mrr: Money | None, reason: str
) -> None:
    refused = assigned_override(assigned_arr, assigned_mrr)
    assert isinstance(refused, Refused)
    assert reason in refused.reason
    assert recurring_revenue([Line(total=usd("1200"))], assigned_arr, assigned_mrr) == refused
    assert arr([Line(total=usd("1200"))], assigned_arr, assigned_mrr) is None


def test_nothing_assigned_is_no_override() -> None:
    assert assigned_override(None, None) is None


def test_lines_in_two_currencies_refuse_to_be_added() -> None:
    lines = [Line(total=usd("1")), Line(total=Money(Decimal(1), "EUR"))]
    reason = Refused("the lines are in EUR and USD: two currencies cannot be added")
    assert total_contract_value(lines) == recurring_revenue(lines, None, None) == reason
    assert arr(lines, None, None) is mrr(lines, None, None) is None


def test_without_lines_there_is_no_revenue_rather_than_none_of_it() -> None:
    assert arr([], None, None) is None
    assert total_contract_value([]) == Refused("there are no lines to take the total from")


def test_a_line_without_a_total_is_not_left_out_of_the_sum() -> None:
    assert total_contract_value([Line(total=usd("1")), Line()]) == Refused(
        "the total of 1 of 2 lines is unknown"
    )


@pytest.mark.parametrize(
    ("is_closed", "is_won", "category"),
    [
        (True, True, StageCategory.BOOKED),
        (None, True, StageCategory.BOOKED),
        (True, False, StageCategory.LOST),
        (False, False, StageCategory.FORECAST),
        (False, None, StageCategory.FORECAST),
        (False, True, None),
        (True, None, None),
        (None, False, None),
        (None, None, None),
    ],
)
def test_a_stage_is_what_its_two_flags_say(
    *, is_closed: bool | None, is_won: bool | None, category: StageCategory | None
) -> None:
    assert stage_category(is_closed=is_closed, is_won=is_won) == category


@given(
    st.decimals(min_value=-(10**9), max_value=10**9, places=2),
    st.dates(date(1990, 1, 1), date(2100, 1, 1)),
    st.integers(1, 120),
)
def test_a_price_by_the_month_comes_back_from_any_whole_number_of_months(
    price: Decimal, start: date, months: int
) -> None:
    after = add(start, Period(months=months))
    assert after is not None
    line = Line(total=Money(price, "USD") * months, start_date=start, end_date=after - timedelta(days=1))
    assert mrr([line], None, None) == Money(price, "USD")
    assert arr([line], None, None) == Money(price, "USD") * 12
