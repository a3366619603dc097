"""Who has which role: read and written for a user, a profile or a permission set of Salesforce."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast
from uuid import UUID

import asyncpg

from domain.role_grant import HolderKind, RoleGrant
from storage.records import from_row
from storage.single import add

_LATEST_FIRST = "ORDER BY g.granted_at DESC, g.id DESC"

# All that a user can have a role by, as rows of a kind and an id.
_HELD_BY = """
    SELECT 'USER' AS kind, u.salesforce_id AS id
    UNION ALL SELECT 'PROFILE', u.profile_id
    UNION ALL SELECT 'PERMISSION_SET', a.permission_set_id FROM permission_set_assignment AS a
               WHERE a.org_id = $1 AND a.assignee_id = u.id AND a.active
                 AND (a.expiration_date IS NULL OR a.expiration_date > $3)"""
_REACHES = "g.org_id = $1 AND g.holder_kind = h.kind AND g.holder_id = h.id"
_STANDS = "g.revoked_at IS NULL AND (g.ends_at IS NULL OR g.ends_at > $3)"

_FIND_USER = f"""
    SELECT u.active, ARRAY(SELECT DISTINCT g.role FROM ({_HELD_BY}) AS h JOIN role_grant AS g ON {_REACHES}
                            WHERE {_STANDS}) AS roles
      FROM "user" AS u WHERE u.org_id = $1 AND u.salesforce_id = $2"""  # noqa: S608 - all of it stands above
_REACHING = f"""
    SELECT g.* FROM "user" AS u CROSS JOIN LATERAL ({_HELD_BY}) AS h JOIN role_grant AS g ON {_REACHES}
     WHERE u.org_id = $1 AND u.salesforce_id = $2 {_LATEST_FIRST}"""  # noqa: S608 - as above
_LIST = f"SELECT g.* FROM role_grant AS g WHERE g.org_id = $1 {_LATEST_FIRST}"  # noqa: S608 - as above
_REVOKE = f"""
    UPDATE role_grant AS g SET revoked_by = $5, revoked_at = $3, revoked_because = $6
     WHERE g.org_id = $1 AND g.holder_id = $2 AND g.role = $4 AND {_STANDS} RETURNING g.id"""  # noqa: S608 - as above

# Whoever has it, also by an assignment that has ended: a token may be older than its end.
_USERS = {
    HolderKind.PROFILE: 'SELECT salesforce_id FROM "user" WHERE org_id = $1 AND profile_id = $2',
    HolderKind.PERMISSION_SET: (
        'SELECT DISTINCT u.salesforce_id FROM permission_set_assignment AS a JOIN "user" AS u'
        " ON u.org_id = $1 AND u.id = a.assignee_id WHERE a.org_id = $1 AND a.permission_set_id = $2"
    ),
}


class UnknownGrant(Exception):
    """{holder} has no {role} that could be revoked: `contract-graph roles list` shows who has what."""


@dataclass(frozen=True, slots=True)
class MirroredUser:
    """What is known here of a Salesforce user who asks for a token."""

    active: bool
    roles: frozenset[str]


async def add_grant(connection: asyncpg.Connection, org_id: UUID, grant: RoleGrant) -> None:
    """Record a grant, inside a transaction that is bound to its org."""
    await add(connection, org_id, grant, grant.granted_at)


async def revoke_grants(  # noqa: PLR0913 - each is said by another part of the rule, and by name
    connection: asyncpg.Connection,
    org_id: UUID,
    *,
    holder: str,
    role: str,
    by: str,
    because: str,
    now: datetime,
) -> Sequence[UUID]:
    """End every grant of a role to a holder, and return which; those to others stay.

    Raises UnknownGrant where there is none.
    """
    done = await connection.fetch(_REVOKE, org_id, holder, now, role, by, because)
    if not done:
        raise UnknownGrant((UnknownGrant.__doc__ or "").format(holder=holder, role=role))
    return [row["id"] for row in done]


async def list_grants(connection: asyncpg.Connection, org_id: UUID) -> Sequence[RoleGrant]:
    """Return an org's grants, also those that have ended, the latest first."""
    return _grants(await connection.fetch(_LIST, org_id))


async def grants_reaching(
    connection: asyncpg.Connection, org_id: UUID, user_id: str, now: datetime
) -> Sequence[RoleGrant]:
    """Return the grants to a mirrored user, their profile and their permission sets, ended or not."""
    return _grants(await connection.fetch(_REACHING, org_id, user_id, now))


async def find_user(
    connection: asyncpg.Connection, org_id: UUID, salesforce_id: str, now: datetime
) -> MirroredUser | None:
    """Return whether a mirrored user is active and which roles they hold now; None for one not mirrored."""
    row = await connection.fetchrow(_FIND_USER, org_id, salesforce_id, now)
    return None if row is None else MirroredUser(row["active"], frozenset(row["roles"]))


async def users_of(
    connection: asyncpg.Connection, org_id: UUID, kind: HolderKind, holder_id: str
) -> Sequence[str]:
    """Return the Salesforce ids of the users who may have a role by a holder."""
    if kind is HolderKind.USER:
        return [holder_id]
    rows = await connection.fetch(_USERS[kind], org_id, holder_id)
    return [row["salesforce_id"] for row in rows if row["salesforce_id"] is not None]


def _grants(rows: Sequence[asyncpg.Record]) -> Sequence[RoleGrant]:
    return [cast("RoleGrant", from_row(RoleGrant, row)) for row in rows]
