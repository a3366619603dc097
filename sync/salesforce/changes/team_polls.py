"""Teams asked for now and then, as whole ones: a member who went tells nobody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Final

from domain.field import Entity
from storage.lane_outcome import Fault, Outcome, Retry
from storage.teams import TEAMS, Member
from sync.outbox import put_off
from sync.salesforce.failures import Permanent, SalesforceFailure
from sync.salesforce.orgs import OpenOrg
from sync.salesforce.teams import read_team

TEAM_OBJECTS: Final[Mapping[str, type[Entity]]] = MappingProxyType({each.__name__: each for each in TEAMS})
"""The teams, by what Salesforce calls their members."""

_NO_SUCH = "INVALID_TYPE"


@dataclass(frozen=True, slots=True)
class TeamRead(Retry):
    """A team was asked for, and will be again: `members` are all that there are."""

    team: type[Entity] | None = None
    members: Sequence[Member] = field(default=(), repr=False)


async def ask_team(org: OpenOrg, name: str, now: datetime, later: datetime) -> Outcome:
    """Ask for all members of one of TEAM_OBJECTS, which is asked for again later."""
    try:
        members = await read_team(org.client, TEAM_OBJECTS[name])
    except Permanent as failure:
        # An org need not have teams, nor both kinds.
        return Retry(Fault(failure.code, str(failure)), later, routine=failure.code == _NO_SUCH)
    except SalesforceFailure as failure:
        return put_off(failure, org, now)
    fault = Fault("Polled", "it is asked again")
    return TeamRead(fault, later, team=TEAM_OBJECTS[name], members=members, routine=True)
