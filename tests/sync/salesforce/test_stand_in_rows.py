from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.sync.salesforce.org import REP, SYNC, Rest, SalesforceOrg, error

RECORDED = Path(__file__).resolve().parents[4] / "shared/data/payloads/salesforce"
BY_GRAPH = "composite/sobjects/Contract/Contract_Graph_Id__c"


def rows(org: SalesforceOrg, *names: str, **values: Any) -> list[dict[str, Any]]:
    kind = {"attributes": {"type": "Contract"}, "AccountId": org.account}
    return [kind | {"Contract_Graph_Id__c": name} | values for name in names]


def test_a_collection_answers_row_by_row_as_recorded(org: SalesforceOrg, rest: Rest) -> None:
    recorded = json.loads((RECORDED / "composite_sobjects_upsert_recording.json").read_text())["payload"]
    body = {"records": rows(org, "1")}
    assert rest("POST", "composite/sobjects", body).json()[0].keys() == recorded[0]["response"][0].keys()
    upserted = next(each["response"] for each in recorded if each["method"] == "PATCH")
    assert rest("PATCH", BY_GRAPH, body).json()[0].keys() == upserted[0].keys()


def test_one_bad_row_fails_alone(org: SalesforceOrg, rest: Rest) -> None:
    body = {"allOrNone": False, "records": [*rows(org, "1"), *rows(org, "2", Name="x" * 99), *rows(org, "3")]}
    answer = rest("PATCH", BY_GRAPH, body)
    assert answer.status_code == 200
    assert [row["success"] for row in answer.json()] == [True, False, True]
    (refused,) = answer.json()[1]["errors"]
    assert refused.keys() == {"statusCode", "message", "fields"}
    assert refused["statusCode"] == "STRING_TOO_LONG"
    assert len(org.stand_in.journal()) == 2


def test_all_or_none_takes_back_what_had_succeeded(org: SalesforceOrg, rest: Rest) -> None:
    body = {"allOrNone": True, "records": [*rows(org, "1"), *rows(org, "2", Name="x" * 99)]}
    answer = rest("PATCH", BY_GRAPH, body)
    codes = [row["errors"][0]["statusCode"] for row in answer.json()]
    assert codes == ["ALL_OR_NONE_OPERATION_ROLLED_BACK", "STRING_TOO_LONG"]
    assert rest.rows("SELECT Id FROM Contract") == []
    assert org.stand_in.journal() == []
    # The name is free again, too.
    assert rest("PATCH", BY_GRAPH, {"records": rows(org, "1")}).json()[0]["created"] is True


def test_a_name_given_twice_in_one_call_fails_both(org: SalesforceOrg, rest: Rest) -> None:
    answer = rest("PATCH", BY_GRAPH, {"records": rows(org, "1", "2", "1")}).json()
    assert [row["success"] for row in answer] == [False, True, False]
    assert answer[0]["errors"][0]["statusCode"] == "DUPLICATE_VALUE"


def test_a_row_without_a_name_or_with_several_records_fails(org: SalesforceOrg, rest: Rest) -> None:
    org.stand_in.arrange(records={"Account": [{"Name": n, "Erp_Number__c": "7"} for n in "ab"]})
    kind = {"attributes": {"type": "Account"}, "Name": "x"}
    body = {"records": [kind, kind | {"Erp_Number__c": "7"}]}
    answer = rest("PATCH", "composite/sobjects/Account/Erp_Number__c", body).json()
    codes = [row["errors"][0]["statusCode"] for row in answer]
    assert codes == ["MISSING_ARGUMENT", "DUPLICATE_EXTERNAL_ID"]


def test_200_rows_are_taken_and_one_more_is_not(org: SalesforceOrg, rest: Rest) -> None:
    full = rows(org, *(str(n) for n in range(200)))
    answer = rest("PATCH", BY_GRAPH, {"records": full}).json()
    assert all(row["created"] for row in answer)
    assert len(answer) == 200
    refused = rest("PATCH", BY_GRAPH, {"records": full + full[:1]})
    assert (refused.status_code, error(refused)["errorCode"]) == (400, "EXCEEDED_ID_LIMIT")


