"""The teams of accounts and deals as Salesforce has them, kept beside members that came from elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import asyncpg
import sqlalchemy as sa

from domain.crm import AccountTeamMember, OpportunityTeamMember, User
from domain.field import Entity
from domain.identity import uuid7
from domain.reach import whole_of
from storage.few_rows import put
from storage.identities import ids_of
from storage.memo import memoized
from storage.records import entity_named, to_row
from storage.salesforce_access import forget_changed
from storage.statement import Statement
from storage.tables import table_of
from storage.upsert import delete, of_org

TEAMS: Final[Sequence[type[Entity]]] = (AccountTeamMember, OpportunityTeamMember)


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A member of a team by the ids of Salesforce, each of 18 characters; `of` is what the team works on."""

    salesforce_id: str
    of: str
    user: str
    role: str | None


@dataclass(frozen=True, slots=True)
class Kept:
    """How many members are new, differ, or are gone, and of how many the record or the user is not here."""

    new: int
    changed: int
    gone: int
    unknown: int


async def keep_team(
    connection: asyncpg.Connection,
    org_id: UUID,
    team: type[Entity],
    members: Sequence[Member],
    now: datetime,
) -> Kept:
    """Have the members of one of TEAMS be these, and forget who may read the records whose team is another.

    Members that have no Salesforce id came from elsewhere, and stay. Must run in a transaction that is
    bound to the org.
    """
    whole = whole_of(team.__name__)
    if whole is None:
        raise TypeError(team)
    entity = entity_named(whole.target)
    wholes = await ids_of(connection, org_id, entity, {each.of for each in members}, "salesforce_id")
    users = await ids_of(connection, org_id, User, {each.user for each in members}, "salesforce_id")
    statement = _stored(team)
    rows = await connection.fetch(statement.text, *statement.arguments(org_id=org_id))
    stored = {row["salesforce_id"]: row for row in rows}
    wanted: dict[str, Any] = {}
    for each in members:
        if each.of in wholes and each.user in users:
            values: dict[str, Any] = {whole.name: wholes[each.of], "user_id": users[each.user]}
            values |= {"salesforce_id": each.salesforce_id, "role": each.role}
            wanted[each.salesforce_id] = team(id=uuid7(), **values)
    new = [each for key, each in wanted.items() if key not in stored]
    changed = [
        replace(each, id=stored[key]["id"], source_key=stored[key]["source_key"])
        for key, each in wanted.items()
        if key in stored and not _is_same(each, stored[key], (whole.name, "user_id", "role"))
    ]
    gone = [row for key, row in stored.items() if key not in wanted]
    await put(connection, team, [to_row(each, org_id, now.date()) for each in (*new, *changed)])
    await delete(connection, org_id, team, [row["id"] for row in gone])
    before = [*gone, *(stored[each.salesforce_id] for each in changed)]
    touched = {getattr(each, whole.name) for each in (*new, *changed)} | {row[whole.name] for row in before}
    await forget_changed(connection, org_id, {entity: touched}, now)
    return Kept(len(new), len(changed), len(gone), len(members) - len(wanted))


def _is_same(member: Entity, row: Mapping[str, object], names: Sequence[str]) -> bool:
    return all(getattr(member, name) == row[name] for name in names)


@memoized
def _stored(team: type[Entity]) -> Statement:
    table = table_of(team.__name__)
    return Statement.of(sa.select(table).where(of_org(table), table.c.salesforce_id.is_not(None)))
