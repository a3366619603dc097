"""Salesforce's sharing in front of the statement: what is known of it, and what the caller is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final

import orjson

from api.errors import Unavailable
from api.planner.parameters import Environment
from api.planner.plan import SHARED_SINCE
from api.planner.run import Plan
from auth.principal import Principal
from domain.error import DomainError
from domain.identity import salesforce_id
from storage.salesforce_access import BELIEVED_FOR
from sync.salesforce.sharing import Belief, Sharing, Sight

_USER = "005"
NO_USER = "NO_USER"

REASONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        Sight.PARTLY: "there are more records than Salesforce is asked about for one user: some are left out"
        " here, and seen by their own Salesforce ids",
        Sight.ASKING: "Salesforce has not yet said what the caller may read of this: ask again in a moment",
        Sight.UNREACHABLE: "Salesforce cannot be asked what the caller may read:"
        " what it has not said in the last minutes is left out",
        Sight.LAST_KNOWN: "Salesforce cannot be asked what the caller may read:"
        " what it said last counts for a while, as this org has it",
        Sight.NO_SALESFORCE: "this org has no Salesforce to be asked what the caller may read:"
        " an administrator can run contract-graph crm set",
        NO_USER: "the caller is no user of Salesforce, which decides what of this is read",
    }
)


class SharingDesk:
    """Sees to it that a statement finds in the database what Salesforce lets its caller read."""

    def __init__(self, sharing: Sharing | None, clock: Callable[[], datetime]) -> None:
        self._sharing, self._clock = sharing, clock

    async def prepare(
        self, plan: Plan, principal: Principal, environment: Environment, *, strict: bool
    ) -> bytes:
        """Find out what a plan depends on; return its extensions, with what is not known.

        Raises BadUserInput, as Database does, and Unavailable for a `strict` caller who would not get all.
        """
        environment[SHARED_SINCE[0]] = self._clock() - BELIEVED_FOR
        if plan.sought is None or self._sharing is None:
            return plan.extensions
        try:
            user_id = salesforce_id(principal.subject, _USER)
        except DomainError:
            return _told(plan, NO_USER, strict=strict)
        named, everything = plan.sought.names(environment), plan.sought.everything
        belief: Belief = await self._sharing.belief(principal.org_id, user_id, named, everything=everything)
        environment[SHARED_SINCE[0]] = belief.since
        if belief.sight is Sight.KNOWN:
            return plan.extensions
        return _told(plan, belief.sight, strict=strict)

    async def close(self) -> None:
        """Ask nothing more."""
        if self._sharing is not None:
            await self._sharing.close()


def _told(plan: Plan, state: str, *, strict: bool) -> bytes:
    if strict:
        raise Unavailable(REASONS[state])
    told = orjson.dumps({"state": state, "reason": REASONS[state]})
    # The end of {"access": {...}}, as the plan has it.
    return plan.extensions[:-3] + b',"salesforce":' + told + plan.extensions[-3:]