def test_no_more_than_ten_kinds_follow_each_other(rest: Rest) -> None:
    account = {"attributes": {"type": "Account"}, "Name": "x"}
    contact = {"attributes": {"type": "Contact"}, "LastName": "x"}
    assert error(rest("POST", "composite/sobjects", {"records": [account, contact] * 6}))["errorCode"]
    assert rest("POST", "composite/sobjects", {"records": [account, contact] * 5}).status_code == 200


@pytest.mark.parametrize(
    "records", [None, [1], [{"Name": "x"}], [{"attributes": {"type": "Contract"}, "Nmae": "x"}]]
)
def test_a_call_that_cannot_be_read_fails_as_a_whole(rest: Rest, records: Any) -> None:
    answer = rest("POST", "composite/sobjects", {"records": records})
    assert answer.status_code == 400
    assert error(answer)["errorCode"]


def test_a_date_that_cannot_be_read_fails_all_rows(org: SalesforceOrg, rest: Rest) -> None:
    body = {"records": [*rows(org, "1"), *rows(org, "2", StartDate="01.02.2026")]}
    assert error(rest("PATCH", BY_GRAPH, body))["errorCode"] == "JSON_PARSER_ERROR"
    assert org.stand_in.journal() == []


def test_rows_are_changed_and_deleted_by_id(org: SalesforceOrg, rest: Rest) -> None:
    made = rest("POST", "composite/sobjects", {"records": rows(org, "1", "2")}).json()
    first, second = (row["id"] for row in made)
    kind = {"attributes": {"type": "Contract"}}
    body = {"records": [kind | {"Id": first, "Name": "x"}, kind | {"Id": "800000000000009", "Name": "x"}]}
    changed = rest("PATCH", "composite/sobjects", body).json()
    assert [row["success"] for row in changed] == [True, False]
    twice = {"records": [kind | {"Id": first}] * 2}
    assert error(rest("PATCH", "composite/sobjects", twice))["errorCode"] == "DUPLICATE_VALUE"
    gone = rest("DELETE", f"composite/sobjects?ids={first},{second}").json()
    assert [row["success"] for row in gone] == [True, True]


def test_the_journal_says_who_wrote_what_and_what_it_moved(org: SalesforceOrg, rest: Rest) -> None:
    for _ in range(2):
        rest("PATCH", BY_GRAPH, {"records": rows(org, "1", Name="x")}, Sforce_Call_Options="client=graph")
    first, again = org.stand_in.journal(object="Contract")
    assert first["operation"] == "created"
    assert first["changed"] == ["AccountId", "Contract_Graph_Id__c", "Name"]
    assert (again["operation"], again["changed"]) == ("updated", [])
    assert (again["user"], again["client"], again["via"]) == (org.user, "graph", "collections")
    assert org.stand_in.journal(after=1) == [again]


def part(reference: str, method: str, path: str, body: Any = None) -> dict[str, Any]:
    return {"referenceId": reference, "method": method, "url": f"/services/data/v67.0/{path}", "body": body}


def test_a_part_of_a_composite_call_may_use_an_earlier_one(org: SalesforceOrg, rest: Rest) -> None:
    parts = [
        part("account", "POST", "sobjects/Account", {"Name": "New"}),
        part("contract", "POST", "sobjects/Contract", {"AccountId": "@{account.id}"}),
        part("shown", "GET", "sobjects/Contract/@{contract.id}?fields=AccountId"),
        part("bad", "POST", "sobjects/Contract", {"AccountId": "@{nobody.id}"}),
    ]
    answer = rest("POST", "composite", {"allOrNone": False, "compositeRequest": parts})
    first, second, third, fourth = answer.json()["compositeResponse"]
    assert [each["httpStatusCode"] for each in (first, second, third, fourth)] == [201, 201, 200, 400]
    assert third["body"]["AccountId"] == first["body"]["id"]
    assert fourth["referenceId"] == "bad"
    assert len(org.stand_in.journal()) == 2


