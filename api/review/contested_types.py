"""The GraphQL types of a part that is in conflict."""

from __future__ import annotations

from datetime import datetime

import strawberry

from api.inputs import listed
from api.object_types import lazy, object_type, optional

object_type("ContestedValue", "One value of a part, as it was claimed.", {
    "name": (str, "Name of the field; of a part of the part `changes[0].after`."),
    "value": (str, "The value as history writes it; of another part that was told with it, its source key."),
})  # fmt: skip
object_type("ContestedPart", "What was claimed of a part of a contract, and waits for a person.", {
    "id": (strawberry.ID, "Id of the line of history: what `settleConflict` takes as `changeId`."),
    "field": (str, "Name of the list."),
    "part": (optional(str), "Source key of the part."),
    "claimed_by": (str, "System that claimed it."),
    "claimed_at": (datetime, "When."),
    "reason": (str, "Why it is in conflict."),
    "values": (listed(lazy("ContestedValue")), "What it was claimed to have; it has nothing else."),
})  # fmt: skip
