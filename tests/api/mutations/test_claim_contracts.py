"""claimContracts: what a contract system says of contracts, judged one by one."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, date, datetime
from typing import Any

import pytest

from api.claim_inputs import MOST_CONTRACTS
from api.planner.run import Planner
from auth.policy_file import load_policy
from auth.view import view_for
from tests.api.graph import OURS, THEIRS
from tests.api.mutations.office import READER, Office

CLM = "clm-client"
CLAIM = """mutation($input: ClaimContractsInput!) { claimContracts(input: $input) { results {
    externalReference contract { title status version totalValue { amount currency } }
    accepted { field part } refused { field part reason } conflicts { field reason }
    error { code message } } } }"""
SHORT = (
    "mutation($input: ClaimContractsInput!) { claimContracts(input: $input) { results { contract { id } } } }"
)
SIGNED = {
    "title": "Support order", "type": "ORDER_FORM", "status": "EXECUTED",
    "totalValue": {"amount": "1200", "currency": "USD"},
}  # fmt: skip
PAPER = {"sourceKey": "d1", "type": "AGREEMENT", "title": "Signed", "executed": True}


def said(reference: str = "AGR-1", event: str = "e-1", **fields: Any) -> dict[str, Any]:
    beside = {name: fields.pop(name) for name in ("claimedAt", "expectedVersion") if name in fields}
    return {"externalReference": reference, "event": event, "fields": fields, **beside}


def asked(*contracts: Any, key: str = "k-1") -> dict[str, Any]:
    return {"input": {"idempotencyKey": key, "contracts": list(contracts)}}


def clm(office: Office, *roles: str) -> str:
    return office.token(*(roles or ("integrator",)), subject=CLM)


def results(office: Office, *contracts: Any, key: str = "k-1", query: str = CLAIM) -> Any:
    return office.data(query, asked(*contracts, key=key), clm(office))["claimContracts"]["results"]


def contracts(office: Office) -> int:
    return int(office.rows("SELECT count(*) FROM contract")[0][0])


def names(verdicts: Any) -> list[str]:
    return [each["field"] for each in verdicts]


def outbox(office: Office) -> list[tuple[Any, ...]]:
    return office.rows(
        "SELECT m.payload, m.correlation FROM lane_message AS m JOIN lane AS l"
        " ON l.id = m.lane_id AND l.org_id = m.org_id WHERE l.queue = 'outbox' ORDER BY m.payload"
    )


def lines(office: Office, field: str) -> list[tuple[Any, ...]]:
    return office.rows(
        "SELECT f.before, f.after, f.decision, f.stale FROM field_change AS f JOIN contract AS c"
        " ON c.id = f.contract_id AND c.org_id = f.org_id WHERE c.external_reference = 'AGR-1'"
        f" AND f.field = '{field}' ORDER BY f.id"
    )


FAR = """{ contract(externalReference: "AGR-1") { effectiveDate expirationDate daysToExpiration renewalDate
    noticeDeadline inNoticeWindow } }"""


@pytest.mark.parametrize(("first", "last", "type_"), [
    ("0001-01-01", "9999-12-31", "AUTO_RENEW"), ("9999-12-30", "9999-12-31", "OPTION_TO_RENEW"),
    ("0001-01-01", "0001-01-02", "AUTO_RENEW"), ("0001-01-01", None, "EVERGREEN"),
    ("9999-12-31", None, "EVERGREEN"),
])  # fmt: skip
def test_a_day_far_away_is_a_day_like_any_other(
    office: Office, first: str, last: str | None, type_: str
) -> None:
    [one] = results(office, said(
        title="Old", status="ACTIVE", effectiveDate=first, expirationDate=last, renewalType=type_,
        renewalTerm="P999Y", noticePeriod="P30D",
    ))  # fmt: skip
    assert one["error"] is None
    assert one["refused"] == []
    told = office.data(FAR, token=office.token("legal"))["contract"]
    assert (told["effectiveDate"], told["expirationDate"]) == (first, last)
    if last is not None:
        left = date.fromisoformat(last) - datetime.now(UTC).date()
        assert abs(told["daysToExpiration"] - left.days) <= 1, "it may be midnight"
    query = '{ contracts(filter: { expirationDate: { eq: "9999-12-31" } }) { totalCount } }'
    assert office.data(query, token=office.token("legal"))["contracts"]["totalCount"] == (
        last == "9999-12-31"
    )


# What it does


def test_a_contract_system_makes_a_contract_and_is_answered_with_it(office: Office) -> None:
    [one] = results(office, said(**SIGNED, documents=[PAPER]))
    assert one["contract"] == {
        "title": "Support order", "status": "EXECUTED", "version": 2,
        "totalValue": {"amount": "1200.00", "currency": "USD"},
    }  # fmt: skip
    assert one["accepted"] == [
        {"field": "status", "part": None}, {"field": "documents", "part": "d1"},
        {"field": "title", "part": None}, {"field": "totalValue", "part": None},
        {"field": "type", "part": None},
    ]  # fmt: skip
    assert (one["refused"], one["conflicts"], one["error"]) == ([], [], None)
    found = office.data(
        '{ contract(externalReference: "AGR-1") { id provenance { nodes { source event } }'
        " documents { nodes { title executed sourceKey } } } }",
        token=clm(office),
    )["contract"]
    assert found["provenance"]["nodes"][0] == {"source": CLM, "event": "e-1"}
    key = f"{CLM}:AGR-1#document:d1"
    assert found["documents"]["nodes"] == [{"title": "Signed", "executed": True, "sourceKey": key}]


def test_what_changed_waits_for_salesforce_in_the_same_transaction(office: Office) -> None:
    request = asked(said(title="One"), said("AGR-2", title="Two"), said("AGR-2", "e-2", title="Two"))
    response = office.ask(SHORT, request, clm(office))
    ids = {each["contract"]["id"] for each in response.json()["data"]["claimContracts"]["results"]}
    correlation = response.headers["x-request-id"]
    assert outbox(office) == [(each, correlation) for each in sorted(ids)]


def test_what_was_said_before_changes_nothing_and_stands_as_it_did(office: Office) -> None:
    signed = said(**SIGNED, claimedAt="2026-11-20T09:00:00Z")
    first = results(office, signed)
    before = office.rows("SELECT count(*) FROM field_change")
    assert results(office, signed, key="another") == first
    assert office.rows("SELECT count(*) FROM field_change") == before


def test_what_is_left_out_stays_and_null_takes_away(office: Office) -> None:
    results(office, said(title="One", governingLaw="France", template="T1"))
    [one] = results(office, said(event="e-2", governingLaw=None, title=None), key="k-2")
    assert names(one["accepted"]) == ["governingLaw"]
    assert one["refused"] == [{"field": "title", "part": None, "reason": "a contract has to have title"}]
    assert office.rows(
        "SELECT title, governing_law, template FROM contract WHERE external_reference = 'AGR-1'"
    ) == [("One", None, "T1")]


def test_parts_with_their_own_parts_and_every_form_of_value_are_stored(office: Office) -> None:
    amendment = {
        "sourceKey": "a1", "number": "1", "kind": "VALUE", "recordedAt": "2026-11-20T09:00:00+01:00",
        "valueChange": {"amount": "5.5", "currency": "EUR"}, "signedDate": "2026-11-19",
        "changes": [{"sourceKey": "c1", "field": "title", "before": "One", "after": "Two"}],
    }  # fmt: skip
    fields = {
        "renewalTerm": "P12M", "liabilityUncapped": True, "parent": "clm-1",
        "amendments": [amendment],
        "parties": [{"sourceKey": "p1", "legalName": "Acme", "role": "CUSTOMER"}],
        "milestones": [{"sourceKey": "m1", "name": "Go live", "status": "SCHEDULED"}],
        "serviceLevels": [{"sourceKey": "s1", "metric": "uptime", "target": "99.9", "period": "P1M"}],
        "obligations": [{"sourceKey": "o1", "kind": "REPORTING", "status": "OPEN", "deliverable": "Report"}],
    }  # fmt: skip
    [one] = results(office, said(**fields))
    assert (one["refused"], one["error"]) == ([], None)
    found = office.data(
        """{ contract(externalReference: "AGR-1") { renewalTerm parent { number } amendmentCount
        amendments { nodes { valueChange { amount } recordedAt changes { nodes { before after } } } }
        serviceLevels { nodes { target period } } obligations { nodes { deliverable } } } }""",
        token=clm(office),
    )["contract"]
    assert found == {
        "renewalTerm": "P12M", "parent": {"number": "K-1"}, "amendmentCount": 1,
        "amendments": {"nodes": [{
            "valueChange": {"amount": "5.50"}, "recordedAt": "2026-11-20T08:00:00+00:00",
            "changes": {"nodes": [{"before": "One", "after": "Two"}]},
        }]},
        "serviceLevels": {"nodes": [{"target": "99.9", "period": "P1M"}]},
        "obligations": {"nodes": [{"deliverable": "Report"}]},
    }  # fmt: skip


def test_who_does_not_own_a_field_is_refused_it_and_told_who_does(office: Office) -> None:
    [one] = results(office, said(title="Draft", totalValue={"amount": "5", "currency": "EUR"}))
    assert names(one["accepted"]) == ["title"]
    [refused] = one["refused"]
    assert refused["reason"].startswith("Salesforce owns totalValue until it is signed")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"totalValue": {"amount": "1.005", "currency": "EUR"}}, "more decimals than EUR has"),
        ({"totalValue": {"amount": "1", "currency": "XXY"}}, "is not an ISO 4217 currency code"),
        ({"totalValue": {"amount": "1" * 22, "currency": "EUR"}}, "too large"),
        ({"discountPercent": "1" * 25}, "it is too large"),
        ({"governingLaw": ""}, "it is empty: null says that there is none"),
        ({"governingLaw": "a\0b"}, "NUL character"),
        ({"parent": "nobody"}, "no Contract is known by it"),
        ({"parent": " "}, "the name of another record is expected"),
        ({"documents": [PAPER | {"title": ""}]}, "documents[0].title: it is empty"),
        ({"documents": [PAPER | {"sourceKey": ""}]}, "documents[0].sourceKey: a name is expected here"),
        ({"milestones": [{"sourceKey": "1", "name": "a", "status": "MET"}] * 2}, "another one has this name"),
    ],
)  # fmt: skip
def test_a_value_that_no_field_holds_is_refused_alone(
    office: Office, fields: dict[str, Any], words: str
) -> None:
    [one] = results(office, said(title="Title", status="EXECUTED", **fields))
    [refused] = one["refused"]
    assert {"title", "status"} <= set(names(one["accepted"]))
    assert refused["field"] == next(iter(fields))
    assert words in refused["reason"]


# One by one


def test_one_that_cannot_be_judged_undoes_nothing_of_the_others(office: Office) -> None:
    results(office, said("AGR-0", number="N-1"), key="before")
    first, taken, late, unknown, unnamed, long, last = results(
        office,
        said("AGR-1", title="First"),
        said("AGR-2", number="N-1", title="Second"),
        said("AGR-3", claimedAt="2999-01-01T00:00:00Z", title="Third"),
        said("AGR-4", expectedVersion=1, title="Fourth"),
        said("AGR\n5", title="Fifth"),
        said("AGR-6", title="".join(chr(0x4E00 + turn) for turn in range(8000))),
        said("AGR-7", title="Last"),
    )
    assert [first["contract"]["title"], last["contract"]["title"]] == ["First", "Last"]
    told = [each["error"] for each in (taken, late, unknown, unnamed, long)]
    assert [each["code"] for each in told] == [
        "NOT_UNIQUE", "BAD_USER_INPUT", "NOT_FOUND", "BAD_USER_INPUT", "BAD_USER_INPUT",
    ]  # fmt: skip
    assert "is yet to come" in told[1]["message"]
    assert all(each["contract"] is None for each in (taken, late, unknown, unnamed, long))
    made = office.rows("SELECT external_reference FROM contract WHERE external_reference LIKE 'AGR%'")
    assert {each[0] for each in made} == {"AGR-0", "AGR-1", "AGR-7"}
    assert len(outbox(office)) == 3


def test_a_contract_that_a_connection_made_is_not_mixed_with_one_of_another_system(office: Office) -> None:
    office.rows(
        "INSERT INTO clm_connection (org_id, id, name, vendor, settings, made_at)"
        f" VALUES ('{OURS.org.id}', gen_random_uuid(), 'esign', 'generic', '{{}}', now())"
    )
    results(office, said(title="One"))
    office.rows("UPDATE contract SET source_key = 'esign:AGR-1' WHERE external_reference = 'AGR-1'")
    [one] = results(office, said(event="e-2", title="Two"), key="k-2")
    assert one["error"]["code"] == "NOT_UNIQUE"
    assert "the connection esign made" in one["error"]["message"]


def test_results_come_in_the_order_of_the_input(office: Office) -> None:
    found = results(office, *(said(each, title=each) for each in ("C", "A", "B")))
    assert [each["externalReference"] for each in found] == ["C", "A", "B"]
    assert [each["contract"]["title"] for each in found] == ["C", "A", "B"]


def test_what_is_asked_of_results_is_named_as_the_caller_likes(office: Office) -> None:
    long = "a" * 70
    query = """mutation($input: ClaimContractsInput!) { made: claimContracts(input: $input) { __typename
        all: results { __typename %s: externalReference one: accepted { what: field } }
        results { contract { number } again: contract { title } } } }"""
    made = office.data(query % long, asked(said(title="One")), clm(office))["made"]
    assert made == {
        "__typename": "ClaimContractsPayload",
        "all": [{"__typename": "ClaimResult", long: "AGR-1", "one": [{"what": "title"}]}],
        "results": [{"contract": {"number": None}, "again": {"title": "One"}}],
    }


@pytest.mark.parametrize("count", [0, MOST_CONTRACTS + 1])
def test_no_more_are_taken_than_are_judged_in_one_breath(office: Office, count: int) -> None:
    request = asked(*(said(f"AGR-{turn}") for turn in range(count)))
    error = office.refused(SHORT, request, clm(office))
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": "input.contracts"}


def test_two_hundred_are_judged_in_one_request(office: Office) -> None:
    found = results(office, *(said(f"AGR-{turn}", title="One") for turn in range(MOST_CONTRACTS)))
    assert all(each["contract"]["title"] == "One" for each in found)
    assert len(outbox(office)) == MOST_CONTRACTS


def test_an_input_may_stand_in_the_document(office: Office) -> None:
    query = """mutation($name: String!) { claimContracts(input: { idempotencyKey: "k", contracts: [
        { externalReference: $name, event: "e", claimedAt: "2026-11-01T00:00:00Z", fields: { title: "One",
          renewalTerm: "P1Y", status: IN_REVIEW } }] }) { results { accepted { field } error { code } } } }"""
    [one] = office.data(query, {"name": "AGR-1"}, clm(office))["claimContracts"]["results"]
    assert (names(one["accepted"]), one["error"]) == (["status", "renewalTerm", "title"], None)


# Versions


def test_who_has_not_read_the_latest_version_changes_nothing_and_is_told(office: Office) -> None:
    results(office, said(title="One"))
    stale = said(event="e-2", title="Two", expectedVersion=1)
    [one] = results(office, stale, key="k-2")
    assert one["conflicts"] == [{"field": "title", "reason": "not at version 1: read it again"}]
    assert (one["accepted"], one["contract"]["title"], one["contract"]["version"]) == ([], "One", 2)
    assert lines(office, "title") == [
        ("AGR-1", "One", "ACCEPTED", None), ("One", "Two", "CONFLICT", True),
    ]  # fmt: skip
    assert len(outbox(office)) == 1
    [one] = results(office, stale | {"expectedVersion": 2}, key="k-3")
    assert (names(one["accepted"]), one["contract"]["title"]) == (["title"], "Two")


def test_a_claim_that_was_turned_away_is_never_judged_again(office: Office) -> None:
    early = {"claimedAt": "2026-11-01T00:00:00Z"}
    results(office, said(status="EXECUTED", **early))
    terms = {"totalValue": {"amount": "7", "currency": "EUR"}}
    results(office, said(event="e-2", expectedVersion=9, **terms), key="k-2")
    [one] = results(office, said(event="e-3", status="ACTIVE", claimedAt="2026-11-02T00:00:00Z"), key="k-3")
    assert one["contract"] == {"title": "AGR-1", "status": "ACTIVE", "version": 3, "totalValue": None}


def test_there_is_no_version_below_zero(office: Office) -> None:
    refused = office.refused(CLAIM, asked(said(title="One", expectedVersion=-1)), token=clm(office))
    assert refused["extensions"]["code"] == "BAD_USER_INPUT"
    assert "contracts[0].expectedVersion" in refused["message"]
    assert lines(office, "title") == []


# What is said twice, of itself, or of nothing


def test_an_event_that_says_otherwise_of_a_field_is_refused_and_never_told_as_taken(office: Office) -> None:
    results(office, said(title="First", governingLaw="IE"))
    [one] = results(office, said(title="Second", governingLaw="IE"), key="k-2")
    assert names(one["accepted"]) == ["governingLaw"]
    [refused] = one["refused"]
    assert (refused["field"], "said otherwise of it before" in refused["reason"]) == ("title", True)
    assert one["contract"]["title"] == "First"


def test_no_contract_is_its_own_parent(office: Office) -> None:
    [one] = results(office, said(title="One", parent="AGR-1"))
    assert names(one["accepted"]) == ["title"]
    assert [(each["field"], "the contract itself" in each["reason"]) for each in one["refused"]] == [
        ("parent", True)
    ]
    [one] = results(office, said("AGR-2", parent="AGR-1"), key="k-2")
    assert "parent" in names(one["accepted"])


def test_parts_are_not_taken_away_by_saying_none(office: Office) -> None:
    results(office, said(documents=[PAPER]))
    [one] = results(office, said(event="e-2", documents=None), key="k-2")
    assert [(each["field"], "none is taken away" in each["reason"]) for each in one["refused"]] == [
        ("documents", True)
    ]
    assert office.rows("SELECT count(*) FROM document WHERE title = 'Signed'") == [(1,)]


def test_the_reason_of_a_refusal_is_told_to_whom_the_field_is_shown_and_to_nobody_else(
    office: Office,
) -> None:
    """It may quote what was claimed."""
    results(office, said(title="One", liabilityCap={"amount": "1250000.505", "currency": "EUR"}))
    query = """{ contract(externalReference: "AGR-1") {
        changes(filter: { field: { eq: "liabilityCap" } }) { nodes { decision reason } } } }"""
    for role, is_shown in (("legal", True), ("admin", False), ("security_reviewer", False)):
        told = office.ask(query, {}, office.token(role))
        [line] = told.json()["data"]["contract"]["changes"]["nodes"]
        assert line["decision"] == "REFUSED"
        assert ("1250000" in told.text) is is_shown, role
    some = '{ changes: { some: { reason: { contains: "1250000" } } } }'
    sought = f"{{ contracts(filter: {some}) {{ totalCount }} }}"
    assert office.refused(sought, {}, token=office.token("admin"))["extensions"]["code"] == "ACCESS_DENIED"


# Once


def test_the_same_request_again_is_answered_alike_and_changes_nothing(office: Office) -> None:
    wrong = {"totalValue": {"amount": "1.005", "currency": "USD"}}
    request = said(**SIGNED | wrong), said("\n"), said("AGR-2")
    first = results(office, *request)
    before = office.rows("SELECT count(*) FROM field_change"), outbox(office)
    assert results(office, *request) == first
    assert (office.rows("SELECT count(*) FROM field_change"), outbox(office)) == before
    other = office.refused(CLAIM, asked(said(title="Another")), clm(office))
    assert other["extensions"]["field"] == "input.idempotencyKey"


def test_of_many_at_once_who_speak_of_the_same_none_waits_for_ever(office: Office) -> None:
    several = [said(f"AGR-{turn}", f"e-{turn}", title="One") for turn in range(5)]

    async def race() -> list[int]:
        token = clm(office)
        orders = [several, several[::-1]] * 4
        tasks = [office.asking(SHORT, asked(*o, key=str(turn)), token) for turn, o in enumerate(orders)]
        return [answer.status_code for answer in await asyncio.gather(*tasks)]

    assert office.graph.run(race()) == [200] * 8
    assert contracts(office) == len({c[0] for c in office.rows("SELECT id FROM contract")})
    assert office.rows("SELECT count(*) FROM contract WHERE external_reference LIKE 'AGR%'") == [(5,)]


def test_a_change_is_on_record_with_who_made_it(office: Office) -> None:
    results(office, said(title="One"))
    [event] = [json.loads(each[0]) for each in office.rows("SELECT body FROM audit_event")]
    assert (event["kind"], event["subject"], event["refusal"]) == ("write", CLM, None)
    [[made]] = office.rows("SELECT id FROM contract WHERE external_reference = 'AGR-1'")
    assert event["records"]["ids"] == [str(made)]


def test_no_plan_depends_on_what_is_said() -> None:
    planner, view = Planner(), view_for(load_policy(), frozenset({"integrator"}))
    one, _ = planner.plan(CLAIM, None, asked(said(title="One")), view)
    other, _ = planner.plan(
        CLAIM, None, asked(said("AGR-2", status="DRAFT"), said("AGR-3", parent=None)), view
    )
    assert one is other


# Who may


@pytest.mark.parametrize("role", ["sales_rep", "legal", "security_reviewer", "admin", "finance", "owner"])
def test_nobody_else_claims_anything(office: Office, role: str) -> None:
    before = contracts(office)
    error = office.refused(CLAIM, asked(said(title="One")), clm(office, role))
    assert error["extensions"] == {
        "code": "ACCESS_DENIED", "field": "Mutation.claimContracts", "rule": "default",
    }  # fmt: skip
    assert contracts(office) == before


def test_a_token_without_the_scope_of_writing_claims_nothing(office: Office) -> None:
    token = office.token("integrator", subject=CLM, scopes=READER)
    assert (
        office.refused(CLAIM, asked(said(title="One")), token)["extensions"]["code"] == "INSUFFICIENT_SCOPE"
    )


def test_a_field_that_the_caller_may_not_claim_refuses_its_item_alone(office: Office) -> None:
    denied, fine = results(
        office, said("AGR-1", title="One", templateDeviations=3), said("AGR-2", title="Two")
    )
    assert denied["error"] == {
        "code": "ACCESS_DENIED",
        "message": "none of the caller's roles may claim a value of Contract.templateDeviations:"
        " leave it out",
    }
    assert (denied["contract"], denied["accepted"]) == (None, [])
    assert fine["contract"]["title"] == "Two"


def test_contracts_of_another_org_are_as_those_of_nobody(office: Office) -> None:
    office.data(SHORT, asked(said("clm-1", title="Ours")), clm(office))
    rows = office.rows("SELECT org_id, title FROM contract WHERE external_reference = 'clm-1'")
    assert dict(rows)[OURS.org.id] == "Ours"
    assert dict(rows)[THEIRS.org.id] == f"Crane hire {THEIRS.mark}"
