"""What a worker reaches in other orgs, and what it does not."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import asyncpg
import pytest

from storage.lanes import Fenced, Queue
from storage.leases import take
from storage.tenancy import bind_queue
from tests.storage.lane_work import ONE, OTHER, Test, Work, runner

On = Callable[[Test], None]


@pytest.fixture
def on(database_url: str, owner_url: str, superuser_url: str) -> On:
    return runner(database_url, owner_url, superuser_url)


async def _fill(work: Work) -> None:
    for org in (ONE, OTHER):
        for queue in Queue:
            await work.enqueue("secret", org=org, queue=queue)


def test_a_worker_sees_and_takes_the_lanes_of_its_queue_in_every_org(on: On) -> None:
    async def run(work: Work) -> None:
        await _fill(work)
        async with work.database.claiming(Queue.INBOX) as connection:
            seen = await connection.fetch("SELECT org_id, queue FROM lane")
            taken = await connection.execute("UPDATE lane SET attempts = 7")
        assert {tuple(row) for row in seen} == {(ONE, "inbox"), (OTHER, "inbox")}
        assert taken == "UPDATE 2"
        counted = await work.superuser.fetch("SELECT queue, attempts FROM lane")
        assert {tuple(row) for row in counted} == {(each, 7 if each is Queue.INBOX else 0) for each in Queue}

    on(run)


@pytest.mark.parametrize("table", ["lane_message", "quarantined_message", "contract", "audit_event", "org"])
def test_a_worker_that_claims_reads_nothing_else_of_any_org(on: On, table: str) -> None:
    async def run(work: Work) -> None:
        await _fill(work)
        assert await work.superuser.fetchval("SELECT count(*) FROM lane_message") == 2 * len(Queue)
        async with work.database.claiming(Queue.INBOX) as connection:
            assert await connection.fetchval(f"SELECT count(*) FROM {table}") == 0

    on(run)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE lane SET queue = 'outbox'",
        "INSERT INTO lane SELECT org_id, gen_random_uuid(), queue, 'b' FROM lane",
        "INSERT INTO lane_message SELECT org_id, id, id, 1, '', '', now() FROM lane",
    ],
)
def test_a_worker_that_claims_makes_nothing_and_moves_nothing(on: On, statement: str) -> None:
    async def run(work: Work) -> None:
        await _fill(work)
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security policy"):
            async with work.database.claiming(Queue.INBOX) as connection:
                await connection.execute(statement)

    on(run)


def test_a_worker_that_claims_ends_no_lane(on: On) -> None:
    async def run(work: Work) -> None:
        await _fill(work)
        async with work.database.claiming(Queue.INBOX) as connection:
            assert await connection.execute("DELETE FROM lane") == "DELETE 0"

    on(run)


@pytest.mark.parametrize("queue", ["", "inbo", "inbox,outbox", "%", "inbox' OR true --"])
def test_what_is_no_queue_s_name_shows_no_lane(on: On, queue: str) -> None:
    async def run(work: Work) -> None:
        await _fill(work)
        async with work.database.claiming(queue) as connection:
            assert await connection.fetchval("SELECT count(*) FROM lane") == 0

    on(run)


def test_what_one_transaction_claimed_for_the_next_one_no_longer_sees(on: On) -> None:
    async def run(work: Work) -> None:
        await _fill(work)
        with suppress(asyncpg.DivisionByZeroError):
            async with work.database.claiming(Queue.INBOX) as connection:
                await connection.execute("SELECT 1 / 0")
        await work.claim()
        for _ in range(4):
            assert await work.database.read("SELECT count(*) FROM lane", ()) == 0
            async with work.database.transaction(ONE) as connection:
                assert await connection.fetchval("SELECT count(*) FROM lane") == len(Queue)

    on(run)


def test_messages_are_read_in_their_org_by_the_lease_alone(on: On) -> None:
    async def run(work: Work) -> None:
        await _fill(work)
        ours, theirs = sorted(await work.claim(), key=lambda lease: lease.org_id)
        assert [each.payload for each in await work.take(ours)] == ["secret"]
        assert [each.payload for each in await work.take(theirs)] == ["secret"]
        async with work.database.transaction(ONE) as connection:
            with pytest.raises(Fenced):
                await take(connection, theirs)

    on(run)


def test_a_queue_is_bound_inside_a_transaction_only(on: On, database_url: str) -> None:
    async def run(_: Work) -> None:
        connection = await asyncpg.connect(database_url)
        try:
            with pytest.raises(RuntimeError, match="inside a transaction only"):
                await bind_queue(connection, Queue.INBOX)
        finally:
            await connection.close()

    on(run)
