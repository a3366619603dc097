"""Lanes that are worked on together: nothing becomes of one that would not have become of it by itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import asyncpg
import pytest

from storage.lane_outcome import Done, Outcome, Patience, Poison, Retry
from storage.lanes import Queue
from sync.handlers import Apart, Batch, Together, Within
from tests.storage.lane_work import BROKEN, OTHER, Test, Work
from tests.sync.lane_workers import BRISK, note, noted, running, until_empty, with_notebook, worker

On = Callable[[Test], None]
PACE = replace(BRISK, lanes=10, together=10)
SAID: dict[str, Outcome] = {"poison": Poison(BROKEN), "late": Retry(BROKEN)}


@pytest.fixture
def on(database_url: str, owner_url: str, superuser_url: str) -> On:
    return with_notebook((database_url, owner_url, superuser_url))


def noting(groups: list[list[str]]) -> Within:
    """Notes messages, those of many lanes in one transaction; `bad` breaks it, `poison` and `late` say so."""

    async def one(connection: asyncpg.Connection, batch: Batch) -> Sequence[Outcome]:
        if "bad" in [each.payload for each in batch.messages]:
            await connection.execute("SELECT 1 / 0")
        outcomes: list[Outcome] = []
        for each in batch.messages:
            outcomes.append(SAID.get(each.payload, Done()))
            if isinstance(outcomes[-1], Retry):
                break
            if isinstance(outcomes[-1], Done):
                await note(connection, replace(batch, messages=[each]))
        return outcomes

    async def together(connection: asyncpg.Connection, batches: Sequence[Batch]) -> list[Sequence[Outcome]]:
        groups.append(sorted(each.key for each in batches))
        return [await one(connection, each) for each in batches]

    return Within(one, together)


async def held(work: Work) -> list[tuple[str, str, int]]:
    rows = await work.superuser.fetch("SELECT payload, error, attempts FROM quarantined_message ORDER BY id")
    return [tuple(row) for row in rows]


def test_lanes_of_an_org_are_worked_on_in_one_transaction_and_those_of_another_apart(on: On) -> None:
    async def run(work: Work) -> None:
        groups: list[list[str]] = []
        for key in "abc":
            await work.enqueue("1", "2", key=key)
        await work.enqueue("1", key="d", org=OTHER)
        await worker(work, {Queue.INBOX: noting(groups)}, pace=PACE).run(once=True)
        assert groups == [["a", "b", "c"]]
        assert await noted(work) == {"a": ["1", "2"], "b": ["1", "2"], "c": ["1", "2"], "d": ["1"]}
        transactions = await work.superuser.fetchval("SELECT count(DISTINCT xmin::text) FROM noted")
        assert transactions == 2

    on(run)


def test_what_breaks_a_group_is_found_and_neither_holds_up_nor_counts_against_the_others(on: On) -> None:
    async def run(work: Work) -> None:
        groups: list[list[str]] = []
        for key in "abc":
            await work.enqueue("1", "bad" if key == "b" else "2", "3", key=key)
        one = worker(work, {Queue.INBOX: noting(groups)}, pace=PACE)
        async with running(one):
            await until_empty(work)
        assert groups == [["a", "b", "c"]]  # what is under suspicion goes by itself from then on
        assert await noted(work) == {"a": ["1", "2", "3"], "b": ["1", "3"], "c": ["1", "2", "3"]}
        assert await held(work) == [("bad", "DivisionByZeroError", 3)]
        assert (one.counters.processed, one.counters.quarantined) == (8, 1)

    on(run)


def test_each_lane_of_a_group_ends_as_its_own_messages_do(on: On) -> None:
    async def run(work: Work) -> None:
        await work.enqueue("1", "poison", "2", key="a")
        await work.enqueue("1", "late", "2", key="b")
        await work.enqueue("1", key="c")
        calm = replace(PACE, patience=Patience())
        one = worker(work, {Queue.INBOX: noting([])}, pace=calm)
        await one.run(once=True)
        assert await noted(work) == {"a": ["1", "2"], "b": ["1"], "c": ["1"]}
        assert await held(work) == [("poison", BROKEN.kind, 1)]
        assert await work.payloads("b") == ["late", "2"]
        assert (one.counters.processed, one.counters.retried) == (4, 1)

    on(run)


def test_one_that_another_worker_has_by_now_undoes_nothing_of_the_others(on: On) -> None:
    async def run(work: Work) -> None:
        handler = noting([])

        async def together(
            connection: asyncpg.Connection, batches: Sequence[Batch]
        ) -> Sequence[Sequence[Outcome]]:
            await work.superuser.execute("UPDATE lane SET lease = gen_random_uuid() WHERE key = 'b'")
            assert handler.together is not None
            return await handler.together(connection, batches)

        for key in "abc":
            await work.enqueue("1", key=key)
        one = worker(work, {Queue.INBOX: replace(handler, together=together)}, pace=PACE)
        await one.run(once=True)
        assert await noted(work) == {"a": ["1"], "c": ["1"]}
        assert (one.counters.processed, one.counters.fenced) == (2, 1)

    on(run)


@dataclass
class Elsewhere:
    """Work that is noted when it is settled; of the key b it fails, and as a whole where it `breaks`."""

    breaks: str
    looks: list[int] = field(default_factory=list)

    async def work(self, batch: Batch) -> Sequence[Outcome]:
        if batch.key == "b":
            raise OSError
        return [Done()] * len(batch.messages)

    async def settle(self, connection: asyncpg.Connection, batch: Batch, _: Sequence[Outcome]) -> None:
        await note(connection, batch)

    async def look(
        self, _: asyncpg.Connection, batches: Sequence[Batch]
    ) -> Sequence[Callable[[], Awaitable[Sequence[Outcome]]]]:
        self.looks.append(len(batches))
        if self.breaks == "the look":
            raise OSError
        return [partial(self.work, each) for each in batches]

    async def settle_together(
        self, connection: asyncpg.Connection, done: Sequence[tuple[Batch, Sequence[Outcome]]]
    ) -> None:
        for batch, _ in done:
            await note(connection, batch)
        if self.breaks == "settling together":
            raise OSError


@pytest.mark.parametrize("breaks", ["nothing", "the look", "settling together"])
def test_work_elsewhere_begins_and_ends_together_and_is_done_of_each_by_itself(on: On, breaks: str) -> None:
    async def run(work: Work) -> None:
        for key in "abc":
            await work.enqueue("1", key=key)
        there = Elsewhere(breaks)
        handler = Apart(there.work, there.settle, together=Together(there.look, there.settle_together))
        async with running(worker(work, {Queue.INBOX: handler}, pace=PACE)):
            await until_empty(work)
        assert there.looks == [3]
        assert await noted(work) == {"a": ["1"], "c": ["1"]}
        assert await held(work) == [("1", "OSError", 3)]

    on(run)
