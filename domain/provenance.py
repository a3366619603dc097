"""Where each value of a contract comes from, and the last edit of it that was refused."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from domain.field import EVERYONE, HERE, Entity, Field, System, entity


@entity
class Provenance(Entity):
    """Who owns a field of a contract, whose claim its value is, and which later one was refused; no value."""

    contract_id: Annotated[UUID, Field("Contract it is about.", HERE, EVERYONE, to="Contract", part=True)]
    field: Annotated[str, Field("Name of the field.", HERE, EVERYONE, named_by="field")]
    part: Annotated[
        str | None,
        Field("Source key of the part, where it is about one of a list.", HERE, EVERYONE, named_by="field"),
    ] = None
    owner: Annotated[System, Field("System whose claims are accepted now.", HERE, EVERYONE, named_by="field")]
    system: Annotated[
        System | None, Field("System whose claim the value is.", HERE, EVERYONE, named_by="field")
    ] = None
    source: Annotated[
        str | None, Field("Connection that the claim came by.", HERE, EVERYONE, named_by="field")
    ] = None
    event: Annotated[
        str | None, Field("Event of the source that brought it.", HERE, EVERYONE, named_by="field")
    ] = None
    claimed_at: Annotated[
        datetime | None, Field("When the source says that it was so.", HERE, EVERYONE, named_by="field")
    ] = None
    recorded_at: Annotated[
        datetime | None, Field("When it arrived here.", HERE, EVERYONE, named_by="field")
    ] = None
    decided_by: Annotated[
        str | None, Field("The rule, or the person, that accepted it.", HERE, EVERYONE, named_by="field")
    ] = None
    refused_system: Annotated[
        System | None,
        Field("System whose later claim was refused or is in conflict.", HERE, EVERYONE, named_by="field"),
    ] = None
    refused_at: Annotated[
        datetime | None, Field("When that was claimed.", HERE, EVERYONE, named_by="field")
    ] = None
    refused_because: Annotated[
        str | None, Field("Why it was not accepted.", HERE, EVERYONE, named_by="field")
    ] = None
