"""settleConflict of parts of lists: what was claimed of a document is taken, or what is known is kept."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from auth import policy_change
from auth.policy_file import load_policy
from storage.database import connect
from tests.api.graph import THEIRS
from tests.api.mutations.office import USER, Office
from tests.api.mutations.test_settle_conflict import CLAIM, asked
from tests.api.test_policy_in_force import NARROWER

SETTLE = """mutation($input: SettleConflictInput!) { settleConflict(input: $input) { fieldChange {
    field part before after claimedBy decision reason } } }"""
LINES = """{ contract(externalReference: "AGR-1") {
    documents { nodes { title executed } } milestones { nodes { name amount { amount currency } } }
    amendments { nodes { number document { title } changes { nodes { field after } } } }
    changes(filter: { decision: { eq: CONFLICT } }) { nodes { id field part } }
    provenance { nodes { field part system decidedBy refusedBecause } } } }"""
PAPER = {"sourceKey": "d1", "type": "AGREEMENT", "title": "Draft", "executed": False}
SIGNED = PAPER | {"title": "Signed", "executed": True}
GOODS = {"sourceKey": "m1", "name": "Goods", "status": "SCHEDULED", "targetDate": "2027-01-31",
         "amount": {"amount": "90", "currency": "USD"}}  # fmt: skip
OTHERS = sorted(set(load_policy().roles) - {"legal"})


def say(office: Office, event: str, version: int | None = None, **fields: Any) -> Any:
    """Say something as the contract system."""
    one = {"externalReference": "AGR-1", "event": event, "fields": fields}
    given = {"idempotencyKey": event, "contracts": [one | ({"expectedVersion": version} if version else {})]}
    token = office.token("integrator", subject="clm-client")
    return office.data(CLAIM, {"input": given}, token)["claimContracts"]["results"][0]


def found(office: Office) -> Any:
    return office.data(LINES, token=office.token("legal"))["contract"]


def line(office: Office, field: str = "documents") -> str:
    return str(next(each["id"] for each in found(office)["changes"]["nodes"] if each["field"] == field))


def settled(office: Office, change: str, **more: Any) -> Any:
    token = office.token("legal", subject=USER)
    return office.data(SETTLE, asked(change, **more), token)["settleConflict"]["fieldChange"]


def refused(office: Office, change: str, token: str = "", **more: Any) -> Any:
    return office.refused(SETTLE, asked(change, **more), token or office.token("legal", subject=USER))


@pytest.fixture
def conflict(office: Office) -> str:
    """A document that was signed, told by a sender who had not seen the latest version; the line of it."""
    say(office, "e-1", title="Order", type="ORDER_FORM", status="EXECUTED", documents=[PAPER])
    say(office, "e-2", version=1, documents=[SIGNED])
    office.rows("DELETE FROM lane_message")
    return line(office)


def test_a_part_that_was_claimed_is_taken_in_the_name_of_who_decides(office: Office, conflict: str) -> None:
    assert found(office)["documents"]["nodes"] == [{"title": "Draft", "executed": False}]
    told = settled(office, conflict)
    assert (told["decision"], told["claimedBy"]) == ("ACCEPTED", USER)
    assert told["reason"] == "a person decided it: as we agreed"
    now = found(office)
    assert now["documents"]["nodes"] == [{"title": "Signed", "executed": True}]
    [source] = [each for each in now["provenance"]["nodes"] if each["field"] == "documents"]
    assert (source["system"], source["decidedBy"], source["refusedBecause"]) == ("HERE", USER, None)
    assert len(office.rows("SELECT FROM lane_message")) == 1, "Salesforce is told of the contract"


def test_what_is_known_of_a_part_may_be_kept(office: Office, conflict: str) -> None:
    told = settled(office, conflict, take=False)
    assert (told["decision"], told["claimedBy"]) == ("ACCEPTED", USER)
    assert found(office)["documents"]["nodes"] == [{"title": "Draft", "executed": False}]
    error = refused(office, conflict)
    assert error["message"].endswith("waits for no decision: it was decided before.")
    say(office, "e-3", documents=[SIGNED])
    assert found(office)["documents"]["nodes"] == [{"title": "Signed", "executed": True}], (
        "the owner's next word counts"
    )


def test_a_part_that_is_not_there_is_made_or_stays_away(office: Office) -> None:
    say(office, "e-1", title="Order", status="DRAFT")
    say(office, "e-2", version=1, milestones=[GOODS, GOODS | {"sourceKey": "m2", "name": "Rest"}])
    first, second = (each["id"] for each in found(office)["changes"]["nodes"])
    settled(office, first)
    settled(office, second, take=False)
    assert found(office)["milestones"]["nodes"] == [
        {"name": "Goods", "amount": {"amount": "90.00", "currency": "USD"}}
    ]


def test_a_part_with_parts_of_its_own_is_taken_whole(office: Office) -> None:
    changes = [{"sourceKey": "c1", "field": "totalValue", "before": "1", "after": "2"}]
    amendment = {"sourceKey": "a1", "number": "1", "kind": "VALUE", "changes": changes}
    say(office, "e-1", title="Order", status="EXECUTED")
    say(office, "e-2", version=1, amendments=[amendment])
    settled(office, line(office, "amendments"))
    [made] = found(office)["amendments"]["nodes"]
    assert made["changes"]["nodes"] == [{"field": "totalValue", "after": "2"}]


def test_a_part_of_which_nothing_was_kept_is_not_taken_but_decided_against(
    office: Office, conflict: str
) -> None:
    office.rows("DELETE FROM contested_part")
    error = refused(office, conflict)
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": "input.take"}
    assert "have its source send it anew" in error["message"]
    assert settled(office, conflict, take=False)["decision"] == "ACCEPTED"


@pytest.mark.parametrize("role", OTHERS)
def test_nobody_else_decides_about_a_part(office: Office, role: str, conflict: str) -> None:
    error = refused(office, conflict, office.token(role, subject=USER))
    assert error["extensions"]["code"] == "ACCESS_DENIED"
    assert found(office)["documents"]["nodes"] == [{"title": "Draft", "executed": False}]


def test_who_does_not_see_all_that_a_part_may_have_does_not_decide_about_it(
    office: Office, owner_url: str
) -> None:
    say(office, "e-1", title="Order", status="EXECUTED", documents=[PAPER])
    say(office, "e-2", version=1, milestones=[GOODS], documents=[SIGNED])
    milestone, document = line(office, "milestones"), line(office)

    async def narrow() -> None:
        connection = await connect(owner_url)
        made = await policy_change.propose(connection, NARROWER, "new.toml", by="ann", reason="x")
        await policy_change.approve(connection, made.digest, by="bob", reason="x")
        await connection.close()

    office.graph.run(narrow())
    token = office.token("legal", subject=USER)
    for _ in range(100):
        error = refused(office, milestone, token, take=False) if _shown(office) else {}
        if error:
            break
        office.graph.run(asyncio.sleep(0.1))
    assert error["extensions"] == {
        "code": "ACCESS_DENIED", "field": "Milestone.amount", "rule": "shown values alone",
    }  # fmt: skip
    assert settled(office, document)["decision"] == "ACCEPTED", "of a document nothing is commercial"


def _shown(office: Office) -> bool:
    """Whether the narrower policy is in force."""
    asked_ = '{ contract(externalReference: "AGR-1") { milestones { nodes { amount { amount } } } } }'
    answer = office.ask(asked_, token=office.token("legal")).json()
    return bool(answer["extensions"]["access"]["policy"] != load_policy().digest)


CONTESTED = """query($id: ID!) { contestedPart(changeId: $id) {
    id field part claimedBy reason values { name value } } }"""


def test_who_decides_sees_what_was_claimed_of_the_part(office: Office, conflict: str) -> None:
    told = office.data(CONTESTED, {"id": conflict}, office.token("legal", subject=USER))["contestedPart"]
    assert (told["id"], told["field"], told["claimedBy"]) == (conflict, "documents", "CLM")
    assert {each["name"]: each["value"] for each in told["values"]} == {
        "type": "AGREEMENT", "title": "Signed", "executed": "true",
    }  # fmt: skip


@pytest.mark.parametrize("role", OTHERS)
def test_nobody_else_sees_it(office: Office, role: str, conflict: str) -> None:
    answer = office.ask(CONTESTED, {"id": conflict}, office.token(role, subject=USER))
    assert answer.json()["data"] == {"contestedPart": None}
    assert "Signed" not in answer.text


def test_of_another_org_or_of_no_part_there_is_nothing_to_see(office: Office, conflict: str) -> None:
    theirs = office.token("legal", subject=USER, org=THEIRS.org.id)
    assert office.data(CONTESTED, {"id": conflict}, theirs) == {"contestedPart": None}
    ours = office.token("legal", subject=USER)
    for other in office.rows("SELECT id FROM field_change WHERE part IS NULL LIMIT 1"):
        assert office.data(CONTESTED, {"id": str(other[0])}, ours) == {"contestedPart": None}
    error = office.refused(CONTESTED, {"id": "x"}, ours)
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
