"""How a contract was changed after it was signed."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from domain.field import CLM, COMMERCIAL, EVIDENCE, SCHEDULE, Entity, Field, entity
from domain.money import Money


class AmendmentKind(StrEnum):
    """What an amendment chiefly changes."""

    VALUE = "VALUE"
    TERM = "TERM"
    SCOPE = "SCOPE"
    RENEWAL = "RENEWAL"
    NOVATION = "NOVATION"
    TERMINATION = "TERMINATION"
    ADMINISTRATIVE = "ADMINISTRATIVE"


@entity
class AmendmentChange(Entity):
    """One field of the contract, before and after an amendment."""

    amendment_id: Annotated[
        UUID, Field("Amendment that made the change.", CLM, EVIDENCE, to="Amendment", part=True)
    ]
    field: Annotated[str, Field("Name of the changed field.", CLM, EVIDENCE)]
    before: Annotated[str | None, Field("Value before.", CLM, EVIDENCE, named_by="field")] = None
    after: Annotated[str | None, Field("Value after.", CLM, EVIDENCE, named_by="field")] = None


@entity
class Amendment(Entity):
    """A change of a signed contract, with what it changed."""

    contract_id: Annotated[UUID, Field("Contract it changes.", CLM, EVIDENCE, to="Contract", part=True)]
    number: Annotated[str, Field("Number of the amendment.", CLM, EVIDENCE)]
    kind: Annotated[AmendmentKind, Field("What it chiefly changes.", CLM, EVIDENCE)]
    signed_date: Annotated[date | None, Field("Day of the last signature.", CLM, SCHEDULE)] = None
    effective_date: Annotated[date | None, Field("Day from which it counts.", CLM, SCHEDULE)] = None
    recorded_at: Annotated[datetime | None, Field("When its source recorded it.", CLM, EVIDENCE)] = None
    rationale: Annotated[str | None, Field("Why it was made.", CLM, EVIDENCE)] = None
    value_change: Annotated[Money | None, Field("What it adds to the total value.", CLM, COMMERCIAL)] = None
    value_after: Annotated[Money | None, Field("Total value after it.", CLM, COMMERCIAL)] = None
    expiration_after: Annotated[date | None, Field("Expiration date after it.", CLM, SCHEDULE)] = None
    document_id: Annotated[
        UUID | None, Field("Document that it is written in.", CLM, EVIDENCE, to="Document")
    ] = None
    changes: Annotated[
        tuple[AmendmentChange, ...], Field("Field by field, before and after.", CLM, EVIDENCE)
    ] = ()
