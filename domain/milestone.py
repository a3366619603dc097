"""What a contract promises for a day."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from domain import term
from domain.field import CLM, COMMERCIAL, DERIVED, SCHEDULE, Entity, Field, entity
from domain.money import Money


class MilestoneStatus(StrEnum):
    """Whether a milestone was met, in the words of OCDS."""

    SCHEDULED = "SCHEDULED"
    MET = "MET"
    NOT_MET = "NOT_MET"
    PARTIALLY_MET = "PARTIALLY_MET"


@entity
class Milestone(Entity):
    """An event that a contract sets a day for, and what it triggers."""

    contract_id: Annotated[UUID, Field("Contract that sets it.", CLM, SCHEDULE, to="Contract", part=True)]
    name: Annotated[str, Field("What is to happen.", CLM, SCHEDULE)]
    status: Annotated[MilestoneStatus, Field("Whether it was met.", CLM, SCHEDULE)]
    target_date: Annotated[date | None, Field("Day it is due.", CLM, SCHEDULE)] = None
    actual_date: Annotated[date | None, Field("Day it happened.", CLM, SCHEDULE)] = None
    variance_days: Annotated[
        int | None,
        Field("Days from target to actual; negative if early.", DERIVED, SCHEDULE, rule=term.variance_days),
    ] = None
    amount: Annotated[Money | None, Field("Payment that it triggers.", CLM, COMMERCIAL)] = None
