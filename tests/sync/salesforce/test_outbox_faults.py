"""Salesforce in trouble: what is tried again, what is held, and that nothing is done twice or lost."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from typing import Any

import pytest

from storage.lane_outcome import Done, Retry
from storage.lanes import Queue
from storage.leases import finish
from sync.handlers import Batch
from sync.salesforce.breaker import Breaker
from tests.storage.lane_work import ONE, PATIENCE
from tests.sync.salesforce.telling import On, Outbox, usd

SECRET_TEXT = "Project Nightingale"


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("lock", {"object": "Contract"}),
        ("concurrent", {}),
        ("unavailable", {}),
        ("cut", {"object": "Contract_Graph_Id__c"}),
        ("cut_after", {"object": "Contract_Graph_Id__c", "times": 2}),
        ("cut_after", {"object": "Opportunity"}),
        ("expired", {"times": 2}),
        ("limit", {}),
        ("error", {"code": "UNKNOWN_EXCEPTION", "status": 500}),
        ("error", {"code": "ENTITY_IS_LOCKED"}),
    ],
)
def test_trouble_that_passes_takes_effect_exactly_once(on: On, kind: str, said: dict[str, Any]) -> None:
    async def check(outbox: Outbox) -> None:
        outbox.trouble(kind, **said)
        id_ = await outbox.have(total_value=usd(1200))
        await outbox.run(times=6, minutes=65)
        found = outbox.contract(id_)
        assert found is not None
        assert (found["Status"], outbox.amount) == ("Activated", 1200.0)
        effects = [(each["operation"], set(each["changed"])) for each in outbox.effects()]
        assert [operation for operation, _ in effects] == ["created", "updated"]
        assert len(outbox.effects("Opportunity")) == 1
        assert (await outbox.waiting(), await outbox.held()) == (0, [])
        assert await outbox.shown(id_) == ("IN_SYNC", None, {})

    on(check)


@pytest.mark.parametrize(
    ("kind", "said", "code"),
    [
        ("duplicate", {}, "DUPLICATE_VALUE"),
        ("duplicates_detected", {}, "DUPLICATES_DETECTED"),
        ("error", {"message": SECRET_TEXT}, "FIELD_CUSTOM_VALIDATION_EXCEPTION"),
    ],
)
def test_what_is_refused_for_good_is_held_with_what_salesforce_said_and_replayed(
    on: On, caplog: pytest.LogCaptureFixture, kind: str, said: dict[str, Any], code: str
) -> None:
    caplog.set_level(logging.DEBUG)

    async def check(outbox: Outbox) -> None:
        outbox.trouble(kind, object="Contract", **said)
        id_ = await outbox.have()
        other = await outbox.have(title="another")
        await outbox.run()
        [(error, message)] = await outbox.held()
        assert error == code
        assert said.get("message", "") in message
        outcomes = sorted([(await outbox.shown(each))[0] for each in (id_, other)])
        assert outcomes == ["HELD", "IN_SYNC"], "one is held, and the other did not wait for it"
        await outbox.ask(id_, other)
        await outbox.run()
        assert outbox.contract(id_) is not None
        assert [(await outbox.shown(each))[0] for each in (id_, other)] == ["IN_SYNC", "IN_SYNC"]

    on(check)
    assert SECRET_TEXT not in caplog.text


def test_after_a_write_of_which_nothing_is_known_all_is_written_again(on: On) -> None:
    async def check(outbox: Outbox) -> None:
        id_ = await outbox.have(title="one")
        await outbox.run()
        await outbox.change(id_, title="two")
        # A worker writes, and is lost before it is settled; then the contract is as it was before.
        lease, taken = await outbox.work.one(queue=Queue.OUTBOX)
        batch = Batch(
            org_id=ONE, queue=Queue.OUTBOX, key=lease.key, attempts=1, until=lease.until, messages=taken
        )
        [outcome] = await outbox.handler.write(batch)
        assert isinstance(outcome, Done)
        found = outbox.contract(id_)
        assert found is not None
        assert found["Name"] == "two"
        await outbox.handler.close()
        await outbox.change(id_, title="one")
        await outbox.run(minutes=5)
        found = outbox.contract(id_)
        assert found is not None
        assert found["Name"] == "one"
        assert [each["fields"]["Name"] for each in outbox.effects() if "Name" in each["changed"]] == [
            "one", "two", "one",
        ]  # fmt: skip

    on(check)


def test_a_record_made_by_a_worker_that_was_lost_is_not_made_again(on: On) -> None:
    async def check(outbox: Outbox) -> None:
        id_ = await outbox.have(total_value=usd(5))
        lease, taken = await outbox.work.one(queue=Queue.OUTBOX)
        batch = Batch(
            org_id=ONE, queue=Queue.OUTBOX, key=lease.key, attempts=1, until=lease.until, messages=taken
        )
        await outbox.handler.write(batch)
        await outbox.handler.close()
        before = len(outbox.effects())
        await outbox.run(minutes=5)
        assert outbox.contract(id_) is not None
        assert len(outbox.effects()) == before, "said again, and nothing moved"
        assert await outbox.shown(id_) == ("IN_SYNC", None, {})

    on(check)


def test_rows_of_many_lanes_travel_in_one_call(on: On) -> None:
    async def check(outbox: Outbox) -> None:
        ids = [await outbox.have(title=f"contract {number}") for number in range(8)]
        await outbox.run()
        assert all(outbox.contract(each) for each in ids)
        # A token is no call: two descriptions, the statuses, one look, one to make them, one to move them.
        assert outbox.org.stand_in.calls() <= 12

    on(check)


def test_an_outage_opens_the_breaker_counts_no_attempt_and_loses_nothing(
    on: On, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)

    async def check(outbox: Outbox) -> None:
        def now() -> float:
            return outbox.now.timestamp()

        outbox.breaker = Breaker(failures=3, rest=60, clock=now)
        outbox.trouble("unavailable", times=None)
        ids = [await outbox.have(title=f"contract {number}") for number in range(6)]
        await outbox.run(times=30, seconds=40)
        assert (await outbox.waiting(), await outbox.held()) == (6, [])
        assert outbox.breaker.is_open
        assert outbox.org.stand_in.calls() < 10, "it is left alone"
        outbox.org.stand_in.clear("faults")
        await outbox.run(times=10, minutes=6)
        assert all(outbox.contract(each) for each in ids)
        assert await outbox.waiting() == 0

    on(check)
    assert "is left alone for 60 s: HTTP_503" in caplog.text
    assert "answers again" in caplog.text


def test_whom_salesforce_does_not_let_in_waits_and_is_not_held(on: On) -> None:
    async def check(outbox: Outbox) -> None:
        await outbox.connect(consumer_key="another")
        id_ = await outbox.have()
        await outbox.run(times=12, minutes=10)
        assert (await outbox.waiting(), await outbox.held()) == (1, [])
        assert outbox.contract(id_) is None
        await outbox.handler.close()
        await outbox.connect()
        outbox.breaker = Breaker()
        await outbox.run(times=3, minutes=10)
        assert outbox.contract(id_) is not None

    on(check)


def test_a_field_that_was_closed_since_it_was_described_is_found_out_at_once(on: On) -> None:
    async def check(outbox: Outbox) -> None:
        id_ = await outbox.have()
        outbox.handler.close, kept = _nothing, outbox.handler.close  # type: ignore[method-assign]
        await outbox.run()
        rights = {"read_only": ["Contract.Agreement_Number__c"]}
        outbox.org.stand_in.arrange(users=[{"Username": "sync@example.com", "rights": rights}])
        await outbox.change(id_, number="N-1", title="changed")
        await outbox.run()
        await kept()
        state, _, refused = await outbox.shown(id_)
        assert (state, list(refused)) == ("REFUSED", ["number"])
        found = outbox.contract(id_)
        assert found is not None
        assert (found["Name"], await outbox.held()) == ("changed", [])

    on(check)


async def _nothing() -> None:
    await asyncio.sleep(0)


def test_a_wait_that_salesforce_suggests_is_kept_and_counted(on: On) -> None:
    async def check(outbox: Outbox) -> None:
        await outbox.have()
        lease, taken = await outbox.work.one(queue=Queue.OUTBOX)
        outbox.trouble("error", code="ENTITY_IS_LOCKED", object="Contract")
        batch = Batch(
            org_id=ONE, queue=Queue.OUTBOX, key=lease.key, attempts=1, until=lease.until, messages=taken
        )
        [outcome] = await outbox.handler.write(batch)
        assert isinstance(outcome, Retry)
        assert (outcome.after, outcome.least) == (None, timedelta(hours=1))
        async with outbox.work.database.transaction(ONE) as connection:
            finished = await finish(connection, lease, [(taken[0], outcome)], outbox.now, PATIENCE)
        assert finished.retry_at == outbox.now + timedelta(hours=1)

    on(check)
