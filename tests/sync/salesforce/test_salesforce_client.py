from __future__ import annotations

import asyncio
import threading
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from simple_salesforce.format import format_soql

from sync.salesforce.bulk import can_be_said
from sync.salesforce.client import SalesforceClient
from sync.salesforce.connection import Connection, InsecureAddress
from sync.salesforce.failures import ChangedSince, Permanent, Retryable, of_cell
from sync.salesforce.results import Part, Written
from sync.salesforce.stand_in.process import started
from tests.sync.salesforce.asking import BY_JWT, BY_SECRET, GRAPH_ID, asked, connection, in_bulk, new
from tests.sync.salesforce.org import SalesforceOrg, furnished


@pytest.mark.parametrize("credentials", [BY_JWT, BY_SECRET])
def test_an_upsert_is_done_once_however_often_it_is_asked_for(org: SalesforceOrg, credentials: Any) -> None:
    async def twice(client: SalesforceClient) -> list[Written]:
        return [await client.upsert("Contract", (GRAPH_ID, "1"), new(org, Name="MSA")) for _ in range(2)]

    first, again = asked(org, twice, credentials=credentials)
    assert (first.created, again.created) == (True, False)
    assert first.id == again.id
    assert [entry["changed"] for entry in org.stand_in.journal()][1] == []


@pytest.mark.parametrize("key", ["a/b", "ü?&=#", "a b%2F", "x" * 36])
def test_an_external_id_is_taken_as_it_is(org: SalesforceOrg, key: str) -> None:
    asked(org, lambda client: client.upsert("Contract", (GRAPH_ID, key), new(org)))
    (record,) = org.stand_in.records("Contract")
    assert record[GRAPH_ID] == key


@pytest.mark.parametrize("key", ["", ".", ".."])
def test_an_external_id_that_would_lead_elsewhere_is_no_address(org: SalesforceOrg, key: str) -> None:
    with pytest.raises(ValueError, match="an address"):
        asked(org, lambda client: client.upsert("Contract", (GRAPH_ID, key), new(org)))


def test_our_writes_carry_our_name(org: SalesforceOrg) -> None:
    asked(org, lambda client: client.upsert("Contract", (GRAPH_ID, "1"), new(org)))
    assert [entry["client"] for entry in org.stand_in.journal()] == ["contract-graph"]


def test_only_an_update_may_be_asked_for(org: SalesforceOrg) -> None:
    with pytest.raises(Permanent) as refused:
        asked(org, lambda client: client.upsert("Contract", (GRAPH_ID, "1"), {}, only_update=True))
    assert refused.value.code == "NOT_FOUND"
    assert org.stand_in.journal() == []


def test_several_records_of_one_external_id_are_a_matter_for_people(org: SalesforceOrg) -> None:
    org.stand_in.arrange(records={"Account": [{"Name": name, "Erp_Number__c": "7"} for name in "ab"]})
    with pytest.raises(Permanent) as refused:
        asked(org, lambda client: client.upsert("Account", ("Erp_Number__c", "7"), {"Name": "x"}))
    assert refused.value.code == "DUPLICATE_EXTERNAL_ID"


def test_a_write_is_held_back_where_the_record_has_changed(org: SalesforceOrg) -> None:
    known = datetime(2026, 1, 1, 0, 0, 10, tzinfo=UTC)
    org.stand_in.arrange(now=known.isoformat())
    guard = {"unmodified_since": known}

    async def write(client: SalesforceClient) -> None:
        await client.update("Opportunity", org.opportunity, {"NextStep": "ours"})
        await client.update("Opportunity", org.opportunity, {"NextStep": "again"}, **guard)
        org.stand_in.arrange(now=(known + timedelta(seconds=1)).isoformat())
        await client.update("Opportunity", org.opportunity, {"NextStep": "theirs"})
        await client.update("Opportunity", org.opportunity, {"NextStep": "ours"}, **guard)

    with pytest.raises(ChangedSince):
        asked(org, write)
    assert org.stand_in.records("Opportunity")[0]["NextStep"] == "theirs"


def test_an_upsert_is_held_back_too(org: SalesforceOrg) -> None:
    async def write(client: SalesforceClient) -> None:
        key = (GRAPH_ID, "1")
        await client.upsert("Contract", key, new(org))
        await client.upsert("Contract", key, {"Name": "x"}, unmodified_since=datetime(2020, 1, 1, tzinfo=UTC))

    with pytest.raises(ChangedSince):
        asked(org, write)


