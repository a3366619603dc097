from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.sync.salesforce.org import REP, Rest, SalesforceOrg, error

PAYLOADS = Path(__file__).resolve().parents[4] / "shared" / "data" / "payloads" / "salesforce"
BY_GRAPH = "sobjects/Contract/Contract_Graph_Id__c"


def test_versions_are_told_without_a_session(org: SalesforceOrg) -> None:
    answer = Rest(org.stand_in.url, "nobody")("GET", "", version="67.0")
    assert answer.status_code == 401
    assert Rest(org.stand_in.url, "nobody")("GET", "../").json()[-1]["version"] == "67.0"


@pytest.mark.parametrize("name", ["Account", "Opportunity", "Contact"])
def test_a_describe_has_the_shape_of_a_recorded_one(rest: Rest, name: str) -> None:
    recorded = json.loads((PAYLOADS / f"describe_{name}.json").read_text())
    recorded = recorded.get("payload", recorded)
    own = rest("GET", f"sobjects/{name}/describe").json()
    assert own.keys() >= recorded.keys()
    assert own["fields"][0].keys() == recorded["fields"][0].keys()
    assert own["keyPrefix"] == recorded["keyPrefix"]


@pytest.mark.parametrize("name", ["Account", "Opportunity", "Contact"])
def test_fields_of_a_recorded_describe_are_said_alike(rest: Rest, name: str) -> None:
    recorded = json.loads((PAYLOADS / f"describe_{name}.json").read_text())
    known = {field["name"]: field for field in recorded.get("payload", recorded)["fields"]}
    flags = ("type", "createable", "updateable", "calculated", "soapType", "relationshipName")
    for field in rest("GET", f"sobjects/{name}/describe").json()["fields"]:
        if field["name"] in known and field["type"] != "picklist":
            assert [field[flag] for flag in flags] == [known[field["name"]][flag] for flag in flags], field[
                "name"
            ]


def test_a_record_is_made_read_and_changed(org: SalesforceOrg, rest: Rest) -> None:
    made = rest("POST", "sobjects/Contract", {"AccountId": org.account, "Name": "MSA"})
    assert (made.status_code, made.json()["success"], made.json()["errors"]) == (201, True, [])
    path = f"sobjects/Contract/{made.json()['id']}"
    changed = rest("PATCH", path, {"Name": "MSA 2"})
    assert (changed.status_code, changed.content) == (204, b"")
    shown = rest("GET", f"{path}?fields=Name,Status").json()
    assert {**shown, "attributes": None} == {"Name": "MSA 2", "Status": "Draft", "attributes": None}
    assert rest("GET", path).json()["LastModifiedDate"].endswith(".000+0000")


def test_an_id_is_known_by_15_and_by_18_characters(org: SalesforceOrg, rest: Rest) -> None:
    assert len(org.account) == 18
    assert rest("GET", f"sobjects/Account/{org.account[:15]}").json()["Id"] == org.account
    made = rest("POST", "sobjects/Contract", {"AccountId": org.account[:15]}).json()["id"]
    assert rest.rows(f"SELECT AccountId FROM Contract WHERE Id = '{made[:15]}'") == [
        {"AccountId": org.account}
    ]


def test_an_upsert_says_whether_it_made_the_record(org: SalesforceOrg, rest: Rest) -> None:
    path = f"{BY_GRAPH}/{quote('a/b ü', safe='')}"
    made = rest("PATCH", path, {"AccountId": org.account})
    again = rest("PATCH", path, {"Name": "x"})
    assert (made.status_code, made.json()["created"]) == (201, True)
    assert (again.status_code, again.json()["created"]) == (200, False)
    assert made.json()["id"] == again.json()["id"]
    assert rest("GET", path).json()["Contract_Graph_Id__c"] == "a/b ü"


def test_an_upsert_may_be_told_not_to_make_a_record(org: SalesforceOrg, rest: Rest) -> None:
    answer = rest("PATCH", f"{BY_GRAPH}/new?updateOnly=true", {"AccountId": org.account})
    assert (answer.status_code, error(answer)["errorCode"]) == (404, "NOT_FOUND")


def test_an_external_id_of_several_records_answers_300_with_their_addresses(
    org: SalesforceOrg, rest: Rest
) -> None:
    twins = [{"Name": name, "Erp_Number__c": "7"} for name in ("one", "two")]
    ids = org.stand_in.arrange(records={"Account": twins})["Account"]
    answer = rest("PATCH", "sobjects/Account/Erp_Number__c/7", {"Name": "x"})
    assert answer.status_code == 300
    assert answer.json() == [f"/services/data/v67.0/sobjects/Account/{each}" for each in ids]


def test_the_field_of_the_address_may_not_stand_in_the_body(org: SalesforceOrg, rest: Rest) -> None:
    assert (
        error(rest("PATCH", f"{BY_GRAPH}/1", {"Contract_Graph_Id__c": "1"}))["errorCode"] == "INVALID_FIELD"
    )
    assert (
        error(rest("PATCH", f"sobjects/Account/{org.account}", {"Id": "1"}))["errorCode"] == "INVALID_FIELD"
    )


