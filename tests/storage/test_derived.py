"""Every rule that depends on today says the same in Python and in SQL."""

from __future__ import annotations

import asyncio
import inspect
import itertools
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import ColumnElement, Date, Integer, Text, cast, column, literal, null, select, values
from sqlalchemy.dialects import postgresql

from domain import renewal, term
from domain.lifecycle import ContractStatus
from domain.renewal import RenewalType, notice_deadline
from domain.term import Period
from storage.derived import TWINS
from storage.embedded import Cluster

TYPES: dict[str, Any] = {
    "status": Text(),
    "renewal_type": Text(),
    "effective_date": Date(),
    "expiration_date": Date(),
    "renewal_term": Text(),
    "notice_period": Text(),
    "notice_window_days": Integer(),
    "notice_deadline": Date(),
    "today": Date(),
}
_KINDS = [Integer(), *TYPES.values()]
Case = dict[str, Any]

MONTH_ENDS = [
    date(2023, 1, 31), date(2023, 2, 28), date(2024, 2, 29), date(2024, 3, 31), date(2100, 2, 28),
    date(1957, 10, 1), date(2000, 2, 29), date(2025, 12, 31), date(1, 1, 1), date(9999, 12, 31),
]  # fmt: skip
TERMS = ["P0D", "P1D", "P30D", "P1W", "P1M", "P3M", "P12M", "P1Y", "P4Y", "P1Y2M3D", "P1M1D", "P999Y"]

# Most cases are near each other in time and fully known, or nearly every answer would be None.
days = st.one_of(
    st.dates(date(2026, 6, 1), date(2027, 6, 30)),
    st.dates(date(2026, 6, 1), date(2027, 6, 30)),
    st.sampled_from(MONTH_ENDS),
    st.dates(),
)
common_periods = st.sampled_from(TERMS).map(Period.parse)
periods = st.one_of(
    common_periods,
    common_periods,
    st.builds(
        Period,
        years=st.integers(0, 5),
        months=st.integers(0, 30),
        weeks=st.integers(0, 5),
        days=st.integers(0, 400),
    ),
    st.builds(
        Period,
        years=st.integers(0, 999),
        months=st.integers(0, 9999),
        weeks=st.integers(0, 9999),
        days=st.integers(0, 99999),
    ),
)
known_types = st.sampled_from([RenewalType.AUTO_RENEW, RenewalType.EVERGREEN, RenewalType.OPTION_TO_RENEW])


def with_deadline(case: Case) -> Case:
    """The window's rule reads the deadline, which is derived too."""
    asked = {name: case[name] for name in inspect.signature(notice_deadline).parameters}
    return case | {"notice_deadline": notice_deadline(**asked)}


cases = st.fixed_dictionaries(
    {
        "status": st.one_of(st.just(ContractStatus.ACTIVE), st.none() | st.sampled_from(ContractStatus)),
        "renewal_type": st.one_of(known_types, st.none() | st.sampled_from(RenewalType)),
        "effective_date": st.one_of(days, days, st.none()),
        "expiration_date": st.one_of(days, days, st.none()),
        "renewal_term": st.one_of(periods, periods, st.none()),
        "notice_period": st.one_of(periods, periods, st.none()),
        "notice_window_days": st.none() | st.integers(-1, 400),
        "today": days,
    }
).map(with_deadline)


def case_of(  # noqa: PLR0913 - a case is all that a rule may read
    kind: RenewalType,
    effective: date | None,
    expiration: date | None,
    length: str | None,
    notice: str | None,
    *,
    today: date,
) -> Case:
    case = {
        "status": ContractStatus.ACTIVE,
        "renewal_type": kind,
        "effective_date": effective,
        "expiration_date": expiration,
        "renewal_term": None if length is None else Period.parse(length),
        "notice_period": None if notice is None else Period.parse(notice),
        "notice_window_days": None,
        "today": today,
    }
    return with_deadline(case)


def in_python(rule: Callable[..., object], case: Case) -> object:
    return rule(**{name: case[name] for name in inspect.signature(rule).parameters})


