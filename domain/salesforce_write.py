"""What became of the values of a contract that Salesforce is told."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from domain.field import EVERYONE, HERE, OVERSIGHT, Entity, Field, entity


class SalesforceState(StrEnum):
    """How things stood after the last attempt to tell Salesforce."""

    IN_SYNC = "IN_SYNC"
    PENDING = "PENDING"
    REFUSED = "REFUSED"
    HELD = "HELD"


@entity
class SalesforceRefusal(Entity):
    """A field that is not written to Salesforce, and why; no value."""

    write_id: Annotated[
        UUID,
        Field("Write that left it out.", HERE, EVERYONE, to="SalesforceWrite", part=True),
    ]
    field: Annotated[str, Field("Name of the field.", HERE, EVERYONE, named_by="field")]
    name: Annotated[str, Field("What Salesforce calls it.", HERE, EVERYONE, named_by="field")]
    reason: Annotated[str, Field("Why it is not written.", HERE, EVERYONE, named_by="field")]


@entity
class SalesforceWrite(Entity):
    """What Salesforce was last told of a contract, in one of the objects where its fields live; no value."""

    contract_id: Annotated[UUID, Field("Contract it is about.", HERE, EVERYONE, to="Contract", part=True)]
    object: Annotated[str, Field("Object of Salesforce, such as Contract.", HERE, EVERYONE)]
    salesforce_id: Annotated[
        str | None, Field("Salesforce id of the record there, 18 characters.", HERE, EVERYONE)
    ] = None
    state: Annotated[
        SalesforceState,
        Field("Whether all is written, waits, is refused in part, or is held in quarantine.", HERE, EVERYONE),
    ]
    reason: Annotated[str | None, Field("Why it waits or is held.", HERE, EVERYONE)] = None
    written_at: Annotated[
        datetime | None, Field("When it was last told all that it takes.", HERE, EVERYONE)
    ] = None
    contract_version: Annotated[
        int | None, Field("Version of the contract that it was last told.", HERE, OVERSIGHT)
    ] = None
    correlation: Annotated[
        str | None, Field("What the last attempt is known by in every log.", HERE, OVERSIGHT)
    ] = None
    refusals: Annotated[
        tuple[SalesforceRefusal, ...], Field("Fields that are not written, and why.", HERE, EVERYONE)
    ] = ()
