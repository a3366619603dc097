"""One request, one effect: keys, transactions, and what is lost on the way."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import pytest

from storage.embedded_roles import READ_WRITE
from tests.api.graph import THEIRS
from tests.api.mutations.office import GRANT, PROFILE, REVOKE, USER, Office, asked


def test_the_same_request_again_changes_nothing_and_is_answered_alike(office: Office) -> None:
    before, request = office.grants(), asked()
    first = office.data(GRANT, request)
    assert office.data(GRANT, request) == first
    assert office.data(GRANT, {"input": dict(reversed(request["input"].items()))}) == first
    assert office.data(GRANT, {"input": request["input"] | {"holderId": PROFILE[:15]}}) == first
    assert office.grants() == before + 1
    gone = asked(reason="over")
    ended = office.data(REVOKE, gone)
    assert office.data(REVOKE, gone) == ended


@pytest.mark.parametrize(
    "changes",
    [{"role": "legal"}, {"reason": "else"}, {"holderId": USER}, {"until": "2999-01-01"}],
)
def test_a_key_stands_for_one_request_alone(office: Office, changes: dict[str, Any]) -> None:
    before, request = office.grants(), asked()
    office.data(GRANT, request)
    error = office.refused(GRANT, {"input": request["input"] | changes})
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": "input.idempotencyKey"}
    assert "sent before with another input" in error["message"]
    assert office.grants() == before + 1


def test_a_key_of_one_mutation_is_none_of_another(office: Office) -> None:
    request = asked()
    office.data(GRANT, request)
    assert office.refused(REVOKE, request)["extensions"]["field"] == "input.idempotencyKey"


def test_keys_of_others_are_other_keys(office: Office) -> None:
    before, request = office.grants(), asked()
    office.data(GRANT, request)
    office.data(GRANT, request, office.token("admin", subject="somebody else"))
    office.data(GRANT, request, office.token("admin", org=THEIRS.org.id))
    assert office.grants() == before + 3


def test_of_many_at_once_one_has_an_effect(office: Office) -> None:
    before, request = office.grants(), asked()

    async def race() -> list[Any]:
        token = office.token()
        answers = await asyncio.gather(*(office.asking(GRANT, request, token) for _ in range(12)))
        return [answer.json() for answer in answers]

    answers = office.graph.run(race())
    assert all(answer == answers[0] for answer in answers), answers
    assert answers[0]["data"]["grantRole"]["roleGrant"]["role"] == "finance"
    assert office.grants() == before + 1


def test_of_two_requests_with_one_key_at_once_one_is_refused(office: Office) -> None:
    before, request = office.grants(), asked()
    other = {"input": request["input"] | {"role": "legal"}}

    async def race() -> list[int]:
        token = office.token()
        answers = await asyncio.gather(*(office.asking(GRANT, each, token) for each in (request, other)))
        return sorted(answer.status_code for answer in answers)

    assert office.graph.run(race()) == [200, 400]
    assert office.grants() == before + 1


def test_a_key_is_forgotten_after_a_week(office: Office) -> None:
    before, request = office.grants(), asked()
    office.data(GRANT, request)
    office.rows("UPDATE idempotency_key SET expires_at = now() - interval '1 second'")
    office.data(GRANT, request)
    assert office.grants() == before + 2


def test_where_the_answer_cannot_be_read_nothing_was_changed(office: Office) -> None:
    office.data(GRANT, asked())
    query = """mutation($input: RevokeRoleInput!) { revokeRole(input: $input) {
        roleGrants(after: "no cursor") { nodes { id } } } }"""
    request = asked()
    assert "cursor" in office.refused(query, request)["message"]
    assert office.rows("SELECT count(*) FROM role_grant WHERE revoked_because = 'bills'") == [(0,)]
    assert office.rows("SELECT count(*) FROM revocation") == [(0,)]
    assert office.data(REVOKE, request)["revokeRole"]["roleGrants"]["totalCount"] == 1


def test_a_request_that_failed_leaves_its_key_free(office: Office) -> None:
    request = asked(role="integrator")
    assert "does not have this role" in office.refused(REVOKE, request)["message"]
    office.data(GRANT, asked(role="integrator"))
    assert office.data(REVOKE, request)["revokeRole"]["roleGrants"]["totalCount"] == 1


def test_a_lock_that_is_held_too_long_is_told_and_leaves_nothing(office: Office) -> None:
    before, request = office.grants(), asked()

    async def behind_a_lock() -> int:
        holder = await asyncpg.connect(office.superuser_url)
        try:
            async with holder.transaction():
                await holder.execute("LOCK TABLE role_grant")
                return (await office.asking(GRANT, request)).status_code
        finally:
            await holder.close()

    assert office.graph.run(behind_a_lock()) == 503
    assert office.grants() == before
    assert office.data(GRANT, request)["grantRole"]["roleGrant"]["role"] == "finance"


def test_a_connection_that_was_lost_is_no_fault_of_the_caller(office: Office) -> None:
    office.data(GRANT, asked())
    before = office.grants()
    office.rows(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    assert office.data(GRANT, asked())["grantRole"]["roleGrant"]["role"] == "finance"
    assert office.grants() == before + 1


def test_one_request_changes_one_thing(office: Office) -> None:
    before = office.grants()
    query = """mutation($one: GrantRoleInput!, $two: GrantRoleInput!) {
        one: grantRole(input: $one) { roleGrant { id } } two: grantRole(input: $two) { roleGrant { id } } }"""
    error = office.refused(query, {"one": asked()["input"], "two": asked()["input"]})
    assert error["extensions"] == {"code": "QUERY_TOO_COMPLEX", "limit": "mutations", "max": 1}
    assert office.grants() == before


TAKES = "($input: GrantRoleInput!)"
ONE = "grantRole(input: $input) { __typename }"
INVALID = "GRAPHQL_VALIDATION_FAILED"
DOCUMENTS = {
    "two by fragments": (
        f"mutation{TAKES} {{ ...A ...B }}" + "".join(f"fragment {x} on Mutation {{{x}:{ONE}}}" for x in "AB"),
        "QUERY_TOO_COMPLEX",
    ),
    "forty answers": (
        f"mutation{TAKES} {{ grantRole(input: $input) {{"
        + " ".join(f"a{place}: roleGrant {{ id }}" for place in range(40)) + "} }",
        "QUERY_TOO_COMPLEX",
    ),
    "the schema": (f"mutation{TAKES} {{ __schema {{ types {{ name }} }} {ONE} }}", INVALID),
    "a query": (f"query{TAKES} {{ {ONE} }}", INVALID),
    "a subscription": (f"subscription{TAKES} {{ {ONE} }}", INVALID),
    "the input of another": (
        f"mutation{TAKES} {{ revokeRole(input: $input) {{ __typename }} }}", INVALID,
    ),
    "no answer": (f"mutation{TAKES} {{ grantRole(input: $input) }}", INVALID),
    "another argument": (
        f"mutation{TAKES} {{ grantRole(input: $input, org: 1) {{ __typename }} }}", INVALID,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", DOCUMENTS)
def test_documents_that_want_too_much_change_nothing(office: Office, name: str) -> None:
    before = office.grants()
    document, code = DOCUMENTS[name]
    assert office.refused(document, asked())["extensions"]["code"] == code
    assert office.grants() == before


def test_a_mutation_is_sent_with_post_alone(office: Office) -> None:
    headers = {"authorization": f"Bearer {office.token()}"}
    query = "mutation { grantRole(input: {}) { __typename } }"
    response = office.graph.send("GET", params={"query": query}, headers=headers)
    assert response.status_code == 405


def test_an_error_of_the_database_is_told_without_its_words_and_leaves_nothing(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    before = office.grants()
    office.rows(f"REVOKE INSERT ON role_grant FROM {READ_WRITE}")
    response = office.ask(GRANT, asked(reason="canary-reason", idempotencyKey="canary-key"))
    office.rows(f"GRANT INSERT ON role_grant TO {READ_WRITE}")
    assert (response.status_code, office.grants()) == (500, before)
    assert office.rows("SELECT * FROM idempotency_key") == []
    assert "role_grant" not in response.text
    assert "canary" not in response.text + caplog.text


@pytest.mark.parametrize("wanted", [True, False])
def test_what_is_skipped_is_not_done(office: Office, wanted: bool) -> None:  # noqa: FBT001 - a cell
    before = office.grants()
    query = """mutation($input: GrantRoleInput!, $wanted: Boolean!) { __typename
        grantRole(input: $input) @include(if: $wanted) { roleGrant { role } } }"""
    answer = office.data(query, asked() | {"wanted": wanted})
    assert ("grantRole" in answer) is wanted
    assert office.grants() == before + wanted
