"""What a review tells of the policy's decisions is what the command line tells."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from api.limits import MAX_REVIEWS, MAX_SOURCE
from api.planner.dry_run import dry_run
from auth.policy import Policy
from auth.review.coverage import cover
from auth.review.explanation import explain
from auth.view import view_for
from tests.api.command_line import run_here
from tests.api.graph import Graph, code_of

REVIEWER = "security_reviewer"
ROW = "role field audience decision rows rule line reason"


def told(graph: Graph, asked: str, variables: dict[str, Any] | None = None, head: str = "") -> Any:
    return graph.data(f"query {head} {{ review {{ {asked} }} }}", variables, role=REVIEWER)["review"]


def refused(graph: Graph, asked: str, variables: dict[str, Any] | None = None, head: str = "") -> str:
    response = graph.ask(f"query {head} {{ review {{ {asked} }} }}", variables, role=REVIEWER)
    assert code_of(response) in ("BAD_USER_INPUT", "QUERY_TOO_COMPLEX"), response.text
    assert "data" not in response.json()
    return str(response.json()["errors"][0]["message"])


# check


def test_a_check_agrees_with_the_command(graph: Graph, policy: Policy) -> None:
    found = told(graph, "check { decisions undecided findings { line problem suggestion stops } }")["check"]
    coverage = cover(policy)
    assert found == {"decisions": coverage.decisions, "undecided": 0, "findings": []}


# matrix


@pytest.mark.parametrize(
    ("arguments", "options"),
    [
        ('roles: ["legal", "finance", "admin"]', "--role legal --role finance --role admin"),
        ('entity: "Contract"', "--entity Contract"),
        ('roles: ["sales_rep"], entity: "Contact"', "--role sales_rep --entity Contact"),
    ],
)  # fmt: skip
def test_the_matrix_agrees_with_the_command(  # noqa: PLR0913, PLR0917 - fixtures
    graph: Graph,
    arguments: str,
    options: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    given = {"CONTRACT_GRAPH_HOME": str(tmp_path)}
    printed = run_here(monkeypatch, capsys, given, "policy", "matrix", "--csv", *options.split()).stdout
    expected = list(csv.DictReader(io.StringIO(printed)))
    found = told(graph, f"matrix({arguments}) {{ {ROW} }}")["matrix"]
    assert [{**row, "line": str(row["line"] or "")} for row in found] == expected


def test_the_matrix_tells_how_a_value_is_masked(graph: Graph) -> None:
    rows = told(graph, 'matrix(roles: ["customer_success"]) { field decision mask }')["matrix"]
    masks = {row["field"]: row["mask"] for row in rows if row["decision"] == "mask"}
    assert masks["Contract.totalValue"] == "one significant digit"
    assert all(masks.values())
    assert not any(row["mask"] for row in rows if row["decision"] != "mask")


@pytest.mark.parametrize(
    "arguments",
    ["", "(roles: [])", '(roles: ["legal", "finance", "admin", "sales_rep"])', "(roles: null, entity: null)"],
)
def test_the_whole_matrix_is_too_large(graph: Graph, arguments: str) -> None:
    if arguments == "(roles: [])":
        assert told(graph, f"matrix{arguments} {{ role }}")["matrix"] == []
    else:
        assert refused(graph, f"matrix{arguments} {{ role }}") == "name an entity, or from 1 to 3 roles"


# explain


@pytest.mark.parametrize(
    ("roles", "field"),
    [
        (["customer_success"], "Contract.totalValue"),
        (["sales_manager"], "Contract.totalValue"),
        (["finance"], "Contract.liabilityCap"),
        (["legal"], "Contact.email"),
        (["sales_rep", "admin"], "RoleGrant.role"),
    ],
)
def test_an_explanation_agrees_with_the_command(
    graph: Graph, policy: Policy, roles: list[str], field: str
) -> None:
    asked = """explain(roles: $roles, field: $field) { field roles decision rule line why chain rows terms
        mask columns reason parts { decision rows rule line reason }
        spoken { role decision rule line chain } forbids { rule line why } }"""
    variables = {"roles": roles, "field": field}
    found = told(graph, asked, variables, "($roles: [String!]!, $field: String!)")["explain"]
    expected = explain(policy, roles, field)
    best = expected.parts[0]
    assert (found["field"], found["roles"]) == (field, sorted(roles))
    assert (found["decision"], found["rule"], found["line"]) == (best.word, best.rule, best.line)
    assert (found["rows"], found["reason"], found["mask"]) == (best.rows, best.reason, expected.mask)
    assert [(p["decision"], p["rows"], p["rule"]) for p in found["parts"]] == [
        (p.word, p.rows, p.rule) for p in expected.parts
    ]
    assert [(s["role"], s["decision"], s["rule"], tuple(s["chain"])) for s in found["spoken"]] == [
        (s.role, s.word, s.rule.text, s.rule.chain) for s in expected.spoken
    ]
    assert [each["rule"] for each in found["forbids"]] == [each.text for each in expected.forbids]


def test_an_explanation_tells_the_line_its_chain_its_terms_and_its_columns(graph: Graph) -> None:
    asked = "{ rule why chain terms columns mask }"
    found = told(graph, f'explain(roles: ["sales_manager"], field: "Contract.totalValue") {asked}')["explain"]
    assert found["chain"] == ["sales_rep", "sales_manager"]
    assert (
        found["columns"] == ["contract.total_value_amount"]
        or "contract.total_value_amount" in found["columns"]
    )
    found = told(graph, f'explain(roles: ["finance"], field: "Contract.liabilityCap") {asked}')["explain"]
    assert found["why"] == "Reserves are booked by the most that we may owe."
    found = told(graph, f'explain(roles: ["customer_success"], field: "Contract.arr") {asked}')["explain"]
    assert found["terms"] == ["status is DRAFT or IN_REVIEW"]
    assert found["mask"] == "one significant digit"
    found = told(graph, f'explain(roles: ["admin"], field: "Contract.arr") {asked}')["explain"]
    assert found["columns"] == []


# plan

CONTRACTS = "{ contracts(first: 1) { nodes { number totalValue { amount } liabilityCap { amount } } } }"
PLAN = """plan(operation: $operation, roles: $roles, variables: $variables) { statement arguments columns
    denied { path field rule reason records } masked { path field rule reason records mask }
    refused { code message field rule } }"""
HEAD = "($operation: String!, $roles: [String!]!, $variables: String)"


@pytest.mark.parametrize("role", ["customer_success", "legal", "sales_rep"])
def test_a_plan_agrees_with_the_command(graph: Graph, policy: Policy, role: str) -> None:
    found = told(graph, PLAN, {"operation": CONTRACTS, "roles": [role]}, HEAD)["plan"]
    expected = dry_run(CONTRACTS, {}, view_for(policy, frozenset({role})))
    assert found["statement"] == expected.statement
    assert found["arguments"] == [str(each) for each in expected.arguments]
    assert found["columns"] == sorted(expected.columns)
    assert (found["denied"], found["masked"]) == (list(expected.denied), list(expected.masked))
    assert found["refused"] is None


def test_a_plan_tells_why_an_operation_would_be_refused(graph: Graph) -> None:
    operation = "query($cap: MoneyFilter!) { contracts(filter: { liabilityCap: $cap }) { totalCount } }"
    given = {"operation": operation, "roles": ["sales_rep"], "variables": '{"cap": {"currency": "EUR"}}'}
    found = told(graph, PLAN, given, HEAD)["plan"]
    assert found["statement"] is None
    assert found["refused"]["code"] == "ACCESS_DENIED"
    assert found["refused"]["field"] == "Contract.liabilityCap"
    assert found["refused"]["rule"] == "sales_rep.LEGAL = deny"


@pytest.mark.parametrize(
    ("operation", "code"),
    [
        ("", "GRAPHQL_VALIDATION_FAILED"),
        ("{", "GRAPHQL_VALIDATION_FAILED"),
        ("{ contracts { nothing } }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { contracts { totalCount } }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ a: __typename } query B { __typename }", "GRAPHQL_VALIDATION_FAILED"),
        ("query A { __typename } query B { __typename }", "BAD_REQUEST"),
        ("{" * 200, "GRAPHQL_VALIDATION_FAILED"),
        ('{ node(id: "1") { id } }', "BAD_USER_INPUT"),
    ],
)  # fmt: skip
def test_an_operation_that_is_none_is_told_as_a_refusal(graph: Graph, operation: str, code: str) -> None:
    found = told(graph, PLAN, {"operation": operation, "roles": ["legal"]}, HEAD)["plan"]
    assert (found["statement"], found["refused"]["code"]) == (None, code)


@pytest.mark.parametrize(
    "operation",
    [
        '{ review { plan(operation: "{ viewer { subject } }", roles: ["admin"]) { statement } } }',
        """{ contracts(filter: { parties: { some: { primaryContact: { email: { eq: "a@b.c" } } } } }) {
            totalCount } }""",
        "{ __schema { types { name } } }",
        """mutation { revokeRole(input: { idempotencyKey: "k", holderId: "005Hs00000AAAAAIA5", role: "legal",
            reason: "r" }) { roleGrants { totalCount } } }""",
        """mutation { grantRole(input: { idempotencyKey: "k", holderId: "005Hs00000AAAAAIA5", role: "legal",
            reason: "r" }) { roleGrant { id } } }""",
    ],
)  # fmt: skip
def test_whatever_can_be_asked_can_be_planned(graph: Graph, operation: str) -> None:
    roles = ["admin", "customer_success"]
    found = told(graph, PLAN, {"operation": operation, "roles": roles}, HEAD)["plan"]
    assert found["refused"] is None or found["refused"]["code"] == "GRAPHQL_VALIDATION_FAILED", found[
        "refused"
    ]


# Limits and hostile input


def test_more_fields_than_a_reviewer_may_ask_for_at_once_are_refused(graph: Graph) -> None:
    many = " ".join(f"m{number}: check {{ undecided }}" for number in range(MAX_REVIEWS + 1))
    assert str(MAX_REVIEWS) in refused(graph, many)
    half = " ".join(f"m{number}: trial {{ digest }}" for number in range(MAX_REVIEWS // 2 + 1))
    query = f"{{ a: review {{ {half} }} b: review {{ {half} }} }}"
    assert code_of(graph.ask(query, role=REVIEWER)) == "QUERY_TOO_COMPLEX"
    assert code_of(graph.ask(query, role="legal")) is None


@pytest.mark.parametrize(
    "asked",
    [
        'matrix(roles: ["nobody"]) { role }',
        'matrix(entity: "Nothing") { role }',
        'matrix(entity: "__proto__") { role }',
        'matrix(entity: "") { role }',
        'explain(roles: ["legal"], field: "Contract.nothing") { rule }',
        'explain(roles: ["legal"], field: "") { rule }',
        'explain(roles: ["legal"], field: "%s") { rule }' % ("x" * 201),
        'explain(roles: ["\\u0000"], field: "Contract.id") { rule }',
        'explain(roles: ["legal"], field: "Contract.id\\u0000") { rule }',
        'plan(operation: "{ __typename }", roles: ["nobody"]) { statement }',
        'plan(operation: "{ __typename }", roles: ["legal"], variables: "[]") { statement }',
        'plan(operation: "{ __typename }", roles: ["legal"], variables: "nothing") { statement }',
        'plan(operation: "{ __typename }", roles: ["legal"], variables: "%s") { statement }' % ("[" * 5000),
        'auditProof(id: "nothing")',
        "auditEvents(first: 101) { endCursor }",
        "auditEvents(first: -1) { endCursor }",
        'auditEvents(after: "nothing") { endCursor }',
        'auditEvents(record: "nothing") { endCursor }',
        'auditEvents(subject: "a\\u0000") { endCursor }',
        'difference(candidate: "") { after }',
        'difference(candidate: "000000") { after }',
        'difference(candidate: "[roles") { after }',
        'difference(candidate: "a = 1\\u0000") { after }',
    ],
)
def test_what_fits_no_place_is_told_and_nothing_else(graph: Graph, asked: str) -> None:
    assert refused(graph, asked)


def test_a_text_that_is_too_long_is_refused(graph: Graph) -> None:
    long = {"operation": "#" * (MAX_SOURCE + 1), "roles": ["legal"]}
    assert refused(graph, PLAN, long, HEAD) == f"operation is longer than {MAX_SOURCE:,} characters"
    candidate = {"candidate": "#" * (32 * 1024 + 1)}
    asked = "difference(candidate: $candidate) { after }"
    assert "longer than" in refused(graph, asked, candidate, "($candidate: String!)")


def test_moments_before_and_after_all_events_find_none(graph: Graph) -> None:
    asked = """past: auditEvents(until: "0001-01-01T00:00:00Z") { nodes { id } }
        future: auditEvents(since: "9999-12-31T23:59:59Z") { nodes { id } }"""
    assert told(graph, asked) == {"past": {"nodes": []}, "future": {"nodes": []}}


def test_one_plan_answers_different_questions(graph: Graph) -> None:
    """The arguments are values of the request: a plan that is kept keeps no answer."""
    asked, head = (
        "explain(roles: [$role], field: $field) { roles field }",
        "($role: String!, $field: String!)",
    )
    for role, field in (("legal", "Contract.id"), ("finance", "Contact.email"), ("legal", "Contract.id")):
        found = told(graph, asked, {"role": role, "field": field}, head)["explain"]
        assert found == {"roles": [role], "field": field}


def test_of_an_object_of_which_nothing_is_wanted_nothing_is_told(graph: Graph) -> None:
    query = """{ review { policy { text @skip(if: true) } history { by @include(if: false) }
        accessReview { held { role @skip(if: true) } } }
        none: review { check @skip(if: true) { undecided } } }"""
    found = graph.data(query, role=REVIEWER)
    assert found["review"]["policy"] == {}
    assert all(held == {} for held in found["review"]["accessReview"]["held"])
    assert found["none"] == {}


def test_a_fragment_an_alias_and_a_condition_are_taken_as_anywhere(graph: Graph) -> None:
    query = """query($no: Boolean!) { one: review { ...P __typename check @include(if: $no) { undecided } }
        two: review { ...P  t: __typename } }
        fragment P on Review { mine: policy { d: digest __typename } }"""
    found = graph.data(query, {"no": False}, role=REVIEWER)
    [digest] = {found[key]["mine"]["d"] for key in ("one", "two")}
    mine = {"d": digest, "__typename": "PolicyText"}
    assert found == {
        "one": {"mine": mine, "__typename": "Review"}, "two": {"mine": mine, "t": "Review"},
    }  # fmt: skip
    assert json.dumps(list(found["one"])) == '["mine", "__typename"]'
