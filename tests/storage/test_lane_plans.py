"""How lanes are found: by the index and nothing else, however many are at rest and however long one is."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from storage import lanes, leases
from storage.lanes import Queue
from tests.storage.lane_work import LEASE, ONE, Test, Work, runner

On = Callable[[Test], None]

AT_REST, DUE, HOT = 100_000, 300, 20_000
LANE = "INSERT INTO lane (org_id, id, queue, key, last_seq, pending, next_at, attempts, alone, taken)"
MESSAGE = "INSERT INTO lane_message (org_id, id, lane_id, seq, payload, correlation, enqueued_at)"
FILL = f"""
    {LANE} SELECT '{ONE}', md5('rest ' || n)::uuid, 'inbox', 'rest ' || n, 1, 0, 'infinity', 0, 0, 0
             FROM generate_series(1, {AT_REST}) AS n;
    {LANE} SELECT '{ONE}', md5('due ' || n)::uuid, 'inbox', 'due ' || n, 1, 1, '2026-01-01', 0, 0, 0
             FROM generate_series(1, {DUE}) AS n;
    {MESSAGE} SELECT '{ONE}', md5('due ' || n)::uuid, md5('due ' || n)::uuid, 1, '', '', now()
                FROM generate_series(1, {DUE}) AS n;
    {LANE} VALUES ('{ONE}', md5('hot')::uuid, 'inbox', 'hot', {HOT}, {HOT}, '2025-01-01', 0, 0, 0);
    {MESSAGE} SELECT '{ONE}', gen_random_uuid(), md5('hot')::uuid, n, '', '', now()
                FROM generate_series(1, {HOT}) AS n"""


@pytest.fixture(params=["ANALYZE lane, lane_message", "SELECT"], ids=["with statistics", "without"])
def filled(request: pytest.FixtureRequest, database_url: str, owner_url: str, superuser_url: str) -> On:
    on = runner(database_url, owner_url, superuser_url)

    def run(test: Test) -> None:
        async def inside(work: Work) -> None:
            await work.superuser.execute(FILL)
            await work.superuser.execute(request.param)
            await test(work)

        on(inside)

    return run


async def _plan(connection: Any, statement: str, *values: object) -> Any:
    """The plan that the pool's connections make: for any values, before these are known."""
    await connection.execute(f"PREPARE asked AS {statement}")
    given = ", ".join(map(_literal, values))
    text = await connection.fetchval(f"EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE asked ({given})")
    return json.loads(text)[0]["Plan"]


def _literal(value: object) -> str:
    if isinstance(value, list):
        return f"'{{{','.join(map(str, value))}}}'"
    return "NULL" if value is None else f"'{value}'"


def _nodes(plan: Any) -> Iterator[Any]:
    yield plan
    for each in plan.get("Plans", ()):
        yield from _nodes(each)


def _read(plan: Any) -> int:
    """Rows that were looked at, wanted or not."""
    return sum(
        int(node["Actual Rows"] * node["Actual Loops"]) + node.get("Rows Removed by Filter", 0)
        for node in _nodes(plan)
        if "Scan" in node["Node Type"] and "Relation Name" in node
    )


def _indexes(plan: Any) -> set[str]:
    assert not [node for node in _nodes(plan) if node["Node Type"] == "Seq Scan"]
    return {node["Index Name"] for node in _nodes(plan) if "Index Name" in node}


def test_ten_lanes_are_claimed_by_reading_ten(filled: On) -> None:
    async def run(work: Work) -> None:
        async with work.database.claiming(Queue.INBOX) as connection:
            statement = lanes._CLAIM.format(lanes=10, messages=20)
            plan = await _plan(connection, statement, Queue.INBOX, work.now, work.now + LEASE, ONE)
        assert _indexes(plan) == {"ix_lane_due", "pk_lane"}
        assert _read(plan) == 20  # each once where it is due, and once where it is

    filled(run)


def test_a_hot_key_is_one_lane_of_which_a_batch_is_read(filled: On) -> None:
    async def run(work: Work) -> None:
        (hot,) = await work.claim(lanes=1, messages=20)
        assert hot.key == "hot"
        async with work.database.transaction(ONE) as connection:
            statement = leases._TAKE.format(messages=20)
            plan = await _plan(connection, statement, ONE, [hot.lane_id], [hot.id])
            assert _indexes(plan) == {"pk_lane", "uq_lane_message_org_id_lane_id_seq"}
            assert _read(plan) <= 40
        taken = await work.take(hot)
        assert [each.seq for each in taken] == list(range(1, 21))

    filled(run)


def test_a_batch_of_a_hot_key_is_finished_without_looking_at_the_rest(filled: On) -> None:
    async def run(work: Work) -> None:
        (hot,) = await work.claim(lanes=1, messages=20)
        gone = [each.seq for each in await work.take(hot)]
        async with work.database.transaction(ONE) as connection:
            plan = await _plan(
                connection, leases._FINISH, ONE, work.now, [hot.lane_id], [hot.id], [20], [0], ["NULL"],
                [work.now], [20], [hot.lane_id] * 20, gone, [], [], [], [],
            )  # fmt: skip
        assert _indexes(plan) == {"pk_lane", "uq_lane_message_org_id_lane_id_seq"}
        assert _read(plan) <= 42

    filled(run)


def test_the_backlog_reads_no_lane_at_rest(filled: On) -> None:
    async def run(work: Work) -> None:
        async with work.database.claiming(Queue.INBOX) as connection:
            plan = await _plan(connection, lanes._BACKLOG, Queue.INBOX, work.now)
        indexes = {node["Index Name"] for node in _nodes(plan) if "Index Name" in node}
        assert indexes == {"ix_lane_due"}
        assert _read(plan) <= 2 * (DUE + 1)

    filled(run)
