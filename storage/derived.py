from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Date,
    Integer,
    Interval,
    Text,
    and_,
    case,
    cast,
    extract,
    func,
    literal_column,
    null,
    or_,
    select,
)

from domain import renewal, term
from domain.lifecycle import IN_FORCE
from domain.renewal import DAYS_PER_CYCLE, MONTHS_PER_CYCLE, NOTICE_WINDOW_DAYS, RenewalType

Expression: TypeAlias = ColumnElement[Any]

# Constants stand in the text, not among the parameters: PostgreSQL may fold them, and a plan stays one plan.
# The days beside Python's first and last date: what lies on them or beyond is unknown, as in `term.add`.
_BEFORE_TIME: Final = literal_column("DATE '0001-12-31 BC'", Date)
_AFTER_TIME: Final = literal_column("DATE '10000-01-01'", Date)
# How tightly PostgreSQL's operators bind, which SQLAlchemy asks of operators that it has no types for.
_MINUS: Final = 7
_TIMES: Final = 8
_FALSE: Final = literal_column("false", Boolean)


def days_to_expiration(*, expiration_date: Expression, today: Expression) -> Expression:
    """Twin of `term.days_to_expiration`."""
    return _days_between(today, expiration_date)


def next_renewal_date(  # noqa: PLR0913 - as the rule
    *,
    status: Expression,
    renewal_type: Expression,
    effective_date: Expression,
    expiration_date: Expression,
    renewal_term: Expression,
    today: Expression,
) -> Expression:
    """Twin of `renewal.next_renewal_date`."""
    evergreen = renewal_type == _text(RenewalType.EVERGREEN)
    anchor = func.coalesce(expiration_date, case((evergreen, effective_date)))
    fewest = cast(expiration_date.is_(None), Integer)
    day = case(
        (or_(status.is_(None), _not_in_force(status)), null()),
        (and_(evergreen, _no_length(renewal_term)), null()),
        (and_(_renews(renewal_type), expiration_date >= today), expiration_date),
        (
            and_(_renews_itself(renewal_type), ~_no_length(renewal_term)),
            _first_from(today, anchor, renewal_term, fewest),
        ),
    )
    return cast(day, Date)


def notice_deadline(*, notice_period: Expression, today: Expression, **renewal: Expression) -> Expression:
    """Twin of `renewal.notice_deadline`."""
    coming = next_renewal_date(today=today, **renewal)
    day = cast(coming - cast(notice_period, Interval), Date)
    # GREATEST passes over NULL, so an unknown day comes out as the bound too, and NULLIF makes it NULL again.
    return func.nullif(func.greatest(day, _BEFORE_TIME), _BEFORE_TIME, type_=Date)


def in_notice_window(  # noqa: PLR0913 - as the rule
    *,
    status: Expression,
    renewal_type: Expression,
    expiration_date: Expression,
    notice_window_days: Expression,
    notice_deadline: Expression,
    today: Expression,
) -> Expression:
    """Twin of `renewal.in_notice_window`."""
    lapsed = and_(renewal_type == _text(RenewalType.OPTION_TO_RENEW), expiration_date < today)
    window = func.coalesce(notice_window_days, _integer(NOTICE_WINDOW_DAYS))
    return cast(
        case(
            (status.is_(None), null()),
            (or_(_not_in_force(status), renewal_type == _text(RenewalType.NONE), lapsed), _FALSE),
            else_=_days_between(today, notice_deadline).between(_integer(0), window),
        ),
        Boolean,
    )


TWINS: Final[Mapping[Callable[..., object], Callable[..., Expression]]] = MappingProxyType(
    {
        term.days_to_expiration: days_to_expiration,
        renewal.next_renewal_date: next_renewal_date,
        renewal.notice_deadline: notice_deadline,
        renewal.in_notice_window: in_notice_window,
    }
)
"""The SQL form of every rule that depends on today.

A twin takes what its rule takes, by the same names: dates as DATE, statuses and types as TEXT, periods as
their ISO 8601 text, and today as an expression too.
"""


def _first_from(today: Expression, anchor: Expression, length: Expression, fewest: Expression) -> Expression:
    """Twin of `renewal._next`: each of the first two days that lies before today sends us one term on.

    Each OFFSET 0 has PostgreSQL compute once what is used several times, and only where it is asked for.
    """
    once: Expression = literal_column("0", Integer)
    read = select(anchor.label("anchor"), cast(length, Interval).label("term"))
    once_read = read.offset(once).correlate_except().lateral("once_read")
    interval = once_read.c.term
    months = extract("year", interval) * _integer(12) + extract("month", interval)
    mean = months * _integer(DAYS_PER_CYCLE) + extract("day", interval) * _integer(MONTHS_PER_CYCLE)
    elapsed = cast(_days_between(once_read.c.anchor, today), BigInteger) * _integer(MONTHS_PER_CYCLE)
    count = func.greatest(elapsed // cast(mean, BigInteger), fewest, type_=BigInteger).label("count")
    counted = (
        select(once_read.c.anchor, interval, count)
        .offset(once)
        .correlate_except(once_read)
        .lateral("once_counted")
    )

    def after(times: Expression) -> Expression:
        return counted.c.anchor + counted.c.term.op("*", _TIMES, return_type=Interval())(times)

    first = counted.c.count
    later = cast(after(first) < today, Integer) + cast(after(first + _integer(1)) < today, Integer)
    day = cast(after(first + later), Date)
    known = func.nullif(func.least(day, _AFTER_TIME), _AFTER_TIME, type_=Date)
    return select(known).select_from(counted).scalar_subquery()


def _not_in_force(status: Expression) -> Expression:
    return status.not_in([_text(each) for each in sorted(IN_FORCE)])


def _renews(renewal_type: Expression) -> Expression:
    renewing = (RenewalType.AUTO_RENEW, RenewalType.OPTION_TO_RENEW, RenewalType.EVERGREEN)
    return renewal_type.in_([_text(each) for each in renewing])


def _renews_itself(renewal_type: Expression) -> Expression:
    return renewal_type.in_([_text(each) for each in (RenewalType.AUTO_RENEW, RenewalType.EVERGREEN)])


def _no_length(period: Expression) -> Expression:
    return func.coalesce(period, _text("P0D")) == _text("P0D")


def _days_between(first: Expression, last: Expression) -> Expression:
    return last.op("-", _MINUS, return_type=Integer())(first)


def _text(constant: str) -> Expression:
    """One of our own words, which hold no quotes."""
    return literal_column(f"'{constant}'", Text)


def _integer(constant: int) -> Expression:
    return literal_column(str(constant), Integer)