def test_a_composite_call_of_all_or_none_is_halted_by_one_part(org: SalesforceOrg, rest: Rest) -> None:
    parts = [
        part("one", "POST", "sobjects/Account", {"Name": "New"}),
        part("two", "POST", "sobjects/Account", {}),
        part("three", "POST", "sobjects/Account", {"Name": "New"}),
    ]
    answer = rest("POST", "composite", {"allOrNone": True, "compositeRequest": parts})
    assert answer.status_code == 200
    codes = [each["body"][0]["errorCode"] for each in answer.json()["compositeResponse"]]
    assert codes == ["PROCESSING_HALTED", "REQUIRED_FIELD_MISSING", "PROCESSING_HALTED"]
    assert org.stand_in.journal() == []


def test_25_parts_are_taken_and_one_more_is_not(rest: Rest) -> None:
    parts = [part(f"p{n}", "GET", "limits") for n in range(26)]
    assert rest("POST", "composite", {"compositeRequest": parts[:25]}).status_code == 200
    assert rest("POST", "composite", {"compositeRequest": parts}).status_code == 400
    assert rest("POST", "composite", {"compositeRequest": []}).status_code == 400


def job(rest: Rest, lines: str, **said: Any) -> str:
    named = {"externalIdFieldName": "Contract_Graph_Id__c"}
    about = {"object": "Contract", "operation": "upsert", "contentType": "CSV"} | named | said
    made = rest("POST", "jobs/ingest", about).json()
    assert made["state"] == "Open"
    assert made["contentUrl"] == f"services/data/v67.0/jobs/ingest/{made['id']}/batches"
    path = f"jobs/ingest/{made['id']}"
    assert rest("PUT", f"{path}/batches", lines, Content_Type="text/csv").status_code == 201
    assert rest("PATCH", path, {"state": "UploadComplete"}).json()["state"] == "UploadComplete"
    again = rest("PATCH", path, {"state": "UploadComplete"})
    assert error(again)["errorCode"] == "INVALIDJOBSTATE"
    seen = [rest("GET", path).json()["state"] for _ in range(2)]
    assert seen == ["InProgress", "JobComplete"]
    return path


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_a_bulk_job_tells_of_each_line_in_no_order(org: SalesforceOrg, rest: Rest) -> None:
    head = "Contract_Graph_Id__c,AccountId,Name,ARR__c\n"
    lines = [f"1,{org.account},first,10.5", f"2,{org.account},{'x' * 99},", f"3,{org.account},third,"]
    path = job(rest, head + "\n".join(lines) + "\n")
    good = table(rest("GET", f"{path}/successfulResults").text)
    (bad,) = table(rest("GET", f"{path}/failedResults").text)
    assert [(row["Contract_Graph_Id__c"], row["sf__Created"]) for row in good] == [
        ("3", "true"),
        ("1", "true"),
    ]
    assert bad["sf__Error"].startswith("STRING_TOO_LONG:Name: data value too large")
    assert bad["sf__Error"].endswith(":Name")
    assert table(rest("GET", f"{path}/unprocessedrecords").text) == []
    told = rest("GET", path).json()
    assert (told["numberRecordsProcessed"], told["numberRecordsFailed"]) == (3, 1)


def test_an_empty_cell_says_nothing_and_a_mark_clears(org: SalesforceOrg, rest: Rest) -> None:
    head = "Contract_Graph_Id__c,AccountId,Name,ARR__c\n"
    job(rest, f"{head}1,{org.account},first,10.5\n")
    job(rest, f"{head}1,,,#N/A\n")
    assert rest.rows("SELECT Name, ARR__c FROM Contract") == [{"Name": "first", "ARR__c": None}]


