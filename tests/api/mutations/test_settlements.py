"""Doubts and wishes are settled once, by those who answer for them and see what they are about."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from uuid import uuid4

import pytest

from tests.api.graph import OURS, THEIRS
from tests.api.mutations.office import ADMIN, READER, USER, Office

FLAG = """mutation($input: SettleFlagInput!) { settleFlag(input: $input) { valueFlag {
    id field outcome answer settledBy { name } settledAt } } }"""
REQUEST = """mutation($input: SettleAccessRequestInput!) { settleAccessRequest(input: $input) {
    accessRequest {
    id field outcome answer settledBy { name } } } }"""
SAID = """query($id: ID!) { contract(id: $id) { version
    valueFlags(filter: { settledAt: { isNull: true } }) { nodes { field } }
    accessRequests { nodes { field outcome answer } } } }"""
AGAIN = """mutation($input: RequestAccessInput!) { requestAccess(input: $input) { accessRequest {
    id outcome } } }"""
STATE = """SELECT id, outcome, answer, settled_by_id FROM value_flag
    UNION ALL SELECT id, outcome, answer, settled_by_id FROM access_request ORDER BY id"""
K1 = str(OURS.id("Contract", 1))
BEN = "005Hs00000BBBBBIA5"
OPEN = {FLAG: OURS.id("ValueFlag", 1), REQUEST: OURS.id("AccessRequest", 1)}
DONE = {FLAG: OURS.id("ValueFlag", 2), REQUEST: OURS.id("AccessRequest", 2)}
ELSEWHERE = {FLAG: THEIRS.id("ValueFlag", 1), REQUEST: THEIRS.id("AccessRequest", 1)}
NAMES = {FLAG: "settleFlag", REQUEST: "settleAccessRequest"}
MEMBER = {FLAG: "flagId", REQUEST: "requestId"}
SETTLER = {FLAG: "legal", REQUEST: "admin"}
MORE = {FLAG: {"outcome": "CORRECTED", "answer": "the amendment was missing"},
        REQUEST: {"outcome": "GRANTED", "answer": "you negotiate it"}}  # fmt: skip
BOTH = pytest.mark.parametrize("query", [FLAG, REQUEST], ids=["flag", "request"])


def asked(query: str, id_: Any = None, **changes: Any) -> dict[str, Any]:
    given = {"idempotencyKey": str(uuid4()), MEMBER[query]: str(id_ or OPEN[query])}
    return {"input": given | MORE[query] | changes}


@pytest.fixture
def ben(office: Office) -> str:
    """Ben's Salesforce id: he answers for flags and requests, which Ada has made."""
    office.rows(f"UPDATE \"user\" SET salesforce_id = '{BEN}' WHERE name = 'Ben'")
    return BEN


def settler(office: Office, query: str, subject: str) -> str:
    return office.token(SETTLER[query], subject=subject)


def test_a_flag_is_settled_and_its_contract_is_changed(office: Office, ben: str) -> None:
    token = settler(office, FLAG, ben)
    before = office.data(SAID, {"id": K1}, token)["contract"]
    assert [each["field"] for each in before["valueFlags"]["nodes"]] == ["totalValue"]
    made = office.data(FLAG, asked(FLAG), token)["settleFlag"]["valueFlag"]
    assert made == {
        "id": str(OPEN[FLAG]), "field": "totalValue", "outcome": "CORRECTED",
        "answer": "the amendment was missing", "settledBy": {"name": "Ben"}, "settledAt": made["settledAt"],
    }  # fmt: skip
    after = office.data(SAID, {"id": K1}, office.token("sales_rep", subject=USER))["contract"]
    assert after["valueFlags"]["nodes"] == []
    assert office.data(SAID, {"id": K1}, token)["contract"]["version"] == before["version"] + 1


def test_a_request_is_answered_and_whoever_asked_is_told(office: Office, ben: str) -> None:
    made = office.data(REQUEST, asked(REQUEST, outcome="REFUSED"), settler(office, REQUEST, ben))
    assert made["settleAccessRequest"]["accessRequest"] == {
        "id": str(OPEN[REQUEST]), "field": "liabilityCap", "outcome": "REFUSED",
        "answer": "you negotiate it", "settledBy": {"name": "Ben"},
    }  # fmt: skip
    rep = office.token("sales_rep", subject=USER)
    assert office.data(SAID, {"id": K1}, rep)["contract"]["accessRequests"]["nodes"] == [
        {"field": "liabilityCap", "outcome": "REFUSED", "answer": "you negotiate it"}
    ]
    # Whoever was answered may ask again, and what is asked anew is another request.
    more = {"contractId": K1, "field": "liabilityCap", "reason": "it is due", "idempotencyKey": "again"}
    again = office.data(AGAIN, {"input": more}, rep)["requestAccess"]["accessRequest"]
    assert (again["outcome"], again["id"] == str(OPEN[REQUEST])) == (None, False)


