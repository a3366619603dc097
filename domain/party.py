"""Who is bound by a contract."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from domain.field import CLM, EVERYONE, SALESFORCE, Entity, Field, entity


class PartyRole(StrEnum):
    """The part that a party plays in the contract."""

    CUSTOMER = "CUSTOMER"
    VENDOR = "VENDOR"
    PARTNER = "PARTNER"
    GUARANTOR = "GUARANTOR"
    OTHER = "OTHER"


@entity
class ContractParty(Entity):
    """A legal person bound by a contract."""

    contract_id: Annotated[UUID, Field("Contract that binds it.", CLM, EVERYONE, to="Contract", part=True)]
    legal_name: Annotated[str, Field("Name in the agreement.", CLM, EVERYONE, search=True)]
    role: Annotated[PartyRole, Field("Part that it plays.", CLM, EVERYONE)]
    account_id: Annotated[
        UUID | None, Field("Salesforce account of the party.", SALESFORCE, EVERYONE, to="Account")
    ] = None
    duns: Annotated[str | None, Field("D-U-N-S number.", CLM, EVERYONE)] = None
    uei: Annotated[str | None, Field("Unique Entity Identifier of SAM.gov.", CLM, EVERYONE)] = None
    country: Annotated[str | None, Field("Country of its seat, as published.", CLM, EVERYONE)] = None
    primary_contact_id: Annotated[
        UUID | None, Field("Person to speak to.", SALESFORCE, EVERYONE, to="Contact")
    ] = None
