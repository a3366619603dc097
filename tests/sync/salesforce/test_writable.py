from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from domain.lifecycle import ContractStatus
from sync.salesforce.client import SalesforceClient
from sync.salesforce.contract_status import CATEGORIES, QUESTION, ContractStatuses, NoSuchStatus
from sync.salesforce.stand_in.rights import Rights
from sync.salesforce.writable import Facts, instead_of_end_date, refusals
from tests.sync.salesforce.asking import GRAPH_ID, asked, new
from tests.sync.salesforce.described import described
from tests.sync.salesforce.org import STATUS, SalesforceOrg

ROWS = [
    {"ApiName": label, "StatusCode": code, "IsDefault": code == "Draft", "SortOrder": place}
    for place, (code, label) in enumerate(STATUS.items())
]
STATUSES = ContractStatuses.read(ROWS)
UPDATE = Facts(creating=False, has_lines=False, statuses=STATUSES, status_code="Draft")
CREATE = Facts(creating=True, statuses=STATUSES)
UPSERT = Facts(statuses=STATUSES, status_code="Draft")
WITH_LINES = Facts(creating=False, has_lines=True)


@pytest.mark.parametrize(
    ("name", "values", "facts"),
    [
        ("Contract", {"Name": "MSA", "ARR__c": 10.5, "StartDate": "2026-01-01"}, UPSERT),
        ("Contract", {"Status": "Draft"}, CREATE),
        ("Contract", {"Status": "Activated"}, UPDATE),
        ("Contract", {"EndDate": "2026-12-31"}, UPDATE),
        ("Contract", {"Regions__c": "AMER;EMEA"}, UPDATE),
        ("Contract", {"Name": None, "Type__c": None}, UPDATE),
        ("Contract", {"Risk_Score__c": 100}, UPDATE),
        ("Opportunity", {"Amount": 5}, UPDATE),
        ("Opportunity", {"Amount": 5}, CREATE),
        ("OpportunityLineItem", {"UnitPrice": 5}, UPDATE),
    ],
)
def test_what_salesforce_takes_is_sent(name: str, values: dict[str, Any], facts: Facts) -> None:
    assert refusals(described(name), values, facts) == ()


@pytest.mark.parametrize(
    ("name", "values", "facts", "rule"),
    [
        ("Contract", {"Nothing__c": 1}, UPDATE, "unknown"),
        ("Contract", {"ContractNumber": "1"}, UPDATE, "calculated"),
        ("Contract", {"StatusCode": "Activated"}, UPDATE, "closed"),
        ("Contract", {"BillingAddress": "x"}, UPDATE, "closed"),
        ("Contract", {"ActivatedDate": "2026-01-01T00:00:00.000Z"}, CREATE, "closed"),
        ("Contract", {"ActivatedDate": "2026-01-01T00:00:00.000Z"}, UPSERT, "closed"),
        ("OpportunityLineItem", {"OpportunityId": "006"}, UPDATE, "closed"),
        ("Contract", {"AccountId": None}, UPDATE, "absent"),
        ("Contract", {"Type__c": "LETTER"}, UPDATE, "choice"),
        ("Contract", {"Regions__c": "AMER;MARS"}, UPDATE, "choice"),
        ("Contract", {"Name": "x" * 81}, UPDATE, "length"),
        ("Contract", {"ARR__c": 10.505}, UPDATE, "scale"),
        ("Contract", {"Risk_Score__c": 1.5}, UPDATE, "scale"),
        ("Contract", {"ContractTerm": 1.5}, UPDATE, "scale"),
        ("Contract", {"Risk_Score__c": 1000}, UPDATE, "size"),
        ("Contract", {"ARR__c": 10**16}, UPDATE, "size"),
        ("Contract", {"ContractTerm": 10**8}, UPDATE, "size"),
        ("Contract", {"Status": "Activated"}, CREATE, "status"),
        ("Contract", {"Status": "Activated"}, UPSERT, "status"),
        ("Contract", {"Status": "Signed"}, UPDATE, "status"),
        ("Contract", {"Status": "Draft"}, Facts(creating=False), "status"),
        (
            "Contract",
            {"Status": "Draft"},
            Facts(creating=False, statuses=STATUSES, status_code="Activated"),
            "status",
        ),
        ("Opportunity", {"Amount": 5}, WITH_LINES, "lines"),
        ("Opportunity", {"Amount": 5}, Facts(creating=False), "lines"),
        ("Opportunity", {"Pricebook2Id": "01s"}, WITH_LINES, "lines"),
        ("Opportunity", {"IsWon": True}, UPDATE, "closed"),
        ("OpportunityLineItem", {"UnitPrice": 5, "TotalPrice": 5}, UPDATE, "either"),
        ("User", {"Name": "x"}, UPDATE, "rights"),
    ],
)
def test_what_salesforce_would_refuse_or_ignore_is_refused_here(
    name: str, values: dict[str, Any], facts: Facts, rule: str
) -> None:
    (found,) = refusals(described(name), values, facts)
    assert found.rule == rule
    assert found.reason
    assert "x" * 81 not in found.reason


