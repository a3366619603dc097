from __future__ import annotations

from typing import Any

import pytest

from tests.sync.salesforce.org import Rest, SalesforceOrg, error


def contract(org: SalesforceOrg, rest: Rest, **values: Any) -> str:
    made = rest("POST", "sobjects/Contract", {"AccountId": org.account} | values)
    assert made.status_code == 201, made.text
    return f"sobjects/Contract/{made.json()['id']}"


def line(org: SalesforceOrg, rest: Rest, **values: Any) -> str:
    body = {"OpportunityId": org.opportunity, "Product2Id": org.product, "Quantity": 2} | values
    made = rest("POST", "sobjects/OpportunityLineItem", body)
    assert made.status_code == 201, made.text
    return f"sobjects/OpportunityLineItem/{made.json()['id']}"


def test_the_amount_of_an_opportunity_with_lines_is_ignored_without_a_word(
    org: SalesforceOrg, rest: Rest
) -> None:
    path = f"sobjects/Opportunity/{org.opportunity}"
    assert rest("PATCH", path, {"Amount": 5}).status_code == 204
    assert rest("GET", path).json()["Amount"] == 5
    line(org, rest, UnitPrice=100)
    assert rest("PATCH", path, {"Amount": 5}).status_code == 204
    assert rest("GET", path).json()["Amount"] == 200
    assert rest("GET", path).json()["HasOpportunityLineItem"] is True


def test_the_price_book_of_an_opportunity_with_lines_is_refused(org: SalesforceOrg, rest: Rest) -> None:
    line(org, rest, UnitPrice=100)
    body = {"Pricebook2Id": "01s000000000001AAA"}
    refused = error(rest("PATCH", f"sobjects/Opportunity/{org.opportunity}", body))
    assert refused["fields"] == ["Pricebook2Id"]


def test_a_stage_decides_what_is_closed_and_won(org: SalesforceOrg, rest: Rest) -> None:
    path = f"sobjects/Opportunity/{org.opportunity}"
    rest("PATCH", path, {"StageName": "Closed Won"})
    shown = rest("GET", path).json()
    told = [shown[name] for name in ("IsClosed", "IsWon", "ForecastCategory", "Probability")]
    assert told == [True, True, "Closed", 100]
    refused = error(rest("PATCH", path, {"IsWon": False}))
    assert refused["errorCode"] == "INVALID_FIELD_FOR_INSERT_UPDATE"


def test_a_line_takes_its_price_once(org: SalesforceOrg, rest: Rest) -> None:
    body = {"OpportunityId": org.opportunity, "Quantity": 2, "UnitPrice": 1, "TotalPrice": 2}
    assert error(rest("POST", "sobjects/OpportunityLineItem", body))["fields"] == ["UnitPrice", "TotalPrice"]


def test_a_quantity_alone_keeps_the_total_of_a_line(org: SalesforceOrg, rest: Rest) -> None:
    path = line(org, rest, UnitPrice=100)
    rest("PATCH", path, {"Quantity": 4})
    shown = rest("GET", path).json()
    assert (shown["TotalPrice"], shown["UnitPrice"]) == (200, 50)


def test_a_line_stays_with_its_opportunity(org: SalesforceOrg, rest: Rest) -> None:
    path = line(org, rest, UnitPrice=100)
    refused = error(rest("PATCH", path, {"OpportunityId": org.opportunity}))
    assert refused["errorCode"] == "INVALID_FIELD_FOR_INSERT_UPDATE"


def test_the_end_of_a_contract_is_that_of_its_whole_months(org: SalesforceOrg, rest: Rest) -> None:
    path = contract(org, rest, StartDate="2025-03-01", ContractTerm=5)
    assert rest("GET", path).json()["EndDate"] == "2025-07-31"
    refused = error(rest("PATCH", path, {"EndDate": "2025-08-30"}))
    assert (refused["errorCode"], refused["fields"]) == ("INVALID_FIELD_FOR_INSERT_UPDATE", ["EndDate"])
    fields = {field["name"]: field for field in rest("GET", "sobjects/Contract/describe").json()["fields"]}
    assert fields["EndDate"]["updateable"] is False


