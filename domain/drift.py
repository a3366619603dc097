"""Where Salesforce holds other values of a contract than are known here, since when, and what comes of it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from domain.field import HERE, OVERSIGHT, Entity, Field, System, entity


class DriftState(StrEnum):
    """How a difference stands; fields that agree and never differed have no finding at all."""

    PENDING = "PENDING"
    DRIFTED = "DRIFTED"
    REPAIRING = "REPAIRING"
    REPAIRED = "REPAIRED"
    ACCEPTED = "ACCEPTED"


OPEN = (DriftState.PENDING, DriftState.DRIFTED, DriftState.REPAIRING)
"""The states of a difference that is still there, and that nobody has accepted."""


@entity
class DriftFinding(Entity):
    """A field whose value in Salesforce is not the one that is known here; no value."""

    contract_id: Annotated[UUID, Field("Contract it is about.", HERE, OVERSIGHT, to="Contract", part=True)]
    object: Annotated[str, Field("Object of Salesforce, such as Contract.", HERE, OVERSIGHT)]
    salesforce_id: Annotated[
        str | None, Field("Salesforce id of the record there, 18 characters.", HERE, OVERSIGHT)
    ] = None
    field: Annotated[str, Field("Name of the field.", HERE, OVERSIGHT, named_by="field")]
    name: Annotated[str, Field("What Salesforce calls it.", HERE, OVERSIGHT, named_by="field")]
    owner: Annotated[System, Field("System whose value counts.", HERE, OVERSIGHT, named_by="field")]
    state: Annotated[
        DriftState,
        Field(
            "Whether a write of it waits, it drifted, is being repaired, was repaired, or was accepted.",
            HERE, OVERSIGHT,
        ),
    ]  # fmt: skip
    changed_by: Annotated[
        str | None, Field("Salesforce id of whoever changed the record there last.", HERE, OVERSIGHT)
    ] = None
    changed_at: Annotated[
        datetime | None, Field("When the record was last changed there.", HERE, OVERSIGHT)
    ] = None
    found_at: Annotated[datetime, Field("When it was first found to differ.", HERE, OVERSIGHT)]
    seen_at: Annotated[datetime, Field("When it was last looked at.", HERE, OVERSIGHT)]
    decided_by: Annotated[
        str | None, Field("The rule, or the person, that repaired or accepted it.", HERE, OVERSIGHT)
    ] = None
    decided_at: Annotated[datetime | None, Field("When that was decided.", HERE, OVERSIGHT)] = None
    reason: Annotated[
        str | None, Field("Why it was accepted, or why no rule repairs it.", HERE, OVERSIGHT)
    ] = None
