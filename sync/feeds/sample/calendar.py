from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from domain.term import Period, add

Day = int | str
"""A day as the tables write it: days from today, or an anchor that `Calendar.day` knows."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """Days reckoned from today, so that the sample is as fresh on every day as on the first."""

    today: date

    def day(self, spec: Day) -> date:
        """The day meant: `-30` lies thirty days back, `M+2` ends the second month from this one.

        `L` is the last 29 February before today, `J` the last 31 January before today.
        Raises ValueError for any other text.
        """
        if isinstance(spec, int):
            return self.today + timedelta(days=spec)
        if spec == "L":
            return self._latest(month=2, day=29)
        if spec == "J":
            return self._latest(month=1, day=31)
        if spec.startswith("M"):
            return self._month_end(int(spec[1:]))
        raise ValueError(f"{spec!r} is no day of the sample")

    def maybe(self, spec: Day | None) -> date | None:
        """The day meant, or None where the table leaves it open."""
        return None if spec is None else self.day(spec)

    def months_after(self, day: date, months: int) -> date:
        """The day so many months later, or earlier if negative; a month's end is kept within the month."""
        found = add(day, Period(months=1), months)
        if found is None:
            raise ValueError(f"{day} and {months} months leave the calendar")
        return found

    def month(self, months: int) -> tuple[date, date]:
        """The first and last day of the month that lies so many months from this one."""
        end = self._month_end(months)
        return end.replace(day=1), end

    def moment(self, day: date, hour: int = 9, minute: int = 30) -> datetime:
        """A moment of that day in UTC."""
        return datetime.combine(day, time(hour, minute), UTC)

    def _month_end(self, months: int) -> date:
        first = self.months_after(self.today.replace(day=1), months)
        return first.replace(day=calendar.monthrange(first.year, first.month)[1])

    def _latest(self, *, month: int, day: int) -> date:
        year = self.today.year
        while day > calendar.monthrange(year, month)[1] or date(year, month, day) >= self.today:
            year -= 1
        return date(year, month, day)
