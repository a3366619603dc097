"""What changed in the stand-in, as events: noted by writes, published when their transaction is through."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from sync.salesforce.stand_in.catalogue import objects
from sync.salesforce.stand_in.store import Values, changed

if TYPE_CHECKING:
    from sync.salesforce.stand_in.event_schema import EventSchema
    from sync.salesforce.stand_in.org import Caller, Org

KEPT: Final = timedelta(hours=72)
"""For so long an event can be asked for."""

WHOLE_ENTITY: Final = "000000000000000AAA"
_LONG_TEXT = 1000
_LARGEST = 1_000_000
_NEEDS_CLIENT = frozenset({"sobjects", "bulk"})


class ReplayInvalid(ValueError):
    """A replay id is none that the stream has, or no longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One record in one transaction: how it was before, how it is after, and which fields that told."""

    object: str
    operation: str
    before: Values
    after: Values
    user: str
    origin: str

    @property
    def fields(self) -> frozenset[str]:
        """The fields whose values are others; of a new record those that have one."""
        if self.operation != "UPDATE":
            return frozenset(name for name, value in self.after.items() if value is not None)
        return frozenset(changed(self.before, self.after))


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event as it lies on the bus; what of it a subscriber gets depends on his rights."""

    replay_id: bytes
    at: datetime
    id: str
    object: str
    header: Mapping[str, Any]
    change: Change | None

    @property
    def schema(self) -> EventSchema:
        """The schema of its payload. It needs fastavro."""
        from sync.salesforce.stand_in.event_schema import schema_of  # noqa: PLC0415 - as it says

        return schema_of(self.object)

    def payload(self, readable: frozenset[str]) -> bytes:
        """Return the event in Avro, with the fields that a subscriber may read."""
        from fastavro import schemaless_writer  # noqa: PLC0415 - see schema

        schema, change = self.schema, self.change
        header, values = dict(self.header), dict[str, Any]()
        if change is not None and change.operation != "DELETE":
            told = change.fields & readable
            diffs = frozenset(name for name in told if _is_diff(change, name))
            shown = change.after | {name: _diff(change.after[name]) for name in diffs}
            values = schema.values(shown, told)
            if change.operation == "UPDATE":
                nulled = frozenset(name for name in told if change.after.get(name) is None)
                header |= {
                    "changedFields": schema.bitmaps(told), "nulledFields": schema.bitmaps(nulled),
                    "diffFields": schema.bitmaps(diffs),
                }  # fmt: skip
        out = BytesIO()
        schemaless_writer(out, schema.parsed, dict.fromkeys(schema.tree) | values | {_HEADER: header})
        return out.getvalue()


_HEADER = "ChangeEventHeader"


