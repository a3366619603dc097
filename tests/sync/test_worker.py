from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from random import Random

import asyncpg
import pytest

from storage.lane_bell import Bell
from storage.lane_outcome import Done, Fault, Outcome, Patience, Poison, Retry
from storage.lanes import Message, Queue, enqueue
from sync import turn
from sync.handlers import Apart, Batch, Handler, Within
from tests.storage.connections import kill_all
from tests.storage.lane_work import BROKEN, ONE, OTHER, Test, Work
from tests.sync.lane_workers import BRISK, Gate, note, noted, running, until_empty, with_notebook, worker

On = Callable[[Test], None]


@pytest.fixture
def on(database_url: str, owner_url: str, superuser_url: str) -> On:
    return with_notebook((database_url, owner_url, superuser_url))


async def quarantined(work: Work) -> list[tuple[str, str, int]]:
    rows = await work.superuser.fetch("SELECT payload, error, attempts FROM quarantined_message ORDER BY id")
    return [tuple(row) for row in rows]


def test_what_is_due_is_done_in_order_and_then_a_single_run_ends(on: On) -> None:
    async def run(work: Work) -> None:
        await work.enqueue(*"1234567")
        await work.enqueue(*"12", key="b")
        await work.enqueue("3", key="b", org=OTHER)
        one = worker(work)
        await one.run(once=True)
        done = await noted(work)
        assert done["a"] == list("1234567")
        assert sorted(done["b"]) == list("123")
        assert (one.counters.processed, one.counters.retried, one.counters.fenced) == (10, 0, 0)
        backlog = await one.backlog()
        assert (backlog[Queue.INBOX].waiting, backlog[Queue.INBOX].since) == (0, None)

    on(run)


def test_a_queue_without_a_handler_is_left_alone(on: On) -> None:
    async def run(work: Work) -> None:
        await work.enqueue("1", queue=Queue.OUTBOX)
        await worker(work).run(once=True)
        assert await work.payloads() == ["1"]

    on(run)


def test_no_more_lanes_than_allowed_are_worked_on_at_once(on: On) -> None:
    async def run(work: Work) -> None:
        for key in "abcdefgh":
            await work.enqueue("1", key=key)
        gate = Gate()
        async with running(worker(work, {Queue.INBOX: Apart(gate)})):
            await gate.reached.wait()
            await asyncio.sleep(0.3)
            assert len(gate.waiting) == BRISK.lanes
            gate.open.set()
            await until_empty(work)
        assert sorted(gate.waiting) == list("abcdefgh")

    on(run)


