"""Inputs that are not what they must be, told with their place."""

from __future__ import annotations

from typing import Any

import pytest

from domain.identity import salesforce_id
from tests.api.graph import OURS, THEIRS
from tests.api.mutations.office import GRANT, REVOKE, STRANGER, USER, Office, asked


@pytest.mark.parametrize(
    ("member", "value", "words"),
    [
        ("holderId", "ann", "not a Salesforce id"),
        ("holderId", USER[:-1] + "X", "last three characters"),
        ("holderId", salesforce_id("001Hs00000AAAAA"), "those begin with 005 or 00e or 0PS"),
        ("holderId", "", "not a Salesforce id"),
        ("holderId", "005\0", "not a Salesforce id"),
        ("role", "king", "the policy has no such role; it has: admin, customer_success"),
        ("role", "", "the policy has no such role"),
        ("reason", " ", "a line of text is expected"),
        ("reason", "two\nlines", "a line of text is expected"),
        ("reason", "a\0b", "a line of text is expected"),
        ("reason", "x" * 1001, "at most 1000 characters"),
        ("idempotencyKey", "", "visible ASCII"),
        ("idempotencyKey", "a key", "visible ASCII"),
        ("idempotencyKey", "x" * 256, "visible ASCII"),
        ("idempotencyKey", "schlüssel", "visible ASCII"),
        ("until", "2020-01-01", "lies in the past"),
        ("until", "9999-12-31", "leave it out"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(office: Office, member: str, value: str, words: str) -> None:
    before = office.grants()
    error = office.refused(GRANT, asked(**{member: value}))
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": f"input.{member}"}
    assert error["message"].startswith(f"input.{member}: ")
    assert words in error["message"]
    assert (office.grants(), office.rows("SELECT * FROM idempotency_key")) == (before, [])


@pytest.mark.parametrize(
    "changes",
    [{"until": "tomorrow"}, {"until": 5}, {"holderId": 5}, {"role": None}, {"role": ["legal"]},
     {"idempotencyKey": ...}, {"reason": ...}, {"orgId": "x"}],
)  # fmt: skip
def test_what_is_no_input_is_refused_before_anything(office: Office, changes: dict[str, Any]) -> None:
    before = office.grants()
    assert office.refused(GRANT, asked(**changes))["extensions"]["code"] == "BAD_USER_INPUT"
    assert office.refused(GRANT, {"input": None})["extensions"]["code"] == "BAD_USER_INPUT"
    assert office.refused(GRANT)["extensions"]["code"] == "BAD_USER_INPUT"
    assert office.grants() == before


def test_ids_of_another_org_are_as_those_of_nobody(office: Office) -> None:
    """The two orgs have the same Salesforce ids here; what differs is to whom a grant belongs."""
    office.data(GRANT, asked(holderId=STRANGER), office.token("admin", org=THEIRS.org.id))
    told = [office.refused(REVOKE, asked(holderId=of)) for of in (STRANGER, salesforce_id("005xx0000000008"))]
    assert told[0] == told[1]
    here = office.data(GRANT, asked(holderId=STRANGER))["grantRole"]["roleGrant"]
    nowhere = office.data(GRANT, asked(holderId=salesforce_id("005xx0000000008")))["grantRole"]["roleGrant"]
    assert here.keys() == nowhere.keys()
    orgs = office.rows("SELECT DISTINCT org_id FROM role_grant WHERE reason = 'bills' AND revoked_at IS NULL")
    assert {row[0] for row in orgs} == {OURS.org.id, THEIRS.org.id}
