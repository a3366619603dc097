"""settleDrift: a person leaves what Salesforce holds otherwise, or has it put right, and who else may not."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from auth.policy_file import load_policy
from tests.api.graph import OURS, THEIRS
from tests.api.mutations.office import READER, USER, Office

SETTLE = """mutation Settle($input: SettleDriftInput!) { settleDrift(input: $input) { driftFinding {
    field state decidedBy reason } } }"""
FINDINGS = "{ driftFindings { nodes { id field owner state decidedBy reason } } }"
OTHERS = sorted(set(load_policy().roles) - {"legal"})


@pytest.fixture
def lawyer(office: Office) -> str:
    """The token of a lawyer whom Salesforce knows."""
    return office.token("legal", subject=USER)


@pytest.fixture
def drifted(office: Office) -> dict[str, str]:
    """The findings of one contract, by the name of their field: its title is ours, its value Salesforce's."""
    office.rows("UPDATE drift_finding SET owner = 'CLM' WHERE field = 'title'")
    found = office.data(FINDINGS, token=office.token("legal"))["driftFindings"]["nodes"]
    return {each["field"]: each["id"] for each in found}


def asked(finding: str, **more: Any) -> dict[str, Any]:
    given = {"idempotencyKey": str(uuid4()), "findingId": finding, "accept": False, "reason": "as we agreed"}
    return {"input": given | more}


def waiting(office: Office) -> int:
    return len(office.rows("SELECT 1 FROM lane WHERE queue = 'outbox' AND next_at < 'infinity'"))


def test_what_is_ours_is_written_again_by_a_persons_word(
    office: Office, lawyer: str, drifted: dict[str, str]
) -> None:
    before = waiting(office)
    told = office.data(SETTLE, asked(drifted["title"]), lawyer)["settleDrift"]["driftFinding"]
    assert told == {"field": "title", "state": "REPAIRING", "decidedBy": USER, "reason": None}
    assert waiting(office) == before + 1


def test_a_difference_may_be_left_with_the_reason_and_nothing_is_written(
    office: Office, lawyer: str, drifted: dict[str, str]
) -> None:
    before = waiting(office)
    request = asked(drifted["totalValue"], accept=True)
    for _ in range(2):
        told = office.data(SETTLE, request, lawyer)["settleDrift"]["driftFinding"]
        assert told == {
            "field": "totalValue", "state": "ACCEPTED", "decidedBy": USER, "reason": "as we agreed",
        }  # fmt: skip
    assert waiting(office) == before
    refused = office.refused(SETTLE, asked(drifted["totalValue"]), lawyer)
    assert "it is ACCEPTED" in refused["message"]


def test_what_salesforce_owns_is_not_written(office: Office, lawyer: str, drifted: dict[str, str]) -> None:
    error = office.refused(SETTLE, asked(drifted["totalValue"]), lawyer)
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": "input.accept"}


@pytest.mark.parametrize("role", OTHERS)
def test_no_other_role_settles_it(office: Office, role: str, drifted: dict[str, str]) -> None:
    error = office.refused(SETTLE, asked(drifted["title"]), office.token(role, subject=USER))
    assert error["extensions"]["code"] == "ACCESS_DENIED"


def test_a_program_and_a_token_that_only_reads_do_not(office: Office, drifted: dict[str, str]) -> None:
    error = office.refused(SETTLE, asked(drifted["title"]), office.token("legal", subject="a-program"))
    assert error["extensions"]["rule"] == "known user"
    reader = office.token("legal", subject=USER, scopes=READER)
    error = office.refused(SETTLE, asked(drifted["title"]), reader)
    assert error["extensions"]["code"] == "INSUFFICIENT_SCOPE"


@pytest.mark.parametrize(
    "finding",
    [str(THEIRS.id("DriftFinding", 1)), str(uuid4()), "no id"],
    ids=["of another org", "of none", "no id"],
)
def test_a_finding_of_another_org_and_none_are_answered_alike(
    office: Office, lawyer: str, finding: str
) -> None:
    assert str(OURS.id("DriftFinding", 1)) != finding
    error = office.refused(SETTLE, asked(finding), lawyer)
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": "input.findingId"}
