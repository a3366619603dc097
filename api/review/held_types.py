"""The GraphQL types of what could not be done and is held."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import strawberry

from api.inputs import listed
from api.object_types import lazy, object_type, optional

object_type("HeldMessage", "A message that could not be done: why, and what was decided about it.", {
    "id": (strawberry.ID, "Its id."),
    "queue": (str, "Whose work it was: `inbox` for what came in, `outbox` for Salesforce, and others."),
    "key": (str, "What it is about: all messages of a queue with one key are done in their order."),
    "error": (str, "Kind of the error: what the other system calls it, or its class here."),
    "message": (str, "What the other system says is wrong, in its own words, or what is wrong here."),
    "correlation": (str, "The id that runs through every log line and alert about it."),
    "came_at": (datetime, "When it came."),
    "held_since": (datetime, "When it was given up."),
    "attempts": (int, "How often it was tried."),
    "state": (str, "HELD, REPLAYED or DISCARDED."),
    "decided_by": (optional(str), "Who decided about it."),
    "decided_at": (optional(datetime), "When."),
    "decided_because": (optional(str), "Why, as they say."),
    "replayed_as": (optional(strawberry.ID), "Its id in the lane, where it was replayed."),
})  # fmt: skip
object_type("HeldPage", "A part of what is held.", {
    "nodes": (listed(lazy("HeldMessage")), "The messages."),
    "has_next_page": (bool, "Whether there are later ones."),
    "end_cursor": (optional(str), "Cursor of the last of the page."),
})  # fmt: skip
object_type("HeldError", "Why nothing was decided about a message.", {
    "code": (str, "`NOT_FOUND`: no such message is held, or it was decided upon before."),
    "message": (str, "What is wrong, and what to do."),
})  # fmt: skip
object_type("HeldResult", "What became of one message.", {
    "id": (strawberry.ID, "As it was named."),
    "held": (optional(lazy("HeldMessage")), "The message with the decision; absent where there is none."),
    "later_waiting": (int, "How many of its key that came later wait."),
    "later_done": (
        int, "How many of its key that came later are done or held: replayed, it comes after what they did."
    ),
    "error": (optional(lazy("HeldError")), "Why nothing was decided; then all is as it was."),
})  # fmt: skip
HELD_RESULTS: Final[dict[str, tuple[Any, str]]] = {
    "results": (listed(lazy("HeldResult")), "One for each message, in the order of the input."),
}