def test_an_answer_grants_nothing(office: Office, ben: str) -> None:
    office.data(REQUEST, asked(REQUEST), settler(office, REQUEST, ben))
    rep = office.token("sales_rep", subject=USER)
    cap = office.data(f'{{ contract(id: "{K1}") {{ liabilityCap {{ amount }} }} }}', token=rep)
    assert cap == {"contract": {"liabilityCap": None}}


@BOTH
def test_of_two_who_settle_at_once_one_is_told_that_it_was_done(office: Office, ben: str, query: str) -> None:
    token = settler(office, query, ben)

    async def race() -> list[Any]:
        return [each.json() for each in await asyncio.gather(
            *(office.asking(query, asked(query, answer=f"answer {n}"), token) for n in range(4))
        )]  # fmt: skip

    answers = office.graph.run(race())
    assert sum("errors" not in each for each in answers) == 1
    told = {error["message"] for each in answers for error in each.get("errors", ())}
    assert len(told) == 1
    assert "settled before" in told.pop()


@BOTH
def test_what_is_done_with_is_not_settled_again(office: Office, ben: str, query: str) -> None:
    before = office.rows(STATE)
    # Of the law that the flag is about, and of Ben's own request, somebody else has to decide.
    settled_by = settler(office, query, ben if query == FLAG else USER)
    error = office.refused(query, asked(query, DONE[query]), settled_by)
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": f"input.{MEMBER[query]}"}
    assert "settled before" in error["message"]
    assert office.rows(STATE) == before


@BOTH
def test_what_is_of_others_is_as_what_is_not_there(office: Office, ben: str, query: str) -> None:
    token = settler(office, query, ben)
    told = [office.refused(query, asked(query, id_), token) for id_ in (ELSEWHERE[query], uuid4())]
    assert told[0] == told[1]
    assert "is there for you" in told[0]["message"]


def test_nobody_settles_a_flag_about_what_is_hidden_from_them(office: Office, ben: str) -> None:
    """Finance does not see the law that was agreed: to them there is no such flag."""
    before = office.rows(STATE)
    token = office.token("finance", subject=ben)
    hidden = office.refused(FLAG, asked(FLAG, DONE[FLAG]), token)
    assert hidden == office.refused(FLAG, asked(FLAG, uuid4()), token)
    assert office.rows(STATE) == before
    assert office.data(FLAG, asked(FLAG), token)


def test_nobody_answers_their_own_request(office: Office) -> None:
    error = office.refused(REQUEST, asked(REQUEST), office.token("admin", subject=USER))
    assert error["extensions"]["rule"] == "four eyes"


@BOTH
@pytest.mark.parametrize("role", ["sales_rep", "sales_manager", "customer_success", "integrator", "nothing"])
def test_who_does_not_answer_for_it_settles_nothing(office: Office, ben: str, query: str, role: str) -> None:
    before = office.rows(STATE)
    error = office.refused(query, asked(query), office.token(role, subject=ben))
    assert error["extensions"] == {
        "code": "ACCESS_DENIED", "field": f"Mutation.{NAMES[query]}", "rule": "default",
    }  # fmt: skip
    assert office.rows(STATE) == before


@BOTH
def test_neither_a_program_nor_a_reader_settles_anything(office: Office, ben: str, query: str) -> None:
    assert (
        office.refused(query, asked(query), settler(office, query, ADMIN))["extensions"]["rule"]
        == "known user"
    )
    token = office.token(SETTLER[query], subject=ben, scopes=READER)
    assert office.refused(query, asked(query), token)["extensions"]["code"] == "INSUFFICIENT_SCOPE"


@BOTH
@pytest.mark.parametrize(
    ("member", "value", "words"),
    [("id", "K-1", "an id of this graph is a UUID"), ("answer", "a\0b", "a line of text is expected")],
)
def test_what_is_no_input_is_told_with_its_place(  # noqa: PLR0913, PLR0917 - a row of the table
    office: Office, ben: str, query: str, member: str, value: str, words: str
) -> None:
    name = MEMBER[query] if member == "id" else member
    error = office.refused(query, asked(query, **{name: value}), settler(office, query, ben))
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": f"input.{name}"}
    assert words in error["message"]


@BOTH
def test_the_log_tells_of_it_without_what_was_said(office: Office, ben: str, query: str) -> None:
    office.data(query, asked(query), settler(office, query, ben))
    log = [json.loads(body) for (body,) in office.rows("SELECT body FROM audit_event ORDER BY id")]
    [done] = [each for each in log if each["kind"] == "write"]
    assert (done["decision"], done["subject"]) == ("allowed", BEN)
    assert MORE[query]["answer"] not in json.dumps(log)
