"""Roles that come by a profile or a permission set: who gets them, and how soon they end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from auth.revocation import ASK_AGAIN
from auth.role_grants import take_role
from domain.identity import salesforce_id, uuid7
from storage.role_grants import UnknownGrant, add_grant, find_user, grants_reaching, revoke_grants, users_of
from tests.api.graph import OURS, THEIRS
from tests.api.salesforce_org import PANEL, USER, assertion
from tests.auth.attacks.test_salesforce_assertion import (
    IDLE,
    KEY,
    Salesforce,
    grant,
    in_org,
    salesforce_over,
    told,
)

PROFILE, OTHER_PROFILE = salesforce_id("00exx0000000001"), salesforce_id("00exx0000000002")
SET, OTHER_SET = salesforce_id("0PSxx0000000001"), salesforce_id("0PSxx0000000002")


@pytest.fixture
def salesforce(
    database_url: str, owner_url: str, loop: asyncio.Runner, tmp_path: Path
) -> Iterator[Salesforce]:
    with salesforce_over(database_url, owner_url, loop, tmp_path / "home") as made:
        made.change(lambda c: revoke(c, USER, "sales_rep"))
        yield made


async def revoke(connection: asyncpg.Connection, holder: str, role: str) -> Any:
    return await revoke_grants(
        connection, OURS.org.id, holder=holder, role=role, by="Eve", because="tidying", now=datetime.now(UTC)
    )


async def have(
    connection: asyncpg.Connection,
    permission_set: str,
    *,
    active: bool = True,
    until: datetime | None = None,
    user: str = USER,
) -> None:
    await connection.execute(
        "INSERT INTO permission_set_assignment"
        " (org_id, id, assignee_id, permission_set_id, active, expiration_date)"
        ' SELECT org_id, $2, id, $3, $4, $5 FROM "user" WHERE org_id = $1 AND salesforce_id = $6',
        OURS.org.id, uuid7(), permission_set, active, until, user,
    )  # fmt: skip


def give(salesforce: Salesforce, role: str, to: str, **changes: Any) -> None:
    salesforce.change(lambda c: add_grant(c, OURS.org.id, grant(role, to, **changes)))


def profile(salesforce: Salesforce, user: str = USER) -> None:
    put = 'UPDATE "user" SET profile_id = $2 WHERE org_id = $1 AND salesforce_id = $3'
    salesforce.change(lambda c: c.execute(put, OURS.org.id, PROFILE, user))


def roles(salesforce: Salesforce) -> list[str]:
    response = salesforce.ask(assertion(KEY, salesforce.claims()))
    if response.status_code == 400:
        assert response.json()["error"] == "access_denied"
        return []
    return sorted(told(response.json()["access_token"])["roles"])


def test_roles_of_user_profile_and_permission_sets_come_together(salesforce: Salesforce) -> None:
    profile(salesforce)
    salesforce.change(lambda c: have(c, SET))
    salesforce.change(lambda c: have(c, OTHER_SET))
    assert roles(salesforce) == []
    give(salesforce, "sales_rep", PROFILE)
    give(salesforce, "legal", SET)
    give(salesforce, "finance", USER)
    give(salesforce, "finance", OTHER_SET)
    assert roles(salesforce) == ["finance", "legal", "sales_rep"]


def test_what_others_have_gives_nothing(salesforce: Salesforce) -> None:
    profile(salesforce)
    give(salesforce, "legal", OTHER_PROFILE)
    give(salesforce, "finance", SET)
    salesforce.change(lambda c: have(c, SET, user=IDLE))
    give(salesforce, "admin", IDLE)
    assert roles(salesforce) == []


def test_an_id_gives_a_role_by_its_own_kind_alone(salesforce: Salesforce) -> None:
    put = 'UPDATE "user" SET profile_id = $2 WHERE org_id = $1 AND salesforce_id = $3'
    salesforce.change(lambda c: c.execute(put, OURS.org.id, SET, USER))
    give(salesforce, "admin", SET)
    assert roles(salesforce) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"active": False},
        {"until": datetime.now(UTC) - timedelta(minutes=1)},
        {"active": False, "until": datetime.now(UTC) + timedelta(days=1)},
    ],
)
def test_an_assignment_that_is_not_in_force_gives_nothing(
    salesforce: Salesforce, changes: dict[str, Any]
) -> None:
    give(salesforce, "legal", SET)
    salesforce.change(lambda c: have(c, SET, **changes))
    assert roles(salesforce) == []
    salesforce.change(lambda c: have(c, SET, until=datetime.now(UTC) + timedelta(days=1)))
    assert roles(salesforce) == ["legal"]


def test_a_grant_that_has_ended_gives_nothing(salesforce: Salesforce) -> None:
    profile(salesforce)
    give(salesforce, "legal", PROFILE, ends_at=datetime.now(UTC) - timedelta(seconds=1))
    give(salesforce, "finance", PROFILE)
    assert roles(salesforce) == ["finance"]
    salesforce.change(lambda c: revoke(c, PROFILE, "finance"))
    assert roles(salesforce) == []


def test_whoever_is_not_active_gets_no_token_by_a_profile_either(salesforce: Salesforce) -> None:
    profile(salesforce, IDLE)
    give(salesforce, "legal", PROFILE)
    assert "not active" in salesforce.refused(assertion(KEY, salesforce.claims(sub=IDLE)), "access_denied")


def test_grants_of_another_org_give_nothing(salesforce: Salesforce, owner_url: str) -> None:
    profile(salesforce)

    async def elsewhere() -> None:
        owner = await asyncpg.connect(owner_url)
        await owner.execute("INSERT INTO org (id, name) VALUES ($1, $2)", THEIRS.org.id, THEIRS.org.name)
        await owner.close()
        made = grant("admin", PROFILE)
        await in_org(salesforce.url, THEIRS.org, lambda c: add_grant(c, THEIRS.org.id, made))
        found = await in_org(
            salesforce.url, THEIRS.org, lambda c: find_user(c, THEIRS.org.id, USER, datetime.now(UTC))
        )
        assert found is None

    salesforce.graph.run(elsewhere())
    assert roles(salesforce) == []


@pytest.mark.parametrize("holder", [PROFILE, SET, USER])
def test_what_is_taken_from_a_holder_ends_the_tokens_of_all_who_had_it(
    salesforce: Salesforce, holder: str
) -> None:
    profile(salesforce)
    salesforce.change(lambda c: have(c, SET))
    give(salesforce, "legal", holder)
    token = salesforce.ask(assertion(KEY, salesforce.claims())).json()["access_token"]

    def status() -> int:
        asked = salesforce.graph.send(json=PANEL, headers={"authorization": f"Bearer {token}"})
        return asked.status_code

    assert status() == 200
    salesforce.change(lambda c: take(c, holder, "legal"))
    time.sleep(ASK_AGAIN + 0.1)
    assert status() == 401
    assert roles(salesforce) == []


async def take(connection: asyncpg.Connection, holder: str, role: str) -> Any:
    return await take_role(
        connection, OURS.org.id, holder_id=holder, role=role, by="Eve", because="over",
        now=datetime.now(UTC),
    )  # fmt: skip


def test_tokens_older_than_the_end_of_an_assignment_end_too(salesforce: Salesforce) -> None:
    salesforce.change(lambda c: have(c, SET, active=False))
    salesforce.change(lambda c: have(c, SET, user=IDLE))

    async def users(connection: asyncpg.Connection) -> None:
        kind = grant("legal", SET).holder_kind
        assert sorted(await users_of(connection, OURS.org.id, kind, SET)) == sorted([USER, IDLE])

    salesforce.change(users)


def test_what_a_holder_does_not_have_cannot_be_taken(salesforce: Salesforce) -> None:
    give(salesforce, "legal", PROFILE)
    for holder, role in ((SET, "legal"), (PROFILE, "finance")):
        with pytest.raises(UnknownGrant, match=f"{holder} has no {role} that could be revoked"):
            salesforce.change(lambda c, holder=holder, role=role: take(c, holder, role))


def test_the_grants_that_reach_a_user_are_those_of_all_three_ways(salesforce: Salesforce) -> None:
    profile(salesforce)
    salesforce.change(lambda c: have(c, SET))
    for role, to in (("legal", PROFILE), ("finance", SET), ("admin", OTHER_SET), ("integrator", IDLE)):
        give(salesforce, role, to)

    async def reaching(connection: asyncpg.Connection) -> None:
        found = await grants_reaching(connection, OURS.org.id, USER, datetime.now(UTC))
        assert {(each.role, each.holder_id) for each in found} == {
            ("sales_rep", USER), ("legal", PROFILE), ("finance", SET),
        }  # fmt: skip

    salesforce.change(reaching)


def test_the_refusal_names_the_command_that_helps(salesforce: Salesforce) -> None:
    told = salesforce.refused(assertion(KEY, salesforce.claims()), "access_denied")
    assert f"contract-graph roles grant --user {USER} (or --profile, or --permission-set)" in told
