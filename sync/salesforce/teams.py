"""The teams of accounts and deals, asked of Salesforce as a whole: a member who went tells nobody."""

from __future__ import annotations

from collections.abc import Sequence

from domain.field import Entity, field_named
from domain.identity import salesforce_id
from domain.reach import whole_of
from storage.teams import Member
from sync.salesforce.client import SalesforceClient


async def read_team(client: SalesforceClient, team: type[Entity]) -> Sequence[Member]:
    """Return every member of one of TEAMS that our user sees. Raises SalesforceFailure.

    Permanent with INVALID_TYPE where the org has no such teams.
    """
    whole = whole_of(team.__name__)
    names = ("salesforce_id", whole.name if whole is not None else "", "user_id", "role")
    own, of, user, role = (_named(team, name) for name in names)
    question = f"SELECT {own}, {of}, {user}, {role} FROM {team.__name__}"  # noqa: S608 - names of ours
    return [
        Member(
            salesforce_id=salesforce_id(str(row[own])), of=salesforce_id(str(row[of])),
            user=salesforce_id(str(row[user])), role=row[role],
        )
        async for row in client.query(question)
    ]  # fmt: skip


def _named(team: type[Entity], name: str) -> str:
    """Return what Salesforce calls a field of a member."""
    there = field_named(team.__name__, name).field.salesforce or ""
    return there.removeprefix(f"{team.__name__}.")