def test_an_org_may_leave_the_end_of_a_contract_to_its_people(org: SalesforceOrg, rest: Rest) -> None:
    org.stand_in.arrange(settings={"auto_calculate_end_date": False})
    path = contract(org, rest, StartDate="2025-03-01", ContractTerm=5, EndDate="2025-08-30")
    assert rest("GET", path).json()["EndDate"] == "2025-08-30"
    fields = {field["name"]: field for field in rest("GET", "sobjects/Contract/describe").json()["fields"]}
    assert fields["EndDate"]["updateable"] is True


def test_a_contract_is_made_as_a_draft_and_activated_afterwards(org: SalesforceOrg, rest: Rest) -> None:
    body = {"AccountId": org.account, "Status": "Activated"}
    assert error(rest("POST", "sobjects/Contract", body))["errorCode"] == "FAILED_ACTIVATION"
    path = contract(org, rest)
    assert rest("GET", path).json()["StatusCode"] == "Draft"
    assert rest("PATCH", path, {"Status": "Activated"}).status_code == 204
    assert rest("GET", path).json()["StatusCode"] == "Activated"
    assert error(rest("PATCH", path, {"Status": "Draft"}))["errorCode"] == "FAILED_ACTIVATION"


def test_an_org_may_let_contracts_begin_as_they_like(org: SalesforceOrg, rest: Rest) -> None:
    org.stand_in.arrange(settings={"draft_first": False})
    contract(org, rest, Status="Activated")


@pytest.mark.parametrize("status", ["Signed", "InApproval", ""])
def test_a_status_is_written_by_its_label(org: SalesforceOrg, rest: Rest, status: str) -> None:
    refused = error(rest("PATCH", contract(org, rest), {"Status": status}))
    assert refused["fields"] == ["Status"]


def test_the_category_of_a_status_is_not_written(org: SalesforceOrg, rest: Rest) -> None:
    refused = error(rest("PATCH", contract(org, rest), {"StatusCode": "Activated"}))
    assert refused["errorCode"] == "INVALID_FIELD_FOR_INSERT_UPDATE"
    rows = rest.rows("SELECT ApiName, StatusCode, IsDefault FROM ContractStatus ORDER BY SortOrder")
    assert rows[0] == {"ApiName": "Draft", "StatusCode": "Draft", "IsDefault": True}
    assert [row["StatusCode"] for row in rows] == ["Draft", "InApproval", "Activated"]


def test_several_choices_are_one_text(org: SalesforceOrg, rest: Rest) -> None:
    contract(org, rest, Regions__c="EMEA;APAC", Name="both")
    contract(org, rest, Regions__c="AMER", Name="one")
    where = "WHERE Regions__c INCLUDES ('EMEA;APAC', 'MARS')"
    assert rest.rows(f"SELECT Name FROM Contract {where}") == [{"Name": "both"}]


def test_an_address_is_written_in_its_parts(org: SalesforceOrg, rest: Rest) -> None:
    path = f"sobjects/Account/{org.account}"
    rest("PATCH", path, {"BillingCity": "Oslo"})
    shown = rest("GET", path).json()["BillingAddress"]
    assert shown["city"] == "Oslo"
    assert shown["street"] is None


def test_the_name_of_a_person_is_made_of_two(rest: Rest) -> None:
    made = rest("POST", "sobjects/Contact", {"FirstName": "Ada", "LastName": "Byron"}).json()["id"]
    assert rest("GET", f"sobjects/Contact/{made}").json()["Name"] == "Ada Byron"
    refused = error(rest("PATCH", f"sobjects/Contact/{made}", {"Name": "Ada"}))
    assert refused["errorCode"] == "INVALID_FIELD_FOR_INSERT_UPDATE"
