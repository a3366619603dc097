from __future__ import annotations

import pytest

from auth.oauth import throttle
from auth.oauth.throttle import Buckets, Throttle


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_client_may_ask_so_often_a_minute_and_is_told_how_long_to_wait() -> None:
    clock = Clock()
    limited = Throttle(60, 10, clock)
    assert [limited.admit("me", "a") for _ in range(60)] == [0] * 60
    assert limited.admit("me", "b") == 1
    assert limited.admit("other", "a") == 0
    clock.now += 1
    assert (limited.admit("me", "a"), limited.admit("me", "a")) == (0, 1)
    clock.now += 3600
    assert [limited.admit("me", "a") for _ in range(61)] == [0] * 60 + [1]


def test_whoever_fails_is_slowed_down_and_nobody_else_is() -> None:
    clock = Clock()
    limited = Throttle(1000, 10, clock)
    for _ in range(10):
        assert limited.admit("me", "attacker") == 0
        limited.failed("me", "attacker")
    assert limited.admit("me", "attacker") == 6
    assert limited.admit("me", "home") == 0
    assert limited.admit("other", "attacker") == 0
    clock.now += 6
    assert limited.admit("me", "attacker") == 0


def test_a_request_that_is_refused_costs_nothing() -> None:
    clock = Clock()
    limited = Throttle(1, 10, clock)
    assert limited.admit("me", "a") == 0
    assert {limited.admit("me", "a") for _ in range(100)} == {60}


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttle, "_MOST_BUCKETS", 10)
    buckets = Buckets(1, Clock())
    for number in range(1000):
        buckets.take(str(number))
    assert len(buckets._buckets) == 10
    assert buckets.wait("999") == 60
