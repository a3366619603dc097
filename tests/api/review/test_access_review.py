"""The access review in GraphQL is that of the command, for whom the policy shows what it tells of."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest

from api.graphql import Endpoint
from auth.policy_file import SHIPPED, read_policy
from auth.principal import Principal
from auth.review.access import AccessReview, review_access
from auth.view import Views
from storage.database import Database
from storage.tenancy import bind_org
from tests.api.audited import Log
from tests.api.graph import GENEROUS, OURS, THEIRS
from tests.api.mutations.office import ADMIN, GRANT, USER, Office, asked
from tests.api.small import TODAY
from tests.keys import new_vault

HELD = """role subject standing name holderKind holderId since grantedBy reason endsAt lastUsedAt unused"""
QUERY = f"{{ review {{ accessReview {{ madeAt logSince held {{ {HELD} }} }} }} }}"


def reviewed(office: Office, role: str = "security_reviewer", **who: Any) -> Any:
    return office.data(QUERY, token=office.token(role, **who))["review"]["accessReview"]


def of_command(office: Office) -> AccessReview:
    async def run() -> AccessReview:
        connection = await asyncpg.connect(office.superuser_url)
        try:
            async with connection.transaction():
                await bind_org(connection, OURS.org.id)
                return await review_access(connection, OURS.org.id, datetime.now(UTC))
        finally:
            await connection.close()

    return office.graph.run(run())


@pytest.mark.parametrize("role", ["security_reviewer", "admin"])
def test_a_reviewer_is_told_what_the_command_tells(office: Office, role: str) -> None:
    office.data(GRANT, asked())
    office.data("{ viewer { subject } }", token=office.token("admin", subject=USER))
    expected = of_command(office)
    found = reviewed(office, role)
    assert [(each["role"], each["subject"], each["holderId"]) for each in found["held"]] == [
        (each.role, each.subject, each.holder_id) for each in expected.held
    ]
    for held, other in zip(found["held"], expected.held, strict=True):
        assert datetime.fromisoformat(held["since"]) == other.since
        assert (held["grantedBy"], held["reason"]) == (other.granted_by, other.reason)
        assert held["unused"] is other.is_unused(expected.made_at)
    last = {each["role"]: each["lastUsedAt"] for each in found["held"]}
    assert last["admin"] is not None
    assert last["sales_rep"] is None
    assert found["logSince"] <= last["admin"]


def test_another_orgs_roles_are_not_told(office: Office) -> None:
    office.data(GRANT, asked(role="legal"), office.token("admin", org=THEIRS.org.id))
    assert "legal" not in {each["role"] for each in reviewed(office)["held"]}
    assert "legal" in {each["role"] for each in reviewed(office, org=THEIRS.org.id)["held"]}


def test_the_log_names_the_grants_that_were_told(office: Office, loop: asyncio.Runner) -> None:
    reviewed(office, subject=ADMIN)
    log = Log(office.superuser_url, loop)
    event = log.events()[-1]
    assert sorted(event["records"]["ids"]) == [str(OURS.id("RoleGrant", 1)), str(OURS.id("RoleGrant", 3))]
    assert {"RoleGrant.role", "RoleGrant.grantedBy", "User.active"} <= set(log.access(event)["shown"])


def test_it_is_null_where_a_field_that_it_tells_of_is_hidden(reader: Database, loop: asyncio.Runner) -> None:
    hidden = '\n[[forbid]]\nfields = ["RoleGrant.reason"]\nroles = ["admin"]\nwhy = "private"\n'
    policy = read_policy((SHIPPED.read_text() + hidden).encode(), "p")
    endpoint = Endpoint(reader, Views(policy), lambda: TODAY, new_vault(), limits=GENEROUS)
    principal = Principal(
        OURS.org.id, "someone", None, frozenset({"admin"}), frozenset({"graph:read", "graph:documents"})
    )
    body = json.dumps({"query": "{ review { policy { digest } accessReview { held { role } } } }"}).encode()
    answer = json.loads(loop.run(endpoint.answer(principal, body)).body)
    assert answer["data"] == {"review": {"policy": {"digest": policy.digest}, "accessReview": None}}
    [denied] = answer["extensions"]["access"]["denied"]
    assert (denied["path"], denied["field"]) == ("review.accessReview", "RoleGrant.reason")
    assert denied["rule"] == "forbid RoleGrant.reason to admin"
