"""Which policy is in force, tried and compared, as a reviewer is told it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import asyncpg
import pytest

from api.limits import MAX_REVIEWS
from api.review.versions import MOST_STEPS
from auth import policy_change
from auth.policy import Policy
from auth.policy_file import SHIPPED, load_policy, read_policy
from auth.review.difference import difference, steps_of
from storage.policy_versions import PolicyDifference, add_differences
from tests.api.graph import Graph, code_of
from tests.api.mutations.office import Office
from tests.api.review.everything import whole

SHIPPED_TEXT = SHIPPED.read_text()
NARROWER = SHIPPED_TEXT.replace('rows = "account_team"', 'rows = "own"').replace(
    'PERSONAL = "mask"', 'PERSONAL = "show"'
)
DIFFERENCE = """query($candidate: String!) { review { difference(candidate: $candidate) {
    before after gains loses roles { role isNew isGone rowsBefore rowsAfter gains loses
        allowed { rule line } refused { rule line }
        changes { field audience gains loses before { decision rows rule line }
            after { decision rule line } } } } } }"""


def decide(office: Office, work: Callable[[asyncpg.Connection], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        connection = await asyncpg.connect(office.superuser_url)
        try:
            return await work(connection)
        finally:
            await connection.close()

    return office.graph.run(run())


def propose(office: Office, text: str = NARROWER) -> Policy:
    proposed: Policy = decide(
        office,
        lambda c: policy_change.propose(c, text.encode(), "narrower.toml", by="ann", reason="fewer rows"),
    )
    return proposed


def reviewed(office: Office, asked: str) -> Any:
    return office.data(f"{{ review {{ {asked} }} }}", token=office.token("security_reviewer"))["review"]


def test_everything_that_a_review_can_tell_is_told(office: Office) -> None:
    propose(office)
    asked = whole("Review", "auditProof")
    query = f"query($candidate: String!) {{ review {asked} }}"
    found = office.data(query, {"candidate": NARROWER}, office.token("security_reviewer"))["review"]
    assert asked.count("trial") <= MAX_REVIEWS
    assert found["__typename"] == "Review"
    assert found["policy"]["__typename"] == "PolicyText"
    assert found["trial"]["digest"] == found["difference"]["after"]


def test_the_policy_that_decides_is_told_with_all_its_text(office: Office) -> None:
    asked = "policy { digest source inForceSince text } trial { digest } history { kind }"
    digest = load_policy().digest
    assert reviewed(office, asked) == {
        "policy": {"digest": digest, "source": "policy.toml", "inForceSince": None, "text": SHIPPED_TEXT},
        "trial": None,
        "history": [],
    }


def test_a_trial_is_told_with_what_it_would_decide_otherwise(office: Office) -> None:
    proposed = propose(office)
    counted = PolicyDifference("sales_rep", "Contract.id", "shown", "denied", 3, "Panel (abc)")
    other = PolicyDifference("legal", "Contract.id", "shown", "denied", 1, "Panel (abc)")
    for _ in range(2):
        decide(office, lambda c: add_differences(c, proposed.digest, load_policy().digest, [counted, other]))
    decide(office, lambda c: add_differences(c, proposed.digest, "another", [counted]))
    found = reviewed(
        office,
        """trial { digest proposedBy proposedAt reason
            differences { roles subject was wouldBe requests example } }""",
    )["trial"]
    assert datetime.fromisoformat(found.pop("proposedAt")).tzinfo is not None
    told = {"subject": "Contract.id", "was": "shown", "wouldBe": "denied", "example": "abc"}
    assert found == {
        "digest": proposed.digest,
        "proposedBy": "ann",
        "reason": "fewer rows",
        "differences": [
            {"roles": "sales_rep", "requests": 6, **told},
            {"roles": "legal", "requests": 2, **told},
        ],
    }


def test_the_history_is_told_the_latest_first_and_whoever_approved_last_decides(office: Office) -> None:
    proposed = propose(office)
    decide(office, lambda c: policy_change.approve(c, proposed.digest, by="bob", reason="read it"))
    history = reviewed(office, "history { digest kind at by reason }")["history"]
    assert [(each["kind"], each["by"], each["digest"]) for each in history] == [
        ("APPROVED", "bob", proposed.digest),
        ("APPROVED", "contract-graph", load_policy().digest),
        ("PROPOSED", "ann", proposed.digest),
    ]
    assert history[0]["reason"] == "read it"
    office.graph.run(_until_obeyed(office, proposed.digest))
    found = reviewed(office, "policy { digest source inForceSince }")["policy"]
    source = f"policy {proposed.digest[:12]}"
    assert found == {"digest": proposed.digest, "source": source, "inForceSince": history[0]["at"]}


async def _until_obeyed(office: Office, digest: str) -> None:
    for _ in range(100):
        answer = await office.asking("{ viewer { policy } }")
        if answer.json()["data"]["viewer"]["policy"] == digest:
            return
        await asyncio.sleep(0.1)
    raise AssertionError("no worker obeys it")


# difference


def test_a_difference_agrees_with_the_command(graph: Graph, policy: Policy) -> None:
    found = graph.data(DIFFERENCE, {"candidate": NARROWER}, role="admin")["review"]["difference"]
    expected = difference(policy, read_policy(NARROWER.encode(), "candidate"))
    assert (found["before"], found["after"]) == (policy.digest, expected.after.digest)
    assert [role["role"] for role in found["roles"]] == [role.name for role in expected.roles]
    for role, other in zip(found["roles"], expected.roles, strict=True):
        assert (role["gains"], role["loses"]) == (other.gains, other.loses)
        assert role["rowsAfter"] == (other.now and str(other.now.rows))
        assert [change["field"] for change in role["changes"]] == [each.coordinate for each in other.changes]
        for change, each in zip(role["changes"], other.changes, strict=True):
            assert [part["rule"] for part in change["before"]] == [part.rule for part in each.before]
            assert [part["line"] for part in change["after"]] == [part.line for part in each.after]


def test_a_difference_tells_who_gains_and_who_loses(graph: Graph) -> None:
    candidate = NARROWER.replace('"grantRole", "revokeRole"', '"grantRole"')
    found = graph.data(DIFFERENCE, {"candidate": candidate}, role="security_reviewer")["review"]["difference"]
    assert found["gains"] == ["sales_rep", "sales_manager"]
    assert found["loses"] == ["sales_rep", "admin"]
    [admin] = [role for role in found["roles"] if role["role"] == "admin"]
    assert [each["rule"] for each in admin["refused"]] == ["admin.commands has revokeRole"]


def test_the_policy_in_force_differs_from_itself_in_nothing(graph: Graph) -> None:
    found = graph.data(DIFFERENCE, {"candidate": SHIPPED_TEXT}, role="admin")["review"]["difference"]
    assert (found["gains"], found["loses"], found["roles"]) == ([], [], [])


def test_a_stored_policy_is_compared_by_its_digest_or_how_that_begins(office: Office) -> None:
    digest = propose(office).digest
    token = office.token("security_reviewer")
    answers = [
        office.data(DIFFERENCE, {"candidate": each}, token) for each in (digest, digest[:12], NARROWER)
    ]
    assert answers[0] == answers[1] == answers[2]
    unknown = office.refused(DIFFERENCE, {"candidate": "0" * 12}, token)
    assert unknown["message"].startswith("no policy is stored whose digest begins with 000000000000")


@pytest.mark.parametrize(
    "candidate",
    [
        SHIPPED_TEXT.replace('RISK = "deny"', 'RISKS = "deny"', 1),
        "[roles.a]\nrows = 'org'",
        "a = " + "[" * 10_000,
        "[roles]\n" * 2,
        "\x00",
    ],
)
def test_a_candidate_that_is_no_policy_is_refused_with_its_line(graph: Graph, candidate: str) -> None:
    response = graph.ask(DIFFERENCE, {"candidate": candidate}, role="admin")
    assert code_of(response) == "BAD_USER_INPUT"


def test_a_candidate_that_takes_too_long_to_compare_is_refused(graph: Graph, policy: Policy) -> None:
    """Terms that tell contracts apart in many ways: each way is compared for each role and field."""
    terms = "renewalType = ['AUTO_RENEW'], side = ['CUSTOMER'], hasRedlineSummary = [true]"
    fields = [f"type = ['{each}']" for each in ("MSA", "SOW", "NDA", "ORDER_FORM", "DPA", "AMENDMENT")]
    forbid = "\n[[forbid]]\naudiences = ['COMMERCIAL', 'LEGAL', 'RISK']\nwhy = 'w'\nwhen = {{ {} }}\n"
    states = ("DRAFT", "IN_REVIEW", "PENDING_SIGNATURE", "EXECUTED", "ACTIVE", "EXPIRING_SOON", "RENEWED")
    many = [f"status = ['{state}'], {field}, {terms}" for state, field in zip(states, fields, strict=False)]
    candidate = SHIPPED_TEXT + "".join(forbid.format(each) for each in many)
    assert steps_of(policy, read_policy(candidate.encode(), "c")) > MOST_STEPS
    response = graph.ask(DIFFERENCE, {"candidate": candidate}, role="admin")
    assert response.json()["errors"][0]["extensions"] == {
        "code": "QUERY_TOO_COMPLEX", "limit": "steps of a comparison", "max": MOST_STEPS,
    }  # fmt: skip


def test_a_candidate_of_very_many_roles_is_refused_before_it_is_read(graph: Graph) -> None:
    candidate = "".join(f"[roles.r{number}]\nrows = 'org'\n" for number in range(1000))
    response = graph.ask(DIFFERENCE, {"candidate": candidate}, role="admin")
    assert code_of(response) == "QUERY_TOO_COMPLEX"