def test_a_table_that_is_yet_to_come_is_waited_for_and_costs_no_attempt(
    on: On, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run(work: Work) -> None:
        await work.superuser.execute("ALTER TABLE noted RENAME TO to_come")
        await work.enqueue("1", "2")
        one = worker(work)
        async with running(one), asyncio.timeout(20):
            while one.counters.retried <= BRISK.patience.attempts + 2:  # noqa: ASYNC110 - counters tell nobody
                await asyncio.sleep(0.02)
            await work.superuser.execute("ALTER TABLE to_come RENAME TO noted")
            await until_empty(work)
        assert await noted(work) == {"a": ["1", "2"]}
        assert await quarantined(work) == []

    monkeypatch.setattr(turn, "TABLES_COME", timedelta(milliseconds=20))
    on(run)


def test_what_is_to_be_tried_again_is_logged_with_its_correlation(
    on: On, caplog: pytest.LogCaptureFixture
) -> None:
    async def run(work: Work) -> None:
        async def handle(batch: Batch) -> Sequence[Outcome]:
            return [Retry(BROKEN) if each.payload == "2" else Done() for each in batch.messages]

        await work.enqueue("1", "2", "3")
        one = worker(work, {Queue.INBOX: Apart(handle)})
        async with running(one), asyncio.timeout(20):
            while one.counters.retried < 1:  # noqa: ASYNC110 - counters tell nobody
                await asyncio.sleep(0.02)

    caplog.set_level(logging.INFO)
    on(run)
    lines = [each.getMessage() for each in caplog.records if "to be tried again" in each.getMessage()]
    assert "correlation about 2, attempt 1" in lines[0]


def test_a_lane_that_hangs_or_fails_holds_up_no_other(on: On) -> None:
    async def run(work: Work) -> None:
        gate = Gate()

        async def handle(batch: Batch) -> Sequence[Outcome]:
            if batch.key == "failing":
                return [Retry(BROKEN)]
            return await gate(batch) if batch.key == "hanging" else [Done()] * len(batch.messages)

        await work.enqueue("1", key="hanging")
        await work.enqueue("1", "2", key="failing")
        one = worker(work, {Queue.INBOX: Apart(handle)}, pace=replace(BRISK, lanes=2))
        async with running(one):
            await gate.reached.wait()
            for number in range(20):
                await work.enqueue("1", key=f"other {number}")
            async with asyncio.timeout(20):
                while one.counters.processed < 20:  # noqa: ASYNC110 - counters tell nobody
                    await asyncio.sleep(0.02)
            gate.open.set()
        assert one.counters.retried > 0

    on(run)


def test_told_to_stop_it_finishes_what_it_began_and_begins_nothing_more(on: On) -> None:
    async def run(work: Work) -> None:
        await work.enqueue("1", key="a")
        gate = Gate()
        one = worker(work, {Queue.INBOX: Apart(gate)})
        task = asyncio.create_task(one.run())
        await gate.reached.wait()
        one.stop()
        await work.enqueue("1", key="b")
        await asyncio.sleep(0.2)
        assert not task.done()
        gate.open.set()
        await task
        assert (gate.waiting, one.counters.processed) == (["a"], 1)
        assert await work.payloads("b") == ["1"]

    on(run)


def test_told_twice_it_gives_back_what_it_began_and_nobody_has_to_wait_for_it(on: On) -> None:
    async def run(work: Work) -> None:
        await work.enqueue("1", "2")
        gate = Gate()
        one = worker(work, {Queue.INBOX: Apart(gate)})
        task = asyncio.create_task(one.run())
        await gate.reached.wait()
        one.stop()
        one.stop()
        await task
        work.now = datetime.now(UTC)
        lease, taken = await work.one()
        assert (lease.attempts, len(taken)) == (1, 2)

    on(run)


def test_an_error_in_a_batch_is_found_by_trying_each_message_alone(
    on: On, caplog: pytest.LogCaptureFixture
) -> None:
    async def handle(connection: asyncpg.Connection, batch: Batch) -> Sequence[Outcome]:
        done = await note(connection, batch)
        if "bad" in [each.payload for each in batch.messages]:
            await connection.execute("SELECT 'a secret'::int")
        return done

    async def run(work: Work) -> None:
        await work.enqueue("1", "2", "bad", "3", "4")
        one = worker(work, {Queue.INBOX: Within(handle)})
        async with running(one):
            await until_empty(work)
        assert await noted(work) == {"a": ["1", "2", "3", "4"]}
        assert await quarantined(work) == [("bad", "InvalidTextRepresentationError", 3)]
        assert (one.counters.processed, one.counters.quarantined) == (4, 1)

    caplog.set_level(logging.INFO)
    on(run)
    assert "secret" not in caplog.text
    assert "correlation about bad: InvalidTextRepresentationError" in caplog.text


@pytest.mark.parametrize("error", [OSError("refused"), asyncpg.InterfaceError("x"), ValueError("x"), None])
@pytest.mark.parametrize("inside", [True, False])
def test_whatever_a_handler_raises_is_tried_so_often_and_no_more(
    on: On,
    error: Exception | None,
    inside: bool,  # noqa: FBT001 - a case
) -> None:
    calls = []

    def fail(batch: Batch) -> Sequence[Outcome]:
        calls.append(batch.attempts)
        if error is not None:
            raise error
        return []  # which says nothing of its messages

    async def within(_: asyncpg.Connection, batch: Batch) -> Sequence[Outcome]:
        return fail(batch)

    async def apart(batch: Batch) -> Sequence[Outcome]:
        return fail(batch)

    handler: Handler = Within(within) if inside else Apart(apart)

    async def run(work: Work) -> None:
        await work.enqueue("1")
        async with running(worker(work, {Queue.INBOX: handler}, pace=replace(BRISK, messages=1))):
            await until_empty(work)
        assert calls == [1, 2, 3]
        assert [each[2] for each in await quarantined(work)] == [3]

    on(run)


def test_a_handler_that_takes_too_long_is_stopped_before_its_lease_ends(on: On) -> None:
    async def handle(_: Batch) -> Sequence[Outcome]:
        await asyncio.sleep(60)
        return [Done()]

    async def run(work: Work) -> None:
        await work.enqueue("1")
        brief = replace(BRISK, lease=timedelta(seconds=0.4), messages=1, patience=Patience(attempts=1))
        async with running(worker(work, {Queue.INBOX: Apart(handle)}, pace=brief)):
            await until_empty(work)
        assert await quarantined(work) == [("1", "TimedOut", 1)]

    on(run)


def test_a_message_over_which_workers_are_lost_is_quarantined_without_being_tried_again(on: On) -> None:
    async def run(work: Work) -> None:
        await work.enqueue("deadly", "2")
        for _ in range(BRISK.patience.attempts):
            assert len(await work.claim()) == 1
            work.later(seconds=61)
        work.now = datetime.now(UTC)
        await work.superuser.execute("UPDATE lane SET next_at = now()")  # the last lease has ended, too
        await worker(work).run(once=True)
        assert await noted(work) == {"a": ["2"]}
        assert await quarantined(work) == [("deadly", "WorkerLost", 4)]

    on(run)


def test_work_elsewhere_is_settled_in_the_transaction_that_finishes_it(on: On) -> None:
    settled = []

    async def handle(batch: Batch) -> Sequence[Outcome]:
        return [Done(), Poison(BROKEN), Retry(Fault("Later", ""))][: len(batch.messages)]

    async def settle(connection: asyncpg.Connection, batch: Batch, outcomes: Sequence[Outcome]) -> None:
        settled.append(len(outcomes))
        await note(connection, batch)

    async def run(work: Work) -> None:
        await work.enqueue("1", "2")
        await worker(work, {Queue.INBOX: Apart(handle, settle)}).run(once=True)
        assert await noted(work) == {"a": ["1", "2"]}
        assert settled == [2]
        assert await quarantined(work) == [("2", BROKEN.kind, 1)]

    on(run)


def test_what_a_fenced_worker_did_in_the_database_is_undone(on: On) -> None:
    async def run(work: Work) -> None:
        async def handle(connection: asyncpg.Connection, batch: Batch) -> Sequence[Outcome]:
            done = await note(connection, batch)
            if batch.messages[0].payload == "1" and batch.attempts == 1:
                await work.superuser.execute("UPDATE lane SET next_at = '2026-01-01'")
                assert len(await work.claim()) == 1  # another worker, whose clock is ahead
            return done

        await work.enqueue("1")
        one = worker(work, {Queue.INBOX: Within(handle)})
        await one.run(once=True)
        assert one.counters.fenced == 1
        assert await noted(work) == {}
        await work.superuser.execute("UPDATE lane SET next_at = '2026-01-01'")
        await one.run(once=True)
        assert await noted(work) == {"a": ["1"]}

    on(run)


def test_one_queue_s_work_fills_the_next_and_wakes_who_works_on_it(on: On, database_url: str) -> None:
    async def forward(connection: asyncpg.Connection, batch: Batch) -> Sequence[Outcome]:
        onward = [
            Message(key=each.payload, payload=each.payload, correlation=each.correlation)
            for each in batch.messages
        ]
        await enqueue(connection, batch.org_id, Queue.OUTBOX, onward, datetime.now(UTC))
        return [Done()] * len(onward)

    async def run(work: Work) -> None:
        handlers = {Queue.INBOX: Within(forward), Queue.OUTBOX: Within(note)}
        async with running(worker(work, handlers, url=database_url)):
            await work.enqueue(*"123")
            await until_empty(work)
        assert await noted(work) == {"1": ["1"], "2": ["2"], "3": ["3"]}

    on(run)


def test_a_ring_wakes_a_worker_that_would_not_look_for_a_while(
    on: On, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run(work: Work) -> None:
        bell = Bell(work.database)
        async with running(worker(work, url=database_url)):
            await listening(work)
            await asyncio.sleep(0.2)
            await work.enqueue("1")
            bell.ring([Queue.OUTBOX])
            await bell.close()
            await asyncio.sleep(0.2)
            assert await work.payloads() == ["1"]  # that was not for it
            for _ in range(100):
                bell.ring([Queue.INBOX])
            await until_empty(work)
        await bell.close()

    monkeypatch.setattr("sync.worker.SHORTEST_POLL", 600.0)
    monkeypatch.setattr("sync.worker.LONGEST_POLL", 600.0)
    on(run)


async def listening(work: Work) -> None:
    while not await work.superuser.fetchval(  # noqa: ASYNC110 - PostgreSQL tells nobody
        "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = current_database()"
    ):
        await asyncio.sleep(0.01)


def test_after_every_connection_was_killed_it_works_on(on: On, database_url: str) -> None:
    async def run(work: Work) -> None:
        one = worker(work, url=database_url)
        async with running(one):
            for number in range(5):
                given = [
                    Message(key=key, payload=f"{number}{n}", correlation="c")
                    for n in range(5)
                    for key in "ab"
                ]
                async with work.superuser.transaction():  # whose connection is left alone
                    await enqueue(work.superuser, ONE, Queue.INBOX, given, work.now)
                await asyncio.sleep(0.02)
                await kill_all(work.superuser)
            await until_empty(work)
        in_order = [f"{number}{n}" for number in range(5) for n in range(5)]
        assert await noted(work) == {"a": in_order, "b": in_order}
        assert await quarantined(work) == []

    on(run)


@dataclass
class Mishaps:
    """A handler that is slow, fails and finds poison by chance, and a worker that is lost now and then."""

    chance: Random = field(default_factory=lambda: Random(6))

    async def handle(self, connection: asyncpg.Connection, batch: Batch) -> Sequence[Outcome]:
        outcomes: list[Outcome] = []
        if self.chance.random() < 0.02:
            await asyncio.sleep(1)  # which may be longer than its lease
        for each in batch.messages:
            if each.payload.endswith("poison"):
                outcomes.append(Poison(BROKEN))
                continue
            if self.chance.random() < 0.03:
                return [*outcomes, Retry(BROKEN)]
            await note(connection, replace(batch, messages=[each]))
            outcomes.append(Done())
        if self.chance.random() < 0.02:
            raise ValueError("a fault of ours")
        return outcomes

    async def enqueue(self, work: Work, key: str) -> list[str]:
        payloads = [f"{n:04}{' poison' if self.chance.random() < 0.02 else ''}" for n in range(50)]
        for payload in payloads:
            await work.enqueue(payload, key=key)
        return payloads

    async def lose_workers(self, work: Work) -> list[str]:
        for _ in range(15):
            await asyncio.sleep(0.05)
            async with work.database.claiming(Queue.INBOX) as connection:
                await connection.execute(
                    "UPDATE lane SET lease = gen_random_uuid(), next_at = now() + interval '0.3 s'"
                    " WHERE id = (SELECT id FROM lane WHERE pending > 0 LIMIT 1 FOR UPDATE SKIP LOCKED)"
                )
        return []


@pytest.mark.parametrize("at_once", [1, 3])
def test_several_workers_keep_the_order_of_every_key_and_lose_and_double_nothing(
    on: On, database_url: str, at_once: int
) -> None:
    async def together(
        connection: asyncpg.Connection, batches: Sequence[Batch]
    ) -> Sequence[Sequence[Outcome]]:
        return [await mishaps.handle(connection, each) for each in batches]

    mishaps, keys = Mishaps(), [f"key {n}" for n in range(12)]
    patience = Patience(attempts=50, first=timedelta(milliseconds=5), longest=timedelta(milliseconds=20))
    pace = replace(BRISK, lease=timedelta(seconds=0.8), patience=patience, together=at_once)
    handlers = {Queue.INBOX: Within(mishaps.handle, together)}

    async def run(work: Work) -> None:
        workers = [worker(work, handlers, pace=pace, url=database_url) for _ in range(4)]
        async with running(*workers):
            came = await asyncio.gather(
                *(mishaps.enqueue(work, key) for key in keys), mishaps.lose_workers(work)
            )
            await until_empty(work, 150)
        good = [[each for each in payloads if "poison" not in each] for payloads in came]
        assert await noted(work) == dict(zip(keys, good, strict=False))
        poison = sorted(each for payloads in came for each in payloads if "poison" in each)
        assert sorted(each[0] for each in await quarantined(work)) == poison
        assert sum(each.counters.processed for each in workers) == sum(map(len, good))

    on(run)


def test_a_database_that_is_gone_is_waited_for(on: On) -> None:
    async def run(work: Work) -> None:
        one = worker(work)
        await work.superuser.execute("ALTER ROLE contract_graph_rw CONNECTION LIMIT 0")
        try:
            async with running(one):
                await kill_all(work.superuser)
                await asyncio.sleep(0.5)
                await work.superuser.execute("ALTER ROLE contract_graph_rw CONNECTION LIMIT -1")
                await work.enqueue("1", key="b")
                await until_empty(work)
        finally:
            await work.superuser.execute("ALTER ROLE contract_graph_rw CONNECTION LIMIT -1")
        assert await noted(work) == {"b": ["1"]}

    on(run)