def test_a_record_is_read_exactly_or_not_at_all_where_it_has_not_changed(org: SalesforceOrg) -> None:
    async def read(client: SalesforceClient) -> list[Any]:
        await client.update("Opportunity", org.opportunity, {"Amount": 1234567.89})
        ask = ("Opportunity", org.opportunity, ["Amount", "Name"])
        later = datetime.now(UTC) + timedelta(seconds=5)
        return [await client.get(*ask), await client.get(*ask, modified_since=later)]

    shown, unchanged = asked(org, read)
    assert shown["Amount"] == Decimal("1234567.89")
    assert isinstance(shown["Amount"], Decimal)
    assert unchanged is None


def test_an_org_describes_its_objects(org: SalesforceOrg) -> None:
    contract = asked(org, lambda client: client.describe("Contract"))
    assert contract.key_prefix == "800"
    assert contract.fields[GRAPH_ID].external_id
    assert contract.fields["Status"].values == ("Draft", "In Approval Process", "Activated")
    assert not contract.fields["EndDate"].updateable


def test_a_query_is_read_to_its_end(org: SalesforceOrg) -> None:
    org.stand_in.arrange(records={"Contact": [{"LastName": f"O'Neil {n:04}"} for n in range(4100)]})
    soql = format_soql("SELECT LastName FROM Contact WHERE LastName >= {} ORDER BY LastName", "O'Neil 0001")

    async def read(client: SalesforceClient) -> list[Any]:
        return [row["LastName"] async for row in client.query(soql)]

    names = asked(org, read)
    assert (len(names), names[0], names[-1]) == (4099, "O'Neil 0001", "O'Neil 4099")


def test_rows_go_200_a_call_and_each_says_what_became_of_it(org: SalesforceOrg) -> None:
    rows = {f"c{n}": new(org, Name="x" * (99 if n == 300 else 9)) for n in range(401)}
    before = org.stand_in.calls()
    results = asked(org, lambda client: client.upsert_rows("Contract", GRAPH_ID, rows))
    assert org.stand_in.calls() - before == 3
    assert list(results) == list(rows)
    refused = results.pop("c300")
    assert isinstance(refused, Permanent)
    assert (refused.code, refused.fields) == ("STRING_TOO_LONG", ("Name",))
    assert all(isinstance(each, Written) and each.created for each in results.values())


def test_rows_of_all_or_none_may_be_tried_again(org: SalesforceOrg) -> None:
    rows = {"good": new(org), "bad": new(org, Name="x" * 99)}
    results = asked(org, lambda client: client.upsert_rows("Contract", GRAPH_ID, rows, all_or_none=True))
    assert isinstance(results["good"], Retryable)
    assert isinstance(results["bad"], Permanent)
    assert org.stand_in.journal() == []


def test_rows_may_be_changed_by_id(org: SalesforceOrg) -> None:
    rows = {org.opportunity: {"NextStep": "x"}, "006000000000009": {"NextStep": "x"}}
    good, bad = asked(org, lambda client: client.update_rows("Opportunity", rows)).values()
    assert good == Written(org.opportunity)
    assert isinstance(bad, Permanent)


def test_two_rows_of_one_record_are_not_sent(org: SalesforceOrg) -> None:
    with pytest.raises(ValueError, match="put them together"):
        asked(org, lambda client: client.upsert_rows("Contract", GRAPH_ID, {"a": {}, "A": {}}))


def test_more_rows_than_a_call_takes_cannot_be_all_or_none(org: SalesforceOrg) -> None:
    rows = {str(n): new(org) for n in range(201)}
    with pytest.raises(ValueError, match="all or none"):
        asked(org, lambda client: client.upsert_rows("Contract", GRAPH_ID, rows, all_or_none=True))


def test_calls_that_belong_together_are_made_in_one(org: SalesforceOrg) -> None:
    parts = [
        Part(reference="a", method="PATCH", path=f"sobjects/Contract/{GRAPH_ID}/1", body=new(org)),
        Part(reference="b", method="PATCH", path="sobjects/Contract/@{a.id}", body={"Name": "x"}),
    ]
    made, changed = asked(org, lambda client: client.composite(parts))
    assert made["created"] is True  # type: ignore[index,call-overload]
    assert changed is None
    assert len(org.stand_in.journal()) == 2


