"""Who owes what under a contract, and by when."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from domain.field import CLM, DELIVERY, HERE, LEGAL, Entity, Field, entity
from domain.term import Period


class ObligationKind(StrEnum):
    """What sort of thing is owed."""

    PAYMENT = "PAYMENT"
    DELIVERY = "DELIVERY"
    REPORTING = "REPORTING"
    COMPLIANCE = "COMPLIANCE"
    INSURANCE = "INSURANCE"
    NOTICE = "NOTICE"
    CONFIDENTIALITY = "CONFIDENTIALITY"
    OTHER = "OTHER"


class ObligationStatus(StrEnum):
    """Where an obligation stands; EXTRACTED ones count only once a person has reviewed them."""

    EXTRACTED = "EXTRACTED"
    OPEN = "OPEN"
    FULFILLED = "FULFILLED"
    OVERDUE = "OVERDUE"
    WAIVED = "WAIVED"


@entity
class Obligation(Entity):
    """Something that one party owes another."""

    contract_id: Annotated[
        UUID, Field("Contract that it arises from.", CLM, DELIVERY, to="Contract", part=True)
    ]
    kind: Annotated[ObligationKind, Field("What sort of thing is owed.", CLM, DELIVERY)]
    status: Annotated[ObligationStatus, Field("Where it stands.", HERE, DELIVERY)]
    deliverable: Annotated[str, Field("What is owed.", CLM, DELIVERY)]
    responsible_party_id: Annotated[
        UUID | None, Field("Party that owes it.", CLM, DELIVERY, to="ContractParty")
    ] = None
    frequency: Annotated[Period | None, Field("How often it falls due.", CLM, DELIVERY)] = None
    due_date: Annotated[date | None, Field("Day it next falls due.", CLM, DELIVERY)] = None
    source_clause: Annotated[str | None, Field("Clause that it was read from.", CLM, LEGAL)] = None
    confidence: Annotated[
        Decimal | None, Field("How sure the extraction is, from 0 to 1.", CLM, DELIVERY)
    ] = None
    reviewer_id: Annotated[UUID | None, Field("Person who reviewed it.", HERE, DELIVERY, to="User")] = None
