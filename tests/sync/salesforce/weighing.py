"""What became of edits on both sides: each is known, refused or overtaken with a reason, or it was lost."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from tests.sync.salesforce.two_ways import PLACES, Edit, Place, SideOf, TwoWays

_HISTORY: Final = "SELECT contract_id, field, after, claimed_by, decision, reason FROM field_change"
_HELD: Final = "SELECT error || ': ' || message FROM quarantined_message WHERE state = 'HELD'"
_TABLES: Final = """
    SELECT c.id, c.title AS "Name", c.number AS "Agreement_Number__c", c.effective_date::text AS "StartDate",
           c.total_value_amount::int AS "Amount", o.name AS deal
      FROM contract c JOIN opportunity o ON (o.org_id, o.id) = (c.org_id, c.opportunity_id)"""
_SYSTEMS: Final = {SideOf.HERE: "CLM", SideOf.THERE: "SALESFORCE"}
_GRAPH: Final = {"effective_date": "effectiveDate", "total_value": "totalValue"}

Row = Mapping[str, Any]


@dataclass
class Weighed:
    """What came of a run: `fates` counts edits by side and by what became of them, lists are to be empty."""

    edits: int
    seconds: float = 0.0
    faults: Mapping[str, int] = field(default_factory=dict)
    fates: Counter[str] = field(default_factory=Counter)
    accepted: int = 0
    repaired: Mapping[str, int] = field(default_factory=dict)
    settled: int = 0
    writes: int = 0
    writes_after: int = 0
    lost: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    held: list[str] = field(default_factory=list)

    @property
    def bound(self) -> int:
        """So many writes can come of it at most: one of each change of ours, one of each repair."""
        return self.accepted + sum(self.repaired.values())

    @property
    def good(self) -> bool:
        """Whether all is as it must be."""
        return not (self.lost or self.wrong or self.held or self.writes_after) and self.writes <= self.bound

    def __str__(self) -> str:
        repaired = _listed(self.repaired) or "none"
        lines = [
            f"{self.edits:,} edits in {self.seconds:.0f} s; {_listed(self.faults)}",
            *(f"{fate}: {number:,}" for fate, number in sorted(self.fates.items())),
            f"writes to Salesforce: {self.writes:,} of at most {self.bound:,}; repaired: {repaired}",
            f"of that differed again after a repair, and was settled by a person: {self.settled}",
            f"writes after all was settled: {self.writes_after}",
        ]
        for name in ("lost", "wrong", "held"):
            wrong = getattr(self, name)
            lines.append(f"{name}: {len(wrong)}" + "".join(f"\n  {each}" for each in wrong[:20]))
        return "\n".join(lines)


async def weigh(ways: TwoWays, found: Weighed) -> None:
    """See what became of every edit, and which values both sides ended with."""
    rows = await ways.work.superuser.fetch(_HISTORY)
    known: dict[tuple[UUID, str, str | None, str], list[Row]] = defaultdict(list)
    for row in rows:
        known[row["contract_id"], row["field"], row["after"], row["claimed_by"]].append(row)
    there = _There(ways)
    for each in ways.edits:
        fate = _fate_here(each, known) or there.fate(each)
        found.fates[f"{each.side} {fate or 'lost'}"] += 1
        if fate is None:
            found.lost.append(f"edit {each.number} of {each.place.there_name} {each.side}, {each.contract}")
    found.accepted = sum(row["decision"] == "ACCEPTED" and row["claimed_by"] == "CLM" for row in rows)
    found.writes = len(ways.ours())
    found.held = [row[0] for row in await ways.work.superuser.fetch(_HELD)]
    tables = {row["id"]: row for row in await ways.work.superuser.fetch(_TABLES)}
    ends = {
        name: {each["Id"]: each for each in ways.org.stand_in.records(name)}
        for name in ("Contract", "Opportunity")
    }
    for contract, records in ways.records.items():
        for place in PLACES:
            here = tables[contract]["deal" if place.name is None else place.there_name]
            other = ends[place.object][records[place.object]][place.there_name]
            meant = _owned(ways, contract, place)
            if not here == other == meant:
                what = f"{place.there_name} of {contract}"
                found.wrong.append(f"{what}: {here} here, {other} there, and its owner said {meant}")


def _fate_here(each: Edit, known: Mapping[tuple[UUID, str, str | None, str], Sequence[Row]]) -> str | None:
    """Return how the history tells of an edit, with a reason in every case."""
    name = each.place.name
    if name is None:
        return None
    key = each.contract, _GRAPH.get(name, name), each.place.shown(each.number), _SYSTEMS[each.side]
    rows = known.get(key, ())
    reasoned = [row["decision"] for row in rows if row["reason"]]
    return f"{min(reasoned).lower()}" if reasoned else None


class _There:
    """What Salesforce knows of edits that the graph was not told of."""

    def __init__(self, ways: TwoWays) -> None:
        self._records = ways.records
        self._writes: dict[tuple[str, str], list[tuple[datetime, Any]]] = defaultdict(list)
        for entry in ways.org.stand_in.journal():
            at = datetime.fromisoformat(entry["at"])
            for name in entry["changed"]:
                self._writes[entry["id"], name].append((at, entry["fields"].get(name)))
        self._untold: dict[str, list[int]] = defaultdict(list)
        gaps = (each for each in ways.org.stand_in.published() if each["changeType"].startswith("GAP_"))
        for header in (*gaps, *ways.unread):
            for record in header["recordIds"]:
                self._untold[record].append(header["commitTimestamp"] // 1000)

    def fate(self, each: Edit) -> str | None:
        """Return why the graph need not know of an edit there, if so: nobody could tell it of it any more."""
        if each.side is SideOf.HERE:
            return None
        record, place = self._records[each.contract][each.place.object], each.place
        writes = self._writes[record, place.there_name]
        value = place.there(each.number)
        mine = next((n for n, (_, said) in enumerate(writes) if said == value), None)
        if mine is None:
            return None
        at, last = writes[mine][0], mine == len(writes) - 1
        if place.name is None:
            # Of a record that is Salesforce's own the graph keeps no history: only its end is to be seen.
            return "mirrored" if last else "mirrored, and edited again"
        second = int(at.timestamp())
        if not last and any(abs(second - each) <= 1 for each in self._untold[record]):
            return "told without its value, and overwritten there before that was asked for"
        return None


def _owned(ways: TwoWays, contract: UUID, place: Place) -> object:
    """Return what the owner of a field said last, in the form of Salesforce."""
    sides = {SideOf.THERE} if place.name is None else {SideOf.HERE}
    own = [each for each in ways.edits if each.contract == contract and each.place is place]
    if place.name == "total_value":
        after = [each for each in own if each.signed and each.side is SideOf.HERE]
        own = after or [each for each in own if not each.signed]
        sides = {SideOf.HERE} if after else {SideOf.THERE}
    said = [place.there(each.number) for each in own if each.side in sides]
    return said[-1] if said else ways.first[contract][place]


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{number:,} {name}" for name, number in counts.items())