def test_a_job_takes_one_upload_and_may_be_given_up(org: SalesforceOrg, rest: Rest) -> None:
    about = {"object": "Contract", "operation": "insert", "contentType": "CSV"}
    path = f"jobs/ingest/{rest('POST', 'jobs/ingest', about).json()['id']}"
    rest("PUT", f"{path}/batches", f"AccountId\n{org.account}\n")
    again = rest("PUT", f"{path}/batches", f"AccountId\n{org.account}\n")
    assert error(again)["errorCode"] == "INVALIDJOBSTATE"
    assert rest("PATCH", path, {"state": "Aborted"}).json()["state"] == "Aborted"
    assert table(rest("GET", f"{path}/unprocessedrecords").text) == [{"AccountId": org.account}]
    assert rest("DELETE", path).status_code == 204
    assert rest("GET", path).status_code == 404
    assert org.stand_in.journal() == []


def test_a_job_whose_lines_end_otherwise_than_it_said_fails(org: SalesforceOrg, rest: Rest) -> None:
    about = {"object": "Contract", "operation": "insert", "contentType": "CSV", "lineEnding": "LF"}
    path = f"jobs/ingest/{rest('POST', 'jobs/ingest', about).json()['id']}"
    rest("PUT", f"{path}/batches", f"AccountId\r\n{org.account}\r\n")
    rest("PATCH", path, {"state": "UploadComplete"})
    assert rest("GET", path).json()["state"] == "Failed"
    assert org.stand_in.journal() == []


def test_a_job_has_cells_apart_as_it_said(org: SalesforceOrg, rest: Rest) -> None:
    path = job(
        rest, f"Contract_Graph_Id__c;AccountId;Name\n1;{org.account};a,b\n", columnDelimiter="SEMICOLON"
    )
    assert rest.rows("SELECT Name FROM Contract") == [{"Name": "a,b"}]
    assert rest("GET", f"{path}/successfulResults").text.splitlines()[0].count(";") == 4


@pytest.mark.parametrize(
    "said",
    [{"columnDelimiter": "SPACE"}, {"lineEnding": "CR"}, {"contentType": "XML"}, {"operation": "merge"}],
)
def test_a_job_that_cannot_be_is_not_made(rest: Rest, said: dict[str, str]) -> None:
    about = {"object": "Contract", "operation": "insert"} | said
    assert error(rest("POST", "jobs/ingest", about))["errorCode"] == "INVALIDJOB"


def test_a_job_of_a_field_that_is_not_there_fails_as_a_whole(org: SalesforceOrg, rest: Rest) -> None:
    about = {"object": "Contract", "operation": "insert"}
    path = f"jobs/ingest/{rest('POST', 'jobs/ingest', about).json()['id']}"
    rest("PUT", f"{path}/batches", f"AccountId,Colour__c\n{org.account},red\n")
    rest("PATCH", path, {"state": "UploadComplete"})
    told = [rest("GET", path).json() for _ in range(2)][-1]
    assert (told["state"], "Colour__c" in told["errorMessage"]) == ("Failed", True)
    assert len(table(rest("GET", f"{path}/unprocessedrecords").text)) == 1
    assert org.stand_in.journal() == []


def test_what_a_job_has_written_stays_when_it_is_aborted(org: SalesforceOrg, rest: Rest) -> None:
    about = {"object": "Contract", "operation": "insert"}
    path = f"jobs/ingest/{rest('POST', 'jobs/ingest', about).json()['id']}"
    assert error(rest("DELETE", path))["errorCode"] == "INVALIDJOBSTATE", "an open job is not deleted"
    rest("PUT", f"{path}/batches", f"AccountId\n{org.account}\n{org.account}\n")
    rest("PATCH", path, {"state": "UploadComplete"})
    org.stand_in.arrange(faults=[{"kind": "job_aborted"}])
    assert rest("GET", path).json()["state"] == "Aborted"
    counts = [
        len(table(rest("GET", f"{path}/{each}").text)) for each in ("successfulResults", "unprocessedrecords")
    ]
    assert counts == [1, 1]
    assert len(org.stand_in.journal()) == 1