def test_the_end_of_a_contract_that_the_org_computes_is_refused_with_what_to_write_instead() -> None:
    (found,) = refusals(described("Contract", computed=("EndDate",)), {"EndDate": "2026-12-31"}, UPDATE)
    assert found.rule == "computed"
    assert "ContractTerm" in found.reason


@pytest.mark.parametrize(
    ("start", "end", "months"),
    [
        (date(2025, 3, 1), date(2025, 7, 31), 5),
        (date(2025, 3, 1), date(2025, 8, 30), 5),
        (date(2026, 1, 1), date(2026, 12, 31), 12),
    ],
)
def test_instead_of_its_end_the_whole_months_of_a_contract_are_written(
    start: date, end: date, months: int
) -> None:
    assert instead_of_end_date(start, end) == {"StartDate": start.isoformat(), "ContractTerm": months}


@pytest.mark.parametrize(
    ("start", "end"),
    [(None, date(2026, 1, 1)), (date(2026, 1, 1), None), (date(2026, 1, 2), date(2026, 1, 3))],
)
def test_without_a_whole_month_there_is_nothing_to_write_instead(
    start: date | None, end: date | None
) -> None:
    assert instead_of_end_date(start, end) is None


def test_what_our_user_has_no_right_to_is_refused_here() -> None:
    rights = Rights(read_only=frozenset({"Contract.Name"}), hidden=frozenset({"Contract.ARR__c"}))
    found = refusals(described("Contract", rights), {"Name": "x", "ARR__c": 1, "Description": "x"}, UPDATE)
    assert [(each.field, each.rule) for each in found] == [("Name", "closed"), ("ARR__c", "unknown")]
    reader = described("Contract", Rights(objects={"Contract": "read"}))
    assert [each.rule for each in refusals(reader, {"Name": "x"}, UPDATE)] == ["rights"]


def test_every_state_of_ours_is_in_a_category() -> None:
    assert CATEGORIES.keys() == set(ContractStatus)


def test_a_status_is_written_as_the_org_calls_its_category() -> None:
    assert STATUSES.label(ContractStatus.PENDING_SIGNATURE) == "In Approval Process"
    assert STATUSES.label(ContractStatus.ACTIVE) == "Activated"
    german = ContractStatuses.read(
        [
            {"ApiName": "Ablage", "StatusCode": "Draft", "IsDefault": False, "SortOrder": 1},
            {"ApiName": "Entwurf", "StatusCode": "Draft", "IsDefault": True, "SortOrder": 2},
        ]
    )
    assert german.label(ContractStatus.DRAFT) == "Entwurf"
    with pytest.raises(NoSuchStatus, match="Activated"):
        german.label(ContractStatus.ACTIVE)
    with pytest.raises(NoSuchStatus, match="Terminated"):
        STATUSES.label(ContractStatus.TERMINATED)


def test_a_status_of_the_same_category_is_left_as_the_org_has_it() -> None:
    assert STATUSES.says_no_other("Activated", ContractStatus.SUSPENDED)
    assert not STATUSES.says_no_other("Draft", ContractStatus.SUSPENDED)
    assert not STATUSES.says_no_other(None, ContractStatus.DRAFT)


def test_a_contract_that_is_new_and_active_is_written_in_two_steps(org: SalesforceOrg) -> None:
    async def write(client: SalesforceClient) -> ContractStatuses:
        statuses = ContractStatuses.read([row async for row in client.query(QUESTION)])
        contract = await client.describe("Contract")
        wanted = new(org, Name="MSA", Status=statuses.label(ContractStatus.ACTIVE))
        for _ in range(2):
            for place, step in enumerate(statuses.in_steps(wanted)):
                facts = Facts(creating=None if place == 0 else False, statuses=statuses)
                assert refusals(contract, step, facts) == ()
                await client.upsert("Contract", (GRAPH_ID, "1"), step)
        return statuses

    statuses = asked(org, write)
    (record,) = org.stand_in.records("Contract")
    assert (record["Status"], record["StatusCode"]) == ("Activated", "Activated")
    assert [entry["changed"] for entry in org.stand_in.journal()][1:] == [["Status"], [], []]
    assert len(statuses.in_steps({"Status": "Draft"})) == len(statuses.in_steps({"Name": "x"})) == 1


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("Contract", {"Name": "x" * 81}),
        ("Contract", {"Regions__c": "MARS"}),
        ("Contract", {"Risk_Score__c": 1000}),
        ("Contract", {"EndDate": "2026-12-31"}),
        ("Contract", {"ContractNumber": "1"}),
        ("Contract", {"StatusCode": "Draft"}),
        ("Contract", {"Status": "Signed"}),
        ("Contract", {"AccountId": None}),
    ],
)
def test_what_is_refused_here_is_what_salesforce_refuses(
    org: SalesforceOrg, name: str, values: dict[str, Any]
) -> None:
    async def write(client: SalesforceClient) -> list[object]:
        made = await client.upsert(name, (GRAPH_ID, "1"), new(org))
        here = refusals(await client.describe(name), values, UPDATE)
        there = await client.update_rows(name, {made.id: values})
        return [here, there[made.id]]

    here, there = asked(org, write)
    assert here
    assert isinstance(there, Exception)
