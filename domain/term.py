from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Final, Self

from domain.error import DomainError

PERIOD_PATTERN: Final = (
    "^(P0D|P(?=[0-9])([1-9][0-9]{0,2}Y)?([1-9][0-9]{0,3}M)?([1-9][0-9]{0,3}W)?([1-9][0-9]{0,4}D)?)$"
)
"""The canonical text of every Period and nothing else; good for Python, PostgreSQL and JSON Schema alike."""

# So small that a date plus or minus a few periods stays within what a PostgreSQL timestamp can hold.
_LARGEST: Final = {"years": 999, "months": 9999, "weeks": 9999, "days": 99999}
_TEXT: Final = re.compile(r"P(?=[0-9])(?:([0-9]+)Y)?(?:([0-9]+)M)?(?:([0-9]+)W)?(?:([0-9]+)D)?")
_LONGEST_TEXT: Final = 40

# The Gregorian calendar repeats after so long.
_CYCLE_YEARS: Final = 400
_CYCLE_DAYS: Final = 146097


class NotAPeriod(DomainError):
    """{text!r} is not an ISO 8601 duration of years, months, weeks and days, such as P1Y6M."""


class PeriodOutOfBounds(DomainError):
    """a period cannot have {value!r} {unit}: a whole number from 0 to {largest} is expected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A length of calendar time: an ISO 8601 duration of years, months, weeks and days, never negative.

    Periods are equal when they are written alike: P12M and P1Y run equally long, but are two texts,
    and a system that was told one should be told the same again. They have no order, as P30D and P1M show.
    """

    years: int = 0
    months: int = 0
    weeks: int = 0
    days: int = 0

    def __post_init__(self) -> None:
        for unit, largest in _LARGEST.items():
            value = getattr(self, unit)
            if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= largest:
                raise PeriodOutOfBounds(value=value, unit=unit, largest=largest)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Reads `P1Y6M`; zeros may be written (`P0Y6M`), hours, fractions and signs may not.

        Raises NotAPeriod or PeriodOutOfBounds.
        """
        found = _TEXT.fullmatch(text) if len(text) <= _LONGEST_TEXT else None
        if found is None:
            raise NotAPeriod(text=text)
        years, months, weeks, days = (int(digits or 0) for digits in found.groups())
        return cls(years=years, months=months, weeks=weeks, days=days)

    @property
    def whole_months(self) -> int:
        """The part that is added month by month: years and months."""
        return self.years * 12 + self.months

    @property
    def whole_days(self) -> int:
        """The part that is added day by day: weeks and days."""
        return self.weeks * 7 + self.days

    def __bool__(self) -> bool:
        return bool(self.whole_months or self.whole_days)

    def __str__(self) -> str:
        parts = ((self.years, "Y"), (self.months, "M"), (self.weeks, "W"), (self.days, "D"))
        return "P" + ("".join(f"{count}{letter}" for count, letter in parts if count) or "0D")


def add(day: date, period: Period, times: int = 1) -> date | None:
    """The day that lies `times` periods after `day`, or None beyond the years 1 to 9999.

    As PostgreSQL's `day + times * interval`: first all months, held back to the last day of a shorter month,
    then all days. The months are counted from `day` itself, so 31 January plus twice P1M is 31 March.
    """
    month_index = day.year * 12 + day.month - 1 + times * period.whole_months
    year, month = month_index // 12, month_index % 12 + 1
    if not date.min.year <= year <= date.max.year:
        return None
    clamped = date(year, month, min(day.day, calendar.monthrange(year, month)[1]))
    ordinal = clamped.toordinal() + times * period.whole_days
    if not date.min.toordinal() <= ordinal <= date.max.toordinal():
        return None
    return date.fromordinal(ordinal)


def subtract(day: date, period: Period, times: int = 1) -> date | None:
    """The day that lies `times` periods before `day`, or None before the year 1: `add`, backwards."""
    return add(day, period, -times)


def days_to_expiration(expiration_date: date | None, today: date) -> int | None:
    """How many days are left: 0 on the last day, negative after it, None when no expiration date is known."""
    return None if expiration_date is None else (expiration_date - today).days


def term_months(effective_date: date | None, expiration_date: date | None) -> int | None:
    """The whole months from the first to the last day, both included: 1 January to 31 December are 12.

    None when a date is missing, or the last day lies before the first.
    """
    months = months_covered(effective_date, expiration_date)
    return None if months is None else int(months)


def months_covered(start_date: date | None, end_date: date | None) -> Fraction | None:
    """The exact months from the first to the last day, both included: whole months, then a part of one.

    The whole months are counted from the first day; the days left over are a fraction of the month that
    they begin. 1 January to 15 April are 3 1/2 months. None when a date is missing, or the last day lies
    before the first.
    """
    if start_date is None or end_date is None or end_date < start_date:
        return None
    end = end_date.toordinal() + 1
    whole = (end_date.year - start_date.year) * 12 + end_date.month - start_date.month
    if _months_later(start_date, whole) > end:
        whole -= 1
    begun, next_ = _months_later(start_date, whole), _months_later(start_date, whole + 1)
    return whole + Fraction(end - begun, next_ - begun)


def variance_days(target_date: date | None, actual_date: date | None) -> int | None:
    """The days from the target to the actual date: negative when early, None while either is unknown."""
    return None if target_date is None or actual_date is None else (actual_date - target_date).days


def _months_later(day: date, months: int) -> int:
    """The ordinal of `add(day, months)`, also in the year 10000, which `date` does not have."""
    month_index = day.year * 12 + day.month - 1 + months
    year, month = month_index // 12, month_index % 12 + 1
    cycles = int(year > date.max.year)
    year -= cycles * _CYCLE_YEARS
    clamped = date(year, month, min(day.day, calendar.monthrange(year, month)[1]))
    return clamped.toordinal() + cycles * _CYCLE_DAYS
