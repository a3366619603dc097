"""What the mutations about held messages take."""

from __future__ import annotations

from typing import Optional

import strawberry

from api.mutations.command import KEY

MOST_MESSAGES = 100
_IDS = f"Ids of held messages, from 1 to {MOST_MESSAGES}."
_REASON = "Why, for whoever reviews it later: a line of text."


@strawberry.input(description="Which messages to try again, and why they should succeed now.")
class ReplayHeldInput:
    """Input of replayHeld."""

    idempotency_key: str = strawberry.field(description=KEY)
    ids: list[strawberry.ID] = strawberry.field(description=_IDS)
    reason: str = strawberry.field(description=_REASON)
    first: Optional[bool] = strawberry.field(  # noqa: UP045 - as all inputs are declared
        description="Whether they go where they were, before all that waits; else to the end.",
        default=strawberry.UNSET,
    )


@strawberry.input(description="Which messages to give up, and why.")
class DiscardHeldInput:
    """Input of discardHeld."""

    idempotency_key: str = strawberry.field(description=KEY)
    ids: list[strawberry.ID] = strawberry.field(description=_IDS)
    reason: str = strawberry.field(description=_REASON)