def test_a_bulk_query_gives_its_rows_in_pages(org: SalesforceOrg, rest: Rest) -> None:
    org.stand_in.arrange(records={"Contact": [{"LastName": str(n)} for n in range(5)]})
    about = {"operation": "query", "query": "SELECT LastName, Email FROM Contact"}
    path = f"jobs/query/{rest('POST', 'jobs/query', about).json()['id']}"
    assert error(rest("GET", f"{path}/results"))["errorCode"] == "INVALIDJOBSTATE"
    while rest("GET", path).json()["state"] != "JobComplete":
        pass
    first = rest("GET", f"{path}/results?maxRecords=3")
    locator = first.headers["Sforce-Locator"]
    assert first.headers["Sforce-NumberOfRecords"] == "3"
    last = rest("GET", f"{path}/results?maxRecords=3&locator={locator}")
    assert last.headers["Sforce-Locator"] == "null"
    assert rest("GET", f"{path}/results?maxRecords=3&locator={locator}").text == last.text
    for wrong in ("locator=3", "locator=%ff", "maxRecords=some"):
        assert rest("GET", f"{path}/results?{wrong}").status_code == 400
    assert [row["LastName"] for row in table(first.text) + table(last.text)] == ["0", "1", "2", "3", "4"]


def test_a_bulk_query_ends_as_it_may_end_in_salesforce(org: SalesforceOrg, rest: Rest) -> None:
    def begin(soql: str = "SELECT Id FROM Contact") -> str:
        about = {"operation": "query", "query": soql}
        return f"jobs/query/{rest('POST', 'jobs/query', about).json()['id']}"

    for kind, state in (("job_failed", "Failed"), ("job_aborted", "Aborted")):
        path = begin()
        org.stand_in.arrange(faults=[{"kind": kind, "object": "Contact"}])
        assert rest("GET", path).json()["state"] == state
        assert error(rest("GET", f"{path}/results"))["errorCode"] == "INVALIDJOBSTATE"
        assert rest("DELETE", path).status_code == 204
        assert rest("GET", path).status_code == 404
    path = begin()
    assert rest("GET", path).json()["state"] == "InProgress"
    assert error(rest("DELETE", path))["errorCode"] == "INVALIDJOBSTATE"
    assert rest("GET", path).json()["state"] == "JobComplete"
    assert rest("GET", f"{path}/results").text == '"Id"\n'
    org.stand_in.arrange(now=(datetime.now(UTC) + timedelta(days=8)).isoformat())
    try:
        assert org.rest(SYNC)("GET", path).status_code == 404
    finally:
        org.stand_in.arrange(now=None)
    compound = {"operation": "query", "query": "SELECT BillingAddress FROM Account"}
    assert "compound data" in error(rest("POST", "jobs/query", compound))["message"]


def test_rights_hold_for_rows_and_jobs_too(org: SalesforceOrg) -> None:
    org.stand_in.arrange(users=[{"Username": REP, "rights": {"read_only": ["Contract.Name"]}}])
    rep = org.rest(REP)
    (refused,) = rep("PATCH", BY_GRAPH, {"records": rows(org, "1", Name="x")}).json()
    assert refused["errors"][0]["statusCode"] == "INVALID_FIELD_FOR_INSERT_UPDATE"
    path = job(rep, f"Contract_Graph_Id__c,AccountId,Name\n1,{org.account},x\n")
    (bad,) = table(rep("GET", f"{path}/failedResults").text)
    assert bad["sf__Error"].startswith("INVALID_FIELD_FOR_INSERT_UPDATE:")
    assert org.rest(SYNC).rows("SELECT Id FROM Contract") == []
