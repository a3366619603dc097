"""grantRole, revokeRole and roleGrants: what they do, and who may."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from api.errors import AccessDenied
from api.mutations.once import COMMANDS as RUN
from api.planner.mutation import PAYLOADS
from api.planner.run import Planner
from api.schema import GRAPHQL
from auth.policy import Command
from auth.policy_file import SHIPPED, load_policy
from auth.revocation import ASK_AGAIN
from auth.view import view_for
from tests.api.graph import PLAIN_JSON
from tests.api.mutations.office import ADMIN, GRANT, PROFILE, READER, REVOKE, STRANGER, USER, Office, asked


def test_an_administrator_grants_a_role_and_is_answered_with_it(office: Office) -> None:
    made = office.data(GRANT, asked(holderId=PROFILE[:15], until="2999-12-31"))["grantRole"]["roleGrant"]
    assert made == {
        "id": made["id"], "role": "finance", "holderKind": "PROFILE", "holderId": PROFILE,
        "grantedBy": ADMIN, "reason": "bills", "endsAt": "3000-01-01T00:00:00+00:00", "revokedAt": None,
    }  # fmt: skip
    assert office.data(f'{{ node(id: "{made["id"]}") {{ ... on RoleGrant {{ role }} }} }}') == {
        "node": {"role": "finance"}
    }


def test_an_input_may_stand_in_the_document(office: Office) -> None:
    query = """mutation Give { __typename given: grantRole(input: { idempotencyKey: "k", holderId: "%s",
        role: "legal", reason: "clauses" }) {
        __typename roleGrant { __typename role } again: roleGrant { reason } } }"""
    assert office.data(query % USER) == {
        "__typename": "Mutation",
        "given": {
            "__typename": "GrantRolePayload",
            "roleGrant": {"__typename": "RoleGrant", "role": "legal"},
            "again": {"reason": "clauses"},
        },
    }


def test_an_administrator_takes_a_role_and_is_answered_with_what_ended(office: Office) -> None:
    office.data(GRANT, asked())
    office.data(GRANT, asked(reason="once more"))
    ended = office.data(REVOKE, asked(reason="outsourced"))["revokeRole"]["roleGrants"]
    node = {"role": "finance", "holderId": PROFILE, "revokedBy": ADMIN, "revokedBecause": "outsourced"}
    assert ended == {"totalCount": 2, "nodes": [node, node]}


def test_a_list_of_what_ended_is_paged_and_filtered_like_any_other(office: Office) -> None:
    for reason in ("one", "two", "three"):
        office.data(GRANT, asked(reason=reason))
    query = """mutation($input: RevokeRoleInput!) { revokeRole(input: $input) { roleGrants(first: 1,
        filter: { reason: { startsWith: "t" } }, orderBy: [{ field: reason }]) {
        totalCount nodes { reason } pageInfo { hasNextPage } } } }"""
    assert office.data(query, asked())["revokeRole"]["roleGrants"] == {
        "totalCount": 2, "nodes": [{"reason": "three"}], "pageInfo": {"hasNextPage": True},
    }  # fmt: skip


def test_what_is_taken_from_a_profile_ends_the_tokens_of_its_users(office: Office) -> None:
    token = office.token("sales_rep", subject=USER)
    other = office.token("sales_rep", subject=STRANGER)
    assert office.ask("{ viewer { subject } }", token=token).status_code == 200
    office.data(REVOKE, asked(role="sales_rep"))
    time.sleep(ASK_AGAIN + 0.1)
    assert office.ask("{ viewer { subject } }", token=token).status_code == 401
    assert office.ask("{ viewer { subject } }", token=other).status_code == 200


# Who may


@pytest.mark.parametrize("role", ["sales_rep", "legal", "security_reviewer", "integrator", "owner"])
@pytest.mark.parametrize("query", [GRANT, REVOKE])
def test_nobody_else_changes_roles(office: Office, query: str, role: str) -> None:
    before = office.grants()
    error = office.refused(query, asked(role="sales_rep"), token=office.token(role))
    name = "grantRole" if "grantRole" in query else "revokeRole"
    assert error["message"] == f"{name} is for admin; the caller is {role}"
    assert error["extensions"] == {
        "code": "ACCESS_DENIED", "field": f"Mutation.{name}", "rule": "default",
    }  # fmt: skip
    assert office.grants() == before
    assert office.rows("SELECT * FROM idempotency_key") == []


def test_a_policy_that_shows_no_grants_to_a_role_lets_it_make_none(tmp_path: Path) -> None:
    other = tmp_path / "policy.toml"
    before, header, admin = SHIPPED.read_text(encoding="utf-8").partition("[roles.admin]")
    other.write_text(before + header + admin.replace('ACCESS = "show"', 'ACCESS = "deny"', 1))
    view = view_for(load_policy(other), frozenset({"admin", "legal"}))
    with pytest.raises(AccessDenied, match=r"RoleGrant\.id is for ACCESS"):
        Planner().plan(GRANT, None, asked(), view)


def test_nobody_gives_a_role_to_themselves(office: Office) -> None:
    before = office.grants()
    for own in (ADMIN, ADMIN[:15]):
        refused = office.refused(GRANT, asked(holderId=own, role="legal"), token=office.token("admin"))
        told = refused["extensions"]
        assert (told["code"], told["rule"]) == ("ACCESS_DENIED", "four eyes")
    assert office.grants() == before
    assert office.data(GRANT, asked(holderId=USER, role="legal"), token=office.token("admin"))["grantRole"]


def test_a_second_role_takes_nothing_from_an_administrator(office: Office) -> None:
    assert office.data(GRANT, asked(), token=office.token("admin", "sales_rep"))["grantRole"]


def test_whoever_has_no_role_at_all_changes_nothing(office: Office) -> None:
    token = office.token("nothing")
    assert office.refused(GRANT, asked(), token=token)["extensions"]["code"] == "ACCESS_DENIED"


@pytest.mark.parametrize("accept", [PLAIN_JSON, "application/graphql-response+json"])
def test_a_token_without_the_scope_of_writing_is_told_to_get_it(office: Office, accept: str) -> None:
    before = office.grants()
    response = office.ask(GRANT, asked(), office.token("admin", scopes=READER), accept=accept)
    assert response.status_code == 403
    assert response.json()["errors"][0]["extensions"] == {
        "code": "INSUFFICIENT_SCOPE", "scope": "graph:write",
    }  # fmt: skip
    challenge = response.headers["www-authenticate"]
    assert 'error="insufficient_scope"' in challenge
    assert challenge.endswith('scope="graph:read graph:write"')
    assert office.grants() == before


def test_the_scope_of_writing_alone_opens_nothing(office: Office) -> None:
    response = office.ask(GRANT, asked(), office.token("admin", scopes=("graph:write", "graph:documents")))
    assert response.status_code == 403
    assert office.rows("SELECT * FROM idempotency_key") == []


def test_the_scope_widens_nothing(office: Office) -> None:
    office.refused(
        GRANT,
        asked(),
        office.token("sales_rep", scopes=("graph:read", "graph:write", "graph:documents", "admin")),
    )


# The list


def test_those_who_review_access_list_the_grants(office: Office) -> None:
    query = """{ roleGrants(filter: { holderKind: { in: [PROFILE, USER] }, revokedAt: { isNull: true } },
        orderBy: [{ field: role }]) { totalCount nodes { role holderId } } }"""
    listed = {
        "totalCount": 2,
        "nodes": [{"role": "admin", "holderId": USER}, {"role": "sales_rep", "holderId": PROFILE}],
    }
    for role in ("admin", "security_reviewer"):
        assert office.data(query, token=office.token(role, scopes=READER)) == {"roleGrants": listed}


@pytest.mark.parametrize(
    ("role", "rule"),
    [("legal", "legal.ACCESS = deny"), ("integrator", "integrator.ACCESS = deny"), ("sales_rep", "default")],
)
def test_to_everybody_else_the_list_is_null_with_the_rule(office: Office, role: str, rule: str) -> None:
    response = office.ask("{ roleGrants { totalCount nodes { id } } }", token=office.token(role))
    assert response.status_code == 200
    assert response.json()["data"] == {"roleGrants": None}
    [denied] = response.json()["extensions"]["access"]["denied"]
    assert (denied["path"], denied["field"], denied["rule"]) == ("roleGrants", "RoleGrant.id", rule)


def test_every_mutation_has_a_command_a_right_and_an_answer() -> None:
    assert GRAPHQL.mutation_type is not None
    assert set(GRAPHQL.mutation_type.fields) == set(Command) == set(RUN) == set(PAYLOADS)
    for name, (payload, _) in PAYLOADS.items():
        assert str(GRAPHQL.mutation_type.fields[name].type) == payload
