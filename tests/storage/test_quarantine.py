from __future__ import annotations

from collections.abc import Callable, Sequence
from uuid import UUID

import asyncpg
import pytest

from domain.identity import uuid7
from storage.lane_outcome import Done, Poison, Retry
from storage.lanes import Message, Queue
from storage.quarantine import (
    Decision,
    Later,
    NotHeld,
    Quarantined,
    State,
    discard,
    find_quarantined,
    later_than,
    list_quarantined,
    replay,
)
from tests.storage.lane_work import BROKEN, ONE, OTHER, START, Test, Work, runner

On = Callable[[Test], None]


@pytest.fixture
def on(database_url: str, owner_url: str, superuser_url: str) -> On:
    return runner(database_url, owner_url, superuser_url)


def decided(work: Work) -> Decision:
    return Decision(by="Ada", because="the picklist has the value now", at=work.now)


async def poisoned(work: Work, *payloads: str) -> Quarantined:
    """A lane whose first message is quarantined; the rest wait."""
    await work.enqueue(*payloads)
    lease, taken = await work.one()
    await work.finish(lease, taken, Poison(BROKEN))
    (held,) = await listed(work)
    return held


async def listed(work: Work, org: UUID = ONE, states: Sequence[State] = (State.HELD,)) -> list[Quarantined]:
    async with work.database.transaction(org) as connection:
        return list(await list_quarantined(connection, org, states=states))


async def replayed(work: Work, id_: UUID, *, first: bool = False) -> UUID:
    async with work.database.transaction(ONE) as connection:
        return await replay(connection, ONE, id_, decided(work), first=first)


def test_a_quarantined_message_is_shown_with_why_and_what_came_after_it(on: On) -> None:
    async def run(work: Work) -> None:
        held = await poisoned(work, "1", "2", "3")
        lease, taken = await work.one(messages=1)
        await work.finish(lease, taken)
        assert (held.queue, held.key, held.payload, held.correlation) == (Queue.INBOX, "a", "1", "about 1")
        assert (held.error, held.message, held.attempts) == (BROKEN.kind, BROKEN.message, 1)
        assert (held.state, held.decided_by, held.quarantined_at) == (State.HELD, None, START)
        async with work.database.transaction(ONE) as connection:
            assert await find_quarantined(connection, ONE, held.id) == held
            assert await later_than(connection, ONE, held.id) == Later(came=2, waiting=1)
            for other in ({"queue": Queue.OUTBOX}, {"error": "OTHER"}, {"most": 0}):
                assert await list_quarantined(connection, ONE, **other) == []
            found = await list_quarantined(connection, ONE, queue=Queue.INBOX, error=BROKEN.kind)
            assert list(found) == [held]

    on(run)


def test_replayed_it_comes_after_all_that_waits(on: On) -> None:
    async def run(work: Work) -> None:
        held = await poisoned(work, "1", "2")
        new = await replayed(work, held.id)
        assert await work.payloads() == ["2", "1"]
        lease, taken = await work.one()
        assert [each.id for each in taken][1] == new != held.id
        assert taken[1].correlation == "about 1"
        await work.finish(lease, taken)
        (kept,) = await listed(work, states=[State.REPLAYED])
        assert (kept.decided_by, kept.decided_at, kept.replayed_as) == ("Ada", work.now, new)
        assert kept.decided_because == "the picklist has the value now"

    on(run)


def test_replayed_in_its_old_place_it_comes_before_all_that_waits(on: On) -> None:
    async def run(work: Work) -> None:
        held = await poisoned(work, "1", "2")
        await replayed(work, held.id, first=True)
        assert await work.payloads() == ["1", "2"]

    on(run)


def test_in_its_old_place_it_does_not_wait_for_the_rest_of_what_failed_since(on: On) -> None:
    async def run(work: Work) -> None:
        held = await poisoned(work, "1", "2")
        lease, taken = await work.one()
        await work.finish(lease, taken, Retry(BROKEN))
        assert await work.claim() == []
        await replayed(work, held.id, first=True)
        lease, taken = await work.one()
        assert ([each.payload for each in taken], lease.attempts) == (["1", "2"], 1)

    on(run)


