from __future__ import annotations

from dataclasses import dataclass

import pytest

from sync.salesforce.breaker import Breaker, LeftAlone


@dataclass
class Clock:
    now: float = 100.0

    def __call__(self) -> float:
        return self.now


def breaker(clock: Clock) -> Breaker:
    return Breaker(failures=3, rest=10, longest=30, patience=60, clock=clock)


def opened(clock: Clock) -> Breaker:
    one = breaker(clock)
    assert [one.failed() for _ in range(3)] == [False, False, True]
    return one


def test_failures_in_a_row_open_it_and_one_success_between_them_does_not() -> None:
    one = breaker(Clock())
    for _ in range(5):
        one.failed()
        one.failed()
        assert not one.succeeded()
        one.check()
    assert not one.is_open


def test_while_it_is_open_nothing_passes_and_it_says_for_how_long() -> None:
    clock = Clock()
    one = opened(clock)
    clock.now += 4
    with pytest.raises(LeftAlone) as refused:
        one.check()
    assert (refused.value.wait, one.wait, one.is_open) == (6, 6, True)


def test_after_its_rest_one_call_passes_and_closes_it() -> None:
    clock = Clock()
    one = opened(clock)
    clock.now += 10
    one.check()
    with pytest.raises(LeftAlone) as refused:
        one.check()
    assert refused.value.wait == 2, "the one that asks is soon back"
    assert one.succeeded()
    one.check()


def test_a_probe_that_fails_opens_it_for_twice_as_long_up_to_a_limit() -> None:
    clock = Clock()
    one = opened(clock)
    for rest in (20, 30, 30):
        clock.now += one.wait
        one.check()
        assert one.failed()
        assert one.wait == rest


def test_a_probe_that_never_ends_is_followed_by_another() -> None:
    clock = Clock()
    one = opened(clock)
    clock.now += 10
    one.check()
    clock.now += 60
    one.check()


def test_calls_that_were_under_way_when_it_opened_do_not_prolong_it() -> None:
    clock = Clock()
    one = opened(clock)
    clock.now += 5
    assert not one.failed()
    assert one.wait == 5
