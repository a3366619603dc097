"""What could not be done and is held, as `contract-graph held list` tells it: never what a message says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import asyncpg

from api.entity_types import DEFAULT_PAGE
from api.errors import BadUserInput
from api.planner.parameters import identity, page_size
from api.planner.record_ids import RECORD_KEY
from api.review.question import LONGEST_NAME, Answer, Question
from storage.lanes import Queue
from storage.quarantine import Quarantined, State, list_quarantined


async def held(connection: asyncpg.Connection, question: Question) -> Answer:
    """Tell a page of what is held in the org, those first that came first. Raises BadUserInput."""
    given = question.given
    size = DEFAULT_PAGE if given.get("first") is None else page_size(given["first"])
    after = question.text("after", LONGEST_NAME)
    found = await list_quarantined(
        connection, question.org_id,
        states=list(State) if given.get("decided") else [State.HELD],
        queue=_queue(question),
        error=question.text("error", LONGEST_NAME),
        after=None if after is None else identity(after),
        most=size + 1,
    )  # fmt: skip
    nodes = [told_of_held(each) for each in found[:size]]
    return {
        "nodes": nodes,
        "hasNextPage": len(found) > size,
        "endCursor": nodes[-1]["id"] if nodes else None,
    }


def told_of_held(each: Quarantined) -> Mapping[str, Any]:
    """Tell a message and what was decided about it; what it says stays where it is."""
    return {
        RECORD_KEY: str(each.id),
        "id": str(each.id),
        "queue": each.queue,
        "key": each.key,
        "error": each.error,
        "message": each.message,
        "correlation": each.correlation,
        "cameAt": each.enqueued_at,
        "heldSince": each.quarantined_at,
        "attempts": each.attempts,
        "state": each.state,
        "decidedBy": each.decided_by,
        "decidedAt": each.decided_at,
        "decidedBecause": each.decided_because,
        "replayedAs": None if each.replayed_as is None else str(each.replayed_as),
    }


def _queue(question: Question) -> Queue | None:
    given = question.text("queue", LONGEST_NAME)
    if given is not None and given not in set(Queue):
        raise BadUserInput(f"there is no queue {given!r}; there are: {', '.join(Queue)}")
    return None if given is None else Queue(given)
