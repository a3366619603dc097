"""What workers count is what they did, and is kept so that it is counted once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from domain.passage import Fate, Figure, FigureName, Passage, SyncDirection
from storage.lane_outcome import Done, Outcome, Poison, Retry
from storage.lanes import Queue
from storage.sync_health import figures_seen, held_by_error, passed_since, waiting_in
from storage.sync_minutes import KEPT
from sync.handlers import Batch, Within
from sync.health import Health
from sync.worker import Worker
from tests.storage.lane_work import BROKEN, ONE, OTHER, START, Test, Work, runner
from tests.sync.lane_workers import BRISK

On = Callable[[Test], None]


@pytest.fixture
def on(database_url: str, owner_url: str, superuser_url: str) -> On:
    return runner(database_url, owner_url, superuser_url)


def passage(fate: Fate = Fate.DONE, seconds: float = 3, **more: Any) -> Passage:
    return Passage(
        direction=SyncDirection.FROM_CLM, object="Contract", fate=fate,
        since=START - timedelta(seconds=seconds), **more,
    )  # fmt: skip


async def kept(work: Work, org: Any = ONE) -> list[dict[str, Any]]:
    rows = await work.superuser.fetch("SELECT * FROM sync_minute WHERE org_id = $1 ORDER BY minute", org)
    return [dict(row) for row in rows]


def test_what_is_counted_is_kept_however_often_that_is_said(on: On) -> None:
    async def run(work: Work) -> None:
        health = Health()
        health.note(ONE, [passage(accepted=2, conflicts=1), passage(Fate.PUT_OFF)], START)
        for _ in range(3):
            await health.keep(work.database, START)
        health.note(ONE, [passage(refused=4), passage(Fate.HELD)], START + timedelta(seconds=30))
        await health.keep(work.database, START)
        [row] = await kept(work)
        assert [row[name] for name in ("done", "put_off", "held")] == [2, 1, 1]
        assert [row[name] for name in ("accepted", "refused", "conflicts")] == [2, 4, 1]
        assert sum(row["latencies"]) == 2, "how long it took is told of what went across"

    on(run)


def test_minutes_orgs_and_workers_are_counted_apart_and_summed_by_the_reader(on: On) -> None:
    async def run(work: Work) -> None:
        one, other = Health(), Health()
        for minutes in range(3):
            one.note(ONE, [passage()], START + timedelta(minutes=minutes))
        other.note(ONE, [passage()] * 5, START)
        other.note(OTHER, [passage()], START)
        for each in (one, other):
            await each.keep(work.database, START + timedelta(minutes=2))
        assert [row["done"] for row in await kept(work, OTHER)] == [1]
        assert sorted(row["done"] for row in await kept(work)) == [1, 1, 1, 5]
        async with work.database.transaction(ONE) as connection:
            [told] = await passed_since(connection, ONE, START + timedelta(minutes=1))
            assert told.done == 2
            [told] = await passed_since(connection, ONE, START)
        assert (told.done, sum(told.latencies)) == (8, 8)

    on(run)


def test_what_the_database_did_not_take_is_kept_when_it_is_back(on: On) -> None:
    async def run(work: Work) -> None:
        health = Health()
        health.note(ONE, [passage()], START)
        health.note_figures(ONE, [Figure(name=FigureName.LIMIT_LEFT, count=7)], START)
        async with work.superuser.transaction():
            await work.superuser.execute("LOCK TABLE sync_minute")
            await health.keep(work.database, START)
        assert await kept(work) == []
        health.note(ONE, [passage()], START + timedelta(seconds=1))
        await health.keep(work.database, START + timedelta(minutes=9))
        [row] = await kept(work)
        assert row["done"] == 2
        async with work.database.transaction(ONE) as connection:
            [(figure, at)] = await figures_seen(connection, ONE)
        assert (figure.count, at) == (7, START)

    on(run)


def test_of_two_workers_the_later_sight_of_the_other_side_stays(on: On) -> None:
    async def run(work: Work) -> None:
        for count, seconds in ((5, 10), (9, 0)):
            health = Health()
            health.note_figures(
                ONE, [Figure(name=FigureName.LIMIT_LEFT, count=count)], START + timedelta(seconds=seconds)
            )
            await health.keep(work.database, START)
        async with work.database.transaction(ONE) as connection:
            [(figure, _)] = await figures_seen(connection, ONE)
        assert figure.count == 5

    on(run)


def test_old_minutes_go(on: On) -> None:
    async def run(work: Work) -> None:
        health = Health()
        health.note(ONE, [passage()], START)
        await health.keep(work.database, START)
        later = START + KEPT + timedelta(minutes=2)
        health.note(ONE, [passage()], later)
        await health.keep(work.database, later)
        assert [row["minute"] for row in await kept(work)] == [later]

    on(run)


def test_a_worker_counts_what_became_of_its_messages_and_keeps_it_at_its_end(on: On) -> None:
    async def run(work: Work) -> None:
        async def handle(_: asyncpg.Connection, batch: Batch) -> Sequence[Outcome]:
            fates: dict[str, Outcome] = {"bad": Poison(BROKEN), "later": Retry(BROKEN)}
            return [fates.get(each.payload, Done()) for each in batch.messages]

        await work.enqueue("fine", "bad", "fine")
        await work.enqueue("later", key="b")
        clock = START
        worker = Worker(work.database, {Queue.INBOX: Within(handle)}, pace=BRISK, clock=lambda: clock)
        await worker.run(once=True)
        [row] = await kept(work)
        assert (row["direction"], row["object"], row["put_off"], row["held"]) == (
            "FROM_CLM",
            "Contract",
            1,
            1,
        )
        async with work.database.transaction(ONE) as connection:
            [waiting] = await waiting_in(connection, ONE, ["inbox", "outbox"])
            [held] = await held_by_error(connection, ONE)
        assert (waiting.queue, waiting.waiting, waiting.lanes, waiting.since) == ("inbox", 1, 1, START)
        assert (held.queue, held.error, held.count) == ("inbox", BROKEN.kind, 1)

    on(run)


def test_what_is_tried_too_often_counts_as_held(on: On) -> None:
    async def run(work: Work) -> None:
        async def handle(_: asyncpg.Connection, batch: Batch) -> Sequence[Outcome]:
            return [Retry(BROKEN)] * len(batch.messages)

        await work.enqueue("never")
        now = START
        worker = Worker(work.database, {Queue.INBOX: Within(handle)}, pace=BRISK, clock=lambda: now)
        for _ in range(BRISK.patience.attempts):
            await worker.run(once=True)
            now += timedelta(seconds=5)
        [row] = await kept(work)
        assert (row["put_off"], row["held"]) == (2, 1)

    on(run)
