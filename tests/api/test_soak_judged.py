"""What the soak would find: a run that grows, slows or answers otherwise than before."""

from __future__ import annotations

from random import Random

import pytest

from tests.bench import steadiness
from tests.bench.traffic import Flags, Reads, Tokens

MB = [200 + Random(7).uniform(-3, 3) for _ in range(120)]


def test_memory_that_stays_is_flat_whatever_it_did_while_caches_filled() -> None:
    filling = [100 + 5.0 * each for each in range(20)]
    assert steadiness.memory("it", [*filling, *MB[20:]]).good


def test_a_few_high_moments_are_no_growth() -> None:
    assert steadiness.memory("it", [each + 300 * (place % 9 == 0) for place, each in enumerate(MB)]).good


@pytest.mark.parametrize("rise", [0.12, 0.5])
def test_memory_that_rises_to_the_end_is_found(rise: float) -> None:
    assert not steadiness.memory("it", [each + rise * place for place, each in enumerate(MB)]).good


def test_a_later_p99_that_is_higher_is_found_and_one_high_minute_is_not() -> None:
    quiet = [0.0] * 60
    assert steadiness.latency([10.0] * 40 + [90.0] + [11.0] * 19, quiet).good
    assert not steadiness.latency([10.0] * 40 + [16.0] * 20, quiet).good


def test_minutes_that_others_had_do_not_count_where_enough_are_quiet() -> None:
    late = [10.0] * 40 + [100.0] * 15 + [10.0] * 5
    assert steadiness.latency(late, [0.0] * 40 + [1.5] * 15 + [0.1] * 5).good
    assert not steadiness.latency(late, [0.0] * 40 + [1.5] * 18 + [0.1] * 2).good, "two tell nothing"


def test_what_piles_up_is_found() -> None:
    assert steadiness.piles("files", [40] * 10 + [44] * 10, leeway=8).good
    assert not steadiness.piles("files", [40 + each for each in range(60)], leeway=8).good


def test_an_answer_that_is_another_than_before_is_wrong_and_what_it_cost_does_not_matter() -> None:
    reads = Reads([b"GET"], Random(0))
    answers = [
        b'HTTP/1.1 200 OK\r\nx: %d\r\n\r\n{"data":{"n":%d},"extensions":{"cost":%d}}' % (part, data, part)
        for part, data in ((1, 5), (2, 5), (3, 6))
    ]
    assert [reads.next()[1](each) for each in answers] == [True, True, False]


def test_what_is_made_is_looked_for_in_its_answer() -> None:
    _, judge = Flags("token", ["one"], "run").next()
    assert judge(b'{"note":"run 0"}')
    assert not judge(b'{"note":"run 1"}')
    assert not Tokens(b"").next()[1](b"{}")
