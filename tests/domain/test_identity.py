from __future__ import annotations

import threading
import time
from uuid import RFC_4122, UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import identity
from domain.identity import NotASalesforceId, WrongSalesforceChecksum, salesforce_id, uuid7

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def test_a_uuid7_says_its_version_variant_and_moment() -> None:
    before = time.time_ns() // 1_000_000
    made = uuid7()
    after = time.time_ns() // 1_000_000
    assert made.version == 7
    assert made.variant == RFC_4122
    # Ids made in a busy millisecond may run ahead of the clock, never behind it.
    assert before <= made.int >> 80 <= after + 1


def test_ids_made_in_one_millisecond_still_increase() -> None:
    made = [uuid7() for _ in range(5000)]
    assert made == sorted(set(made))


def test_ids_increase_when_the_clock_is_set_back(monkeypatch: pytest.MonkeyPatch) -> None:
    first = uuid7()
    monkeypatch.setattr(time, "time_ns", lambda: 1_000_000_000)
    assert uuid7() > first


def test_a_full_counter_moves_on_to_the_next_millisecond() -> None:
    clock = identity._Clock()
    millisecond, _ = clock.tick()
    clock._millisecond = millisecond = millisecond + 60_000
    clock._counter = (1 << 42) - 1
    assert clock.tick()[0] == millisecond + 1


def test_threads_never_make_the_same_id() -> None:
    made: list[list[UUID]] = [[] for _ in range(4)]

    def make(own: list[UUID]) -> None:
        own.extend(uuid7() for _ in range(2000))

    threads = [threading.Thread(target=make, args=(own,)) for own in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({each for own in made for each in own}) == 8000
    assert all(own == sorted(own) for own in made)


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("001D000000IqhSL", "001D000000IqhSLIAZ"),
        ("000000000000000", "000000000000000AAA"),
        ("AAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAA555"),
        ("aaaaaaaaaaaaaaA", "aaaaaaaaaaaaaaAAAQ"),
    ],
)
def test_fifteen_characters_gain_their_checksum(short: str, long: str) -> None:
    assert salesforce_id(short) == long
    assert salesforce_id(long) == long


def test_a_wrong_checksum_is_refused_with_the_right_one() -> None:
    with pytest.raises(WrongSalesforceChecksum, match="should be IAZ"):
        salesforce_id("001D000000IqhSLIAA")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "001D000000IqhS",
        "001D000000IqhSLI",
        "001D000000IqhS-",
        "001D000000IqhSLIAZ ",
        "00\u0661D000000IqhSL",
    ],
)
def test_what_is_no_salesforce_id_is_refused(text: str) -> None:
    with pytest.raises(NotASalesforceId, match="15 or 18"):
        salesforce_id(text)


@given(st.text(LETTERS, min_size=15, max_size=15), st.text(LETTERS, min_size=15, max_size=15))
def test_two_ids_that_differ_only_in_case_stay_apart_without_it(one: str, other: str) -> None:
    assert (salesforce_id(one).lower() == salesforce_id(other).lower()) == (one == other)


@given(st.text(LETTERS, min_size=15, max_size=15))
def test_an_id_with_its_case_swapped_has_another_checksum(one: str) -> None:
    swapped = one.swapcase()
    assert (salesforce_id(one)[15:] == salesforce_id(swapped)[15:]) == (one == swapped)
