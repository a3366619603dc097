"""Who has which role: given by an administrator to a Salesforce user, with who, when, why and until when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from uuid import UUID

import asyncpg


class UnknownGrant(Exception):
    """{user} has no {role} that could be revoked: `contract-graph roles list` shows who has what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleGrant:
    """One role of one user; moments carry an offset."""

    id: UUID
    role: str
    salesforce_user_id: str
    granted_by: str
    granted_at: datetime
    reason: str
    ends_at: datetime | None = None
    revoked_by: str | None = None
    revoked_at: datetime | None = None
    revoked_because: str | None = None

    def holds(self, now: datetime) -> bool:
        return self.revoked_at is None and (self.ends_at is None or now < self.ends_at)


@dataclass(frozen=True, slots=True)
class MirroredUser:
    """What is known here of a Salesforce user who asks for a token."""

    active: bool
    roles: frozenset[str]


_COLUMNS = ", ".join(column.name for column in fields(RoleGrant))


async def add_grant(connection: asyncpg.Connection, org_id: UUID, grant: RoleGrant) -> None:
    """Record a grant, inside a transaction that is bound to its org."""
    await connection.execute(
        "INSERT INTO role_grant"
        " (org_id, id, role, salesforce_user_id, granted_by, granted_at, reason, ends_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        org_id, grant.id, grant.role, grant.salesforce_user_id, grant.granted_by, grant.granted_at,
        grant.reason, grant.ends_at,
    )  # fmt: skip


async def revoke_grants(  # noqa: PLR0913 - each is said by another part of the rule, and by name
    connection: asyncpg.Connection,
    org_id: UUID,
    *,
    user: str,
    role: str,
    by: str,
    because: str,
    now: datetime,
) -> None:
    """End every grant of a role that a user holds. Raises UnknownGrant where there is none."""
    done = await connection.execute(
        "UPDATE role_grant SET revoked_by = $4, revoked_at = $5, revoked_because = $6 WHERE org_id = $1"
        " AND salesforce_user_id = $2 AND role = $3"
        " AND revoked_at IS NULL AND (ends_at IS NULL OR ends_at > $5)",
        org_id, user, role, by, now, because,
    )  # fmt: skip
    if done == "UPDATE 0":
        raise UnknownGrant((UnknownGrant.__doc__ or "").format(user=user, role=role))


async def list_grants(connection: asyncpg.Connection, org_id: UUID) -> Sequence[RoleGrant]:
    """Return an org's grants, also those that have ended, the latest first."""
    rows = await connection.fetch(
        f"SELECT {_COLUMNS} FROM role_grant WHERE org_id = $1 ORDER BY granted_at DESC, id DESC",  # noqa: S608
        org_id,
    )
    return [RoleGrant(**dict(row)) for row in rows]


async def find_user(
    connection: asyncpg.Connection, org_id: UUID, salesforce_id: str, now: datetime
) -> MirroredUser | None:
    """Return whether a mirrored user is active and which roles they hold now; None for one not mirrored."""
    row = await connection.fetchrow(
        'SELECT u.active, ARRAY(SELECT role FROM role_grant WHERE org_id = $1 AND salesforce_user_id = $2'
        ' AND revoked_at IS NULL AND (ends_at IS NULL OR ends_at > $3)) AS roles'
        ' FROM "user" AS u WHERE u.org_id = $1 AND u.salesforce_id = $2',
        org_id, salesforce_id, now,
    )  # fmt: skip
    return None if row is None else MirroredUser(row["active"], frozenset(row["roles"]))
