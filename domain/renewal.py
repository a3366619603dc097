from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Final

from domain.lifecycle import IN_FORCE, ContractStatus
from domain.term import Period, add, subtract

NOTICE_WINDOW_DAYS: Final = 90
"""How long before the notice deadline outreach starts, where a contract does not say."""

# The Gregorian calendar repeats after 4800 months, which are 146097 days: the exact length of a mean month.
MONTHS_PER_CYCLE: Final = 4800
DAYS_PER_CYCLE: Final = 146097


class RenewalType(StrEnum):
    """What happens at the end of the term."""

    NONE = "NONE"
    AUTO_RENEW = "AUTO_RENEW"
    OPTION_TO_RENEW = "OPTION_TO_RENEW"
    EVERGREEN = "EVERGREEN"


def next_renewal_date(  # noqa: PLR0913 - a rule's parameters are the fields it reads
    *,
    status: ContractStatus | None,
    renewal_type: RenewalType | None,
    effective_date: date | None,
    expiration_date: date | None,
    renewal_term: Period | None,
    today: date,
) -> date | None:
    """The first day, today or later, on which the contract renews, or may be renewed by option.

    AUTO_RENEW: the expiration date, then every renewal term after it; without a term that date only.
    EVERGREEN: every renewal term from the expiration date on, or else after the effective date.
    OPTION_TO_RENEW: the expiration date. Terms are always counted from the first date, so that a month's
    end stays one; a term of no length counts as none. None where the contract is not in force, does not
    renew, has its last renewal behind it, or what must be known is not.
    """
    if status not in IN_FORCE:
        return None
    if renewal_type is RenewalType.AUTO_RENEW:
        return _next(expiration_date, renewal_term, today)
    if renewal_type is RenewalType.OPTION_TO_RENEW:
        return _next(expiration_date, None, today)
    if renewal_type is RenewalType.EVERGREEN and renewal_term:
        if expiration_date is None:
            return _next(effective_date, renewal_term, today, fewest=1)
        return _next(expiration_date, renewal_term, today)
    return None


def notice_deadline(  # noqa: PLR0913 - a rule's parameters are the fields it reads
    *,
    status: ContractStatus | None,
    renewal_type: RenewalType | None,
    effective_date: date | None,
    expiration_date: date | None,
    renewal_term: Period | None,
    notice_period: Period | None,
    today: date,
) -> date | None:
    """The last day to speak for or against the coming renewal: its date minus the notice period.

    It may be past already, while the renewal is still to come. None where there is no coming renewal,
    or the notice period is not known; a period of P0D gives the day of renewal itself.
    """
    renewal = next_renewal_date(
        status=status,
        renewal_type=renewal_type,
        effective_date=effective_date,
        expiration_date=expiration_date,
        renewal_term=renewal_term,
        today=today,
    )
    if renewal is None or notice_period is None:
        return None
    return subtract(renewal, notice_period)


def in_notice_window(  # noqa: PLR0913 - a rule's parameters are the fields it reads
    *,
    status: ContractStatus | None,
    renewal_type: RenewalType | None,
    expiration_date: date | None,
    notice_window_days: int | None,
    notice_deadline: date | None,
    today: date,
) -> bool | None:
    """Whether outreach is due and in time: from so many days before the notice deadline until that day.

    False where no notice is called for: the contract is not in force, its renewal type is NONE, its option
    has lapsed, or today lies outside the window. None where that cannot be told: the status, the renewal
    type or the deadline is unknown.
    A negative window holds no day.
    """
    if status is None:
        return None
    if status not in IN_FORCE or renewal_type is RenewalType.NONE:
        return False
    optional = renewal_type is RenewalType.OPTION_TO_RENEW
    if optional and expiration_date is not None and expiration_date < today:
        return False
    if notice_deadline is None:
        return None
    window = NOTICE_WINDOW_DAYS if notice_window_days is None else notice_window_days
    return 0 <= (notice_deadline - today).days <= window


def _next(anchor: date | None, term: Period | None, today: date, fewest: int = 0) -> date | None:
    """The first day from today on that lies `fewest` or more terms after the anchor.

    The mean length of a month tells how many terms fit, rounded down, without a loop over them. So many
    months never stray from their mean length by as much as one month, so the answer is that count or one of
    the next two. The SQL twin reckons in the same way.
    """
    if anchor is None:
        return None
    if not term:
        return anchor if anchor >= today else None
    elapsed = (today - anchor).days * MONTHS_PER_CYCLE
    length = term.whole_months * DAYS_PER_CYCLE + term.whole_days * MONTHS_PER_CYCLE
    count = max(elapsed // length, fewest)
    for times in (count, count + 1, count + 2):
        day = add(anchor, term, times)
        if day is None or day >= today:
            return day
    message = f"no renewal found from {anchor} by {term} until {today}"
    raise AssertionError(message)
