from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.lifecycle import IN_FORCE, ContractStatus
from domain.renewal import RenewalType, in_notice_window, next_renewal_date, notice_deadline
from domain.term import Period, add

TODAY = date(2026, 11, 21)
R = RenewalType

periods = st.builds(
    Period,
    years=st.integers(0, 5),
    months=st.integers(0, 30),
    weeks=st.integers(0, 5),
    days=st.integers(0, 400),
)


def period(text: str | None) -> Period | None:
    return None if text is None else Period.parse(text)


def renewal(**changes: Any) -> dict[str, Any]:
    contract: dict[str, Any] = {
        "status": ContractStatus.ACTIVE,
        "renewal_type": R.AUTO_RENEW,
        "effective_date": date(2024, 1, 1),
        "expiration_date": date(2026, 12, 31),
        "renewal_term": "P1Y",
        "today": TODAY,
    }
    contract |= changes
    contract["renewal_term"] = period(contract["renewal_term"])
    if "notice_period" in contract:
        contract["notice_period"] = period(contract["notice_period"])
    return contract


@pytest.mark.parametrize(
    ("expiration", "length", "today", "expected"),
    [
        (date(2026, 12, 31), "P1Y", TODAY, date(2026, 12, 31)),
        (TODAY, "P1Y", TODAY, TODAY),
        (date(2026, 11, 20), "P1Y", TODAY, date(2027, 11, 20)),
        (date(2020, 1, 31), "P1M", date(2026, 2, 1), date(2026, 2, 28)),
        (date(2020, 1, 31), "P1M", date(2024, 2, 29), date(2024, 2, 29)),
        (date(2020, 1, 31), "P1M", date(2024, 3, 1), date(2024, 3, 31)),
        (date(2024, 2, 29), "P1Y", date(2025, 3, 1), date(2026, 2, 28)),
        (date(2024, 2, 29), "P1Y", date(2028, 1, 1), date(2028, 2, 29)),
        (date(2026, 1, 1), "P1Y2M3D", date(2028, 1, 1), date(2028, 5, 7)),
        (date(2026, 1, 1), "P45D", TODAY, date(2026, 11, 12) + timedelta(days=45)),
        (date(2026, 12, 31), None, TODAY, date(2026, 12, 31)),
        (date(2026, 12, 31), "P0D", TODAY, date(2026, 12, 31)),
        (date(2026, 11, 20), None, TODAY, None),
        (date(2026, 11, 20), "P0D", TODAY, None),
        (None, "P1Y", TODAY, None),
        (date(1, 1, 1), "P1D", TODAY, TODAY),
        (date(9999, 6, 1), "P1Y", date(9999, 12, 31), None),
    ],
)
def test_an_automatic_renewal_comes_every_term_after_expiration(
    expiration: date | None, length: str | None, today: date, expected: date | None
) -> None:
    asked = renewal(expiration_date=expiration, renewal_term=length, today=today)
    assert next_renewal_date(**asked) == expected


@pytest.mark.parametrize(
    ("effective", "expiration", "length", "expected"),
    [
        (date(1957, 10, 1), None, "P1Y", date(2027, 10, 1)),
        (date(1957, 11, 21), None, "P1M", TODAY),
        (TODAY, None, "P1M", date(2026, 12, 21)),
        (date(2030, 1, 31), None, "P1M", date(2030, 2, 28)),
        (date(2020, 1, 1), date(2025, 6, 30), "P6M", date(2026, 12, 30)),
        (None, date(2026, 12, 31), "P1Y", date(2026, 12, 31)),
        (date(2020, 1, 1), None, None, None),
        (date(2020, 1, 1), None, "P0D", None),
        (date(2020, 1, 1), date(2027, 1, 1), None, None),
        (None, None, "P1Y", None),
    ],
)
def test_an_evergreen_contract_renews_every_term(
    effective: date | None, expiration: date | None, length: str | None, expected: date | None
) -> None:
    asked = renewal(
        renewal_type=R.EVERGREEN, effective_date=effective, expiration_date=expiration, renewal_term=length
    )
    assert next_renewal_date(**asked) == expected


@pytest.mark.parametrize(
    ("expiration", "expected"), [(TODAY, TODAY), (date(2026, 11, 20), None), (None, None)]
)
def test_an_option_can_be_used_until_expiration(expiration: date | None, expected: date | None) -> None:
    asked = renewal(renewal_type=R.OPTION_TO_RENEW, expiration_date=expiration)
    assert next_renewal_date(**asked) == expected


@pytest.mark.parametrize("kind", [R.NONE, None])
def test_a_contract_that_does_not_renew_has_no_renewal_date(kind: RenewalType | None) -> None:
    assert next_renewal_date(**renewal(renewal_type=kind)) is None


