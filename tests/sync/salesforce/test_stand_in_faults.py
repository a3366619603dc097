from __future__ import annotations

import asyncio
from typing import Any

import pytest
import requests
from starlette.types import Message

from sync.salesforce.stand_in.app import StandIn
from sync.salesforce.stand_in.org import Org
from sync.salesforce.stand_in.process import StandInFailed
from tests.sync.salesforce.org import Rest, SalesforceOrg, error

BY_GRAPH = "sobjects/Contract/Contract_Graph_Id__c"


def test_every_answer_tells_how_many_calls_are_used(org: SalesforceOrg, rest: Rest) -> None:
    assert rest("GET", "limits").headers["Sforce-Limit-Info"] == "api-usage=1/100000"
    assert rest("GET", "nowhere").headers["Sforce-Limit-Info"] == "api-usage=2/100000"
    assert rest("GET", "limits").json()["DailyApiRequests"] == {"Max": 100_000, "Remaining": 99_997}
    assert org.stand_in.calls() == 3


def test_a_used_up_day_is_refused_without_saying_when_to_come_again(org: SalesforceOrg, rest: Rest) -> None:
    org.stand_in.arrange(settings={"daily_limit": 2}, calls=1)
    assert rest("GET", "limits").status_code == 200
    answer = rest("GET", "limits")
    assert (answer.status_code, error(answer)) == (
        403,
        {"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"},
    )
    assert "Retry-After" not in answer.headers


def trouble(org: SalesforceOrg, kind: str, **said: Any) -> None:
    org.stand_in.arrange(faults=[{"kind": kind} | said])


def test_a_locked_row_is_free_the_next_time(org: SalesforceOrg, rest: Rest) -> None:
    trouble(org, "lock")
    path = f"sobjects/Opportunity/{org.opportunity}"
    refused = rest("PATCH", path, {"NextStep": "x"})
    assert refused.status_code == 400
    assert error(refused) == {
        "message": f"unable to obtain exclusive access to this record or 1 records: {org.opportunity}",
        "errorCode": "UNABLE_TO_LOCK_ROW",
        "fields": [],
    }
    assert rest("PATCH", path, {"NextStep": "x"}).status_code == 204


def test_an_org_that_is_down_answers_in_html(org: SalesforceOrg, rest: Rest) -> None:
    trouble(org, "unavailable", times=2)
    down = rest("GET", "limits")
    assert (down.status_code, down.headers["content-type"]) == (503, "text/html; charset=utf-8")
    assert [rest("GET", "limits").status_code for _ in range(2)] == [503, 200]


@pytest.mark.parametrize(
    ("kind", "message"),
    [("limit", "TotalRequests Limit exceeded."), ("concurrent", "ConcurrentPerOrgLongTxn Limit exceeded.")],
)
def test_a_limit_can_be_ordered(org: SalesforceOrg, rest: Rest, kind: str, message: str) -> None:
    trouble(org, kind)
    answer = rest("GET", "limits")
    assert (answer.status_code, error(answer)["message"]) == (403, message)


def test_a_slow_call_takes_its_time(org: SalesforceOrg, rest: Rest) -> None:
    trouble(org, "slow", seconds=0.2)
    assert rest("GET", "limits").elapsed.total_seconds() >= 0.2


@pytest.mark.parametrize(("kind", "writes"), [("cut", 0), ("cut_after", 1)])
def test_a_cut_connection_loses_the_call_or_only_its_answer(
    org: SalesforceOrg, rest: Rest, kind: str, writes: int
) -> None:
    trouble(org, kind)
    with pytest.raises(requests.exceptions.RequestException):
        rest("PATCH", f"{BY_GRAPH}/1", {"AccountId": org.account})
    assert len(org.stand_in.journal()) == writes


def test_who_goes_away_in_the_middle_of_a_call_is_no_fault_of_the_stand_ins() -> None:
    """Workers are killed while they write: what runs it is not told of each."""

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    sent: list[Message] = []
    scope = {
        "type": "http", "method": "PATCH", "path": f"/services/data/v62.0/{BY_GRAPH}/1", "query_string": b"",
        "headers": [(b"content-length", b"100")],
    }  # fmt: skip
    asyncio.run(StandIn(Org("00DSg0000000001"), "http://127.0.0.1", "key").app()(scope, receive, send))
    assert sent[0]["status"] == 400


def test_a_session_ends_after_some_calls(org: SalesforceOrg, rest: Rest) -> None:
    trouble(org, "expired", after=2)
    assert [rest("GET", "limits").status_code for _ in range(4)] == [200, 200, 401, 401]
    assert org.rest()("GET", "limits").status_code == 200


def test_duplicates_are_told_with_what_they_match(org: SalesforceOrg, rest: Rest) -> None:
    trouble(org, "duplicates_detected", object="Account")
    refused = error(rest("POST", "sobjects/Account", {"Name": "Acme"}))
    assert refused["errorCode"] == "DUPLICATES_DETECTED"
    assert refused["duplicateResult"]["matchResults"]
    trouble(org, "duplicate", object="Account", field="Name")
    assert error(rest("POST", "sobjects/Account", {"Name": "Acme"}))["errorCode"] == "DUPLICATE_VALUE"


def test_the_words_of_an_admin_can_be_ordered(org: SalesforceOrg, rest: Rest) -> None:
    trouble(org, "error", object="Opportunity", message="Ask finance first", fields=["Amount"])
    refused = error(rest("PATCH", f"sobjects/Opportunity/{org.opportunity}", {"Amount": 1}))
    assert refused == {
        "message": "Ask finance first",
        "errorCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION",
        "fields": ["Amount"],
    }


def test_trouble_is_for_the_object_and_the_record_that_it_names(org: SalesforceOrg, rest: Rest) -> None:
    trouble(org, "lock", object="Contract", record="poison", times=None)
    body = {"AccountId": org.account}
    statuses = [
        rest("PATCH", f"{BY_GRAPH}/{name}", body).status_code for name in ("a", "poison", "b", "poison")
    ]
    assert statuses == [201, 400, 201, 400]
    trouble(org, "unavailable", object="Contract", record="down")
    assert rest("GET", "limits").status_code == 200
    assert rest("GET", f"{BY_GRAPH}/down").status_code == 503


def test_a_share_of_all_calls_fails(org: SalesforceOrg, rest: Rest) -> None:
    trouble(org, "unavailable", share=0.2, times=None)
    statuses = [rest("GET", "limits").status_code for _ in range(100)]
    assert 5 < statuses.count(503) < 40
    org.stand_in.clear("faults")
    assert rest("GET", "limits").status_code == 200


def test_a_locked_row_of_a_collection_fails_alone(org: SalesforceOrg, rest: Rest) -> None:
    trouble(org, "lock", record="2")
    kind = {"attributes": {"type": "Contract"}, "AccountId": org.account}
    records = [kind | {"Contract_Graph_Id__c": f"row-{n}"} for n in (1, 2)]
    answer = rest("PATCH", "composite/sobjects/Contract/Contract_Graph_Id__c", {"records": records}).json()
    assert answer[-1]["errors"][0]["statusCode"] == "UNABLE_TO_LOCK_ROW"


@pytest.mark.parametrize("said", [{"kind": "earthquake"}, {"kind": "lock", "when": "now"}])
def test_an_order_that_cannot_be_is_refused(org: SalesforceOrg, said: dict[str, Any]) -> None:
    with pytest.raises(StandInFailed):
        org.stand_in.arrange(faults=[said])
