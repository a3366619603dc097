"""Who has which role of the policy, and who gave it to them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Annotated, Final
from uuid import UUID

from domain import contract, crm  # noqa: F401 - entities have one order, whichever module comes first
from domain.error import DomainError
from domain.field import ACCESS, HERE, Entity, Field, entity
from domain.identity import salesforce_id


class HolderKind(StrEnum):
    """What of Salesforce holds a role: one user, or every user with a profile or a permission set."""

    USER = "USER"
    PROFILE = "PROFILE"
    PERMISSION_SET = "PERMISSION_SET"


PREFIXES: Final = {"005": HolderKind.USER, "00e": HolderKind.PROFILE, "0PS": HolderKind.PERMISSION_SET}
"""What an id is of, as its key prefix says."""


def holder(text: str, *kinds: HolderKind) -> tuple[HolderKind, str]:
    """Return what a Salesforce id is of, and its 18 characters; of `kinds` alone where any are given.

    Raises a DomainError where it is no id, or of nothing that can hold a role.
    """
    expected = (prefix for prefix, kind in PREFIXES.items() if not kinds or kind in kinds)
    found = salesforce_id(text, *expected)
    return PREFIXES[found[:3]], found


class EndsInThePast(DomainError):
    """{day} lies in the past: a role is granted until today, or a later day."""


class EndsTooLate(DomainError):
    """{day} is no day on which a role could end: leave it out, and the role stays until it is taken back."""


def end_of(last_day: date, now: datetime) -> datetime:
    """Return the moment at which a role ends whose last day is given, that day in UTC included.

    Raises EndsInThePast, EndsTooLate.
    """
    if last_day == date.max:
        raise EndsTooLate(day=last_day)
    ends = datetime.combine(last_day + timedelta(days=1), time(), UTC)
    if ends <= now:
        raise EndsInThePast(day=last_day)
    return ends


@entity
class RoleGrant(Entity):
    """A role of the policy that an administrator gave to a user, a profile or a permission set."""

    id: Annotated[UUID, Field("Identity in the contract graph, the same in every system.", HERE, ACCESS)]
    role: Annotated[str, Field("Role of the policy.", HERE, ACCESS)]
    holder_kind: Annotated[HolderKind, Field("What holds it.", HERE, ACCESS)]
    holder_id: Annotated[
        str, Field("Salesforce id of what holds it, 18 characters.", HERE, ACCESS, indexed=True)
    ]
    granted_by: Annotated[str, Field("Who granted it.", HERE, ACCESS)]
    granted_at: Annotated[datetime, Field("When it was granted.", HERE, ACCESS, indexed=True)]
    reason: Annotated[str, Field("Why it was granted.", HERE, ACCESS)]
    ends_at: Annotated[datetime | None, Field("When it ends by itself.", HERE, ACCESS)] = None
    revoked_by: Annotated[str | None, Field("Who took it back.", HERE, ACCESS)] = None
    revoked_at: Annotated[datetime | None, Field("When it was taken back.", HERE, ACCESS)] = None
    revoked_because: Annotated[str | None, Field("Why it was taken back.", HERE, ACCESS)] = None

    def holds(self, now: datetime) -> bool:
        """Whether it gives its role at this moment."""
        return self.revoked_at is None and (self.ends_at is None or now < self.ends_at)
