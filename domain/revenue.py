from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Final, Protocol

from domain.currency import MINOR_UNITS
from domain.decision import Refused
from domain.money import Money
from domain.term import months_covered

MONTHS_PER_YEAR: Final = 12


class StageCategory(StrEnum):
    """What an opportunity's stage means for revenue."""

    BOOKED = "BOOKED"
    LOST = "LOST"
    FORECAST = "FORECAST"


class LineLike(Protocol):
    """What the rules read of a contract line."""

    @property
    def recurring(self) -> bool: ...
    @property
    def total(self) -> Money | None: ...
    @property
    def start_date(self) -> date | None: ...
    @property
    def end_date(self) -> date | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RecurringRevenue:
    """Annual and monthly recurring revenue, and whether a person assigned them."""

    arr: Money
    mrr: Money
    assigned: bool


def stage_category(*, is_closed: bool | None, is_won: bool | None) -> StageCategory | None:
    """Won is booked, closed without winning is lost, open is forecast.

    None where Salesforce's two flags do not tell, or contradict each other: open, yet won.
    """
    match is_closed, is_won:
        case (True | None, True):
            return StageCategory.BOOKED
        case (True, False):
            return StageCategory.LOST
        case (False, False | None):
            return StageCategory.FORECAST
    return None


def line_arr(
    *,
    recurring: bool,
    total: Money | None,
    start_date: date | None,
    end_date: date | None,
) -> Money | None:
    """A line's annual recurring revenue: total / months x 12, over the line's own dates, both included.

    Months are whole months plus a fraction of the month begun, see `months_covered`; halves round to even.
    Zero for a line that does not recur; None where its total or a date is unknown, or it ends before it
    starts.
    """
    return _per_months(
        recurring=recurring, total=total, start_date=start_date, end_date=end_date, months=MONTHS_PER_YEAR
    )


def line_mrr(
    *,
    recurring: bool,
    total: Money | None,
    start_date: date | None,
    end_date: date | None,
) -> Money | None:
    """A line's monthly recurring revenue: total / months, reckoned and rounded apart from `line_arr`."""
    return _per_months(recurring=recurring, total=total, start_date=start_date, end_date=end_date, months=1)


def total_contract_value(lines: Iterable[LineLike]) -> Money | Refused:
    """The sum of all lines; refused where there are none, one has no total, or they are in two currencies."""
    return _sum("total", [line.total for line in lines])


def assigned_override(
    assigned_arr: Money | None, assigned_mrr: Money | None
) -> RecurringRevenue | Refused | None:
    """What a person assigned in place of the lines: both amounts in one currency, or None for neither."""
    if assigned_arr is None and assigned_mrr is None:
        return None
    if assigned_arr is None:
        return Refused("assigned MRR needs an assigned ARR beside it: assign both or neither")
    if assigned_mrr is None:
        return Refused("assigned ARR needs an assigned MRR beside it: assign both or neither")
    if assigned_arr.currency != assigned_mrr.currency:
        return Refused(f"assigned ARR is in {assigned_arr.currency}, assigned MRR in {assigned_mrr.currency}")
    return RecurringRevenue(arr=assigned_arr, mrr=assigned_mrr, assigned=True)


def recurring_revenue(
    lines: Sequence[LineLike], assigned_arr: Money | None, assigned_mrr: Money | None
) -> RecurringRevenue | Refused:
    """What was assigned, or else the sums over the lines; refused with the reason where there is neither."""
    assigned = assigned_override(assigned_arr, assigned_mrr)
    if assigned is not None:
        return assigned
    annual = _sum("ARR", [_line_per_months(line, MONTHS_PER_YEAR) for line in lines])
    monthly = _sum("MRR", [_line_per_months(line, 1) for line in lines])
    if isinstance(annual, Refused):
        return annual
    if isinstance(monthly, Refused):
        return monthly
    return RecurringRevenue(arr=annual, mrr=monthly, assigned=False)


def arr(lines: Sequence[LineLike], assigned_arr: Money | None, assigned_mrr: Money | None) -> Money | None:
    """The contract's annual recurring revenue; None where `recurring_revenue` refuses, which says why."""
    revenue = recurring_revenue(lines, assigned_arr, assigned_mrr)
    return None if isinstance(revenue, Refused) else revenue.arr


def mrr(lines: Sequence[LineLike], assigned_arr: Money | None, assigned_mrr: Money | None) -> Money | None:
    """The contract's monthly recurring revenue; None where `recurring_revenue` refuses, which says why."""
    revenue = recurring_revenue(lines, assigned_arr, assigned_mrr)
    return None if isinstance(revenue, Refused) else revenue.mrr


def _line_per_months(line: LineLike, months: int) -> Money | None:
    return _per_months(
        recurring=line.recurring,
        total=line.total,
        start_date=line.start_date,
        end_date=line.end_date,
        months=months,
    )


def _per_months(
    *,
    recurring: bool,
    total: Money | None,
    start_date: date | None,
    end_date: date | None,
    months: int,
) -> Money | None:
    if total is None:
        return None
    if not recurring:
        return Money.zero(total.currency)
    covered = months_covered(start_date, end_date)
    if covered is None:
        return None
    return _rounded(Fraction(total.amount) / covered * months, total.currency)


def _rounded(exact: Fraction, currency: str) -> Money:
    """The nearest amount: rounded once, from the exact fraction, so that a half is a true half."""
    digits = MINOR_UNITS[currency]
    # round() of a Fraction takes halves to the even neighbour, as Money.rounded does.
    return Money(Decimal(round(exact * 10**digits)).scaleb(-digits), currency)


def _sum(what: str, amounts: Sequence[Money | None]) -> Money | Refused:
    known = [amount for amount in amounts if amount is not None]
    if not amounts:
        return Refused(f"there are no lines to take the {what} from")
    if len(known) < len(amounts):
        return Refused(f"the {what} of {len(amounts) - len(known)} of {len(amounts)} lines is unknown")
    currencies = sorted({amount.currency for amount in known})
    if len(currencies) > 1:
        return Refused(f"the lines are in {' and '.join(currencies)}: two currencies cannot be added")
    return sum(known[1:], start=known[0])
