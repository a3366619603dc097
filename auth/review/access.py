"""The access review: who holds which role, since when and by what, and whether they still use it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

import asyncpg

from auth.audit import moment_of
from auth.oauth.client import client_id_of
from storage.access_review import Holding, first_event, last_uses, list_holdings
from storage.oauth_clients import OAuthClient, list_clients

UNUSED_AFTER: Final = timedelta(days=90)
CLIENT: Final = "CLIENT"
"""What a program holds its roles by: its registration."""


class Standing(StrEnum):
    """Whether somebody who holds a role can get a token."""

    ACTIVE = "ACTIVE"
    INACTIVE = "INACTIVE"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldRole:
    """A role that somebody holds; moments carry an offset.

    `subject` is a Salesforce id or a client id, and absent where the grant reaches nobody. `grant_id`, who
    granted it and why are absent for a program, whose `name` is given instead.
    """

    role: str
    subject: str | None
    standing: Standing
    holder_kind: str
    holder_id: str
    since: datetime
    last_used_at: datetime | None
    grant_id: UUID | None = None
    granted_by: str | None = None
    reason: str | None = None
    ends_at: datetime | None = None
    name: str | None = None

    def is_unused(self, now: datetime) -> bool:
        """Whether it was held for 90 days, and no use of it is known in these."""
        return now - max(self.since, self.last_used_at or self.since) >= UNUSED_AFTER


@dataclass(frozen=True, slots=True)
class AccessReview:
    """Who holds which role at a moment; `log_since` is the first event that could tell of a use."""

    made_at: datetime
    log_since: datetime | None
    held: tuple[HeldRole, ...]

    @property
    def unused(self) -> tuple[HeldRole, ...]:
        return tuple(each for each in self.held if each.is_unused(self.made_at))


async def review_access(
    connection: asyncpg.Connection, org_id: UUID, now: datetime, most: int | None = None
) -> AccessReview:
    """Review an org, inside a transaction that is bound to it; of more than `most` grants' users, so many."""
    holdings = await list_holdings(connection, org_id, now, most)
    uses = await last_uses(connection, org_id)
    clients = await list_clients(connection, org_id)
    first = await first_event(connection, org_id)
    held = [*(_granted(each, uses) for each in holdings), *_registered(clients)]
    return AccessReview(now, _when(first), tuple(sorted(held, key=_order)))


def _when(event: UUID | None) -> datetime | None:
    return None if event is None else moment_of(event)


def _granted(holding: Holding, uses: Mapping[tuple[str, str], UUID]) -> HeldRole:
    grant, used = holding.grant, uses.get((holding.subject or "", holding.grant.role))
    known = {True: Standing.ACTIVE, False: Standing.INACTIVE, None: Standing.UNKNOWN}
    return HeldRole(
        role=grant.role, subject=holding.subject, standing=known[holding.active],
        holder_kind=grant.holder_kind, holder_id=grant.holder_id, since=grant.granted_at,
        last_used_at=_when(used), grant_id=grant.id, granted_by=grant.granted_by,
        reason=grant.reason, ends_at=grant.ends_at,
    )  # fmt: skip


def _registered(clients: Iterable[OAuthClient]) -> list[HeldRole]:
    return [
        HeldRole(
            role=role, subject=client_id_of(client), standing=Standing.ACTIVE, holder_kind=CLIENT,
            holder_id=client_id_of(client), since=client.created_at, last_used_at=client.last_used_at,
            name=client.name,
        )
        for client in clients
        if client.disabled_at is None
        for role in client.roles
    ]  # fmt: skip


def _order(held: HeldRole) -> tuple[str, bool, str, datetime]:
    return held.role, held.subject is None, held.subject or held.holder_id, held.since
