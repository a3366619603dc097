"""What changes in Salesforce arrives: in the graph's own records, and as claims about contracts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from api.embedded_worker import working
from domain.contract import Contract
from domain.lifecycle import ContractStatus
from storage.salesforce_access import AskedFor, asked_for, keep_access, known_access, note_asked
from storage.salesforce_streams import end_streams
from tests.storage.lane_work import ONE
from tests.sync.salesforce.hearing import Hearing, Hears, until
from tests.sync.salesforce.loading import Loading
from tests.sync.salesforce.org import REP, SYNC
from tests.sync.salesforce.telling import TERM, usd


async def settled(hearing: Hearing, **values: Any) -> Any:
    """A contract that Salesforce knows, with all that came of telling it heard."""
    id_ = await hearing.have(**TERM | values)
    await hearing.work_off()
    await hearing.hear()
    return id_


def record(hearing: Hearing, id_: Any) -> str:
    found = hearing.contract(id_)
    assert found is not None
    return str(found["Id"])


def test_a_changed_record_is_changed_here(both: Hears) -> None:
    async def check(hearing: Hearing) -> None:
        await settled(hearing)
        deal = hearing.org.opportunity
        hearing.edit("Opportunity", deal, StageName="Closed Won", CloseDate="2026-10-01", Name="Big deal")
        hearing.edit("Account", hearing.org.account, BillingCity="Oslo", Industry="Energy")
        await hearing.hear()
        found = await hearing.row("opportunity", deal)
        assert (found["name"], found["stage"], str(found["close_date"])) == (
            "Big deal", "Closed Won", "2026-10-01",
        )  # fmt: skip
        # What no event tells was asked for.
        assert (found["is_closed"], found["is_won"]) == (True, True)
        account = await hearing.row("account", hearing.org.account)
        assert (account["billing_city"], account["industry"]) == ("Oslo", "Energy")
        hearing.edit("Account", hearing.org.account, Industry=None)
        await hearing.hear()
        account = await hearing.row("account", hearing.org.account)
        assert (account["billing_city"], account["industry"]) == ("Oslo", None)

    both(check)


def test_our_own_words_come_back_and_are_no_claims(both: Hears) -> None:
    async def check(hearing: Hearing) -> None:
        id_ = await settled(hearing, total_value=usd(1200), number="SO-1")
        assert [each for each in await hearing.lines(id_) if each[2] != "ACCEPTED"] == []
        writes = len(hearing.effects())
        await hearing.change(id_, title="A")
        await hearing.work_off()
        await hearing.change(id_, title="B")
        await hearing.work_off()
        await hearing.hear()
        await hearing.hear()
        # The word before the last comes back, too, when it is not our word any more.
        assert [each for each in await hearing.lines(id_) if each[0] == "title"] == []
        assert len(hearing.effects()) == writes + 2

    both(check)


def test_what_salesforce_owns_is_accepted_and_what_it_does_not_is_refused(both: Hears) -> None:
    async def check(hearing: Hearing) -> None:
        id_ = await settled(hearing, status=ContractStatus.DRAFT, total_value=usd(1200))
        hearing.edit("Opportunity", hearing.org.opportunity, Amount=1500)
        hearing.edit("Contract", record(hearing, id_), StartDate="2027-01-01")
        await hearing.hear()
        found = await hearing.row("contract", id_)
        assert await hearing.value(id_) == 1500
        assert found["effective_date"] == TERM["effective_date"]
        said = await hearing.lines(id_)
        assert ("totalValue", "1500.00 USD", "ACCEPTED", "SALESFORCE") in said
        assert ("effectiveDate", "2027-01-01", "REFUSED", "SALESFORCE") in said

    both(check)


def test_what_a_flow_sets_in_our_own_transaction_is_heard_field_by_field(both: Hears) -> None:
    async def check(hearing: Hearing) -> None:
        id_ = await settled(hearing)
        hearing.org.stand_in.arrange(
            settings={"automations": {"Contract": {"Agreement_Number__c": "FLOW-1"}}}
        )
        await hearing.change(id_, title="Told by us")
        await hearing.work_off()
        await hearing.hear()
        said = [each for each in await hearing.lines(id_) if each[3] == "SALESFORCE"]
        assert [(field, value, decision) for field, value, decision, _ in said if decision == "REFUSED"] == [
            ("number", "FLOW-1", "REFUSED")
        ]

    both(check)


def test_a_record_and_those_it_points_at_are_made_together(both: Hears) -> None:
    async def check(hearing: Hearing) -> None:
        await settled(hearing)
        account = hearing.rep("POST", "sobjects/Account", {"Name": "New one"}).json()["id"]
        contact = {"LastName": "Lee", "FirstName": "Ann", "AccountId": account, "Email": "ann@example.com"}
        person = hearing.rep("POST", "sobjects/Contact", contact).json()["id"]
        await hearing.read()
        waiting = await hearing.work.superuser.fetch("SELECT payload FROM lane_message")
        assert len(waiting) > 1
        assert not any("ann@" in each["payload"] for each in waiting)
        for _ in range(3):
            await hearing.work_off()
            hearing.ahead += timedelta(minutes=1)
        made = await hearing.row("contact", person)
        assert made["name"] == "Ann Lee"
        assert made["account_id"] == (await hearing.row("account", account))["id"]
        assert made["email"].startswith("v1.")  # sealed, as everywhere
        left = await hearing.work.superuser.fetchval(
            "SELECT count(*) FROM lane_message WHERE payload ~ 'ann@'"
        )
        assert left == 0

    both(check)


def test_who_may_read_a_record_is_asked_anew_once_it_is_another_s(both: Hears) -> None:
    async def check(hearing: Hearing) -> None:
        selected = ["Opportunity", "Account", "Contract", "User"]
        hearing.org.stand_in.arrange(settings={"change_entities": selected})
        await settled(hearing)
        org, rita = hearing.org, hearing.org.stand_in.records("User")[1]["Id"]
        hearing.edit("Opportunity", org.opportunity, OwnerId=org.user)
        hearing.edit("Account", org.account, OwnerId=org.user)
        await Loading(hearing)("User")
        await hearing.read()
        await hearing.settle()
        deal, account = org.opportunity, org.account

        async def known(*, after: Callable[[], object]) -> set[str]:
            async with hearing.work.database.transaction(ONE) as connection:
                now = hearing.clock()
                await keep_access(connection, ONE, rita, {deal: True, account: True}, now)
                await note_asked(connection, ONE, rita, AskedFor(now, whole=True))
            after()
            await hearing.read()
            await hearing.settle()
            async with hearing.work.database.transaction(ONE) as connection:
                assert (await asked_for(connection, ONE, rita) is None) == bool(told)
                return set(await known_access(connection, ONE, rita, [deal, account]))

        told = False
        # What is no matter of sharing costs no question.
        assert await known(after=lambda: hearing.edit("Account", account, Industry="Energy")) == {
            deal,
            account,
        }
        told = True
        assert await known(after=lambda: hearing.edit("Opportunity", deal, OwnerId=rita)) == {account}
        assert await known(after=lambda: hearing.edit("Account", account, OwnerId=rita)) == {deal}
        quits = {"Username": REP, "IsActive": False}
        assert await known(after=lambda: org.stand_in.arrange(users=[quits])) == set()

    both(check)


def test_lines_of_an_opportunity_come_and_go(both: Hears) -> None:
    async def check(hearing: Hearing) -> None:
        await settled(hearing, total_value=None)
        line = {
            "OpportunityId": hearing.org.opportunity, "Quantity": 2, "UnitPrice": 5, "Description": "Seats",
        }  # fmt: skip
        made = hearing.rep("POST", "sobjects/OpportunityLineItem", line).json()["id"]
        await hearing.hear()
        rows = await hearing.work.superuser.fetch(
            "SELECT description, quantity, total_amount FROM opportunity_line"
        )
        assert [(each["description"], int(each["quantity"]), int(each["total_amount"])) for each in rows] == [
            ("Seats", 2, 10)
        ]
        hearing.rep("DELETE", f"sobjects/OpportunityLineItem/{made}")
        await hearing.hear()
        assert await hearing.work.superuser.fetchval("SELECT count(*) FROM opportunity_line") == 0

    both(check)


def test_contact_roles_of_an_opportunity_come_change_and_go(both: Hears) -> None:
    async def check(hearing: Hearing) -> None:
        selected = ["Opportunity", "Contract", "Contact", "OpportunityContactRole"]
        hearing.org.stand_in.arrange(settings={"change_entities": selected})
        await settled(hearing)
        rep, table = hearing.rep, "opportunity_contact_role"
        people = [
            rep("POST", "sobjects/Contact", {"LastName": name, "AccountId": hearing.org.account}).json()["id"]
            for name in ("Lee", "Kim")
        ]
        first, second = (
            rep("POST", "sobjects/OpportunityContactRole", {
                "OpportunityId": hearing.org.opportunity, "ContactId": each, "Role": "Decision Maker",
                "IsPrimary": True,
            }).json()["id"]
            for each in people
        )  # fmt: skip
        for _ in range(3):
            await hearing.hear()
            hearing.ahead += timedelta(minutes=1)
        deal = await hearing.row("opportunity", hearing.org.opportunity)
        was, now = await hearing.row(table, first), await hearing.row(table, second)
        # Salesforce has one primary contact of a deal: the other was told of as a change.
        assert (was["is_primary"], now["is_primary"]) == (False, True)
        assert (was["opportunity_id"], was["role"]) == (deal["id"], "Decision Maker")
        assert was["contact_id"] == (await hearing.row("contact", people[0]))["id"]
        hearing.edit("OpportunityContactRole", first, Role="Influencer", ContactId=people[1])
        rep("DELETE", f"sobjects/OpportunityContactRole/{second}")
        await hearing.hear()
        [left] = await hearing.work.superuser.fetch(f"SELECT * FROM {table}")
        assert (left["salesforce_id"], left["role"], left["contact_id"]) == (
            first, "Influencer", now["contact_id"],
        )  # fmt: skip

    both(check)


def test_a_gap_is_filled_by_asking(both: Hears) -> None:
    async def check(hearing: Hearing) -> None:
        id_ = await settled(hearing, status=ContractStatus.DRAFT)
        hearing.org.stand_in.arrange(faults=[{"kind": "gap", "times": 2}])
        hearing.edit("Opportunity", hearing.org.opportunity, Name="Unseen", Amount=77)
        hearing.edit("Account", hearing.org.account, Name="Unseen, too")
        await hearing.hear()
        assert (await hearing.row("opportunity", hearing.org.opportunity))["name"] == "Unseen"
        assert (await hearing.row("account", hearing.org.account))["name"] == "Unseen, too"
        assert await hearing.value(id_) == 77

    both(check)


def test_an_overflow_has_every_record_of_the_object_asked_for(both: Hears) -> None:
    async def check(hearing: Hearing) -> None:
        await settled(hearing)
        hearing.org.stand_in.arrange(settings={"overflow_after": 1})
        hearing.edit("Opportunity", hearing.org.opportunity, Name="One of very many")
        await hearing.hear()
        assert (await hearing.row("opportunity", hearing.org.opportunity))["name"] == "One of very many"

    both(check)


def test_an_event_that_comes_twice_is_one_event(both: Hears) -> None:
    async def check(hearing: Hearing) -> None:
        id_ = await settled(hearing, status=ContractStatus.DRAFT)
        hearing.org.stand_in.arrange(faults=[{"kind": "twice", "times": None}], settings={"repeats": 3})
        for amount in (10, 20):
            hearing.edit("Opportunity", hearing.org.opportunity, Amount=amount)
        await hearing.hear()
        before = await hearing.lines(id_)
        hearing.edit("Account", hearing.org.account, Name="To be heard of last")
        await hearing.hear()
        assert await hearing.lines(id_) == before
        assert await hearing.value(id_) == 20

    both(check)


def test_a_lost_stream_is_taken_up_where_it_was(both: Hears) -> None:
    async def check(hearing: Hearing) -> None:
        await settled(hearing)
        hearing.org.stand_in.arrange(faults=[{"kind": "break", "after": 1}])
        hearing.edit("Opportunity", hearing.org.opportunity, Name="Before")
        hearing.edit("Account", hearing.org.account, Name="After")
        await hearing.hear()
        assert (await hearing.row("account", hearing.org.account))["name"] == "After"

    both(check)


def test_a_replay_id_of_no_use_has_the_stream_read_anew_and_all_asked_for(both: Hears) -> None:
    async def check(hearing: Hearing) -> None:
        id_ = await settled(hearing, status=ContractStatus.DRAFT)
        hearing.edit("Opportunity", hearing.org.opportunity, Name="Nobody tells", Amount=5)
        await hearing.work.superuser.execute("UPDATE salesforce_stream SET replay_id = 'nonsense'")
        # What lies between is no longer kept, either.
        hearing.org.stand_in.clear("stream")
        async with hearing.reading():
            await until(hearing.restarted)
        hearing.ahead = timedelta(minutes=10)
        await hearing.work_off()
        assert (await hearing.row("opportunity", hearing.org.opportunity))["name"] == "Nobody tells"
        assert await hearing.value(id_) == 5
        hearing.org.stand_in.arrange(now=hearing.clock().isoformat())
        hearing.edit("Account", hearing.org.account, Name="Heard again")
        await hearing.hear()
        assert (await hearing.row("account", hearing.org.account))["name"] == "Heard again"
        hearing.org.stand_in.arrange(now=None)

    both(check)


def test_an_edit_in_the_rest_of_a_second_is_not_lost(both: Hears, monkeypatch: pytest.MonkeyPatch) -> None:
    async def check(hearing: Hearing) -> None:
        id_ = await settled(hearing, status=ContractStatus.DRAFT)
        deal, second = hearing.org.opportunity, hearing.clock().replace(microsecond=0) + timedelta(minutes=1)

        def it_is(moment: datetime) -> None:
            monkeypatch.setattr(hearing, "clock", lambda: moment)

        hearing.org.stand_in.arrange(now=second.isoformat())
        it_is(second + timedelta(milliseconds=300))
        hearing.edit("Opportunity", deal, Name="One", Amount=100)
        await hearing.resync("Opportunity")
        assert await hearing.value(id_) == 100
        hearing.edit("Opportunity", deal, Name="Two", Amount=200)
        await hearing.resync("Opportunity")
        it_is(second + timedelta(seconds=3))
        await hearing.work_off()
        assert (await hearing.row("opportunity", deal))["name"] == "Two"
        assert await hearing.value(id_) == 200
        before = await hearing.lines(id_)
        await hearing.resync("Opportunity")
        assert await hearing.lines(id_) == before
        hearing.org.stand_in.arrange(now=None)

    both(check)


def test_a_changed_long_text_is_asked_for(both: Hears) -> None:
    async def check(hearing: Hearing) -> None:
        await settled(hearing)
        for letter in "ab":
            hearing.edit("Opportunity", hearing.org.opportunity, Description=letter * 2000, Name=letter)
        await hearing.hear()
        assert (await hearing.row("opportunity", hearing.org.opportunity))["name"] == "b"

    both(check)


def test_one_of_several_readers_has_the_stream_and_another_takes_it_over(both: Hears) -> None:
    async def check(hearing: Hearing) -> None:
        await settled(hearing)
        async with hearing.reading() as second:
            async with hearing.reading() as first:
                hearing.edit("Account", hearing.org.account, Name="One")
                await until(lambda: first.heard + second.heard > 0)
                await asyncio.sleep(0.2)
                assert first.heard + second.heard == 1
            hearing.edit("Account", hearing.org.account, Name="Two")
            await until(lambda: first.heard + second.heard > 1)
        await hearing.work_off()
        assert (await hearing.row("account", hearing.org.account))["name"] == "Two"

    both(check)


def test_a_session_that_is_over_is_followed_by_a_new_one(both: Hears) -> None:
    async def check(hearing: Hearing) -> None:
        await settled(hearing)
        hearing.edit("Account", hearing.org.account, Name="One")
        async with hearing.reading() as reader:
            await until(lambda: reader.heard > 0)
            hearing.org.stand_in.clear("sessions")
            hearing.org.stand_in.arrange(faults=[{"kind": "break"}])
            hearing.rep = hearing.org.rest(SYNC)
            hearing.edit("Account", hearing.org.account, Name="Two")
            await until(lambda: reader.heard > 1)

    both(check)


def test_an_ended_stream_is_read_no_more(both: Hears) -> None:
    async def check(hearing: Hearing) -> None:
        await settled(hearing)
        async with hearing.work.database.transaction(ONE) as connection:
            await end_streams(connection, ONE, hearing.clock())
        hearing.edit("Account", hearing.org.account, Name="Unheard")
        async with hearing.reading() as reader:
            await until(hearing.is_at_rest)
        assert reader.heard == 0

    both(check)


def test_a_resync_that_finds_nothing_new_changes_nothing(both: Hears) -> None:
    async def check(hearing: Hearing) -> None:
        id_ = await settled(hearing, total_value=usd(1200))
        hearing.ahead = timedelta(minutes=10)
        before, writes = await hearing.lines(id_), len(hearing.effects())
        for _ in range(2):
            await hearing.resync(Contract.__name__, "Opportunity", "Account")
        assert [each for each in await hearing.lines(id_) if each[2] != "ACCEPTED"] == [
            each for each in before if each[2] != "ACCEPTED"
        ]
        assert len(hearing.effects()) == writes

    both(check)


def test_a_worker_beside_the_api_hears_by_itself(both: Hears, database_url: str) -> None:
    async def check(hearing: Hearing) -> None:
        async def is_here() -> bool:
            return (await hearing.row("account", hearing.org.account))["name"] == "Heard"

        await settled(hearing)
        async with working(database_url, hearing.keys):
            hearing.edit("Account", hearing.org.account, Name="Heard")
            await until(is_here)

    both(check)