def in_sql(cluster: Cluster, rules: Sequence[Callable[..., object]], asked: Sequence[Case]) -> list[Any]:
    """All cases in one statement: a row for each case, a column for each rule."""
    rows = [(place, *(_stored(case[name]) for name in TYPES)) for place, case in enumerate(asked)]
    given_ = values(
        column("place", Integer), *(column(name, type_) for name, type_ in TYPES.items()), name="given"
    ).data([tuple(_typed(value, kind) for value, kind in zip(row, _KINDS, strict=True)) for row in rows])
    columns = [
        TWINS[rule](**{name: given_.c[name] for name in inspect.signature(rule).parameters}) for rule in rules
    ]
    statement = select(*(each.label(f"answer{n}") for n, each in enumerate(columns))).order_by(given_.c.place)
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    text = statement.compile(dialect=dialect, compile_kwargs={"literal_binds": True})
    return asyncio.run(_fetch(cluster, str(text).replace("%%", "%")))


def _typed(value: object, kind: Any) -> ColumnElement[Any]:
    return cast(null() if value is None else literal(value, kind), kind)


def _stored(value: object) -> object:
    return str(value) if isinstance(value, Period | ContractStatus | RenewalType) else value


async def _fetch(cluster: Cluster, statement: str) -> list[Any]:
    connection = await asyncpg.connect(cluster.dsn(user="contract_graph_owner"))
    try:
        return [tuple(row) for row in await connection.fetch(statement)]
    finally:
        await connection.close()


def disagreements(cluster: Cluster, asked: Sequence[Case]) -> list[tuple[str, Case, object, object]]:
    rules = list(TWINS)
    answers = in_sql(cluster, rules, asked)
    assert len(answers) == len(asked)
    return [
        (rule.__name__, case, in_python(rule, case), answer)
        for case, row in zip(asked, answers, strict=True)
        for rule, answer in zip(rules, row, strict=True)
        if in_python(rule, case) != answer
    ]


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(asked=st.lists(cases, min_size=20, max_size=40))
def test_every_twin_says_what_its_rule_says(cluster: Cluster, asked: list[Case]) -> None:
    assert disagreements(cluster, asked) == []


def test_the_twins_agree_through_every_day_around_month_ends_and_leap_days(cluster: Cluster) -> None:
    asked = [
        case_of(
            kind,
            anchor,
            None if kind is RenewalType.EVERGREEN else anchor,
            length,
            "P1M",
            today=date(2027, 12, 30) + timedelta(days=offset),
        )
        for anchor in (date(2024, 2, 29), date(2024, 1, 31), date(1957, 10, 1))
        for kind in (RenewalType.AUTO_RENEW, RenewalType.EVERGREEN)
        for length in ("P1M", "P1Y", "P1Y2M3D", "P1M1D", "P45D")
        for offset in range(64)
    ]
    assert disagreements(cluster, asked) == []


def test_the_twins_agree_where_something_is_unknown_today_or_out_of_the_calendar(cluster: Cluster) -> None:
    now = date(2026, 11, 21)
    grid = itertools.product(
        RenewalType,
        (None, now - timedelta(days=1), now, now + timedelta(days=40)),
        (None, date.min, now - timedelta(days=1), now, now + timedelta(days=40), date.max),
        (None, "P0D", "P1D", "P1M", "P1Y2M3D", "P999Y"),
        (None, "P0D", "P1M"),
    )
    asked = [case_of(*each, today=now) for each in grid]
    ends = [
        case_of(kind, anchor, None if kind is RenewalType.EVERGREEN else anchor, length, "P999Y", today=today)
        for kind in (RenewalType.AUTO_RENEW, RenewalType.EVERGREEN)
        for anchor in (date.min, date(1, 1, 31), date(9998, 2, 28), date.max)
        for length in ("P1D", "P1M", "P999Y9999M9999W99999D")
        for today in (date.min, date(1, 1, 30), date(9999, 12, 30), date.max)
    ]
    assert disagreements(cluster, asked + ends) == []


@pytest.mark.parametrize("rule", TWINS, ids=lambda rule: rule.__name__)
def test_a_twin_is_told_what_its_rule_is_told(rule: Callable[..., object]) -> None:
    asked = inspect.signature(rule).parameters
    assert "today" in asked
    expression = TWINS[rule](**{name: column(name, TYPES[name]) for name in asked})
    assert "current_date" not in str(expression).lower()
    assert "now()" not in str(expression).lower()


def test_every_rule_of_today_has_a_twin() -> None:
    rules = {
        rule
        for module in (renewal, term)
        for name, rule in inspect.getmembers(module, inspect.isfunction)
        if not name.startswith("_") and "today" in inspect.signature(rule).parameters
    }
    assert rules == set(TWINS)
