"""settleConflict: a person decides which of two claims holds, and who else may not."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from auth.policy_file import load_policy
from domain.claim import Report
from domain.field import SALESFORCE
from domain.identity import uuid7
from domain.money import Money
from storage.tenancy import bind_org
from sync.apply import apply_report
from tests.api.audited import Log
from tests.api.graph import OURS, THEIRS
from tests.api.mutations.office import READER, USER, Office

SETTLE = """mutation Settle($input: SettleConflictInput!) { settleConflict(input: $input) { fieldChange {
    field before after claimedBy decision reason contract { totalValue { amount } title } } } }"""
CLAIM = """mutation($input: ClaimContractsInput!) { claimContracts(input: $input) { results {
    conflicts { field } refused { field } accepted { field } } } }"""
LINES = """{ contract(externalReference: "AGR-1") { id title totalValue { amount }
    changes(filter: { decision: { eq: CONFLICT } }) { nodes { id field } }
    provenance { nodes { field owner system decidedBy refusedBecause } } } }"""
TOLD = """INSERT INTO salesforce_record (org_id, id, contract_id, object, salesforce_id, told, told_at,
    in_doubt, correlation) SELECT org_id, id, id, 'Opportunity', '006Hs00000AAAAAIA1', '{}', now(), false, 'c'
    FROM contract WHERE external_reference = 'AGR-1'"""
OTHERS = sorted(set(load_policy().roles) - {"legal"})


def say(office: Office, event: str, version: int | None = None, **fields: Any) -> Any:
    """Say something as the contract system."""
    one = {"externalReference": "AGR-1", "event": event, "fields": fields}
    given = {"idempotencyKey": event, "contracts": [one | ({"expectedVersion": version} if version else {})]}
    token = office.token("integrator", subject="clm-client")
    return office.data(CLAIM, {"input": given}, token)["claimContracts"]["results"][0]


def edit(office: Office, amount: int, event: str = "s-1") -> None:
    """Say in Salesforce what the contract is worth."""

    async def run() -> None:
        now = datetime.now(UTC)
        said = Report(
            contract="AGR-1", system=SALESFORCE, source="crm", event=event, claimed_at=now,
            fields={"total_value": Money(Decimal(amount), "USD")},
        )  # fmt: skip
        connection = await asyncpg.connect(office.superuser_url)
        try:
            async with connection.transaction():
                await bind_org(connection, OURS.org.id)
                await apply_report(connection, OURS.org.id, said, now=now)
        finally:
            await connection.close()

    office.graph.run(run())


@pytest.fixture
def lawyer(office: Office) -> str:
    """The token of a lawyer whom Salesforce knows."""
    return office.token("legal", subject=USER)


@pytest.fixture
def conflict(office: Office) -> str:
    """A contract signed at 120, which somebody set to 90 in Salesforce a moment later; the line of that."""
    say(office, "e-1", title="Order", type="ORDER_FORM", status="EXECUTED",
        totalValue={"amount": "120", "currency": "USD"})  # fmt: skip
    edit(office, 90)
    office.rows("DELETE FROM lane_message")
    return found(office)["changes"]["nodes"][0]["id"]


def found(office: Office) -> Any:
    return office.data(LINES, token=office.token("legal"))["contract"]


def source(office: Office, field: str = "totalValue") -> Any:
    return next(each for each in found(office)["provenance"]["nodes"] if each["field"] == field)


def asked(change: str, **more: Any) -> dict[str, Any]:
    given = {"idempotencyKey": str(uuid4()), "changeId": change, "take": True, "reason": "as we agreed"}
    return {"input": given | more}


def settled(office: Office, token: str, change: str, **more: Any) -> Any:
    return office.data(SETTLE, asked(change, **more), token)["settleConflict"]["fieldChange"]


def waiting(office: Office) -> list[tuple[Any, ...]]:
    return office.rows(
        "SELECT c.external_reference FROM lane_message AS m JOIN lane AS l ON (l.org_id, l.id) ="
        " (m.org_id, m.lane_id) JOIN contract AS c ON c.id::text = m.payload WHERE l.queue = 'outbox'"
    )


def test_who_takes_a_claim_is_in_the_history_and_the_outcome_goes_to_salesforce(
    office: Office, lawyer: str, conflict: str
) -> None:
    assert "a person decides" in source(office)["refusedBecause"]
    told = settled(office, lawyer, conflict)
    assert told == {
        "field": "totalValue", "before": "120.00 USD", "after": "90.00 USD", "claimedBy": USER,
        "decision": "ACCEPTED", "reason": "a person decided it: as we agreed",
        "contract": {"totalValue": {"amount": "90.00"}, "title": "Order"},
    }  # fmt: skip
    assert source(office) == {
        "field": "totalValue", "owner": "CLM", "system": "HERE", "decidedBy": USER, "refusedBecause": None,
    }  # fmt: skip
    assert waiting(office) == [("AGR-1",)]


def test_what_is_known_may_be_kept_and_salesforce_is_told_of_that_too(
    office: Office, lawyer: str, conflict: str
) -> None:
    office.rows(TOLD)
    told = settled(office, lawyer, conflict, take=False)
    assert office.rows("SELECT in_doubt FROM salesforce_record") == [(True,)]
    assert (told["before"], told["after"]) == ("120.00 USD", "120.00 USD")
    assert source(office)["decidedBy"] == USER
    assert waiting(office) == [("AGR-1",)]


def test_a_decision_holds_until_the_owner_says_something_else(
    office: Office, lawyer: str, conflict: str
) -> None:
    settled(office, lawyer, conflict)
    again = say(office, "e-2", totalValue={"amount": "120", "currency": "USD"})
    assert [each["field"] for each in again["refused"]] == ["totalValue"]
    say(office, "e-3", totalValue={"amount": "130", "currency": "USD"})
    assert found(office)["totalValue"]["amount"] == "130.00"
    assert source(office)["decidedBy"] == "rule"


def test_what_was_said_of_an_earlier_version_may_be_taken(office: Office, lawyer: str) -> None:
    say(office, "e-1", title="Order", status="EXECUTED")
    assert say(office, "e-2", version=1, title="Support")["conflicts"] == [{"field": "title"}]
    [line] = found(office)["changes"]["nodes"]
    assert settled(office, lawyer, line["id"])["contract"]["title"] == "Support"
    say(office, "e-3", title="Services")
    assert found(office)["title"] == "Services"


def test_a_conflict_is_decided_once(office: Office, lawyer: str, conflict: str) -> None:
    request = asked(conflict)
    first, second = (office.data(SETTLE, request, lawyer) for _ in range(2))
    assert first == second
    error = office.refused(SETTLE, asked(conflict, take=False), lawyer)
    assert error["message"].endswith("waits for no decision: it was decided before.")


@pytest.mark.usefixtures("conflict")
def test_what_is_in_no_conflict_is_not_decided(office: Office, lawyer: str) -> None:
    lines = office.rows("SELECT id FROM field_change WHERE decision = 'ACCEPTED' AND event = 'e-1'")
    error = office.refused(SETTLE, asked(str(lines[0][0])), lawyer)
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": "input.changeId"}
    assert "it is accepted" in error["message"]


def test_a_value_that_the_contract_cannot_have_is_not_taken(office: Office, lawyer: str) -> None:
    say(office, "e-1", title="Order", status="ACTIVE")
    say(office, "e-2", version=1, status="DRAFT")
    [line] = found(office)["changes"]["nodes"]
    error = office.refused(SETTLE, asked(line["id"]), lawyer)
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": "input.take"}
    assert "a contract cannot go back from ACTIVE to DRAFT" in error["message"]
    assert settled(office, lawyer, line["id"], take=False)["after"] == "ACTIVE"


def test_a_number_that_is_another_contracts_is_not_taken(office: Office, lawyer: str) -> None:
    say(office, "e-1", title="Order", status="ACTIVE")
    say(office, "e-2", version=1, number="K-1")
    [line] = found(office)["changes"]["nodes"]
    error = office.refused(SETTLE, asked(line["id"]), lawyer)
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": "input.take"}


@pytest.mark.parametrize("role", OTHERS)
def test_nobody_else_decides(office: Office, role: str, conflict: str) -> None:
    error = office.refused(SETTLE, asked(conflict), office.token(role, subject=USER))
    assert error["extensions"]["code"] == "ACCESS_DENIED"
    assert found(office)["totalValue"]["amount"] == "120.00"


def test_a_program_does_not_decide_and_a_token_that_only_reads_neither(office: Office, conflict: str) -> None:
    error = office.refused(SETTLE, asked(conflict), office.token("legal", subject="a-program"))
    assert error["extensions"]["rule"] == "known user"
    reading = office.token("legal", subject=USER, scopes=READER)
    assert office.refused(SETTLE, asked(conflict), reading)["extensions"]["code"] == "INSUFFICIENT_SCOPE"


def test_another_orgs_line_is_as_one_that_is_not_there(office: Office, conflict: str) -> None:
    theirs = office.token("legal", subject=USER, org=THEIRS.org.id)
    one, other = (office.refused(SETTLE, asked(each), theirs) for each in (conflict, str(uuid7())))
    assert one == other
    assert one["extensions"] == {"code": "BAD_USER_INPUT", "field": "input.changeId"}


@pytest.mark.parametrize(("changes", "member"), [
    ({"changeId": "x"}, "changeId"), ({"reason": " "}, "reason"), ({"reason": "x" * 1001}, "reason"),
])  # fmt: skip
def test_an_input_that_is_wrong_is_refused(
    office: Office, lawyer: str, changes: dict[str, Any], member: str
) -> None:
    error = office.refused(SETTLE, asked(str(uuid7()), **changes), lawyer)
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": f"input.{member}"}


def test_of_many_who_decide_at_once_one_does(office: Office, lawyer: str, conflict: str) -> None:
    async def run() -> list[bool]:
        answers = await asyncio.gather(
            *(office.asking(SETTLE, asked(conflict, take=bool(turn % 2)), lawyer) for turn in range(4))
        )
        return ["data" in each.json() for each in answers]

    assert sorted(office.graph.run(run())) == [False, False, False, True]


def test_the_log_says_who_decided(office: Office, lawyer: str, conflict: str, loop: asyncio.Runner) -> None:
    settled(office, lawyer, conflict)
    log = Log(office.superuser_url, loop)
    event = log.events()[-1]
    assert (event["subject"], event["decision"], event["roles"]) == (USER, "allowed", ["legal"])
    assert "FieldChange.after" in log.access(event)["shown"]