def test_a_field_that_names_no_records_is_not_found(rest: Rest) -> None:
    answer = rest("PATCH", "sobjects/Contract/Name/1", {})
    assert (answer.status_code, error(answer)["errorCode"]) == (404, "NOT_FOUND")


def test_a_deleted_record_is_told_as_deleted(org: SalesforceOrg, rest: Rest) -> None:
    assert rest("DELETE", f"sobjects/Opportunity/{org.opportunity}").status_code == 204
    answer = rest("PATCH", f"sobjects/Opportunity/{org.opportunity}", {"Name": "x"})
    assert (answer.status_code, error(answer)) == (
        404,
        {"message": "entity is deleted", "errorCode": "ENTITY_IS_DELETED", "fields": []},
    )
    assert rest.rows("SELECT Id FROM Opportunity") == []
    kept = rest.query("SELECT Id FROM Opportunity WHERE IsDeleted = true", "queryAll").json()
    assert kept["totalSize"] == 1


def test_a_change_of_an_unknown_id_is_an_invalid_cross_reference(rest: Rest) -> None:
    answer = rest("PATCH", "sobjects/Account/001000000000001", {"Name": "x"})
    assert (answer.status_code, error(answer)["errorCode"]) == (404, "INVALID_CROSS_REFERENCE_KEY")


