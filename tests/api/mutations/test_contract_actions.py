"""What a salesperson does about a contract, where it is theirs, and what it tells them."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from uuid import uuid4

import pytest

from api.mutations.contract_actions import NOT_THERE
from tests.api.graph import OURS, THEIRS
from tests.api.mutations.office import READER, USER, Office

ACKNOWLEDGE = """mutation($input: AcknowledgeRenewalInput!) { acknowledgeRenewal(input: $input) {
    renewalAcknowledgement { id renewalDate noticeDeadline acknowledgedBy { name } acknowledgedAt } } }"""
FLAG = """mutation($input: FlagValueInput!) { flagValue(input: $input) { valueFlag {
    id field note flaggedBy { name } flaggedAt contract { number } } } }"""
REQUEST = """mutation($input: RequestAccessInput!) { requestAccess(input: $input) { accessRequest {
    id field reason requestedBy { name } requestedAt } } }"""
SAID = """query($id: ID!) { contract(id: $id) { version
    renewalAcknowledgements { nodes { renewalDate acknowledgedBy { name } } }
    valueFlags { nodes { field note flaggedBy { name } } }
    accessRequests { nodes { field reason requestedBy { name } } } } }"""
COUNT = """SELECT (SELECT count(*) FROM renewal_acknowledgement), (SELECT count(*) FROM value_flag),
    (SELECT count(*) FROM access_request), (SELECT count(*) FROM idempotency_key)"""
K1, K2, K5 = (str(OURS.id("Contract", place)) for place in (1, 2, 5))
BEN = "005Hs00000BBBBBIA5"
MORE = {FLAG: {"field": "totalValue", "note": "130000 were agreed"},
        REQUEST: {"field": "liabilityCap", "reason": "the customer asks"}, ACKNOWLEDGE: {}}  # fmt: skip
NAMES = {FLAG: "flagValue", REQUEST: "requestAccess", ACKNOWLEDGE: "acknowledgeRenewal"}


def asked(query: str, contract: str = K1, **changes: Any) -> dict[str, Any]:
    whole = {"idempotencyKey": str(uuid4()), "contractId": contract} | MORE[query] | changes
    return {"input": whole}


@pytest.fixture
def rep(office: Office) -> str:
    """Ada, who sells: the token of somebody to whom K-1 to K-4 belong, and K-5 does not."""
    return office.token("sales_rep", subject=USER)


@pytest.fixture
def ben(office: Office) -> str:
    """Ben, who keeps the promise: he reaches every contract of the org."""
    office.rows(f"UPDATE \"user\" SET salesforce_id = '{BEN}' WHERE name = 'Ben'")
    return office.token("customer_success", subject=BEN)


def said(office: Office, token: str) -> Any:
    return office.data(SAID, {"id": K1}, token)["contract"]


# What is done


def test_a_rep_acknowledges_the_coming_renewal_and_is_answered_with_it(office: Office, rep: str) -> None:
    ahead = office.data(f'{{ contract(id: "{K1}") {{ renewalDate noticeDeadline }} }}', token=rep)["contract"]
    made = office.data(ACKNOWLEDGE, asked(ACKNOWLEDGE), rep)["acknowledgeRenewal"]["renewalAcknowledgement"]
    assert made == ahead | {
        "id": made["id"], "acknowledgedBy": {"name": "Ada north"}, "acknowledgedAt": made["acknowledgedAt"],
    }  # fmt: skip
    [past, coming] = said(office, rep)["renewalAcknowledgements"]["nodes"]
    assert (past["renewalDate"], coming["renewalDate"]) == ("2026-01-15", ahead["renewalDate"])


def test_acknowledging_again_tells_who_did_it_and_when(office: Office, rep: str, ben: str) -> None:
    first = office.data(ACKNOWLEDGE, asked(ACKNOWLEDGE), rep)
    again = office.data(ACKNOWLEDGE, asked(ACKNOWLEDGE), ben)
    assert again == first
    assert again["acknowledgeRenewal"]["renewalAcknowledgement"]["acknowledgedBy"] == {"name": "Ada north"}
    assert office.rows(COUNT)[0][0] == 3  # one in the past of each org, and this


def test_two_who_acknowledge_at_once_are_told_the_same(office: Office, rep: str, ben: str) -> None:
    async def race() -> list[Any]:
        asking = (office.asking(ACKNOWLEDGE, asked(ACKNOWLEDGE), each) for each in (rep, ben) * 4)
        return [answer.json()["data"] for answer in await asyncio.gather(*asking)]

    answers = office.graph.run(race())
    assert all(answer == answers[0] for answer in answers), answers
    assert office.rows(COUNT)[0][0] == 3


def test_a_rep_flags_a_value_and_the_team_sees_it(office: Office, rep: str, ben: str) -> None:
    made = office.data(FLAG, asked(FLAG), rep)["flagValue"]["valueFlag"]
    assert made == {
        "id": made["id"], "field": "totalValue", "note": "130000 were agreed",
        "flaggedBy": {"name": "Ada north"}, "flaggedAt": made["flaggedAt"], "contract": {"number": "K-1"},
    }  # fmt: skip
    flag = {"field": "totalValue", "note": "130000 were agreed", "flaggedBy": {"name": "Ada north"}}
    assert flag in said(office, rep)["valueFlags"]["nodes"]
    # Whom the amount is masked for learns that something was flagged, and neither what nor how much it was.
    assert said(office, ben)["valueFlags"]["nodes"][-1] == {
        "field": None, "note": None, "flaggedBy": {"name": "Ada north"},
    }  # fmt: skip


def test_a_change_of_a_part_is_a_change_of_its_contract(office: Office, rep: str) -> None:
    version = f"SELECT version, updated_at FROM contract WHERE id = '{K1}'"
    [before] = office.rows(version)
    office.data(FLAG, asked(FLAG), rep)
    office.data(ACKNOWLEDGE, asked(ACKNOWLEDGE), rep)
    office.data(REQUEST, asked(REQUEST), rep)
    [after] = office.rows(version)
    assert after[0] == before[0] + 2
    assert after[1] > before[1]


def test_a_rep_asks_for_what_is_hidden_and_sees_that_they_did(office: Office, rep: str) -> None:
    made = office.data(REQUEST, asked(REQUEST, field="terminationForCause"), rep)["requestAccess"]
    assert made["accessRequest"]["field"] == "terminationForCause"
    assert made["accessRequest"]["requestedBy"] == {"name": "Ada north"}
    assert made["accessRequest"]["reason"] is None  # it is for those who decide
    fields = [each["field"] for each in said(office, rep)["accessRequests"]["nodes"]]
    assert fields == ["liabilityCap", "terminationForCause"]


def test_what_is_asked_for_twice_is_one_request(office: Office, rep: str) -> None:
    known = str(OURS.id("AccessRequest", 1))
    again = office.data(REQUEST, asked(REQUEST, reason="once more"), rep)["requestAccess"]["accessRequest"]
    assert again["id"] == known
    first = office.data(REQUEST, asked(REQUEST, field="riskAssessments"), rep)
    assert office.data(REQUEST, asked(REQUEST, field="riskAssessments"), rep) == first


def test_what_is_masked_may_be_asked_for(office: Office, ben: str) -> None:
    made = office.data(REQUEST, asked(REQUEST, field="totalValue"), ben)["requestAccess"]["accessRequest"]
    assert (made["field"], made["requestedBy"]) == ("totalValue", {"name": "Ben"})


def test_whoever_decides_sees_every_request_with_its_reason(office: Office, rep: str) -> None:
    for role in ("admin", "security_reviewer"):
        asked_for = said(office, office.token(role, scopes=READER))["accessRequests"]["nodes"]
        assert [each["field"] for each in asked_for] == ["liabilityCap", "riskScore"]
        assert {each["reason"] for each in asked_for} == {"for the renewal north"}
    # A colleague's request is not there for a rep, wherever they look for it.
    assert [each["field"] for each in said(office, rep)["accessRequests"]["nodes"]] == ["liabilityCap"]
    theirs = f'{{ node(id: "{OURS.id("AccessRequest", 2)}") {{ id }} }}'
    assert office.data(theirs, token=rep) == {"node": None}


@pytest.mark.parametrize("query", [ACKNOWLEDGE, FLAG, REQUEST])
def test_sent_again_with_its_key_a_request_does_nothing_more(office: Office, rep: str, query: str) -> None:
    request = asked(query)
    first = office.data(query, request, rep)
    counted = office.rows(COUNT)
    assert office.data(query, request, rep) == first
    assert office.rows(COUNT) == counted
    other = {"input": request["input"] | {"contractId": K2}}
    assert office.refused(query, other, rep)["extensions"]["field"] == "input.idempotencyKey"


@pytest.mark.parametrize("query", [ACKNOWLEDGE, FLAG, REQUEST])
def test_the_log_tells_of_a_change_and_of_a_refusal(office: Office, rep: str, query: str) -> None:
    office.data(query, asked(query), rep)
    office.refused(query, asked(query, K5), rep)
    log = [json.loads(body) for (body,) in office.rows("SELECT body FROM audit_event ORDER BY id")]
    done, refused = [each for each in log if each["kind"] == "write"]
    assert (done["decision"], done["subject"]) == ("allowed", USER)
    assert refused["refusal"] == {"code": "BAD_USER_INPUT", "field": None, "rule": None}
    assert "130000" not in json.dumps(log)


# What is refused


@pytest.mark.parametrize("query", [ACKNOWLEDGE, FLAG, REQUEST])
def test_a_contract_of_others_is_as_one_that_is_not_there(office: Office, rep: str, query: str) -> None:
    before = office.rows(COUNT)
    elsewhere = str(THEIRS.id("Contract", 1))
    told = [office.refused(query, asked(query, of), rep) for of in (K5, elsewhere, str(uuid4()))]
    assert told[0] == told[1] == told[2]
    assert told[0] == {
        "message": f"input.contractId: {NOT_THERE}",
        "extensions": {"code": "BAD_USER_INPUT", "field": "input.contractId"},
    }
    assert office.rows(COUNT) == before


@pytest.mark.parametrize("field", ["liabilityCap", "riskScore", "terminationForCause", "version"])
def test_what_is_hidden_cannot_be_flagged_whatever_it_holds(office: Office, rep: str, field: str) -> None:
    before = office.rows(COUNT)
    here, there = (office.refused(FLAG, asked(FLAG, of, field=field), rep) for of in (K1, K2))
    assert here == there
    assert here["extensions"] == {
        "code": "ACCESS_DENIED", "field": f"Contract.{field}", "rule": "shown values alone",
    }  # fmt: skip
    assert office.rows(COUNT) == before


def test_what_is_masked_cannot_be_flagged(office: Office, ben: str) -> None:
    assert office.refused(FLAG, asked(FLAG), ben)["extensions"]["code"] == "ACCESS_DENIED"
    assert office.data(FLAG, asked(FLAG, field="expirationDate"), ben)


def test_what_is_shown_need_not_be_asked_for(office: Office, rep: str) -> None:
    error = office.refused(REQUEST, asked(REQUEST, field="totalValue"), rep)
    assert error["message"] == "input.field: totalValue of this contract is shown to you already"


def test_only_a_renewal_that_is_ahead_is_acknowledged(office: Office, rep: str) -> None:
    error = office.refused(ACKNOWLEDGE, asked(ACKNOWLEDGE, K2), rep)
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": "input.contractId"}
    assert "no renewal ahead" in error["message"]


@pytest.mark.parametrize("query", [ACKNOWLEDGE, FLAG, REQUEST])
@pytest.mark.parametrize("role", ["integrator", "security_reviewer", "admin", "nothing"])
def test_who_does_not_work_with_contracts_does_nothing_about_them(
    office: Office, query: str, role: str
) -> None:
    before = office.rows(COUNT)
    error = office.refused(query, asked(query), office.token(role, subject=USER))
    assert error["extensions"] == {
        "code": "ACCESS_DENIED", "field": f"Mutation.{NAMES[query]}", "rule": "default",
    }  # fmt: skip
    assert office.rows(COUNT) == before


@pytest.mark.parametrize("query", [ACKNOWLEDGE, FLAG, REQUEST])
def test_who_may_not_write_says_nothing(office: Office, query: str) -> None:
    token = office.token("sales_rep", subject=USER, scopes=READER)
    assert office.refused(query, asked(query), token)["extensions"]["code"] == "INSUFFICIENT_SCOPE"


@pytest.mark.parametrize("query", [ACKNOWLEDGE, FLAG, REQUEST])
def test_a_program_says_nothing_in_anybodys_name(office: Office, query: str) -> None:
    error = office.refused(query, asked(query), office.token("sales_manager", subject="a program"))
    assert error["extensions"]["rule"] == "known user"
    assert "is for people" in error["message"]


@pytest.mark.parametrize(
    ("query", "member", "value", "words"),
    [
        (ACKNOWLEDGE, "contractId", "K-1", "an id of this graph is a UUID"),
        (FLAG, "contractId", "", "an id of this graph is a UUID"),
        (FLAG, "field", "salary", "Contract has no field of this name"),
        (FLAG, "field", "total_value", "Contract has no field of this name"),
        (FLAG, "field", "documents", "documents is a list"),
        (FLAG, "note", " ", "a line of text is expected"),
        (FLAG, "note", "a\0b", "a line of text is expected"),
        (REQUEST, "field", "Contract.liabilityCap", "Contract has no field of this name"),
        (REQUEST, "reason", "x" * 1001, "at most 1000 characters"),
    ],
)
def test_what_no_contract_has_is_told_with_its_place(  # noqa: PLR0913, PLR0917 - a row of the table
    office: Office, rep: str, query: str, member: str, value: str, words: str
) -> None:
    error = office.refused(query, asked(query, **{member: value}), rep)
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": f"input.{member}"}
    assert words in error["message"]


def test_a_flag_cannot_be_looked_for_by_what_it_is_about(office: Office, rep: str) -> None:
    query = (
        '{ contracts(filter: { valueFlags: { some: { field: { eq: "liabilityCap" } } } }) { totalCount } }'
    )
    assert office.refused(query, token=rep)["extensions"]["rule"] == "named field"


@pytest.mark.parametrize(("role", "allowed"), [
    ("sales_rep", ["acknowledgeRenewal", "flagValue", "requestAccess"]),
    ("legal", ["flagValue", "requestAccess", "settleConflict", "settleDrift", "settleFlag"]),
    ("admin", ["grantRole", "revokeRole", "replayHeld", "discardHeld", "settleAccessRequest"]),
    ("integrator", ["claimContracts"]),
])  # fmt: skip
def test_a_viewer_is_told_what_they_may_do(office: Office, role: str, allowed: list[str]) -> None:
    token = office.token(role, scopes=READER)
    assert office.data("{ viewer { commands } }", token=token) == {"viewer": {"commands": allowed}}
