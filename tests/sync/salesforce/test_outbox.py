"""Contracts written to Salesforce: what, when, and as whose word."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from domain.contract import Contract, ContractType
from domain.identity import uuid7
from domain.lifecycle import ContractStatus
from domain.money import Money
from domain.renewal import RenewalType
from domain.term import Period
from sync.salesforce.mapping import mapped
from tests.storage.lane_work import ONE
from tests.sync.salesforce.telling import TERM, On, Outbox, usd

S = ContractStatus


def test_a_new_contract_is_made_as_a_draft_and_moved_to_its_status(on: On) -> None:
    async def check(outbox: Outbox) -> None:
        id_ = await outbox.have(
            number="SO-1", total_value=usd(1200), assigned_arr=usd(1200), assigned_mrr=usd(100), **TERM
        )
        await outbox.run()
        found = outbox.contract(id_)
        assert found is not None
        assert (found["Name"], found["Status"], found["AccountId"]) == (
            "Support order", "Activated", outbox.org.account,
        )  # fmt: skip
        assert (found["StartDate"], found["EndDate"], found["Agreement_Number__c"]) == (
            "2026-12-01", "2027-11-30", "SO-1",
        )  # fmt: skip
        assert (found["ARR__c"], found["Opportunity__c"]) == (1200.0, outbox.org.opportunity)
        first, second = outbox.effects()
        assert (first["operation"], second["operation"]) == ("created", "updated")
        assert set(second["fields"]) == {"Status"}
        assert await outbox.shown(id_) == ("IN_SYNC", None, {})
        assert outbox.amount == 1200.0
        assert await outbox.shown(id_, "Opportunity") == ("IN_SYNC", None, {})

    on(check)


def test_only_what_differs_from_what_was_last_written_is_sent(on: On) -> None:
    async def check(outbox: Outbox) -> None:
        id_ = await outbox.have(total_value=usd(1200), **TERM)
        await outbox.run()
        before = len(outbox.org.stand_in.journal())
        await outbox.change(id_, title="Support order, amended")
        await outbox.run()
        (entry,) = outbox.org.stand_in.journal(before)
        assert entry["fields"] == {"Name": "Support order, amended"}
        await outbox.ask(id_)
        await outbox.run()
        assert len(outbox.org.stand_in.journal()) == before + 1, "nothing changed, and nothing was sent"

    on(check)


def test_what_waits_of_a_contract_is_one_write(on: On) -> None:
    async def check(outbox: Outbox) -> None:
        id_ = await outbox.have()
        for title in ("one", "two", "three"):
            await outbox.change(id_, title=title)
        assert await outbox.waiting() == 1
        worker = await outbox.run()
        assert (worker.counters.processed, len(outbox.effects())) == (1, 2)
        found = outbox.contract(id_)
        assert found is not None
        assert found["Name"] == "three"

    on(check)


@pytest.mark.parametrize("status", [S.DRAFT, S.IN_REVIEW, S.PENDING_SIGNATURE])
def test_before_signature_the_amount_is_salesforces_and_is_not_written(
    on: On, status: ContractStatus
) -> None:
    async def check(outbox: Outbox) -> None:
        id_ = await outbox.have(status=status, total_value=usd(1200))
        await outbox.run()
        assert outbox.contract(id_) is not None
        assert outbox.amount is None
        assert outbox.org.stand_in.journal(object="Opportunity") == []
        await outbox.change(id_, status="EXECUTED")
        await outbox.run()
        assert outbox.amount == 1200.0

    on(check)


def test_what_salesforce_owns_is_told_to_a_new_record_and_never_again(on: On) -> None:
    async def check(outbox: Outbox) -> None:
        id_ = await outbox.have()
        await outbox.run()
        found = outbox.contract(id_)
        assert found is not None
        other = outbox.org.stand_in.arrange(records={"Account": [{"Name": "Other"}]})["Account"][0]
        outbox.org.rest()(
            "PATCH", f"sobjects/Contract/{found['Id']}", {"AccountId": other, "Opportunity__c": None}
        )
        await outbox.work.superuser.execute("UPDATE salesforce_record SET in_doubt = true")
        await outbox.change(id_, title="changed")
        await outbox.run()
        found = outbox.contract(id_)
        assert found is not None
        assert (found["AccountId"], found["Opportunity__c"], found["Name"]) == (other, None, "changed")

    on(check)


def test_a_contract_without_account_waits_and_is_written_once_it_has_one(on: On) -> None:
    async def check(outbox: Outbox) -> None:
        id_ = await outbox.have(there={"account": None}, total_value=usd(7))
        await outbox.run()
        state, reason, _ = await outbox.shown(id_)
        assert state == "PENDING"
        assert "without AccountId, and the contract has no account that is known there" in (reason or "")
        assert (await outbox.held(), await outbox.waiting(), outbox.contract(id_)) == ([], 0, None)
        assert outbox.amount == 7.0, "what lives elsewhere waits for nothing"
        await outbox.work.superuser.execute("UPDATE account SET salesforce_id = $1", outbox.org.account)
        await outbox.ask(id_)
        await outbox.run()
        assert outbox.contract(id_) is not None
        assert await outbox.shown(id_) == ("IN_SYNC", None, {})

    on(check)


def test_derived_values_are_those_of_the_day(on: On) -> None:
    async def check(outbox: Outbox) -> None:
        id_ = await outbox.have(
            **TERM, renewal_type=RenewalType.AUTO_RENEW, renewal_term=Period(months=12),
            notice_period=Period(days=30),
        )  # fmt: skip
        await outbox.run()
        found = outbox.contract(id_)
        assert found is not None
        assert (found["Renewal_Date__c"], found["Notice_Period__c"]) == ("2027-11-30", "P30D")
        first = found["Notice_Deadline__c"]
        await outbox.ask(id_)
        await outbox.run(days=500)
        found = outbox.contract(id_)
        assert found is not None
        assert (found["Renewal_Date__c"], found["Notice_Deadline__c"] > first) == ("2028-11-30", True)

    on(check)


@pytest.mark.parametrize(
    ("values", "settings", "object_name", "field", "reason"),
    [
        ({"total_value": Money(Decimal(5), "EUR")}, {}, "Opportunity", "totalValue", "is in EUR"),
        ({"title": "x" * 81}, {}, "Contract", "title", "takes 80 characters"),
        ({"status": S.TERMINATED}, {}, "Contract", "status", "no API write a status"),
        ({"expiration_date": date(2027, 1, 1)}, {}, "Contract", "expirationDate", "computes it from"),
        (
            {"total_value": usd(5)}, {"hidden": ["Opportunity.Amount"]}, "Opportunity", "totalValue",
            "has no field Amount",
        ),
        (
            {"total_value": usd(5)}, {"read_only": ["Opportunity.Amount"]}, "Opportunity", "totalValue",
            "cannot be changed",
        ),
        (
            {"total_value": usd(5)}, {"objects": {"Opportunity": "none"}}, "Opportunity", "totalValue",
            "may not see",
        ),
        (
            {"total_value": usd(5)}, {"objects": {"Opportunity": "read"}}, "Opportunity", "totalValue",
            "the right",
        ),
        ({"number": "N-1"}, {"hidden": ["Contract.Agreement_Number__c"]}, "Contract", "number", "add it"),
    ],
)  # fmt: skip
def test_a_refused_field_is_left_out_with_its_reason_and_the_others_are_written(  # noqa: PLR0913, PLR0917 - a case
    on: On, values: dict[str, Any], settings: dict[str, Any], object_name: str, field: str, reason: str
) -> None:
    async def check(outbox: Outbox) -> None:
        outbox.org.stand_in.arrange(users=[{"Username": "sync@example.com", "rights": settings}])
        id_ = await outbox.have(**{"type": ContractType.NDA} | values)
        await outbox.run()
        state, _, refused = await outbox.shown(id_, object_name)
        assert state == "REFUSED"
        assert list(refused) == [field]
        assert reason in refused[field]
        found = outbox.contract(id_)
        assert found is not None
        assert found["Type__c"] == "NDA"
        assert await outbox.held() == []

    on(check)


def test_an_amount_that_is_the_sum_of_products_is_not_written(on: On) -> None:
    async def check(outbox: Outbox) -> None:
        outbox.org.stand_in.arrange(
            records={
                "OpportunityLineItem": [
                    {
                        "OpportunityId": outbox.org.opportunity, "Product2Id": outbox.org.product,
                        "Quantity": 1, "UnitPrice": 10,
                    }
                ]
            }
        )  # fmt: skip
        id_ = await outbox.have(total_value=usd(1200))
        await outbox.run()
        _, _, refused = await outbox.shown(id_, "Opportunity")
        assert "the opportunity has products" in refused["totalValue"]
        assert outbox.org.stand_in.journal(object="Opportunity") == []

    on(check)


def test_two_contracts_of_one_opportunity_do_not_fight_over_its_amount(on: On) -> None:
    async def check(outbox: Outbox) -> None:
        one = await outbox.have(total_value=usd(100))
        await outbox.run()
        two = await outbox.have(total_value=usd(200))
        await outbox.change(one, title="changed")
        await outbox.run()
        assert outbox.amount == 100.0
        _, _, refused = await outbox.shown(two, "Opportunity")
        assert "another contract has the same opportunity" in refused["totalValue"]

    on(check)


def test_a_status_of_the_right_category_stays_as_somebody_chose_it(on: On) -> None:
    async def check(outbox: Outbox) -> None:
        id_ = uuid7()
        signed = {"ApiName": "Signed", "MasterLabel": "Signed", "StatusCode": "Activated"}
        outbox.org.stand_in.arrange(
            records={"ContractStatus": [signed | {"IsDefault": False, "SortOrder": 9}]}
        )
        there = {"AccountId": outbox.org.account, "Status": "Signed", "Contract_Graph_Id__c": str(id_)}
        outbox.org.stand_in.arrange(records={"Contract": [there]})
        await outbox.have(id=id_, status=S.AMENDED)
        await outbox.run()
        found = outbox.contract(id_)
        assert found is not None
        assert (found["Status"], found["Name"]) == ("Signed", "Support order")
        assert await outbox.shown(id_) == ("IN_SYNC", None, {})

    on(check)


def test_a_contract_whose_opportunity_has_no_salesforce_id_is_told_without_it(on: On) -> None:
    async def check(outbox: Outbox) -> None:
        id_ = await outbox.have(there={"opportunity": None}, total_value=usd(5))
        await outbox.run()
        found = outbox.contract(id_)
        assert found is not None
        assert found["Opportunity__c"] is None
        _, _, refused = await outbox.shown(id_, "Opportunity")
        assert "opportunity has no Salesforce id here" in refused["totalValue"]

    on(check)


def test_what_was_told_is_kept_without_personal_values(on: On) -> None:
    assert not [place.name for place in mapped(Contract).values() if place.declared.sealed]

    async def check(outbox: Outbox) -> None:
        id_ = await outbox.have(total_value=usd(1200))
        await outbox.run()
        rows = await outbox.work.superuser.fetch(
            "SELECT * FROM salesforce_record WHERE contract_id = $1", id_
        )
        told = {row["object"]: json.loads(row["told"]) for row in rows}
        assert told["Opportunity"] == {"Amount": 1200}
        assert told["Contract"]["Name"] == "Support order"
        assert {row["correlation"] for row in rows} == {f"about {id_}"}
        assert not any(row["in_doubt"] for row in rows)

    on(check)


def test_an_org_without_salesforce_has_nothing_written_and_nothing_waiting(on: On) -> None:
    async def check(outbox: Outbox) -> None:
        async with outbox.work.database.transaction(ONE) as connection:
            await connection.execute("UPDATE salesforce_connection SET ended_at = now()")
        await outbox.have()
        await outbox.run()
        assert (await outbox.waiting(), outbox.org.stand_in.journal()) == (0, [])

    on(check)


def test_an_org_without_our_field_is_waited_for(on: On) -> None:
    async def check(outbox: Outbox) -> None:
        hidden = {"hidden": ["Contract.Contract_Graph_Id__c"]}
        outbox.org.stand_in.arrange(users=[{"Username": "sync@example.com", "rights": hidden}])
        id_ = await outbox.have()
        await outbox.run(times=12, minutes=6)
        state, reason, _ = await outbox.shown(id_)
        assert (state, await outbox.waiting(), await outbox.held()) == ("PENDING", 1, [])
        assert "has no field Contract_Graph_Id__c" in (reason or "")
        outbox.org.stand_in.arrange(users=[{"Username": "sync@example.com", "rights": {}}])
        await outbox.run(times=2, minutes=6)
        assert outbox.contract(id_) is not None

    on(check)