class EventBus:
    """The events of one org. Its replay ids are opaque, have gaps, and are of no use to another bus."""

    def __init__(self, org: Org) -> None:
        self._org = org
        self.generation = secrets.token_bytes(4)
        self._numbers = 0
        self._commits = 0
        self._commit_at = 0
        self._pending: list[Change] = []
        self.events: list[Event] = []
        self.published: list[Mapping[str, Any]] = []
        """The headers of all events that ever were on the bus, kept or not, with their replay ids in hex."""
        self.waiting: set[asyncio.Event] = set()

    def note(  # noqa: PLR0913, PLR0917 - a write and whose it is
        self, name: str, operation: str, before: Values | None, after: Values, caller: Caller, via: str
    ) -> None:
        """Note what a write made of a record; it is published with its transaction, or right now."""
        origin = "com/salesforce/api/rest/66.0"
        # Calls that carry several records are not known to keep what the caller names itself.
        if caller.client and via in _NEEDS_CLIENT:
            origin += f";client={caller.client}"
        change = Change(
            object=name, operation=operation, before=before or {}, after=after, user=caller.user_id,
            origin=origin,
        )  # fmt: skip
        self._pending.append(change)

    def mark(self) -> int:
        """Return how far changes are noted, to roll back to."""
        return len(self._pending)

    def forget(self, mark: int) -> None:
        """Forget what was noted since a mark: its transaction failed."""
        del self._pending[mark:]

    def publish(self) -> None:
        """Publish what the transaction that has just ended changed."""
        merged: dict[tuple[str, str], Change] = {}
        for change in self._pending:
            key = change.object, change.after["Id"]
            first = merged.get(key)
            merged[key] = change if first is None else _together(first, change)
        self._pending.clear()
        if not merged:
            return
        self._commits += 1
        # Moments are those of the records, whole seconds, with the commits of one second told apart.
        second = int(self._org.clock.now().timestamp())
        self._commit_at = self._commit_at + 1 if self._commit_at // 1000 == second else second * 1000
        told = [each for each in merged.values() if each.object in self._org.settings.change_entities]
        counted = sum(len(each.fields) for each in told)
        transaction = str(uuid4())
        if counted > self._org.settings.overflow_after:
            for number, name in enumerate({each.object: None for each in told}, 1):
                first = next(each for each in told if each.object == name)
                self._add(first, "GAP_OVERFLOW", [WHOLE_ENTITY], transaction, number)
            return
        for number, (change, ids) in enumerate(_alike(told), 1):
            self._one(change, ids, transaction, number)

    def _one(self, change: Change, ids: list[str], transaction: str, number: int) -> None:
        fault = self._org.faults.for_event(change.object, " ".join(ids))
        largest = sum(len(str(value)) for value in change.after.values()) > _LARGEST
        if largest or fault == "gap":
            self._add(change, f"GAP_{change.operation}", ids, transaction, number)
            return
        event = self._add(change, change.operation, ids, transaction, number)
        if fault == "twice":
            # As a publisher that is not sure says it again: another place in the stream, the same event.
            self._append(replace(event, replay_id=self._next_id()))

    def _add(self, change: Change, kind: str, ids: list[str], transaction: str, number: int) -> Event:
        now = self._org.clock.now()
        header = {
            "entityName": change.object, "recordIds": ids, "changeType": kind, "changeOrigin": change.origin,
            "transactionKey": transaction, "sequenceNumber": number, "commitNumber": self._commits,
            "commitTimestamp": self._commit_at, "commitUser": change.user,
            "nulledFields": [], "diffFields": [], "changedFields": [],
        }  # fmt: skip
        event = Event(
            replay_id=self._next_id(), at=now, id=str(uuid4()), object=change.object, header=header,
            change=None if kind.startswith("GAP_") else change,
        )  # fmt: skip
        self._append(event)
        return event

    def _append(self, event: Event) -> None:
        self.events.append(event)
        self.published.append({**event.header, "replayId": event.replay_id.hex()})
        for each in self.waiting:
            each.set()

    def _next_id(self) -> bytes:
        self._numbers += 1 + secrets.randbelow(3)
        return self.generation + self._numbers.to_bytes(8)

    def reset(self) -> None:
        """Keep no event, and know no replay id any more, as of an org that was refreshed or moved."""
        self.generation = secrets.token_bytes(4)
        self.events.clear()
        for each in self.waiting:
            each.set()

    def latest(self) -> bytes:
        """Return the replay id of the end of the stream."""
        return self.generation + self._numbers.to_bytes(8)

    def earliest(self) -> int:
        """Return the place of the first event that is still kept."""
        horizon = self._org.clock.now() - KEPT
        return next((n for n, each in enumerate(self.events) if each.at > horizon), len(self.events))

    def place_after(self, replay_id: bytes) -> int:
        """Return the place of the first event after a replay id. Raises ReplayInvalid."""
        if len(replay_id) != len(self.latest()) or replay_id[:4] != self.generation:
            raise ReplayInvalid("it is of no event here")
        if replay_id > self.latest():
            raise ReplayInvalid("it is yet to come")
        after = next((n for n, each in enumerate(self.events) if each.replay_id > replay_id), None)
        if after is None:
            return len(self.events)
        if after < self.earliest():
            raise ReplayInvalid("what came after it is no longer kept")
        return after


def _alike(changes: Iterable[Change]) -> Iterator[tuple[Change, list[str]]]:
    """Give changes with the records that they are of: of one transaction alike ones are one event."""
    found: dict[tuple[Any, ...], tuple[Change, list[str]]] = {}
    for change in changes:
        told = tuple(sorted((name, repr(change.after.get(name))) for name in change.fields))
        alike = (
            change.object,
            change.operation,
            told if change.operation == "UPDATE" else change.after["Id"],
        )
        found.setdefault(alike, (change, []))[1].append(change.after["Id"])
    yield from found.values()


def _together(first: Change, second: Change) -> Change:
    operation = first.operation if second.operation == "UPDATE" else second.operation
    return replace(second, operation=operation, before=first.before)


def _is_diff(change: Change, name: str) -> bool:
    long = (change.before.get(name), change.after.get(name))
    kind = objects()[change.object].fields[name].type if name in objects()[change.object].fields else ""
    return (
        change.operation == "UPDATE"
        and kind == "textarea"
        and all(isinstance(each, str) and len(each) >= _LONG_TEXT for each in long)
    )


def _diff(text: str) -> str:
    """Return a unified diff as it looks: what it says needs the text before, and is checked by the hash."""
    return f"--- \n+++ {hashlib.sha256(text.encode()).hexdigest()}\n@@ -1,1 +1,1 @@\n"
