"""What waits in numbers goes ahead in bulk jobs: once in effect, in order, and never lost in between."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from domain.lifecycle import ContractStatus
from domain.passage import Fate, SyncDirection
from storage.lane_outcome import Done, Retry
from storage.salesforce_records import doubt
from tests.storage.lane_work import ONE
from tests.sync.salesforce.carrying import Carrying, Killed, Steps, carrying
from tests.sync.salesforce.telling import On, Outbox, usd

DRAFT = {"status": ContractStatus.DRAFT}


async def have(outbox: Outbox, count: int = 3, **values: Any) -> list[UUID]:
    return [await outbox.have(title=f"contract {number}", **values) for number in range(count)]


async def assert_told(carry: Carrying, ids: list[UUID], *effects: str) -> None:
    """All of them are there, each by the same writes that moved anything, and nothing is left to do."""
    outbox = carry.outbox
    for id_ in ids:
        found = outbox.contract(id_)
        assert found is not None
        assert [each["operation"] for each in outbox.effects() if each["id"] == found["Id"]] == [*effects]
        assert await outbox.shown(id_) == ("IN_SYNC", None, {})
    assert (await outbox.waiting(), await outbox.held(), await carry.rows()) == (0, [], 0)


def test_many_that_wait_go_in_jobs_first_to_be_made_and_then_to_be_changed(on: On) -> None:
    async def check(outbox: Outbox) -> None:
        ids = await have(outbox, 4)
        async with carrying(outbox) as carry:
            for _ in range(2):
                await carry.through()
            await carry.turn(minutes=1)
            await assert_told(carry, ids, "created", "updated")
            assert await carry.jobs() == [
                ("Contract_Graph_Id__c", 4, "JobComplete"), ("Id", 4, "JobComplete"),
            ]  # fmt: skip
            assert carry.via() == {"bulk"}
            assert isinstance(await carry.carry(), Done), "nothing is left"

    on(check)


def test_a_worker_calls_for_a_job_by_itself_where_much_waits(on: On) -> None:
    async def check(outbox: Outbox) -> None:
        ids = await have(outbox, 32, **DRAFT)
        outbox.trouble("slow", record="composite/sobjects", seconds=0.2, times=None)
        async with carrying(outbox, fewest=4) as carry:
            for _ in range(6):
                await carry.turn(seconds=3)
            await assert_told(carry, ids, "created")
            assert {how for *_, how in await carry.jobs()} == {"JobComplete"}
            assert carry.via() == {"bulk", "collections"}

    on(check)


def test_too_few_wait_for_no_job(on: On) -> None:
    async def check(outbox: Outbox) -> None:
        ids = await have(outbox, 2, **DRAFT)
        async with carrying(outbox) as carry:
            assert isinstance(await carry.carry(), Done)
            await carry.turn()
            await assert_told(carry, ids, "created")
            assert carry.via() == {"collections"}

    on(check)


def test_wherever_it_is_killed_each_contract_is_told_once_in_effect(on: On) -> None:
    async def check(outbox: Outbox) -> None:
        async with carrying(outbox) as carry:
            at, killed = 0, True
            while killed:
                at, killed = at + 1, False
                ids = await have(outbox, **DRAFT)
                steps = Steps(at)
                try:
                    for _ in range(3):
                        await carry.carry(steps)
                        outbox.now = carry.later()
                except Killed:
                    killed = True
                await carry.through()
                await carry.turn(minutes=3)  # also those that were let go of by nobody
                await assert_told(carry, ids, "created")
            assert at > 12, "every call and every transaction was the last once"

    on(check)


TROUBLES: list[tuple[str, dict[str, Any]]] = [
    ("cut", {"record": "jobs/ingest"}),
    ("cut_after", {"record": "jobs/ingest"}),
    ("cut_after", {"record": "/batches"}),
    ("cut", {"record": "UploadComplete"}),
    ("cut_after", {"record": "UploadComplete"}),
    ("cut_after", {"record": "successfulResults"}),
    ("expired", {"record": "/batches"}),
    ("unavailable", {"record": "failedResults", "times": 2}),
    ("limit", {"record": "jobs/ingest"}),
    ("lock", {"object": "Contract", "times": 2}),
    ("job_failed", {}),
    ("job_aborted", {}),
    ("job_aborted", {"after": 1}),
    ("job_lost", {"after": 1}),
]


def test_trouble_of_a_job_passes_or_is_got_round_and_each_write_takes_effect_once(on: On) -> None:
    async def check(outbox: Outbox) -> None:
        async with carrying(outbox) as carry:
            for kind, said in TROUBLES:
                outbox.now = carry.later(hours=2)
                ids = await have(outbox, 4, **DRAFT)
                outbox.trouble(kind, **said)
                for _ in range(2):
                    await carry.through()
                await carry.turn(minutes=20)
                await carry.turn(minutes=20)
                try:
                    await assert_told(carry, ids, "created")
                except AssertionError as error:
                    error.add_note(f"{kind} {said}")
                    raise

    on(check)


def test_what_a_job_is_refused_is_held_with_what_salesforce_said_and_is_not_asked_again(on: On) -> None:
    async def check(outbox: Outbox) -> None:
        ids = await have(outbox, 4, **DRAFT)
        outbox.trouble("error", object="Contract", record=str(ids[1]), message="no such customer")
        async with carrying(outbox) as carry:
            await carry.through()
            before = outbox.org.stand_in.calls()
            await carry.turn()
            [(error, message)] = await outbox.held()
            assert (error, "no such customer" in message) == ("FIELD_CUSTOM_VALIDATION_EXCEPTION", True)
            assert [(await outbox.shown(each))[0] for each in ids] == [
                "IN_SYNC", "HELD", "IN_SYNC", "IN_SYNC",
            ]  # fmt: skip
            reads = outbox.org.stand_in.calls() - before
            assert reads <= 1, "the one that is not there is looked for, and nothing is written"
            await outbox.ask(ids[1])
            await carry.turn()
            assert outbox.contract(ids[1]) is not None, "asked for again it is written"

    on(check)


def test_a_change_that_comes_while_a_job_has_the_contract_is_written_after_it(on: On) -> None:
    async def check(outbox: Outbox) -> None:
        ids = await have(outbox, **DRAFT)
        async with carrying(outbox) as carry:
            assert isinstance(await carry.carry(), Retry)
            await outbox.change(ids[0], title="the newer one")
            await carry.turn()
            assert outbox.effects() == [], "nothing overtakes the job"
            outbox.handler = carry.handler()
            await outbox.run(minutes=16)
            assert outbox.effects() == [], "nor when its lane is due again before it has ended"
            await carry.through()
            await carry.turn(minutes=6)
            found = outbox.contract(ids[0])
            assert found is not None
            assert found["Name"] == "the newer one"
            assert (await outbox.waiting(), await carry.rows()) == (0, 0)

    on(check)


def test_what_is_doubted_while_a_job_has_it_is_written_again_after_it(on: On) -> None:
    async def check(outbox: Outbox) -> None:
        ids = await have(outbox, **DRAFT)
        async with carrying(outbox) as carry:
            await carry.carry()
            async with outbox.work.database.transaction(ONE) as connection:
                await doubt(connection, ONE, ids[0])
            await carry.through()
            before = len(outbox.org.stand_in.journal(object="Contract"))
            await carry.turn(minutes=1)
            assert len(outbox.org.stand_in.journal(object="Contract")) == before + 1
            await assert_told(carry, ids, "created")

    on(check)


def test_where_jobs_are_not_taken_all_goes_by_collections_and_no_job_is_tried_for_an_hour(on: On) -> None:
    async def check(outbox: Outbox) -> None:
        ids = await have(outbox, **DRAFT)
        async with carrying(outbox) as carry:
            outbox.org.stand_in.arrange(settings={"bulk": False})
            await carry.through()
            await carry.turn(minutes=1)
            await assert_told(carry, ids, "created")
            assert carry.via() == {"collections"}
            assert await carry.jobs() == [("Contract_Graph_Id__c", 3, "FEATURENOTENABLED")]
            more = await have(outbox, **DRAFT)
            outbox.org.stand_in.arrange(settings={"bulk": True})
            assert isinstance(await carry.carry(), Done)
            outbox.now = carry.later(hours=2)
            await carry.through()
            await carry.turn()
            await assert_told(carry, more, "created")
            assert len(await carry.jobs()) == 2

    on(check)


def test_an_amount_is_told_its_opportunity_by_a_call_of_its_own(on: On) -> None:
    async def check(outbox: Outbox) -> None:
        await have(outbox, **DRAFT)
        await outbox.have(total_value=usd(1200))
        async with carrying(outbox) as carry:
            for _ in range(2):
                await carry.through()
            await carry.turn(minutes=1)
            assert outbox.amount == 1200.0
            assert {each["via"] for each in outbox.effects("Opportunity")} == {"collections"}

    on(check)


def test_a_job_of_an_org_that_is_not_connected_any_more_is_given_up(on: On) -> None:
    async def check(outbox: Outbox) -> None:
        await have(outbox, **DRAFT)
        async with carrying(outbox) as carry:
            await carry.carry()
            await outbox.work.superuser.execute("UPDATE salesforce_connection SET ended_at = now()")
            await carry.close()
            assert isinstance(await carry.carry(), Done)
            await carry.turn()
            assert (await outbox.waiting(), await carry.rows()) == (0, 0)

    on(check)


def test_what_goes_by_a_job_counts_as_told(on: On) -> None:
    async def check(outbox: Outbox) -> None:
        ids = await have(outbox, **DRAFT)
        async with carrying(outbox) as carry:
            await carry.through()
        worker = await outbox.run()
        told = worker.health.totals[SyncDirection.TO_SALESFORCE, "Contract"]
        assert told.fates[Fate.DONE] == len(ids)

    on(check)
