"""Lanes as plain lists: what storage/lanes.py and storage/quarantine.py must amount to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from storage.lane_outcome import Done, Outcome, Patience, Retry
from storage.lanes import Message


@dataclass
class Item:
    """A message in its lane, by the place that it was first given."""

    payload: str
    name: str | None
    place: int
    attempts: int = 0


@dataclass
class PlainLane:
    waiting: list[Item] = field(default_factory=list)
    places: int = 0
    next_at: datetime | None = None
    attempts: int = 0
    alone: int = 0
    lease: UUID | None = None
    taken: int = 0
    """Items up to this place are somebody's: they are not replaced."""


@dataclass
class Model:
    """The lanes of one queue, and everything that ever became of a message."""

    patience: Patience
    lease_for: timedelta
    lanes: dict[str, PlainLane] = field(default_factory=dict)
    done: dict[str, list[str]] = field(default_factory=dict)
    replaced: set[str] = field(default_factory=set)
    discarded: set[str] = field(default_factory=set)
    held: dict[str, tuple[str, int]] = field(default_factory=dict)
    """Quarantined payloads, with their key and place."""

    def enqueue(self, messages: Sequence[Message], now: datetime) -> None:
        groups: dict[str, list[Message]] = {}
        for each in messages:
            group = groups.setdefault(each.key, [])
            if group and group[-1].coalesce == each.coalesce is not None:
                self.replaced.add(group.pop().payload)
            group.append(each)
        for key, group in groups.items():
            self._append(self.lanes.setdefault(key, PlainLane()), group, now)

    def _append(self, lane: PlainLane, group: Sequence[Message], now: datetime) -> None:
        last = lane.waiting[-1] if lane.waiting else None
        alike = len(group) == 1 and last is not None and last.name == group[0].coalesce is not None
        if last is not None and alike and (lane.lease is None or lane.taken < last.place):
            self.replaced.add(last.payload)
            last.payload = group[0].payload
            return
        for each in group:
            lane.places += 1
            lane.waiting.append(Item(each.payload, each.coalesce, lane.places))
        lane.next_at = lane.next_at or now

    def due(self, now: datetime) -> set[str]:
        return {key for key, lane in self.lanes.items() if lane.next_at is not None and lane.next_at <= now}

    def claimed(self, key: str, lease: UUID, messages: int, now: datetime) -> list[str]:
        """Note a claim, and return what is to be worked on."""
        lane = self.lanes[key]
        if lane.lease is not None:
            lane.alone = max(lane.alone, messages)
        lane.attempts += 1
        size = 1 if lane.attempts > 1 or lane.alone else messages
        batch = lane.waiting[:size]
        # Places have gaps where messages went back to theirs, so this may say more than the batch has.
        lane.taken = lane.places - max(len(lane.waiting) - size, 0)
        lane.lease, lane.next_at = lease, now + self.lease_for
        return [each.payload for each in batch]

    def holds(self, key: str, lease: UUID) -> bool:
        return self.lanes[key].lease == lease

    def released(self, key: str, now: datetime) -> None:
        lane = self.lanes[key]
        lane.lease, lane.next_at, lane.attempts = None, now, lane.attempts - 1

    def finished(
        self,
        key: str,
        outcomes: Sequence[Outcome],
        batch: Sequence[str],
        now: datetime,
        retry_at: datetime | None,
    ) -> None:
        lane = self.lanes[key]
        gone, stays = 0, None
        attempts = lane.attempts
        for payload, outcome in zip(batch, outcomes, strict=False):
            if isinstance(outcome, Retry) and (outcome.after or attempts < self.patience.attempts):
                stays = outcome
                break
            (item,) = [each for each in lane.waiting if each.payload == payload]
            lane.waiting.remove(item)
            if isinstance(outcome, Done):
                self.done.setdefault(key, []).append(payload)
            else:
                self.held[payload] = key, item.place
            gone, attempts = gone + 1, 1
        lane.lease, lane.alone = None, max(lane.alone - gone, 0)
        lane.attempts = 0 if stays is None else attempts - (stays.after is not None)
        lane.next_at = (retry_at or now) if lane.waiting else None

    def replayed(self, payload: str, now: datetime, *, first: bool) -> None:
        key, place = self.held.pop(payload)
        lane = self.lanes[key]
        if not first:
            lane.places += 1
            lane.waiting.append(Item(payload, None, lane.places))
            lane.next_at = lane.next_at or now
            return
        lane.waiting.append(Item(payload, None, place))
        lane.waiting.sort(key=lambda each: each.place)
        if lane.lease is None:
            lane.attempts, lane.next_at = 0, now
        lane.next_at = lane.next_at or now
