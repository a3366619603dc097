"""What the words of a source mean: which place in its JSON gives which field or part of a contract."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, field
from datetime import datetime
from typing import Any, Final

from domain.claim import Report, Unreadable
from domain.field import CLM, ENTITIES, DeclaredField, Entity
from sync.clm.malformed import Malformed
from sync.clm.members import as_moment, as_name
from sync.clm.path import NOTHING_THERE, Here, Path
from sync.clm.rule import Rule
from sync.source_names import part_key, provisional_id

MOST_PARTS: Final = 10_000
"""So many parts of one contract are read; more are no contract."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartRule:
    """The parts of one list of a contract: where they lie, what tells them apart, and their fields.

    `key` names a part as the source does; without it they count by their places.
    """

    list: DeclaredField
    each: Path
    key: tuple[Path, ...]
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PayloadMap:
    """A mapping file as read: `contracts` leads to each contract, whose own name `contract` gives.

    `claimed_at` is when the source says that it was so; where it leads nowhere, the event's own time counts.
    Paths from the top begin, for a contract, at what was sent, and for a part, at its contract.
    """

    contract: tuple[Path, ...]
    claimed_at: tuple[Path, ...]
    contracts: Path | None = None
    rules: tuple[Rule, ...] = ()
    parts: tuple[PartRule, ...] = ()

    def read(
        self,
        content: Any,  # noqa: ANN401 - any JSON
        *,
        source: str,
        event: str,
        at: datetime | None = None,
    ) -> tuple[Report, ...]:
        """Return a report for each contract that is told of.

        The ids of its parts, `contract_id` too, are made up of its name: the same whenever it is read.
        Raises Malformed where a contract has no name, no time, or is told of twice.
        """
        top = Here(content, content)
        found: dict[str, Report] = {}
        for here in self.contracts.all(top) if self.contracts else (top,):
            report = self._report(here, source, event, at)
            if report.contract in found:
                raise Malformed(here.place or "body", "the contract is told of twice in one event")
            found[report.contract] = report
        return tuple(found.values())

    def _report(self, here: Here, source: str, event: str, at: datetime | None) -> Report:
        name = _first_name(self.contract, here)
        if name is None:
            where = _where(here, self.contract)
            raise Malformed(where, "the contract's own name is expected here: a text or a whole number")
        moments = (as_moment(path.first(here)) for path in self.claimed_at)
        claimed_at = next((moment for moment in moments if moment is not None), at)
        if claimed_at is None:
            where = _where(here, self.claimed_at)
            raise Malformed(where, "when it was so is expected here, like 2026-01-31T12:00:00Z")
        said = {rule.declared.name: rule.read(here) for rule in self.rules}
        fields = {name: value for name, value in said.items() if value is not NOTHING_THERE}
        reading = _Parts(f"{source}:{name}")
        for rule in self.parts:
            reading.read(rule, Here(here.value, here.value, here.place, here.key))
        return Report(
            contract=name,
            system=CLM,
            source=source,
            event=event,
            claimed_at=claimed_at,
            fields=fields | reading.unread,
            parts=tuple(reading.parts.values()),
        )


@dataclass(slots=True)
class _Parts:
    """The parts of one contract as they are read.

    What could not be is noted under the list's name: a part lives in that list, so there it is missed.
    """

    owner: str
    parts: dict[str, Entity] = field(default_factory=dict)
    unread: dict[str, Unreadable] = field(default_factory=dict)

    def read(self, rule: PartRule, contract: Here) -> None:
        kind = rule.list.target
        for turn, here in enumerate(rule.each.all(contract), start=1):
            if len(self.parts) >= MOST_PARTS:
                raise Malformed(here.place, f"a contract of more than {MOST_PARTS:,} parts is not read")
            key = _first_name(rule.key, here) if rule.key else str(turn)
            if key is None:
                self._miss(rule, here, "it has no name of its own")
                continue
            source_key = part_key(self.owner, kind, key)
            if source_key in self.parts:
                self._miss(rule, here, "another one has its name")
                continue
            part = self._part(rule, here, source_key)
            if part is not None:
                self.parts[source_key] = part

    def _part(self, rule: PartRule, here: Here, source_key: str) -> Entity | None:
        """Read a part without what of it is unreadable; None where it cannot be without that."""
        made: dict[str, Any] = {
            "id": provisional_id(source_key),
            "source_key": source_key,
            "contract_id": provisional_id(self.owner),
        }
        for each in rule.rules:
            said = each.read(here)
            if isinstance(said, Unreadable):
                self._miss(rule, here, f"{each.declared.name}: {said.reason}", said.text)
                said = NOTHING_THERE
            if said is not NOTHING_THERE:
                made[each.declared.name] = said
            elif not each.declared.optional and each.declared.name in _needed(rule):
                self._miss(rule, here, f"{each.declared.name} is missing")
                return None
        return ENTITIES[rule.list.target](**made)

    def _miss(self, rule: PartRule, here: Here, reason: str, text: str = "") -> None:
        """Note the first that is missed, and that there are more: one claim shows one value."""
        before = self.unread.get(rule.list.name)
        if before is None:
            self.unread[rule.list.name] = Unreadable(text, f"{here.place}: {reason}")
        elif not before.reason.endswith(_AND_MORE):
            self.unread[rule.list.name] = Unreadable(before.text, before.reason + _AND_MORE)


_AND_MORE: Final = ", and more of them"


def _needed(rule: PartRule) -> frozenset[str]:
    return frozenset(needed_of(ENTITIES[rule.list.target]))


def needed_of(entity: type[Entity]) -> Iterator[str]:
    """Give the names of the fields without which a record of this kind cannot be made."""
    parameters: Mapping[str, Any] = entity.__dataclass_fields__
    for name, each in parameters.items():
        if each.default is MISSING and each.default_factory is MISSING and name not in {"id", "contract_id"}:
            yield name


def _first_name(paths: tuple[Path, ...], here: Here) -> str | None:
    names = (as_name(path.first(here)) for path in paths)
    return next((name for name in names if name is not None), None)


def _where(here: Here, paths: tuple[Path, ...]) -> str:
    told = " or ".join(path.text for path in paths)
    return f"{here.place}.{told}" if here.place else told
