"""The policy in force, as this worker last saw it: another one takes over without a restart."""

from __future__ import annotations

from contextlib import suppress
from uuid import UUID

import asyncpg

from auth.policy import Policy, PolicyError
from auth.policy_change import how_it_stands, version
from auth.policy_file import check_coverage
from storage import policy_versions
from storage.database import Database

ASK_AGAIN = 2.0
"""Seconds after which a worker looks whether another policy is in force."""


class PolicyWatch:
    """Which policy decides and which is tried beside it; `shipped` is in force until another is approved."""

    def __init__(self, shipped: Policy) -> None:
        self._shipped = shipped
        self._events = -1
        self.in_force = shipped
        self.candidate: Policy | None = None

    async def refresh(self, database: Database) -> bool:
        """Look for decisions since the last time; return whether something changed.

        Raises PolicyError for a policy that this program cannot read: then the last one stays in force.
        """
        events = await policy_versions.event_count(database)
        if events == self._events:
            return False
        async with database.transaction(UUID(int=0)) as connection:
            await self._take(connection)
        self._events = events
        return True

    async def _take(self, connection: asyncpg.Connection) -> None:
        now = await how_it_stands(connection)
        self.in_force, self.candidate = await in_force(connection, self._shipped), None
        if now.candidate is not None:
            # One that this program cannot read, as a newer one may have proposed, is tried by those that can.
            with suppress(PolicyError):
                self.candidate = await version(connection, now.candidate.digest)


async def in_force(connection: asyncpg.Connection, shipped: Policy) -> Policy:
    """Return the policy that decides: the shipped one until another was approved. Raises PolicyError."""
    now = await how_it_stands(connection)
    found = shipped if now.in_force is None else await version(connection, now.in_force)
    check_coverage(found)
    return found
