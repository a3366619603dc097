from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.amendments import (
    FieldDelta,
    Terms,
    amended_total,
    amendment_count,
    field_by_field,
    latest_amendment_date,
)
from domain.money import Money


@dataclass(frozen=True, kw_only=True)
class Amendment:
    number: str = "1"
    signed_date: date | None = None
    recorded_at: datetime | None = None
    value_change: Money | None = None
    value_after: Money | None = None
    expiration_after: date | None = None


def usd(text: str) -> Money:
    return Money(Decimal(text), "USD")


def eur(text: str) -> Money:
    return Money(Decimal(text), "EUR")


FIRST, SECOND, THIRD = date(2024, 1, 31), date(2024, 2, 29), date(2025, 2, 28)
BASE = Terms(total_value=usd("100"), expiration_date=date(2025, 12, 31))


def test_the_total_is_the_base_plus_the_changes() -> None:
    amendments = [
        Amendment(number="2", signed_date=SECOND, value_change=usd("-30.50")),
        Amendment(number="1", signed_date=FIRST, value_change=usd("50")),
        Amendment(number="3", signed_date=THIRD),
    ]
    assert amended_total(usd("100"), amendments) == usd("119.50")


def test_without_amendments_the_base_stands() -> None:
    assert amended_total(usd("100"), []) == usd("100")
    assert amended_total(None, []) is None
    assert field_by_field(BASE, []) == ()


def test_each_amendment_shows_its_fields_before_and_after() -> None:
    later = date(2026, 12, 31)
    value, term, nothing = field_by_field(
        BASE,
        [
            Amendment(number="1", signed_date=FIRST, value_change=usd("50"), value_after=usd("150")),
            Amendment(number="2", signed_date=SECOND, expiration_after=later),
            Amendment(number="3", signed_date=THIRD, expiration_after=later, value_change=usd("0")),
        ],
    )
    assert value.changed == (FieldDelta("total_value", "100.00 USD", "150.00 USD"),)
    assert term.changed == (FieldDelta("expiration_date", "2025-12-31", "2026-12-31"),)
    assert nothing.changed == ()
    assert nothing.after == Terms(total_value=usd("150"), expiration_date=later)
    assert [each.findings for each in (value, term, nothing)] == [(), (), ()]


def test_a_value_after_that_does_not_add_up_is_a_finding_and_the_sum_is_kept() -> None:
    (replayed,) = field_by_field(BASE, [Amendment(value_change=usd("50"), value_after=usd("151"))])
    assert replayed.after.total_value == usd("150")
    assert replayed.findings == (
        "amendment 1 states 151.00 USD after it, but 100.00 USD changed by 50.00 USD is 150.00 USD",
    )


def test_a_value_after_in_another_currency_does_not_add_up() -> None:
    (replayed,) = field_by_field(BASE, [Amendment(value_change=usd("50"), value_after=eur("150"))])
    assert replayed.after.total_value == usd("150")
    assert len(replayed.findings) == 1


def test_a_value_after_without_a_change_is_taken_as_it_is_said() -> None:
    (replayed,) = field_by_field(BASE, [Amendment(value_after=usd("70"))])
    assert (replayed.after.total_value, replayed.findings) == (usd("70"), ())


def test_a_restatement_in_another_currency_is_taken_and_found() -> None:
    (replayed,) = field_by_field(BASE, [Amendment(value_after=eur("70"))])
    assert replayed.after.total_value == eur("70")
    assert "currency changed" in replayed.findings[0]


def test_a_change_in_another_currency_makes_the_total_unknown_until_it_is_restated() -> None:
    foreign = Amendment(number="1", signed_date=FIRST, value_change=eur("5"))
    more = Amendment(number="2", signed_date=SECOND, value_change=usd("5"))
    restated = Amendment(number="3", signed_date=THIRD, value_after=usd("111"))
    assert amended_total(usd("100"), [foreign]) is None
    assert amended_total(usd("100"), [foreign, more, restated]) == usd("111")
    findings = [each.findings for each in field_by_field(BASE, [foreign, more, restated])]
    assert findings == [
        ("amendment 1 changes 100.00 USD by 5.00 EUR: two currencies cannot be added",),
        ("amendment 2 changes an unknown value by 5.00 USD: the value after it is unknown",),
        (),
    ]