def test_in_its_old_place_it_is_behind_what_a_worker_has_taken(on: On) -> None:
    async def run(work: Work) -> None:
        held = await poisoned(work, "1", "2")
        lease, taken = await work.one()
        await replayed(work, held.id, first=True)
        assert (await work.finish(lease, taken)).left == 1
        assert await work.payloads() == ["1"]
        lease, taken = await work.one()
        assert (await work.finish(lease, taken)).left == 0

    on(run)


@pytest.mark.parametrize("first", [False, True])
def test_into_a_lane_at_rest_it_comes_at_once(on: On, first: bool) -> None:  # noqa: FBT001 - a case
    async def run(work: Work) -> None:
        held = await poisoned(work, "1")
        assert await work.claim() == []
        await replayed(work, held.id, first=first)
        lease, taken = await work.one()
        assert [each.payload for each in taken] == ["1"]
        assert (await work.finish(lease, taken, Poison(BROKEN))).left == 0
        (again,) = await listed(work)
        assert again.id == taken[0].id != held.id

    on(run)


def test_a_replayed_message_replaces_nothing_and_is_not_replaced(on: On) -> None:
    async def run(work: Work) -> None:
        def write(payload: str) -> Message:
            return Message(key="a", payload=payload, correlation="c", coalesce="write")

        await work.enqueue(write("old"))
        lease, taken = await work.one()
        await work.enqueue(write("new"))
        await work.finish(lease, taken, Poison(BROKEN))
        (held,) = await listed(work)
        await replayed(work, held.id)
        await work.enqueue(write("newest"))
        assert await work.payloads() == ["new", "old", "newest"]

    on(run)


def test_a_discarded_message_is_kept_with_who_gave_it_up_and_why(on: On) -> None:
    async def run(work: Work) -> None:
        held = await poisoned(work, "1", "2")
        async with work.database.transaction(ONE) as connection:
            await discard(connection, ONE, held.id, decided(work))
        assert await listed(work) == []
        assert await work.payloads() == ["2"]
        (kept,) = await listed(work, states=[State.DISCARDED])
        assert (kept.id, kept.payload, kept.decided_by, kept.replayed_as) == (held.id, "1", "Ada", None)

    on(run)


@pytest.mark.parametrize("decide", [replay, discard])
def test_what_is_decided_once_is_not_decided_again(on: On, decide: Callable[..., object]) -> None:
    async def run(work: Work) -> None:
        held = await poisoned(work, "1")
        await replayed(work, held.id)
        for id_ in (held.id, uuid7()):
            with pytest.raises(NotHeld, match=f"No message {id_} is held"):
                await work.in_org(
                    lambda connection, org, id_=id_: decide(connection, org, id_, decided(work))
                )  # type: ignore[misc]
        assert await work.payloads() == ["1"]

    on(run)


def test_what_another_org_has_in_quarantine_is_neither_seen_nor_decided(on: On) -> None:
    async def run(work: Work) -> None:
        held = await poisoned(work, "1")
        assert await listed(work, OTHER) == []
        async with work.database.transaction(OTHER) as connection:
            for org in (ONE, OTHER):
                assert await list_quarantined(connection, org) == []
                with pytest.raises(NotHeld):
                    await find_quarantined(connection, org, held.id)
                with pytest.raises(NotHeld):
                    await discard(connection, org, held.id, decided(work))

    on(run)


@pytest.mark.parametrize(
    "change",
    [
        "state = 'REPLAYED'",
        "state = 'FORGOTTEN'",
        "decided_by = 'Ada'",
        "state = 'DISCARDED', decided_by = 'Ada', decided_at = now()",
        "state = 'DISCARDED', decided_by = 'A', decided_at = now(), decided_because = '', replayed_as = id",
    ],
)
def test_half_a_decision_is_refused_by_the_database(on: On, change: str) -> None:
    async def run(work: Work) -> None:
        await poisoned(work, "1")
        with pytest.raises(asyncpg.CheckViolationError):
            await work.superuser.execute(f"UPDATE quarantined_message SET {change}")

    on(run)


def test_a_batch_with_poison_in_it_leaves_the_others_done(on: On) -> None:
    async def run(work: Work) -> None:
        await work.enqueue(*"123")
        lease, taken = await work.one()
        await work.finish(lease, taken, Done(), Poison(BROKEN), Done())
        assert [each.payload for each in await listed(work)] == ["2"]

    on(run)
