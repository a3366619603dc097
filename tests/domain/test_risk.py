from __future__ import annotations

from dataclasses import fields, replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.lifecycle import ContractStatus
from domain.money import Money
from domain.renewal import RenewalType
from domain.risk import FACTORS, HIGH_VALUE, LEVEL_FROM, RiskFacts, RiskLevel, assess, level_of

SOUND = RiskFacts(
    status=ContractStatus.ACTIVE,
    renewal_type=RenewalType.NONE,
    days_to_expiration=300,
    in_notice_window=False,
    total_value=Money(Decimal(1000), "USD"),
    liability_uncapped=False,
    liability_cap=Money(Decimal(1000), "USD"),
    governing_law_missing=False,
    termination_for_convenience_missing=False,
    template_deviations=0,
    open_redlines=0,
    breached_service_levels=0,
    overdue_obligations=0,
)
MILLIONS = Money(Decimal(5_000_000), "USD")


def points(facts: RiskFacts) -> dict[str, int | None]:
    return {factor.name: factor.points for factor in assess(facts).factors}


def test_a_sound_contract_has_no_factor_and_no_points() -> None:
    sound = assess(SOUND)
    assert (sound.score, sound.level, sound.factors) == (0, RiskLevel.LOW, ())


def test_of_nothing_known_there_is_no_score_but_every_factor_says_so() -> None:
    unknown = assess(RiskFacts())
    assert (unknown.score, unknown.level) == (None, None)
    assert {factor.name: factor.points for factor in unknown.factors} == dict.fromkeys(FACTORS)
    assert all(factor.reason for factor in unknown.factors)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"liability_uncapped": True, "liability_cap": None}, {"liability uncapped": 30}),
        (
            {"liability_uncapped": True, "liability_cap": None, "total_value": MILLIONS},
            {"liability uncapped": 30, "high value without cap": 20},
        ),
        ({"days_to_expiration": -1}, {"expired but active": 20}),
        ({"breached_service_levels": 1}, {"service level breached": 10}),
        ({"breached_service_levels": 7}, {"service level breached": 20}),
        ({"overdue_obligations": 1}, {"obligations overdue": 5}),
        ({"overdue_obligations": 4}, {"obligations overdue": 20}),
        ({"template_deviations": 3}, {"template deviations": 12}),
        ({"open_redlines": 2}, {"redlines open": 4}),
        ({"renewal_type": RenewalType.AUTO_RENEW, "in_notice_window": True}, {"automatic renewal near": 15}),
        ({"renewal_type": RenewalType.EVERGREEN, "in_notice_window": True}, {"automatic renewal near": 15}),
        ({"governing_law_missing": True}, {"governing law missing": 10}),
        ({"termination_for_convenience_missing": True}, {"no termination for convenience": 10}),
    ],
)
def test_a_factor_that_applies_adds_its_points(changes: dict[str, Any], expected: dict[str, int]) -> None:
    facts = replace(SOUND, **changes)
    assert points(facts) == expected
    assert assess(facts).score == sum(expected.values())


@pytest.mark.parametrize(
    "changes",
    [
        {"renewal_type": RenewalType.OPTION_TO_RENEW, "in_notice_window": True},
        {"renewal_type": RenewalType.AUTO_RENEW, "days_to_expiration": -400},
        {"status": ContractStatus.TERMINATED, "days_to_expiration": -400},
        {"days_to_expiration": 0},
        {"total_value": MILLIONS},
        {"total_value": Money(Decimal("999999.99"), "USD"), "liability_cap": None},
        {"liability_uncapped": None},
        {"template_deviations": -1},
    ],
)
def test_a_factor_that_does_not_apply_is_left_out(changes: dict[str, Any]) -> None:
    assert points(replace(SOUND, **changes)) == {}


@pytest.mark.parametrize(
    ("changes", "unknown"),
    [
        ({"liability_uncapped": None, "liability_cap": None}, {"liability uncapped"}),
        (
            {"liability_uncapped": None, "liability_cap": None, "total_value": MILLIONS},
            {"liability uncapped", "high value without cap"},
        ),
        ({"governing_law_missing": None}, {"governing law missing"}),
        ({"days_to_expiration": None}, {"expired but active"}),
        ({"renewal_type": None, "days_to_expiration": -1}, {"expired but active"}),
        ({"renewal_type": RenewalType.AUTO_RENEW, "in_notice_window": None}, {"automatic renewal near"}),
        ({"overdue_obligations": None}, {"obligations overdue"}),
    ],
)
def test_what_is_unknown_is_said_and_adds_no_points(changes: dict[str, Any], unknown: set[str]) -> None:
    assessed = assess(replace(SOUND, **changes))
    assert {factor.name for factor in assessed.factors if factor.points is None} == unknown
    assert assessed.score == 0


