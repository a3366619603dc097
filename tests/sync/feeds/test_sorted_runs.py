from __future__ import annotations

import random
import tracemalloc
from decimal import Decimal

from sync.feeds.sorted_runs import SortedRuns


def test_what_is_taken_in_any_order_comes_back_by_key() -> None:
    turns = [str(turn).zfill(4) for turn in range(1_000)]
    random.Random(1).shuffle(turns)
    with SortedRuns(run_length=64) as runs:
        for turn in turns:
            runs.add(([turn, "x"], {"turn": turn}))
        assert [entry["turn"] for _, entry in runs] == sorted(turns)


def test_exact_numbers_come_back_exact_from_disk() -> None:
    with SortedRuns(run_length=1) as runs:
        runs.add((["a"], {"amount": Decimal("0.10"), "name": "Größe\ud800"}))
        ((_, entry),) = runs
    assert entry == {"amount": "0.10", "name": "Größe\ud800"}


def test_memory_is_that_of_one_run() -> None:
    def peak(count: int) -> int:
        tracemalloc.start()
        try:
            with SortedRuns(run_length=500) as runs:
                for turn in range(count):
                    runs.add(([str(turn)], {"text": f"{turn}" * 100}))
                assert sum(1 for _ in runs) == count
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert peak(8_000) < 1.5 * peak(2_000)
