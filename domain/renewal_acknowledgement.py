"""That somebody saw a renewal coming, in time."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from domain.field import HERE, SCHEDULE, Entity, Field, entity


@entity
class RenewalAcknowledgement(Entity):
    """A person's word that they have seen that a contract is about to renew; one for each renewal."""

    contract_id: Annotated[UUID, Field("Contract that renews.", HERE, SCHEDULE, to="Contract", part=True)]
    renewal_date: Annotated[date, Field("Day of the renewal that was seen coming.", HERE, SCHEDULE)]
    notice_deadline: Annotated[
        date | None, Field("Last day to speak before that renewal, as it then was.", HERE, SCHEDULE)
    ] = None
    acknowledged_by_id: Annotated[UUID, Field("Who saw it first.", HERE, SCHEDULE, to="User")]
    acknowledged_at: Annotated[datetime, Field("When they said so.", HERE, SCHEDULE)]