def test_of_a_halted_composite_call_only_the_culprit_is_at_fault(org: SalesforceOrg) -> None:
    parts = [
        Part(reference="a", method="PATCH", path=f"sobjects/Contract/{GRAPH_ID}/1", body=new(org)),
        Part(reference="b", method="PATCH", path=f"sobjects/Contract/{GRAPH_ID}/2", body={}),
    ]
    halted, culprit = asked(org, lambda client: client.composite(parts))
    assert isinstance(halted, Retryable)
    assert isinstance(culprit, Permanent)
    assert org.stand_in.journal() == []


@pytest.mark.parametrize("count", [0, 26])
def test_a_composite_call_has_a_few_parts(org: SalesforceOrg, count: int) -> None:
    part = Part(reference="a", method="GET", path="limits")
    with pytest.raises(ValueError, match="parts"):
        asked(org, lambda client: client.composite([part] * count))


def test_many_rows_go_in_bulk(org: SalesforceOrg) -> None:
    rows = {f"c{n}": new(org, Name=f'line "{n}",\nü', ARR__c=1.5) for n in range(300)}
    rows["bad"] = new(org, Name="x" * 99)
    rows["C1"] = {}
    rows.pop("C1")
    results = asked(org, lambda client: in_bulk(client, "Contract", GRAPH_ID, rows))
    assert results.written.keys() | results.refused.keys() == rows.keys()
    refused = of_cell(results.refused["bad"])
    assert isinstance(refused, Permanent)
    assert (refused.code, refused.fields) == ("STRING_TOO_LONG", ("Name",))
    assert len(results.written) == 300
    assert {entry["via"] for entry in org.stand_in.journal()} == {"bulk"}
    names = {record["Name"] for record in org.stand_in.records("Contract")}
    assert 'line "7",\nü' in names


def test_in_bulk_what_is_absent_stays_and_what_is_none_goes(org: SalesforceOrg) -> None:
    async def write(client: SalesforceClient) -> None:
        await in_bulk(client, "Contract", GRAPH_ID, {"1": new(org, Name="n", ARR__c=1.5)})
        await in_bulk(client, "Contract", GRAPH_ID, {"1": {"ARR__c": None}, "2": new(org, Name="m")})

    asked(org, write)
    first, _ = org.stand_in.records("Contract")
    assert (first["Name"], first["ARR__c"], first["AccountId"]) == ("n", None, org.account)


def test_a_text_that_reads_like_a_clearing_mark_does_not_go_in_bulk() -> None:
    assert not can_be_said({"Name": "#N/A"})
    assert can_be_said({"Name": "#N/A or so", "ARR__c": None})


def test_what_ends_a_line_stays_in_its_cell_in_bulk(org: SalesforceOrg) -> None:
    rows = {"1": new(org, Name='a,"b"\r\nc\rd'), "2": new(org, ARR__c=0.0000001)}
    asked(org, lambda client: in_bulk(client, "Contract", GRAPH_ID, rows))
    assert {each["Name"] for each in org.stand_in.records("Contract")} >= {'a,"b"\r\nc\rd'}


def test_no_more_threads_are_used_than_it_may_have(org: SalesforceOrg) -> None:
    org.stand_in.arrange(faults=[{"kind": "slow", "seconds": 0.05, "times": None}])
    seen = set()

    async def many(client: SalesforceClient) -> None:
        async def one() -> None:
            await client.limits()
            seen.update(t.name for t in threading.enumerate() if t.name.startswith("salesforce"))

        await asyncio.gather(*(one() for _ in range(12)))

    asked(org, many, threads=3)
    assert len(seen) == 3
    assert not [t for t in threading.enumerate() if t.name.startswith("salesforce")]


def test_it_believes_the_authority_that_it_is_told_and_no_other() -> None:
    with started("--tls") as stand_in:
        secure = furnished(stand_in)
        assert asked(secure, lambda client: client.limits())["DailyApiRequests"]
        with pytest.raises(Retryable) as refused:
            asked(secure, lambda client: client.limits(), certificate=None)
        assert (refused.value.code, refused.value.unsure) == ("NOT_TRUSTED", False)


def test_an_address_that_is_not_secure_is_none() -> None:
    with pytest.raises(InsecureAddress):
        Connection(url="http://example.my.salesforce.com", credentials=BY_SECRET)


def test_a_connection_shows_no_secret(org: SalesforceOrg) -> None:
    for credentials in (BY_JWT, BY_SECRET):
        shown = repr(connection(org, credentials))
        assert "PRIVATE KEY" not in shown
        assert "the-secret" not in shown
