from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import asyncpg
import pytest

from storage.lane_outcome import Done, Fault, Poison, Retry
from storage.lanes import Fenced, Message, Queue, backlog, enqueue
from storage.leases import finish, release
from tests.storage.lane_work import BROKEN, LEASE, ONE, OTHER, PATIENCE, START, Test, Work, runner

On = Callable[[Test], None]


@pytest.fixture
def on(database_url: str, owner_url: str, superuser_url: str) -> On:
    return runner(database_url, owner_url, superuser_url)


def message(payload: str, coalesce: str | None = None, key: str = "a") -> Message:
    return Message(key=key, payload=payload, correlation=f"about {payload}", coalesce=coalesce)


def test_messages_of_a_key_are_taken_in_the_order_in_which_they_came(on: On) -> None:
    async def run(work: Work) -> None:
        await work.enqueue("1", "2")
        await work.enqueue("3")
        lease, taken = await work.one()
        assert [each.payload for each in taken] == ["1", "2", "3"]
        assert [each.correlation for each in taken] == ["about 1", "about 2", "about 3"]
        assert (lease.org_id, lease.key, lease.queue, lease.attempts) == (ONE, "a", Queue.INBOX, 1)
        done = await work.finish(lease, taken)
        assert (done.done, done.left, done.retry_at) == (3, 0, None)
        assert await work.payloads() == []
        assert await work.claim() == []

    on(run)


def test_messages_of_many_keys_go_into_their_lanes_in_one_statement(on: On) -> None:
    async def run(work: Work) -> None:
        await work.enqueue("x1", key="x")
        await work.enqueue(*(message(f"{key}{n}", key=key) for n in (2, 3) for key in ("x", "y", "z")))
        assert await work.payloads("x") == ["x1", "x2", "x3"]
        assert await work.payloads("y") == ["y2", "y3"]
        assert len(await work.claim()) == 3

    on(run)


def test_thousands_of_messages_keep_their_order_within_their_keys(on: On) -> None:
    async def run(work: Work) -> None:
        await work.enqueue(*(message(str(n), key=f"key {n % 7}") for n in range(2500)))
        for key in range(7):
            assert await work.payloads(f"key {key}") == [str(n) for n in range(2500) if n % 7 == key]

    on(run)


def test_what_was_not_committed_was_never_enqueued(on: On) -> None:
    async def run(work: Work) -> None:
        async def write(connection: asyncpg.Connection, org: UUID) -> None:
            await enqueue(connection, org, Queue.INBOX, [message("1")], work.now)
            await connection.execute("SELECT 1 / 0")

        with pytest.raises(asyncpg.DivisionByZeroError):
            await work.in_org(write)
        assert await work.payloads() == []
        assert await work.claim() == []
        await work.enqueue()
        assert await work.claim() == []

    on(run)


def test_a_leased_lane_is_nobody_else_s_and_others_are_not_held_up_by_it(on: On) -> None:
    async def run(work: Work) -> None:
        await work.enqueue("1", key="a")
        work.later(seconds=1)
        await work.enqueue("2", key="b")
        first = await work.claim(lanes=1)
        second = await work.claim(lanes=10)
        assert [each.key for each in (*first, *second)] == ["a", "b"]
        await work.enqueue("3", key="a")
        assert await work.claim() == []

    on(run)


def test_the_lane_that_waits_longest_is_first_and_a_lane_with_more_goes_behind_the_others(on: On) -> None:
    async def run(work: Work) -> None:
        await work.enqueue(*"123", key="hot")
        work.later(seconds=1)
        await work.enqueue("1", key="cold")
        work.later(seconds=1)
        lease, taken = await work.one(messages=2)
        assert (lease.key, len(taken)) == ("hot", 2)
        assert (await work.finish(lease, taken)).left == 1
        assert [each.key for each in await work.claim()] == ["cold", "hot"]

    on(run)


def test_queues_and_orgs_have_lanes_of_their_own(on: On) -> None:
    async def run(work: Work) -> None:
        await work.enqueue("1")
        await work.enqueue("2", queue=Queue.OUTBOX)
        await work.enqueue("3", org=OTHER)
        assert {each.org_id for each in await work.claim()} == {ONE, OTHER}
        (lease,) = await work.claim(queue=Queue.OUTBOX)
        assert [each.payload for each in await work.take(lease)] == ["2"]

    on(run)


def test_a_lease_that_ended_is_given_to_another_and_the_first_is_fenced_off(on: On) -> None:
    async def run(work: Work) -> None:
        await work.enqueue("1", "2")
        late, taken = await work.one()
        work.later(seconds=LEASE.total_seconds() - 1)
        assert await work.claim() == []
        work.later(seconds=1)
        new, again = await work.one()
        assert new.attempts == 2
        with pytest.raises(Fenced):
            await work.finish(late, taken)
        with pytest.raises(Fenced):
            await work.take(late)
        assert [each.payload for each in again] == ["1"]  # alone, since a worker was lost over the batch
        assert (await work.finish(new, again)).left == 1
        with pytest.raises(Fenced):
            await work.finish(new, again)

    on(run)


