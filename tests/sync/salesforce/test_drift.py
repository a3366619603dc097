"""Drift: planted in the stand-in by somebody else, found, told of whom and since when, and put right."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from random import Random
from typing import Any

import pytest

from domain.drift import DriftState
from domain.lifecycle import ContractStatus
from domain.renewal import RenewalType
from domain.risk import RiskLevel
from domain.term import Period
from storage.lanes import Message, Queue, enqueue
from sync.drift import accept, repair, schedule
from tests.storage.lane_work import ONE
from tests.sync.salesforce.drifting import LATER, Drifting, change, contracts, rep, who
from tests.sync.salesforce.telling import NOON, TERM, On, Outbox, usd

DRAFT = ContractStatus.DRAFT
FULL: dict[str, Any] = {
    **TERM, "number": "N", "external_reference": "R", "renewal_type": RenewalType.AUTO_RENEW,
    "renewal_term": Period.parse("P1Y"), "notice_period": Period.parse("P90D"), "risk_score": 40,
    "risk_level": RiskLevel.MEDIUM, "signed_date": date(2026, 11, 1), "recurring_amount": usd(1200),
}  # fmt: skip
"""A contract that has something to say in every field."""

PLANTED: dict[str, Any] = {
    "Name": "Another title", "Agreement_Number__c": "X-1", "External_Reference__c": "X-2", "Type__c": "NDA",
    "StartDate": "2020-02-02", "ContractTerm": 7, "CustomerSignedDate": "2019-01-01",
    "Renewal_Type__c": "NONE", "Renewal_Term__c": "P9M", "Notice_Period__c": None,
    "Renewal_Date__c": "2019-03-03", "Notice_Deadline__c": None, "ARR__c": 1.25, "MRR__c": 3,
    "Amendment_Count__c": 9, "Risk_Score__c": 99, "Risk_Level__c": "LOW",
}  # fmt: skip


def test_drift_in_two_hundred_random_fields_is_found_attributed_and_repaired(on: On) -> None:
    async def test(outbox: Outbox) -> None:
        drifting, random = Drifting(outbox), Random(20261127)
        for place in range(24):
            own = {"number": f"N-{place}", "external_reference": f"R-{place}"}
            await outbox.have(**FULL | own, opportunity_id=None)
        await outbox.run()
        before = {each["Id"]: each for each in contracts(outbox)}
        assert len(before) == 24
        await drifting.round()
        assert await drifting.found() == {}, "what was just written has not drifted"
        places = random.sample([(id_, name) for id_ in sorted(before) for name in PLANTED], 200)
        person, planted = rep(outbox), Counter(id_ for id_, _ in places)
        for id_ in planted:
            change(person, "Contract", id_, {name: PLANTED[name] for of, name in places if of == id_})
        await drifting.round()
        found = await drifting.found()
        assert found.keys() == set(places)
        assert {each.changed_by for each in found.values()} == {who(outbox)}
        assert {each.changed_at for each in found.values()} == {LATER}
        assert {(each.state, each.decided_by) for each in found.values()} == {(DriftState.REPAIRING, "rule")}
        after = {each["Id"]: each for each in contracts(outbox)}
        assert all(after[id_][name] == before[id_][name] for id_, name in places)
        await drifting.round()
        assert await drifting.counted() == {DriftState.REPAIRED: 200}

    on(test)


def test_what_salesforce_owns_is_claimed_in_as_of_when_it_was_changed(on: On) -> None:
    async def test(outbox: Outbox) -> None:
        drifting = Drifting(outbox)
        id_ = await outbox.have(**FULL, status=DRAFT, total_value=usd(10))
        await outbox.run()
        person = rep(outbox)
        change(person, "Opportunity", outbox.org.opportunity, {"Amount": 2500})
        await drifting.round()
        row = await outbox.work.superuser.fetchrow("SELECT * FROM contract WHERE id = $1", id_)
        assert (row["total_value_amount"], row["total_value_currency"]) == (2500, "USD")
        [finding] = (await drifting.found()).values()
        assert (finding.name, finding.state, finding.changed_by) == (
            "Amount", DriftState.REPAIRED, who(outbox),
        )  # fmt: skip
        claimed = await outbox.work.superuser.fetchval(
            "SELECT claimed_at FROM provenance WHERE contract_id = $1 AND field = 'totalValue'", id_
        )
        assert claimed == LATER
        change(person, "Opportunity", outbox.org.opportunity, {"Amount": None})
        await drifting.round()
        [finding] = (await drifting.found(DriftState.DRIFTED)).values()
        assert "no value is lost" in str(finding.reason)

    on(test)


def test_a_write_that_waits_is_no_drift(on: On) -> None:
    async def test(outbox: Outbox) -> None:
        drifting = Drifting(outbox)
        id_ = await outbox.have(**FULL)
        await outbox.run()
        rep(outbox)
        await outbox.work.superuser.execute("UPDATE contract SET title = 'New' WHERE id = $1", id_)
        await drifting.round()
        [finding] = (await drifting.found()).values()
        assert (finding.name, finding.state, finding.decided_by) == ("Name", DriftState.PENDING, None)
        await outbox.ask(id_)
        await drifting.run()
        await drifting.round()
        assert await drifting.found() == {}

    on(test)


def test_a_repair_that_does_not_hold_is_left_to_a_person(on: On) -> None:
    async def test(outbox: Outbox) -> None:
        drifting = Drifting(outbox)
        await outbox.have(**FULL)
        await outbox.run()
        person, [there] = rep(outbox), contracts(outbox)
        for turn in range(2):
            change(person, "Contract", there["Id"], {"Name": f"Mine {turn}"})
            await drifting.round()
        [finding] = (await drifting.found()).values()
        assert (finding.state, finding.decided_by) == (DriftState.DRIFTED, None)
        assert "changes it back" in str(finding.reason)
        writes = len(outbox.effects())
        await drifting.round()
        assert len(outbox.effects()) == writes, "it is not written for ever"
        async with outbox.work.database.transaction(ONE) as connection:
            assert await repair(connection, ONE, [finding.id], "Ada", outbox.now) == 1
        await drifting.run()
        assert contracts(outbox)[0]["Name"] == "Support order"
        await drifting.round()
        [finding] = (await drifting.found()).values()
        assert (finding.state, finding.decided_by) == (DriftState.REPAIRED, "Ada")

    on(test)


def test_what_a_person_accepts_stays_until_both_sides_agree(on: On) -> None:
    async def test(outbox: Outbox) -> None:
        drifting = Drifting(outbox)
        await outbox.have(**FULL)
        await outbox.run()
        person, [there] = rep(outbox), contracts(outbox)
        for turn in range(2):
            change(person, "Contract", there["Id"], {"Name": f"Mine {turn}"})
            await drifting.round()
        [finding] = (await drifting.found()).values()
        said = {"by": "Ada", "why": "the team calls it so", "now": outbox.now}
        async with outbox.work.database.transaction(ONE) as connection:
            assert await accept(connection, ONE, [finding.id], **said) == 1
        await drifting.round()
        [finding] = (await drifting.found()).values()
        assert (finding.state, finding.reason) == (DriftState.ACCEPTED, "the team calls it so")
        assert contracts(outbox)[0]["Name"] == "Mine 1"
        change(person, "Contract", there["Id"], {"Name": "Support order"})
        await drifting.round()
        assert await drifting.found() == {}

    on(test)


def test_a_record_that_was_deleted_there_is_told_and_never_made_anew(on: On) -> None:
    async def test(outbox: Outbox) -> None:
        drifting = Drifting(outbox)
        await outbox.have(**FULL)
        await outbox.run()
        person, [there] = rep(outbox), contracts(outbox)
        assert person("DELETE", f"sobjects/Contract/{there['Id']}").status_code == 204
        await drifting.round()
        [finding] = (await drifting.found()).values()
        assert (finding.name, finding.state) == ("Id", DriftState.DRIFTED)
        assert "not there any more" in str(finding.reason)

    on(test)


def test_what_is_refused_to_be_written_is_no_drift(on: On) -> None:
    async def test(outbox: Outbox) -> None:
        drifting = Drifting(outbox)
        await outbox.have(**FULL | {"title": "x" * 81})
        await outbox.run()
        rep(outbox)
        await drifting.round()
        assert await drifting.found() == {}

    on(test)


def test_a_night_follows_a_night(on: On) -> None:
    async def test(outbox: Outbox) -> None:
        drifting = Drifting(outbox)
        for _ in range(2):
            async with outbox.work.database.transaction(ONE) as connection:
                at = await schedule(connection, ONE, NOON)
        assert at.date() == date(2026, 11, 28)
        waiting = "SELECT key, next_at, pending FROM lane WHERE queue = 'drift' AND pending > 0"
        for night in range(1, 4):
            [lane] = await outbox.work.superuser.fetch(waiting)
            assert (lane["next_at"].date(), lane["pending"]) == (NOON.date() + timedelta(days=night), 1)
            outbox.now = lane["next_at"] + timedelta(minutes=1)
            await drifting.run()

    on(test)


@pytest.mark.parametrize("key", ["night", "night 0", "night 1"])
@pytest.mark.parametrize("late", [1, 2, 3, 30])
def test_a_night_that_no_worker_was_awake_in_is_made_up_for_once(on: On, late: int, key: str) -> None:
    """`night 0` and `night 1` are of earlier releases, and may wait in a database."""

    async def test(outbox: Outbox) -> None:
        drifting = Drifting(outbox)
        await outbox.have(**FULL)
        await outbox.run()
        async with outbox.work.database.transaction(ONE) as connection:
            asked = '{"after": null, "nightly": true}'
            message = Message(key=key, payload=asked, correlation="night", coalesce="round")
            await enqueue(connection, ONE, Queue.DRIFT, [message], NOON)
        outbox.now = NOON + timedelta(days=late)
        before = outbox.org.stand_in.calls()
        await drifting.run()
        assert 0 < outbox.org.stand_in.calls() - before < 20
        waiting = "SELECT key, next_at FROM lane WHERE queue = 'drift' AND pending > 0"
        [lane] = await outbox.work.superuser.fetch(waiting)
        assert (lane["key"], lane["next_at"].date()) == (key, outbox.now.date() + timedelta(days=1))

    on(test)


def test_while_salesforce_is_away_a_round_waits(on: On) -> None:
    async def test(outbox: Outbox) -> None:
        drifting = Drifting(outbox)
        await outbox.have(**FULL)
        await outbox.run()
        outbox.trouble("unavailable")
        await drifting.round()
        assert await outbox.held() == []
        assert await outbox.work.superuser.fetchval("SELECT count(*) FROM lane_message") == 1

    on(test)


@pytest.mark.parametrize("rights", [{"objects": {"Opportunity": "none"}}, {"hidden": ["Contract.Name"]}])
def test_what_our_user_may_not_see_is_not_told_of(on: On, rights: dict[str, Any]) -> None:
    async def test(outbox: Outbox) -> None:
        drifting = Drifting(outbox)
        await outbox.have(**FULL, total_value=usd(10))
        await outbox.run()
        outbox.org.stand_in.arrange(users=[{"Username": "sync@example.com", "rights": rights}])
        rep(outbox)
        await drifting.round()
        assert await drifting.found() == {}

    on(test)
