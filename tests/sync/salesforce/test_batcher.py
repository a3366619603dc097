from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from sync.salesforce.batcher import Batcher
from sync.salesforce.failures import Permanent, Retryable

Calls = list[dict[str, int]]


def batcher(calls: Calls, most: int = 3) -> Batcher[int, int]:
    """Doubles what it is given; refuses a call with a negative number, and fails one with a zero."""

    async def send(rows: Mapping[str, int]) -> Mapping[str, int]:
        calls.append(dict(rows))
        await asyncio.sleep(0)
        if any(value < 0 for value in rows.values()):
            raise Permanent("INVALID_FIELD", "of one of them")
        if 0 in rows.values():
            raise Retryable("HTTP_503", 1.0)
        return {key: 2 * value for key, value in rows.items()}

    return Batcher(send, most)


async def all_of(one: Batcher[int, int], **rows: int) -> list[int | BaseException]:
    return await asyncio.gather(*(one.ask(key, row) for key, row in rows.items()), return_exceptions=True)


def test_rows_that_come_together_travel_together_and_each_gets_its_own_answer() -> None:
    calls: Calls = []
    assert asyncio.run(all_of(batcher(calls), a=1, b=2, c=3, d=4)) == [2, 4, 6, 8]
    assert calls == [{"a": 1, "b": 2, "c": 3}, {"d": 4}]


def test_the_row_at_fault_fails_alone() -> None:
    calls: Calls = []
    first, bad, last = asyncio.run(all_of(batcher(calls), a=1, b=-1, c=3))
    assert (first, last) == (2, 6)
    assert isinstance(bad, Permanent)


def test_a_call_that_fails_fails_for_all_who_were_in_it() -> None:
    calls: Calls = []
    found = asyncio.run(all_of(batcher(calls), a=1, b=0))
    assert all(isinstance(each, Retryable) for each in found)
    assert len(calls) == 1


def test_of_one_key_one_row_is_under_way_at_a_time() -> None:
    calls: Calls = []

    async def twice() -> list[int]:
        one = batcher(calls)
        return list(await asyncio.gather(one.ask("a", 1), one.ask("a", 2), one.ask("a", 3)))

    assert asyncio.run(twice()) == [2, 4, 6]
    assert calls == [{"a": 1}, {"a": 2}, {"a": 3}]


def test_a_row_whose_asker_was_stopped_goes_its_way() -> None:
    calls: Calls = []

    async def stopped() -> int:
        one = batcher(calls)
        asking = asyncio.create_task(one.ask("a", 1))
        await asyncio.sleep(0)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        answer = await one.ask("a", 2)
        await one.close()
        return answer

    assert asyncio.run(stopped()) == 4
    assert calls == [{"a": 1}, {"a": 2}]