def test_a_lease_that_ended_and_that_nobody_took_may_still_be_finished(on: On) -> None:
    async def run(work: Work) -> None:
        await work.enqueue("1")
        lease, taken = await work.one()
        work.later(hours=1)
        assert (await work.finish(lease, taken)).left == 0

    on(run)


def test_after_a_lost_worker_messages_come_one_by_one_until_the_batch_is_past(on: On) -> None:
    async def run(work: Work) -> None:
        await work.enqueue(*"123456")
        await work.claim(messages=3)
        work.later(seconds=60)
        sizes = []
        while leases := await work.claim(messages=3):
            taken = await work.take(leases[0])
            sizes.append(len(taken))
            await work.finish(leases[0], taken)
        assert sizes == [1, 1, 1, 3]

    on(run)


def test_a_released_lane_is_due_again_and_no_attempt_is_counted(on: On) -> None:
    async def run(work: Work) -> None:
        await work.enqueue("1", "2")
        lease, _ = await work.one()
        await work.in_org(lambda connection, _: release(connection, lease, work.now))
        again, taken = await work.one()
        assert (again.attempts, len(taken)) == (1, 2)

    on(run)


def test_a_failed_message_is_tried_again_alone_after_a_rest_that_doubles(on: On) -> None:
    async def run(work: Work) -> None:
        await work.enqueue("1", "2", "3")
        lease, taken = await work.one()
        rested = await work.finish(lease, taken, Done(), Retry(BROKEN))
        assert rested.retry_at is not None
        assert timedelta(seconds=0.5) <= rested.retry_at - work.now <= timedelta(seconds=1)
        assert (rested.done, rested.left) == (1, 2)
        assert await work.claim() == []
        work.later(seconds=1)
        lease, taken = await work.one()
        assert ([each.payload for each in taken], lease.attempts) == (["2"], 2)
        rested = await work.finish(lease, taken, Retry(BROKEN))
        assert rested.retry_at is not None
        assert timedelta(seconds=1) <= rested.retry_at - work.now <= timedelta(seconds=2)
        reason = await work.superuser.fetchval("SELECT reason FROM lane")
        assert reason == "UNABLE_TO_LOCK_ROW: somebody else holds the record"

    on(run)


def test_too_many_attempts_quarantine_a_message_and_its_lane_goes_on(on: On) -> None:
    async def run(work: Work) -> None:
        await work.enqueue("1", "2")
        for _ in range(2):
            lease, taken = await work.one()
            assert (await work.finish(lease, taken, Retry(BROKEN))).quarantined == []
            work.later(hours=1)
        lease, taken = await work.one()
        ended = await work.finish(lease, taken, Retry(BROKEN))
        assert [(each.payload, fault) for each, fault in ended.quarantined] == [("1", BROKEN)]
        lease, taken = await work.one()
        assert ([each.payload for each in taken], lease.attempts) == (["2"], 1)
        row = await work.superuser.fetchrow("SELECT * FROM quarantined_message")
        assert (row["payload"], row["attempts"], row["error"]) == ("1", 3, BROKEN.kind)
        assert (row["message"], row["correlation"], row["state"]) == (BROKEN.message, "about 1", "HELD")
        assert (row["enqueued_at"], row["quarantined_at"]) == (START, work.now)

    on(run)


def test_waiting_for_a_limit_is_no_attempt(on: On) -> None:
    async def run(work: Work) -> None:
        await work.enqueue("1", "2")
        for _ in range(10):
            lease, taken = await work.one()
            until = work.now + timedelta(hours=5)
            assert (await work.finish(lease, taken, Retry(BROKEN, after=until))).retry_at == until
            work.now = until - timedelta(seconds=1)
            assert await work.claim() == []
            work.now = until
        lease, taken = await work.one()
        assert (lease.attempts, len(taken)) == (1, 2)

    on(run)


def test_what_is_only_due_again_has_failed_at_nothing_however_often_its_workers_were_lost(on: On) -> None:
    async def check(work: Work) -> None:
        await work.enqueue("for ever")
        for _ in range(4):
            await work.claim()
            work.later(minutes=2)
        lease, taken = await work.one()
        assert lease.attempts == 5
        await work.finish(lease, taken, Retry(BROKEN, work.now + timedelta(seconds=30), routine=True))
        work.later(minutes=1)
        lease, _ = await work.one()
        assert lease.attempts == 1

    on(check)


def test_a_limit_that_was_lifted_long_ago_brings_nothing_back_at_once(on: On) -> None:
    async def run(work: Work) -> None:
        await work.enqueue("1")
        lease, taken = await work.one()
        rested = await work.finish(lease, taken, Retry(BROKEN, after=START - timedelta(hours=1)))
        assert rested.retry_at is not None
        assert rested.retry_at >= work.now + PATIENCE.first / 2

    on(run)


