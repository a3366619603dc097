"""A change of one record, as it waits in the lane of that record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import orjson

from domain.contract import Contract
from domain.field import ENTITIES, Entity
from domain.identity import salesforce_id
from storage.lanes import Message
from storage.mirrored import Stamp
from sync.salesforce.changes.event import GAP, OVERFLOW, ChangeEvent
from sync.salesforce.mapping import Mapped, mapped, mapped_back, object_of


class Kind(StrEnum):
    """What is known of a change: values, that there is one, or that the record is gone."""

    VALUES = "values"
    WHOLE = "whole"
    GONE = "gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordChange:
    """What one event says of one record.

    `values` are of the fields that changed, by Salesforce's names and in the forms of Avro; those in `asked`
    are asked for. `creates` says that it is a whole record. `ours` says that our user made it, or whoever
    calls himself as we do: what else came of it in that transaction is told with it. It is not asked for
    before `not_before`, in milliseconds since 1970.
    """

    object: str
    record: str
    kind: Kind
    at: int
    number: int
    event: str
    creates: bool = False
    ours: bool = False
    values: Mapping[str, Any] = field(default_factory=dict, repr=False)
    asked: Sequence[str] = ()
    not_before: int = 0

    @property
    def stamp(self) -> Stamp:
        """Of when its values are."""
        return self.at, self.number

    @property
    def moment(self) -> datetime:
        """When it was committed."""
        return datetime.fromtimestamp(self.at / 1000, UTC)

    @property
    def due(self) -> datetime:
        """From when on it may be asked for."""
        return datetime.fromtimestamp(self.not_before / 1000, UTC)

    def message(self, correlation: str) -> Message:
        """Return what is enqueued of it."""
        text = orjson.dumps(asdict(self)).decode()
        return Message(key=f"{self.object} {self.record}", payload=text, correlation=correlation)

    @classmethod
    def read(cls, text: str) -> RecordChange:
        """Read what was enqueued. Raises ValueError or TypeError."""
        said = orjson.loads(text)
        return cls(**said | {"kind": Kind(said["kind"])})


def changes_of(event: ChangeEvent, *, ours: bool) -> list[RecordChange]:
    """Return what an event says of each of its records, as far as the graph may hold it.

    Personal values are left out, as lanes are no place for them, and asked for again. A record that is named
    by its beginning only (`001*`) is none.
    """
    known = names_of(event.object)
    kind = Kind.GONE if event.kind.endswith("DELETE") and "UN" not in event.kind else Kind.VALUES
    if kind is Kind.VALUES and event.kind.startswith(GAP):
        kind = Kind.WHOLE
    values = {name: value for name, value in event.values.items() if name in known and not known[name]}
    if kind is Kind.VALUES and not event.creates and not (values or known.keys() & event.partly):
        sealed = {name for name in event.values if known.get(name)}
        if not sealed and event.told.issuperset(known):
            return []
    personal = {name for name in event.values if known.get(name)}
    asked = personal | (event.partly & known.keys()) | (known.keys() - event.told)
    return [
        RecordChange(
            object=event.object, record=salesforce_id(record), kind=kind, at=event.at, number=event.number,
            event=event.id, creates=event.creates, ours=ours, values=values if kind is Kind.VALUES else {},
            asked=sorted(asked) if kind is Kind.VALUES else (),
        )
        for record in event.records
        if not record.endswith("*") and event.kind != OVERFLOW
    ]  # fmt: skip


def names_of(object_name: str) -> Mapping[str, bool]:
    """Return the fields of an object that the graph knows, each with whether it is personal."""
    places = [*mapped_back(object_name).values(), *places_of(object_name)]
    return {each.name: each.declared.sealed for each in places if each.name != "Id"}


def places_of(object_name: str) -> Sequence[Mapped]:
    """Return the fields of a contract that live in an object."""
    return [each for each in mapped(Contract).values() if each.object == object_name]


def mirrored(object_name: str) -> type[Entity] | None:
    """Return the entity that holds the records of an object, None of contracts, which hear claims."""
    found: Iterable[type[Entity]] = ENTITIES.values()
    return next((each for each in found if each is not Contract and object_of(each) == object_name), None)
