"""Who has a role by which grant at a moment, and when the log saw them use it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast
from uuid import UUID

import asyncpg

from domain.role_grant import RoleGrant
from storage.records import from_row

_HOLDING = """
    SELECT g.*, coalesce(u.salesforce_id, CASE WHEN g.holder_kind = 'USER' THEN g.holder_id END) AS subject,
           u.active
      FROM role_grant AS g LEFT JOIN LATERAL (
           SELECT salesforce_id, active FROM "user" AS u
            WHERE u.org_id = $1 AND u.salesforce_id IS NOT NULL AND CASE g.holder_kind
                  WHEN 'USER' THEN u.salesforce_id = g.holder_id
                  WHEN 'PROFILE' THEN u.profile_id = g.holder_id
                  ELSE EXISTS (SELECT FROM permission_set_assignment AS a
                                WHERE a.org_id = $1 AND a.permission_set_id = g.holder_id
                                  AND a.assignee_id = u.id AND a.active
                                  AND (a.expiration_date IS NULL OR a.expiration_date > $2)) END
           ) AS u ON true
     WHERE g.org_id = $1 AND g.revoked_at IS NULL AND (g.ends_at IS NULL OR g.ends_at > $2)
     ORDER BY g.role, subject NULLS LAST, g.granted_at, g.id LIMIT $3"""

# Events of one subject mostly name the same roles: the list is read once for all of them.
_LAST_USES = """
    SELECT body::json ->> 'subject' AS subject, body::json ->> 'roles' AS roles, max(id::text) AS event
      FROM audit_event WHERE org_id = $1 GROUP BY 1, 2"""


@dataclass(frozen=True, slots=True)
class Holding:
    """A grant, and one user whom it reaches; none where it reaches nobody.

    `active` is absent for a user who is not mirrored.
    """

    grant: RoleGrant
    subject: str | None
    active: bool | None


async def list_holdings(
    connection: asyncpg.Connection, org_id: UUID, now: datetime, most: int | None = None
) -> Sequence[Holding]:
    """Return whom the grants that hold now reach, by role; inside a transaction that is bound to the org."""
    rows = await connection.fetch(_HOLDING, org_id, now, most)
    return [
        Holding(cast("RoleGrant", from_row(RoleGrant, row)), row["subject"], row["active"]) for row in rows
    ]


async def last_uses(connection: asyncpg.Connection, org_id: UUID) -> Mapping[tuple[str, str], UUID]:
    """Return the latest event of each subject with each role; it reads the whole log."""
    found: dict[tuple[str, str], UUID] = {}
    for row in await connection.fetch(_LAST_USES, org_id):
        for role in json.loads(row["roles"]):
            key, event = (row["subject"], role), UUID(row["event"])
            found[key] = max(event, found.get(key, event))
    return found


async def first_event(connection: asyncpg.Connection, org_id: UUID) -> UUID | None:
    """Return the first event that the log still has."""
    found: UUID | None = await connection.fetchval(
        "SELECT id FROM audit_event WHERE org_id = $1 ORDER BY id LIMIT 1", org_id
    )
    return found