@pytest.mark.parametrize("status", [*ContractStatus, None])
def test_only_a_contract_in_force_renews(status: ContractStatus | None) -> None:
    assert (next_renewal_date(**renewal(status=status)) is not None) == (status in IN_FORCE)


@given(
    st.sampled_from([R.AUTO_RENEW, R.EVERGREEN]),
    st.none() | st.dates(date(1900, 1, 1), date(2100, 12, 31)),
    st.dates(date(1900, 1, 1), date(2100, 12, 31)),
    periods.filter(bool),
    st.dates(date(1900, 1, 1), date(2100, 12, 31)),
)
def test_the_next_renewal_is_the_first_that_counting_finds(
    kind: RenewalType, expiration: date | None, effective: date, length: Period, today: date
) -> None:
    found = next_renewal_date(
        status=ContractStatus.ACTIVE,
        renewal_type=kind,
        effective_date=effective,
        expiration_date=expiration,
        renewal_term=length,
        today=today,
    )
    assert found == _counted(kind, expiration, effective, length, today)


def _counted(
    kind: RenewalType, expiration: date | None, effective: date, length: Period, today: date
) -> date | None:
    if expiration is None and kind is R.AUTO_RENEW:
        return None
    times = int(expiration is None)
    day = add(expiration or effective, length, times)
    while day is not None and day < today:
        times += 1
        day = add(expiration or effective, length, times)
    return day


@pytest.mark.parametrize(
    ("notice", "expected"),
    [
        ("P1M", date(2026, 11, 30)),
        ("P60D", date(2026, 11, 1)),
        ("P3M", date(2026, 9, 30)),
        ("P0D", date(2026, 12, 31)),
        ("P2W", date(2026, 12, 17)),
        (None, None),
    ],
)
def test_notice_is_due_before_the_coming_renewal_and_may_be_past(
    notice: str | None, expected: date | None
) -> None:
    assert notice_deadline(**renewal(notice_period=notice)) == expected


def test_without_a_coming_renewal_there_is_no_notice() -> None:
    assert notice_deadline(**renewal(renewal_type=R.NONE, notice_period="P1M")) is None


def test_a_deadline_before_the_calendar_is_none() -> None:
    asked = renewal(expiration_date=date(1, 1, 31), today=date(1, 1, 1), notice_period="P999Y")
    assert notice_deadline(**asked) is None


@pytest.mark.parametrize(
    ("window", "today", "expected"),
    [
        (None, date(2026, 8, 31), False),
        (None, date(2026, 9, 1), True),
        (None, date(2026, 11, 30), True),
        (None, date(2026, 12, 1), False),
        (10, date(2026, 11, 19), False),
        (10, date(2026, 11, 20), True),
        (0, date(2026, 11, 30), True),
        (0, date(2026, 11, 29), False),
        (-1, date(2026, 11, 30), False),
    ],
)
def test_outreach_is_due_from_some_days_before_the_deadline_through_its_day(
    window: int | None,
    today: date,
    expected: bool,  # noqa: FBT001
) -> None:
    asked = renewal(notice_period="P1M", today=today)
    assert window_is_open(notice_window_days=window, **asked) is expected


def window_is_open(*, notice_window_days: int | None, **asked: Any) -> bool | None:
    known = {name: asked[name] for name in ("status", "renewal_type", "expiration_date", "today")}
    deadline = notice_deadline(**asked)
    return in_notice_window(notice_window_days=notice_window_days, notice_deadline=deadline, **known)


@pytest.mark.parametrize(
    "changes",
    [
        {"renewal_type": R.NONE},
        {"status": ContractStatus.DRAFT},
        {"status": ContractStatus.TERMINATED},
        {"status": ContractStatus.RENEWED, "renewal_type": None},
        {"renewal_type": R.OPTION_TO_RENEW, "expiration_date": date(2026, 11, 20)},
    ],
)
def test_a_contract_that_will_not_renew_calls_for_no_notice(changes: dict[str, Any]) -> None:
    asked = renewal(**{"notice_period": "P1M"} | changes)
    assert window_is_open(notice_window_days=None, **asked) is False


@pytest.mark.parametrize(
    "changes",
    [
        {"status": None},
        {"renewal_type": None},
        {"expiration_date": None},
        {"notice_period": None},
        {"renewal_term": None, "expiration_date": date(2026, 11, 20)},
        {"renewal_type": R.EVERGREEN, "renewal_term": None},
        {"renewal_type": R.OPTION_TO_RENEW, "expiration_date": None},
    ],
)
def test_what_is_not_known_is_not_guessed(changes: dict[str, Any]) -> None:
    asked = renewal(**{"notice_period": "P1M"} | changes)
    assert window_is_open(notice_window_days=None, **asked) is None
