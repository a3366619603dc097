"""The teams of accounts, asked of Salesforce as a whole: what went tells nobody of itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from domain.crm import AccountTeamMember
from domain.field import field_named
from domain.identity import salesforce_id
from storage.teams import Member
from sync.salesforce.client import SalesforceClient

_OBJECT: Final = "AccountTeamMember"
_FIELDS: Final = ("salesforce_id", "account_id", "user_id", "role")


async def read_teams(client: SalesforceClient) -> Sequence[Member]:
    """Return every member of a team of an account that our user sees. Raises SalesforceFailure.

    Permanent with INVALID_TYPE where the org has no account teams.
    """
    own, account, user, role = (_named(name) for name in _FIELDS)
    question = f"SELECT {own}, {account}, {user}, {role} FROM {_OBJECT}"  # noqa: S608 - names of ours
    return [
        Member(
            salesforce_id=salesforce_id(str(row[own])), account=salesforce_id(str(row[account])),
            user=salesforce_id(str(row[user])), role=row[role],
        )
        async for row in client.query(question)
    ]  # fmt: skip


def _named(name: str) -> str:
    """Return what Salesforce calls a field of a member."""
    there = field_named(AccountTeamMember.__name__, name).field.salesforce or ""
    return there.removeprefix(f"{_OBJECT}.")