def test_an_unknown_base_stays_unknown_until_a_value_is_stated() -> None:
    assert amended_total(None, [Amendment(value_change=usd("5"))]) is None
    assert amended_total(None, [Amendment(value_change=usd("5"), value_after=usd("9"))]) == usd("9")


def test_a_total_of_nothing_is_known_and_not_missing() -> None:
    (first, second) = field_by_field(
        Terms(total_value=usd("0")),
        [Amendment(number="1", value_after=usd("0")), Amendment(number="2", value_change=usd("3"))],
    )
    assert (first.after.total_value, second.after.total_value) == (usd("0"), usd("3"))


def test_amendments_stand_in_the_order_of_signature_then_recording_then_number() -> None:
    noon = datetime(2024, 3, 1, 12, tzinfo=UTC)
    in_order = [
        Amendment(number="P00009", signed_date=FIRST, recorded_at=noon + timedelta(days=99)),
        Amendment(number="7", signed_date=SECOND, recorded_at=noon),
        Amendment(number="6", signed_date=SECOND, recorded_at=noon + timedelta(hours=1)),
        Amendment(number="A2", signed_date=SECOND),
        Amendment(number="A10", signed_date=SECOND),
        Amendment(number="unsigned", recorded_at=noon),
        Amendment(number="3", signed_date=THIRD, recorded_at=noon),
        Amendment(number="undated"),
    ]
    assert [each.amendment for each in field_by_field(BASE, reversed(in_order))] == in_order


def test_moments_with_and_without_a_time_zone_stand_in_one_order() -> None:
    plain = Amendment(number="1", recorded_at=datetime(2024, 3, 1, 12))  # noqa: DTZ001 - as some feeds say it
    zoned = Amendment(number="2", recorded_at=datetime(2024, 3, 1, 13, tzinfo=UTC))
    assert [each.amendment.number for each in field_by_field(BASE, [zoned, plain])] == ["1", "2"]


def test_numbers_of_any_shape_can_be_ordered() -> None:
    odd = [Amendment(number=number) for number in ("", "1", "a", "1a", "a1", "٣", "²", "10", "9")]
    ordered = [each.amendment.number for each in field_by_field(BASE, odd)]
    assert ordered.index("9") < ordered.index("10")
    assert len(ordered) == len(odd)


def test_the_latest_date_is_a_signature_and_the_count_is_all() -> None:
    amendments = [Amendment(signed_date=SECOND), Amendment(signed_date=FIRST), Amendment()]
    assert latest_amendment_date(amendments) == SECOND
    assert latest_amendment_date([Amendment()]) is None
    assert latest_amendment_date([]) is None
    assert (amendment_count(amendments), amendment_count([])) == (3, 0)


changes = st.lists(
    st.decimals(min_value=-(10**9), max_value=10**9, places=2).map(lambda amount: Money(amount, "USD")),
    max_size=20,
)


@given(changes, st.randoms())
def test_the_total_does_not_depend_on_the_order_in_which_amendments_arrive(
    moves: list[Money], random: Random
) -> None:
    amendments = [Amendment(number=str(place), value_change=change) for place, change in enumerate(moves)]
    shuffled = list(amendments)
    random.shuffle(shuffled)
    assert field_by_field(BASE, shuffled) == field_by_field(BASE, amendments)
    assert amended_total(usd("100"), shuffled) == sum(moves, start=usd("100"))


@given(changes)
def test_each_amendment_begins_where_the_one_before_it_ended(moves: list[Money]) -> None:
    replayed = field_by_field(BASE, [Amendment(number=str(n), value_change=m) for n, m in enumerate(moves)])
    befores = [each.before for each in replayed]
    afters = [each.after for each in replayed]
    assert befores == [BASE, *afters][: len(befores)]


@pytest.mark.parametrize("stated", ["100.01", "-100"])
def test_any_disagreement_is_found(stated: str) -> None:
    (replayed,) = field_by_field(BASE, [Amendment(value_change=usd("0"), value_after=usd(stated))])
    assert len(replayed.findings) == 1
