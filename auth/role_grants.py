"""Roles taken away with the tokens that they gave."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from auth.revocation import Holder, revoke_all
from domain.role_grant import holder
from storage.role_grants import revoke_grants, users_of


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
