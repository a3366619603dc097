"""What was changed in the graph by whom, and why."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from domain.field import HERE, OVERSIGHT, Entity, Field, entity


class Decision(StrEnum):
    """What became of a claim."""

    ACCEPTED = "ACCEPTED"
    REFUSED = "REFUSED"
    CONFLICT = "CONFLICT"


@entity
class FieldChange(Entity):
    """One claim about one field, and what became of it."""

    contract_id: Annotated[UUID, Field("Contract it is about.", HERE, OVERSIGHT, to="Contract", part=True)]
    field: Annotated[str, Field("Name of the field.", HERE, OVERSIGHT)]
    before: Annotated[str | None, Field("Value before.", HERE, OVERSIGHT, named_by="field")] = None
    after: Annotated[str | None, Field("Value claimed.", HERE, OVERSIGHT, named_by="field")] = None
    claimed_by: Annotated[str, Field("System or person that claimed it.", HERE, OVERSIGHT)]
    claimed_at: Annotated[datetime, Field("When it was claimed.", HERE, OVERSIGHT)]
    recorded_at: Annotated[datetime, Field("When it arrived here.", HERE, OVERSIGHT)]
    event: Annotated[str | None, Field("Event of the source that brought it.", HERE, OVERSIGHT)] = None
    source: Annotated[str | None, Field("Connection that it came by.", HERE, OVERSIGHT)] = None
    part: Annotated[
        str | None, Field("Source key of the part, where it is about one of a list.", HERE, OVERSIGHT)
    ] = None
    decision: Annotated[Decision, Field("What became of it.", HERE, OVERSIGHT)]
    reason: Annotated[str, Field("Why.", HERE, OVERSIGHT, named_by="field")]
    stale: Annotated[
        bool | None,
        Field("Whether its sender had not seen the latest version: it is not judged again.", HERE, OVERSIGHT),
    ] = None
