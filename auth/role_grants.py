"""Roles given by an administrator, and taken away with the tokens that they gave."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import asyncpg

from auth.revocation import Holder, revoke_all
from domain.identity import uuid7
from domain.role_grant import RoleGrant, end_of, holder
from storage.role_grants import add_grant, revoke_grants, users_of


async def give_role(  # noqa: PLR0913 - who, what, why, when and until when
    connection: asyncpg.Connection,
    org_id: UUID,
    *,
    holder_id: str,
    role: str,
    by: str,
    because: str,
    until: date | None,
    now: datetime,
) -> RoleGrant:
    """Grant a role to a user, profile or permission set, until a last day or for good.

    Works inside a transaction that is bound to the org; raises a DomainError for a holder that is none, or
    a day on which nothing can end.
    """
    kind, id_ = holder(holder_id)
    grant = RoleGrant(
        id=uuid7(), role=role, holder_kind=kind, holder_id=id_, granted_by=by, granted_at=now,
        reason=because, ends_at=None if until is None else end_of(until, now),
    )  # fmt: skip
    await add_grant(connection, org_id, grant)
    return grant


async def take_role(  # noqa: PLR0913 - as storage.role_grants asks for it
    connection: asyncpg.Connection,
    org_id: UUID,
    *,
    holder_id: str,
    role: str,
    by: str,
    because: str,
    now: datetime,
) -> Sequence[UUID]:
    """End every grant of a role to a user, profile or permission set, and the tokens of all who had it by it.

    Returns the grants. Works inside a transaction that is bound to the org; raises UnknownGrant.
    """
    ended = await revoke_grants(
        connection, org_id, holder=holder_id, role=role, by=by, because=because, now=now
    )
    kind, _ = holder(holder_id)
    await revoke_all(connection, org_id, Holder.USER, *await users_of(connection, org_id, kind, holder_id))
    return ended
