"""That somebody doubts a value of a contract."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from domain.field import EVERYONE, HERE, Entity, Field, entity


class FlagOutcome(StrEnum):
    """What came of a doubt."""

    CORRECTED = "CORRECTED"
    CONFIRMED = "CONFIRMED"


@entity
class ValueFlag(Entity):
    """A person's word that a value of a contract is wrong; it changes nothing by itself."""

    contract_id: Annotated[UUID, Field("Contract it is about.", HERE, EVERYONE, to="Contract", part=True)]
    field: Annotated[str, Field("Name of the field.", HERE, EVERYONE, named_by="field")]
    note: Annotated[str, Field("What is wrong with its value.", HERE, EVERYONE, named_by="field")]
    flagged_by_id: Annotated[UUID, Field("Who flagged it.", HERE, EVERYONE, to="User")]
    flagged_at: Annotated[datetime, Field("When they did.", HERE, EVERYONE)]
    outcome: Annotated[
        FlagOutcome | None,
        Field("Whether the value was put right, or is right as it is; absent while nobody has looked.",
              HERE, EVERYONE, named_by="field"),
    ] = None  # fmt: skip
    answer: Annotated[str | None, Field("What was found.", HERE, EVERYONE, named_by="field")] = None
    settled_by_id: Annotated[UUID | None, Field("Who settled it.", HERE, EVERYONE, to="User")] = None
    settled_at: Annotated[datetime | None, Field("When they did.", HERE, EVERYONE)] = None