@pytest.mark.parametrize(
    ("body", "code", "fields"),
    [
        ({"Name": "x" * 81}, "STRING_TOO_LONG", ["Name"]),
        ({"Nmae": "x"}, "INVALID_FIELD", None),
        ({"Regions__c": "EMEA;MARS"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", ["Regions__c"]),
        ({"AccountId": None}, "REQUIRED_FIELD_MISSING", ["AccountId"]),
        ({"AccountId": "nonsense"}, "MALFORMED_ID", ["AccountId"]),
        ({"AccountId": "006Sg0000000009"}, "FIELD_INTEGRITY_EXCEPTION", ["AccountId"]),
        ({"AccountId": "001000000000009"}, "INVALID_CROSS_REFERENCE_KEY", ["AccountId"]),
        ({"ContractNumber": "1"}, "INVALID_FIELD_FOR_INSERT_UPDATE", ["ContractNumber"]),
        ({"BillingAddress": "Main Street"}, "INVALID_FIELD_FOR_INSERT_UPDATE", ["BillingAddress"]),
        ({"Risk_Score__c": 1000}, "NUMBER_OUTSIDE_VALID_RANGE", ["Risk_Score__c"]),
        ({"StartDate": "2025-03-01T00:00:00Z"}, "JSON_PARSER_ERROR", None),
        ({"ContractTerm": 1.5}, "JSON_PARSER_ERROR", None),
        ({"Name": {"a": 1}}, "JSON_PARSER_ERROR", None),
    ],
)
def test_a_value_that_does_not_fit_is_refused_in_the_words_of_salesforce(
    org: SalesforceOrg, rest: Rest, body: dict[str, object], code: str, fields: list[str] | None
) -> None:
    made = rest("POST", "sobjects/Contract", {"AccountId": org.account}).json()["id"]
    answer = rest("PATCH", f"sobjects/Contract/{made}", body)
    assert answer.status_code == 400
    assert (error(answer)["errorCode"], error(answer).get("fields")) == (code, fields)


def test_what_a_record_needs_must_be_given(rest: Rest) -> None:
    refused = error(rest("POST", "sobjects/Opportunity", {"Name": "x"}))
    assert refused["errorCode"] == "REQUIRED_FIELD_MISSING"
    assert refused["message"] == "Required fields are missing: [StageName, CloseDate]"


def test_a_unique_value_is_had_by_one_record_in_whatever_case(org: SalesforceOrg, rest: Rest) -> None:
    first = rest("PATCH", f"{BY_GRAPH}/abc", {"AccountId": org.account}).json()["id"]
    body = {"AccountId": org.account, "Contract_Graph_Id__c": "ABC"}
    refused = error(rest("POST", "sobjects/Contract", body))
    assert refused["errorCode"] == "DUPLICATE_VALUE"
    assert refused["message"].endswith(f"Contract_Graph_Id__c duplicates value on record with id: {first}")


def test_numbers_are_rounded_to_the_scale_without_a_word(org: SalesforceOrg, rest: Rest) -> None:
    rest("PATCH", f"{BY_GRAPH}/1", {"AccountId": org.account, "ARR__c": 10.005})
    assert rest.rows("SELECT ARR__c FROM Contract") == [{"ARR__c": 10.01}]


def test_a_record_that_changed_since_is_not_overwritten(org: SalesforceOrg, rest: Rest) -> None:
    org.stand_in.arrange(now="2026-01-01T00:00:10+00:00")
    path = f"sobjects/Opportunity/{org.opportunity}"
    assert rest("PATCH", path, {"NextStep": "a"}).status_code == 204
    early, late = "Thu, 01 Jan 2026 00:00:09 GMT", "Thu, 01 Jan 2026 00:00:10 GMT"
    assert rest("PATCH", path, {"NextStep": "b"}, If_Unmodified_Since=early).status_code == 412
    assert rest("PATCH", path, {"NextStep": "b"}, If_Unmodified_Since=late).status_code == 204
    assert rest("PATCH", path, {"NextStep": "b"}, If_Unmodified_Since="yesterday").status_code == 400
    assert rest("GET", path, If_Modified_Since=late).status_code == 304
    assert rest("GET", path, If_Modified_Since=early).status_code == 200


def test_of_two_writes_in_one_second_the_guard_sees_but_one(org: SalesforceOrg, rest: Rest) -> None:
    org.stand_in.arrange(now="2026-01-01T00:00:10+00:00")
    path, now = f"sobjects/Opportunity/{org.opportunity}", "Thu, 01 Jan 2026 00:00:10 GMT"
    assert rest("PATCH", path, {"NextStep": "before"}).status_code == 204
    assert rest("PATCH", path, {"NextStep": "theirs"}, If_Unmodified_Since=now).status_code == 204
    assert rest("PATCH", path, {"NextStep": "ours"}, If_Unmodified_Since=now).status_code == 204


def test_only_an_account_has_an_etag_and_only_in_late_versions(org: SalesforceOrg, rest: Rest) -> None:
    path = f"sobjects/Account/{org.account}"
    tag = rest("GET", path).headers["ETag"]
    assert rest("GET", path, If_None_Match=tag).status_code == 304
    assert rest("PATCH", path, {"Phone": "1"}, If_Match=tag).status_code == 204
    assert rest("PATCH", path, {"Phone": "2"}, If_Match=tag).status_code == 412
    assert "ETag" not in rest("GET", path, version="59.0").headers
    assert "ETag" not in rest("GET", f"sobjects/Opportunity/{org.opportunity}").headers


def test_rights_of_a_user_show_in_describe_query_and_write(org: SalesforceOrg) -> None:
    rights = {"hidden": ["Contract.ARR__c"], "read_only": ["Contract.Name"], "objects": {"Product2": "none"}}
    org.stand_in.arrange(users=[{"Username": REP, "rights": rights}])
    rep = org.rest(REP)
    fields = {field["name"]: field for field in rep("GET", "sobjects/Contract/describe").json()["fields"]}
    assert "ARR__c" not in fields
    assert fields["Name"]["updateable"] is False
    assert fields["Description"]["updateable"] is True
    hidden = error(rep.query("SELECT ARR__c FROM Contract"))
    assert hidden["errorCode"] == "INVALID_FIELD"
    assert hidden["message"].startswith("No such column 'ARR__c' on entity 'Contract'")
    body = {"AccountId": org.account, "Name": "x", "ARR__c": 1}
    refused = error(rep("PATCH", f"{BY_GRAPH}/1", body))
    assert (refused["errorCode"], refused["fields"]) == (
        "INVALID_FIELD_FOR_INSERT_UPDATE",
        ["Name", "ARR__c"],
    )
    assert rep("GET", "sobjects/Product2/describe").status_code == 404
    assert error(rep.query("SELECT Id FROM Product2"))["errorCode"] == "INVALID_TYPE"
    assert "Product2" not in [each["name"] for each in rep("GET", "sobjects").json()["sobjects"]]


@pytest.mark.parametrize("status", [400, 403])
def test_who_may_only_read_an_object_changes_and_makes_none(org: SalesforceOrg, status: int) -> None:
    org.stand_in.arrange(
        users=[{"Username": REP, "rights": {"objects": {"Opportunity": "read"}}}],
        settings={"access_status": status},
    )
    rep = org.rest(REP)
    answer = rep("PATCH", f"sobjects/Opportunity/{org.opportunity}", {"Name": "x"})
    assert (answer.status_code, error(answer)["errorCode"]) == (status, "INSUFFICIENT_ACCESS_OR_READONLY")
    refused = error(rep("POST", "sobjects/Opportunity", {"Name": "x"}))
    assert refused["errorCode"] == "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"
    assert rep("GET", "sobjects/Opportunity/describe").json()["updateable"] is False


def test_nobody_writes_users(org: SalesforceOrg, rest: Rest) -> None:
    assert rest("PATCH", f"sobjects/User/{org.user}", {}).status_code == 400


def test_an_event_is_taken_with_an_entry_among_its_errors(rest: Rest) -> None:
    answer = rest("POST", "sobjects/Contract_Changed__e", {"Id__c": "1"})
    assert (answer.status_code, answer.json()["success"]) == (201, True)
    assert answer.json()["errors"][0]["statusCode"] == "OPERATION_ENQUEUED"


def test_what_is_not_there_is_told_in_the_shape_of_an_error(rest: Rest) -> None:
    for path in ("nowhere", "sobjects/Nothing", "sobjects/Account/001000000000001"):
        answer = rest("GET", path)
        assert (answer.status_code, error(answer)["errorCode"]) == (404, "NOT_FOUND")
    assert rest("PUT", "sobjects/Account").status_code == 405
    assert rest("GET", "limits", version="20.0").status_code == 404
    assert error(rest("POST", "sobjects/Account", "no json"))["errorCode"] == "JSON_PARSER_ERROR"
