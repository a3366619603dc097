"""The teams of accounts as Salesforce has them, kept beside those that came from elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

import asyncpg

from domain.crm import Account, AccountTeamMember, User
from domain.identity import uuid7
from storage.few_rows import put
from storage.identities import ids_of
from storage.records import to_row
from storage.salesforce_access import forget_changed
from storage.upsert import delete

_STORED = "SELECT * FROM account_team_member WHERE org_id = $1 AND salesforce_id IS NOT NULL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A member of a team by the ids of Salesforce, each of 18 characters."""

    salesforce_id: str
    account: str
    user: str
    role: str | None


@dataclass(frozen=True, slots=True)
class Kept:
    """How many members are new, differ, or are gone, and of how many the account or the user is not here."""

    new: int
    changed: int
    gone: int
    unknown: int


async def keep_teams(
    connection: asyncpg.Connection, org_id: UUID, members: Sequence[Member], now: datetime
) -> Kept:
    """Have the teams be these, and forget who may read the accounts whose team is another.

    Members that have no Salesforce id came from elsewhere, and stay. Must run in a transaction that is
    bound to the org.
    """
    accounts = await ids_of(connection, org_id, Account, {each.account for each in members}, "salesforce_id")
    users = await ids_of(connection, org_id, User, {each.user for each in members}, "salesforce_id")
    stored = {row["salesforce_id"]: row for row in await connection.fetch(_STORED, org_id)}
    wanted = {
        each.salesforce_id: AccountTeamMember(
            id=uuid7(), account_id=accounts[each.account], user_id=users[each.user],
            salesforce_id=each.salesforce_id, role=each.role,
        )
        for each in members
        if each.account in accounts and each.user in users
    }  # fmt: skip
    new = [each for key, each in wanted.items() if key not in stored]
    changed = [
        replace(each, id=stored[key]["id"], source_key=stored[key]["source_key"])
        for key, each in wanted.items()
        if key in stored and not _is_same(each, stored[key])
    ]
    gone = [row for key, row in stored.items() if key not in wanted]
    await put(connection, AccountTeamMember, [to_row(each, org_id, now.date()) for each in (*new, *changed)])
    await delete(connection, org_id, AccountTeamMember, [row["id"] for row in gone])
    touched = {each.account_id for each in (*new, *changed)} | {row["account_id"] for row in gone}
    touched |= {stored[each.salesforce_id or ""]["account_id"] for each in changed}
    await forget_changed(connection, org_id, {Account: touched}, now)
    return Kept(len(new), len(changed), len(gone), len(members) - len(wanted))


def _is_same(member: AccountTeamMember, row: Mapping[str, object]) -> bool:
    return all(getattr(member, name) == row[name] for name in ("account_id", "user_id", "role"))
