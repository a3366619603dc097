"""What a caller says of a contract, read into a report of it; what no field can hold is told, not raised."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, Self

from api.claim_inputs import claimed, claimed_lists
from domain.claim import Report, Unreadable
from domain.contract import Contract
from domain.error import DomainError
from domain.field import CLM, ENTITIES, DeclaredField, Entity, Kind, back_reference
from domain.money import LARGEST, Money
from domain.term import Period
from sync.clm.members import as_name
from sync.feeds.reject import Place
from sync.feeds.values import Values
from sync.source_names import part_key, provisional_id

_EMPTY: Final = "it is empty: null says that there is none"
_NO_NAME: Final = "the name of another record is expected here"
_NO_LIST: Final = "parts are said one by one, and none is taken away: leave the list out"
_AND_MORE: Final = ", and more of them"


@dataclass(frozen=True, slots=True)
class Saying:
    """One item of the input, as it was given: equal ones say the same."""

    external_reference: str
    event: str
    claimed_at: datetime | None
    expected_version: int | None
    fields: Mapping[str, Any]

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Self:
        """Take an item; what is null is as if it were left out."""
        return cls(
            external_reference=given["externalReference"],
            event=given["event"],
            claimed_at=given.get("claimedAt"),
            expected_version=given.get("expectedVersion"),
            fields=given["fields"],
        )

    @property
    def spoken_of(self) -> Iterator[DeclaredField]:
        """The fields that it says something about: of a part all, for a part is said whole."""
        for each in (*claimed(Contract), *claimed_lists(Contract)):
            if each.graph_name in self.fields:
                yield each
                yield from _whole(ENTITIES[each.target]) if each.kind is Kind.LIST else ()


@dataclass(frozen=True, slots=True)
class Heard:
    """A report, and the caller's own names of its parts by their source keys."""

    report: Report
    names: Mapping[str, str]


def heard(saying: Saying, source: str, now: datetime) -> Heard:
    """Read what is said into a report. Raises ValueError where it cannot be named."""
    reference, event = (
        _name(member, text)
        for member, text in (("externalReference", saying.external_reference), ("event", saying.event))
    )
    parts = _Parts()
    said = {
        each.name: _said(each, saying.fields[each.graph_name])
        for each in claimed(Contract)
        if each.graph_name in saying.fields
    }
    for each in claimed_lists(Contract):
        parts.read(each, f"{source}:{reference}", saying.fields.get(each.graph_name, ()))
    report = Report(
        contract=reference,
        system=CLM,
        source=source,
        event=event,
        claimed_at=now if saying.claimed_at is None else saying.claimed_at,
        fields=said | parts.unread,
        parts=tuple(parts.read_whole.values()),
    )
    return Heard(report, parts.names)


def _whole(entity: type[Entity]) -> Iterator[DeclaredField]:
    yield from claimed(entity)
    for each in claimed_lists(entity):
        yield each
        yield from _whole(ENTITIES[each.target])


def _name(member: str, text: str) -> str:
    name = as_name(text)
    if name is None:
        raise ValueError(f"{member}: a name is expected here, printable and of at most 200 characters")
    return name


class _NotSaid(Exception):
    """A part that cannot be read as it is said."""

    def __init__(self, place: str, unread: Unreadable) -> None:
        super().__init__(place)
        self.unread = Unreadable(unread.text, f"{place}: {unread.reason}")


@dataclass(slots=True)
class _Parts:
    """The parts of one contract as they are read; of each list the first is noted that cannot be."""

    read_whole: dict[str, Entity] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    unread: dict[str, Unreadable] = field(default_factory=dict)

    def read(self, declared: DeclaredField, owner: str, given: Any) -> None:  # noqa: ANN401 - coerced values
        if given is None:
            self.unread[declared.name] = Unreadable("", _NO_LIST)
            return
        for turn, each in enumerate(given):
            place = f"{declared.graph_name}[{turn}]"
            try:
                self._keep(_part("Contract", declared, owner, each, place), each["sourceKey"].strip(), place)
            except _NotSaid as error:
                self._miss(declared, error.unread)

    def _keep(self, part: Entity, name: str, place: str) -> None:
        key = part.source_key or ""
        if key in self.read_whole:
            raise _NotSaid(f"{place}.sourceKey", Unreadable(name, "another one has this name"))
        self.read_whole[key] = part
        self.names[key] = name

    def _miss(self, declared: DeclaredField, unread: Unreadable) -> None:
        before = self.unread.get(declared.name)
        if before is None:
            self.unread[declared.name] = unread
        elif not before.reason.endswith(_AND_MORE):
            self.unread[declared.name] = Unreadable(before.text, before.reason + _AND_MORE)


def _part(parent: str, declared: DeclaredField, owner: str, given: Mapping[str, Any], place: str) -> Entity:
    """Read a part with its own; one with anything that cannot be read is not said."""
    entity = ENTITIES[declared.target]
    name = as_name(given["sourceKey"])
    if name is None:
        raise _NotSaid(f"{place}.sourceKey", Unreadable("", "a name is expected here"))
    key = part_key(owner, entity.__name__, name)
    made: dict[str, Any] = {
        "id": provisional_id(key),
        "source_key": key,
        back_reference(parent, entity.__name__).name: provisional_id(owner),
    }
    for each in claimed(entity):
        if each.graph_name in given:
            value = _said(each, given[each.graph_name])
            if isinstance(value, Unreadable):
                raise _NotSaid(f"{place}.{each.graph_name}", value)
            if value is not None:
                made[each.name] = value
    for each in claimed_lists(entity):
        below = given.get(each.graph_name) or ()
        made[each.name] = tuple(
            _part(entity.__name__, each, key, one, f"{place}.{each.graph_name}[{turn}]")
            for turn, one in enumerate(below)
        )
    return entity(**made)


def _said(declared: DeclaredField, value: Any) -> Any:  # noqa: ANN401 - a value of any field
    """Return what the field holds, None for "it has none", or Unreadable."""
    if value is None:
        return None
    if declared.kind is Kind.REFERENCE:
        return as_name(value) or Unreadable("", _NO_NAME)
    if declared.kind is Kind.MONEY:
        return _money(value["amount"], value["currency"])
    if declared.type is Period:
        return Period.parse(value)
    if declared.type is str:
        return _text(value)
    if isinstance(value, Decimal) and value.copy_abs() >= LARGEST:
        return Unreadable(f"{value:f}", "it is too large")
    return value


def _money(amount: Decimal, currency: str) -> Any:  # noqa: ANN401 - money or Unreadable
    try:
        return Money(amount, currency)
    except DomainError as error:
        code = currency if currency.isascii() and currency.isalpha() else "..."
        return Unreadable(f"{amount:f} {code[:3]}", str(error).rstrip("."))


def _text(value: str) -> Any:  # noqa: ANN401 - a text or Unreadable
    values = Values(Place(path=""), None)
    text = values.text("", value)
    if values.rejects:
        return Unreadable("...", values.rejects[-1].reason)
    return text or Unreadable("", _EMPTY)
