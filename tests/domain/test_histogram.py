from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.histogram import ANSWERING, PASSING, Histogram, percentile, steps


def test_steps_are_one_two_and_five_of_each_power_of_ten() -> None:
    assert steps(-1, 1) == (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
    assert (ANSWERING[0], ANSWERING[-1]) == (0.001, 5.0)
    assert (PASSING[0], PASSING[-1]) == (0.01, 5000.0)


def test_a_duration_counts_by_the_first_bound_that_it_does_not_exceed() -> None:
    told = Histogram(steps(0, 1))
    for seconds in (0.0, 1.0, 1.01, 5.0, 5.01):
        told.add(seconds)
    assert told.counts == [2, 1, 1, 1]
    assert told.total == pytest.approx(12.02)


def test_of_nothing_there_is_no_percentile() -> None:
    assert percentile(PASSING, Histogram(PASSING).counts, 0.5) is None


def test_what_is_beyond_the_last_bound_is_told_as_that() -> None:
    told = Histogram(PASSING)
    told.add(1e9)
    assert percentile(PASSING, told.counts, 0.5) == PASSING[-1]


@given(st.lists(st.floats(0, 4999), min_size=1), st.floats(0.01, 1))
def test_a_percentile_lies_in_the_step_of_the_true_one(durations: list[float], share: float) -> None:
    told = Histogram(PASSING)
    for seconds in durations:
        told.add(seconds)
    found = percentile(PASSING, told.counts, share)
    assert found is not None
    wanted = share * len(durations)
    true = next(each for n, each in enumerate(sorted(durations), start=1) if n >= wanted)
    upper = next(bound for bound in PASSING if bound >= true)
    lower = max((bound for bound in PASSING if bound < upper), default=0.0)
    assert lower <= found <= upper
