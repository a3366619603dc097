"""Held messages replayed and discarded through the API: the same writes as those of `contract-graph held`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Self
from uuid import UUID

from api.errors import BadUserInput
from api.mutations.command import Act, Asked, Made, line, wrong
from api.mutations.held_inputs import MOST_MESSAGES
from api.planner.parameters import identity
from api.planner.results_sql import ABOUT
from api.review.held import told_of_held
from storage.quarantine import Decision, NotHeld, discard, find_quarantined, later_than, replay

Decide = Callable[[UUID, Decision], Awaitable[object]]
"""Decides about one message. Raises NotHeld."""


@dataclass(frozen=True, slots=True)
class ReplayHeld:
    """Messages that go back into their lanes."""

    ids: tuple[str, ...]
    reason: str
    first: bool

    @classmethod
    def read(cls, asked: Asked) -> Self:
        return cls(_ids(asked.given), line(asked.given, "reason"), bool(asked.given.get("first")))

    async def run(self, act: Act) -> Made:
        put_back = partial(replay, act.connection, act.principal.org_id, first=self.first)
        return await _decided(act, self.ids, self.reason, put_back)


@dataclass(frozen=True, slots=True)
class DiscardHeld:
    """Messages that are given up."""

    ids: tuple[str, ...]
    reason: str

    @classmethod
    def read(cls, asked: Asked) -> Self:
        return cls(_ids(asked.given), line(asked.given, "reason"))

    async def run(self, act: Act) -> Made:
        give_up = partial(discard, act.connection, act.principal.org_id)
        return await _decided(act, self.ids, self.reason, give_up)


async def _decided(act: Act, ids: Sequence[str], reason: str, decide: Decide) -> Made:
    decision = Decision(by=act.principal.subject, because=reason, at=act.now)
    told: dict[str, Mapping[str, Any]] = {}
    for id_ in await _in_order(act, ids):
        try:
            await decide(UUID(id_), decision)
        except NotHeld as error:
            told[id_] = _told(id_) | {"error": {"code": "NOT_FOUND", "message": str(error)}}
            continue
        found = await find_quarantined(act.connection, act.principal.org_id, UUID(id_))
        later = await later_than(act.connection, act.principal.org_id, UUID(id_))
        told[id_] = _told(id_) | {
            "held": told_of_held(found),
            "laterWaiting": later.waiting,
            "laterDone": later.came - later.waiting,
        }
    return Made([], [told[each] for each in ids])


async def _in_order(act: Act, ids: Sequence[str]) -> list[str]:
    """Return ids by lane, and there by when the messages came: so two who decide never wait in turn."""
    places: dict[str, tuple[Any, ...]] = {}
    for each in ids:
        try:
            found = await find_quarantined(act.connection, act.principal.org_id, UUID(each))
        except NotHeld:
            places[each] = ()
        else:
            places[each] = (found.queue, found.key, found.enqueued_at, each)
    return sorted(ids, key=places.__getitem__)


def _told(id_: str) -> dict[str, Any]:
    return {ABOUT: None, "id": id_, "held": None, "laterWaiting": 0, "laterDone": 0, "error": None}


def _ids(given: Mapping[str, Any]) -> tuple[str, ...]:
    ids = given["ids"]
    if not 1 <= len(ids) <= MOST_MESSAGES:
        raise wrong("ids", f"from 1 to {MOST_MESSAGES} messages are expected, not {len(ids)}")
    try:
        read = tuple(str(identity(each)) for each in ids)
    except BadUserInput as error:
        raise wrong("ids", error.message) from None
    if len(set(read)) < len(read):
        raise wrong("ids", "a message is named twice: name each once")
    return read