def test_a_high_value_in_a_currency_without_a_threshold_is_unknown() -> None:
    facts = replace(
        SOUND, total_value=Money(Decimal(10**9), "XAF"), liability_uncapped=True, liability_cap=None
    )
    reasons = {factor.name: factor.reason for factor in assess(facts).factors if factor.points is None}
    assert "XAF" in reasons["high value without cap"]


@pytest.mark.parametrize(("days", "told"), [(-12, "12 days"), (-1, "1 day")])
def test_the_reason_of_an_expired_contract_names_its_state_and_its_days(days: int, told: str) -> None:
    (factor,) = assess(replace(SOUND, days_to_expiration=days)).factors
    assert factor.reason == f"it is ACTIVE, but expired {told} ago and does not renew by itself"


def test_the_score_stops_at_a_hundred() -> None:
    worst = RiskFacts(
        status=ContractStatus.ACTIVE,
        renewal_type=RenewalType.NONE,
        days_to_expiration=-1,
        total_value=MILLIONS,
        liability_uncapped=True,
        governing_law_missing=True,
        termination_for_convenience_missing=True,
        template_deviations=99,
        open_redlines=99,
        breached_service_levels=99,
        overdue_obligations=99,
    )
    assert (assess(worst).score, assess(worst).level) == (100, RiskLevel.CRITICAL)


@pytest.mark.parametrize(
    ("score", "level"),
    [
        (0, "LOW"),
        (24, "LOW"),
        (25, "MEDIUM"),
        (49, "MEDIUM"),
        (50, "HIGH"),
        (74, "HIGH"),
        (75, "CRITICAL"),
        (100, "CRITICAL"),
    ],
)
def test_a_level_begins_at_its_lowest_score(score: int, level: str) -> None:
    assert level_of(score) == level


def test_every_level_can_be_reached_and_every_threshold_is_in_a_known_currency() -> None:
    assert set(LEVEL_FROM) == set(RiskLevel)
    assert all(Money(amount, code).amount == amount for code, amount in HIGH_VALUE.items())


facts = st.builds(
    RiskFacts,
    status=st.none() | st.sampled_from(ContractStatus),
    renewal_type=st.none() | st.sampled_from(RenewalType),
    days_to_expiration=st.none() | st.integers(-1000, 1000),
    in_notice_window=st.none() | st.booleans(),
    total_value=st.none() | st.sampled_from([MILLIONS, Money(Decimal(1), "EUR"), Money(Decimal(1), "XAF")]),
    liability_uncapped=st.none() | st.booleans(),
    liability_cap=st.none() | st.just(MILLIONS),
    governing_law_missing=st.none() | st.booleans(),
    termination_for_convenience_missing=st.none() | st.booleans(),
    template_deviations=st.none() | st.integers(0, 50),
    open_redlines=st.none() | st.integers(0, 50),
    breached_service_levels=st.none() | st.integers(0, 50),
    overdue_obligations=st.none() | st.integers(0, 50),
)


@given(facts)
def test_the_score_is_the_sum_of_the_points_it_shows(known: RiskFacts) -> None:
    assessed = assess(known)
    shown = [factor.points for factor in assessed.factors if factor.points is not None]
    if assessed.score is None:
        assert shown == []
        assert assessed.level is None
    else:
        assert assessed.score == min(sum(shown), 100)
        assert assessed.level == level_of(assessed.score)
    assert all(0 < factor.points <= factor.weight for factor in assessed.factors if factor.points is not None)
    assert all(factor.reason and factor.weight == FACTORS[factor.name][0] for factor in assessed.factors)


@given(facts, st.sampled_from([field.name for field in fields(RiskFacts) if field.name != "liability_cap"]))
def test_forgetting_a_fact_never_raises_the_score(known: RiskFacts, name: str) -> None:
    before, after = assess(known).score, assess(replace(known, **{name: None})).score
    assert (after or 0) <= (before or 0)
