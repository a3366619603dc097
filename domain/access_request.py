"""That somebody asks to be shown what the policy hides from them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from domain.field import ACCESS, EVERYONE, HERE, Entity, Field, entity


class AccessOutcome(StrEnum):
    """What is answered to a wish."""

    GRANTED = "GRANTED"
    REFUSED = "REFUSED"


@entity
class AccessRequest(Entity):
    """A person's wish to be shown a field of a contract: it is theirs alone, and grants nothing by itself."""

    contract_id: Annotated[UUID, Field("Contract it is about.", HERE, EVERYONE, to="Contract")]
    field: Annotated[str, Field("Name of the field.", HERE, EVERYONE)]
    reason: Annotated[str, Field("Why they want to see it.", HERE, ACCESS)]
    requested_by_id: Annotated[UUID, Field("Who asks.", HERE, EVERYONE, to="User", owns=True)]
    requested_at: Annotated[datetime, Field("When they asked.", HERE, EVERYONE, indexed=True)]
    outcome: Annotated[
        AccessOutcome | None,
        Field("What was answered, which by itself grants nothing; absent while nobody has.", HERE, EVERYONE),
    ] = None
    answer: Annotated[str | None, Field("Why, as whoever asks is told.", HERE, EVERYONE)] = None
    settled_by_id: Annotated[UUID | None, Field("Who answered.", HERE, EVERYONE, to="User")] = None
    settled_at: Annotated[datetime | None, Field("When they did.", HERE, EVERYONE)] = None