def test_an_error_that_cannot_be_stored_as_it_is_is_stored_all_the_same(on: On) -> None:
    async def run(work: Work) -> None:
        await work.enqueue("1", "2")
        lease, taken = await work.one()
        odd = Fault("KIND\0", "\0\ud800" + "x" * 5000)
        await work.finish(lease, taken, Poison(odd), Retry(odd))
        row = await work.superuser.fetchrow("SELECT error, message FROM quarantined_message")
        assert (row["error"], row["message"]) == ("KIND?", "??" + "x" * 998)

    on(run)


def test_poison_in_the_middle_is_quarantined_at_once_and_what_follows_is_done(on: On) -> None:
    async def run(work: Work) -> None:
        await work.enqueue(*"1234")
        lease, taken = await work.one()
        ended = await work.finish(lease, taken, Done(), Poison(BROKEN), Done(), Retry(BROKEN))
        assert (ended.done, len(ended.quarantined), ended.left) == (2, 1, 1)
        assert await work.payloads() == ["4"]
        assert await work.superuser.fetchval("SELECT payload FROM quarantined_message") == "2"

    on(run)


def test_messages_that_no_outcome_speaks_of_stay(on: On) -> None:
    async def run(work: Work) -> None:
        await work.enqueue(*"123")
        lease, taken = await work.one()
        assert (await work.finish(lease, taken, Done())).left == 2
        assert await work.payloads() == ["2", "3"]
        lease, taken = await work.one()
        assert lease.attempts == 1

    on(run)


def test_a_finish_is_undone_with_the_transaction_that_it_is_in(on: On) -> None:
    async def run(work: Work) -> None:
        await work.enqueue("1")
        lease, taken = await work.one()

        async def end(connection: asyncpg.Connection, _: UUID) -> None:
            await finish(connection, lease, [(taken[0], Done())], work.now, PATIENCE)
            await connection.execute("SELECT 1 / 0")

        with pytest.raises(asyncpg.DivisionByZeroError):
            await work.in_org(end)
        assert await work.payloads() == ["1"]
        assert (await work.finish(lease, taken)).left == 0

    on(run)


def test_a_later_message_takes_the_place_of_the_last_one_of_its_name(on: On) -> None:
    async def run(work: Work) -> None:
        await work.enqueue(message("1", "write"))
        await work.enqueue(message("2", "write"))
        assert await work.payloads() == ["2"]
        # Beside others of its key a message joins only those.
        await work.enqueue(message("x"), message("3", "write"), message("4", "write"))
        assert await work.payloads() == ["2", "x", "4"]
        await work.enqueue(message("5", "write"))
        assert await work.payloads() == ["2", "x", "5"]
        lease, taken = await work.one()
        assert [each.correlation for each in taken] == ["about 2", "about x", "about 5"]
        assert (await work.finish(lease, taken)).left == 0
        await work.enqueue(message("6", "write"))
        assert await work.payloads() == ["6"]

    on(run)


@pytest.mark.parametrize("between", [message("x"), message("x", "other")])
def test_nothing_is_replaced_across_what_came_in_between(on: On, between: Message) -> None:
    async def run(work: Work) -> None:
        await work.enqueue(message("1", "write"))
        await work.enqueue(between)
        await work.enqueue(message("2", "write"))
        assert await work.payloads() == ["1", "x", "2"]

    on(run)


def test_what_a_worker_has_taken_is_not_replaced_and_what_came_since_is(on: On) -> None:
    async def run(work: Work) -> None:
        await work.enqueue(message("1", "write"))
        lease, taken = await work.one()
        await work.enqueue(message("2", "write"))
        await work.enqueue(message("3", "write"))
        assert await work.payloads() == ["1", "3"]
        assert (await work.finish(lease, taken)).left == 1
        assert await work.payloads() == ["3"]

    on(run)


def test_two_writers_of_one_key_at_once_lose_nothing(on: On) -> None:
    async def run(work: Work) -> None:
        await asyncio.gather(*(work.enqueue(message(str(n), "write" if n % 2 else None)) for n in range(40)))
        row = await work.superuser.fetchrow(
            "SELECT pending, last_seq, (SELECT count(*) FROM lane_message) AS there FROM lane"
        )
        assert row["pending"] == row["last_seq"] == row["there"]
        assert sum(int(each) % 2 == 0 for each in await work.payloads()) == 20

    on(run)


def test_the_backlog_of_every_org_is_counted(on: On) -> None:
    async def run(work: Work) -> None:
        await work.enqueue("1", "2", key="a")
        work.later(seconds=5)
        await work.enqueue("3", org=OTHER)
        async with work.database.claiming(Queue.INBOX) as connection:
            found = await backlog(connection, Queue.INBOX, work.now)
        assert (found.waiting, found.since) == (3, START)
        async with work.database.claiming(Queue.OUTBOX) as connection:
            found = await backlog(connection, Queue.OUTBOX, work.now)
        assert (found.waiting, found.since) == (0, None)

    on(run)
