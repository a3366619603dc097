"""What an import did, in figures."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field

from domain.amendments import AmendmentLike
from domain.contract import Contract
from domain.counted import counted
from domain.money import Money
from storage.ingest import Saved
from sync.feeds.graph import Graph
from sync.feeds.reject import Reject, What

MOST_LISTED = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A contract whose value, reckoned from its amendments, is not what its publisher reports."""

    number: str
    computed: Money | None
    reported: Money
    reason: str


@dataclass(slots=True)
class Summary:
    """Counts of one import; `differences` lists the first of them, `differing` counts all."""

    read: int = 0
    saved: Saved = field(default_factory=Saved)
    rejected: Counter[What] = field(default_factory=Counter)
    notes: Counter[str] = field(default_factory=Counter)
    compared: int = 0
    differing: int = 0
    differences: list[Difference] = field(default_factory=list)
    started: float = field(default_factory=time.monotonic)
    seconds: float = 0.0

    def count_reject(self, reject: Reject) -> None:
        """Count what was left out; a whole record was read as well."""
        self.rejected[reject.what] += 1
        self.read += reject.what is What.RECORD

    def count_graph(self, graph: Graph) -> None:
        """Count a record that was read, and compare its total where its publisher reports one."""
        self.read += 1
        self.notes.update(graph.notes)
        contract, reported = graph.record, graph.reported
        if reported is None or not isinstance(contract, Contract):
            return
        self.compared += 1
        if contract.total_value != reported:
            self.differing += 1
            if len(self.differences) < MOST_LISTED:
                self.differences.append(_difference(contract, reported))

    def count_saved(self, saved: Saved) -> None:
        """Add up what became of the records of one transaction."""
        for mine, new in (
            (self.saved.inserted, saved.inserted),
            (self.saved.updated, saved.updated),
            (self.saved.unchanged, saved.unchanged),
            (self.saved.deleted, saved.deleted),
        ):
            mine.update(new)

    def finish(self) -> None:
        """Stop the clock."""
        self.seconds = time.monotonic() - self.started

    def stored(self, entity: str) -> int:
        """Return how many records of an entity went through, changed or not."""
        saved = self.saved
        return saved.inserted[entity] + saved.updated[entity] + saved.unchanged[entity]


def _difference(contract: Contract, reported: Money) -> Difference:
    name = contract.number or contract.source_key or contract.title
    return Difference(
        number=name,
        computed=contract.total_value,
        reported=reported,
        reason=_reason(contract.base_value, contract.amendments, contract.total_value, reported),
    )


def _reason(
    base: Money | None, amendments: tuple[AmendmentLike, ...], computed: Money | None, reported: Money
) -> str:
    if base is None or computed is None:
        return "the base value or a change is unknown, so no total can be reckoned"
    if computed.currency != reported.currency:
        return f"the changes are in {computed.currency}"
    gap = computed - reported
    same = [each.number for each in amendments if each.value_change == gap]
    if same:
        return f"amendment {same[-1]} adds exactly the difference: it states the total again, not a change"
    if base == reported:
        left_out = counted(len(amendments), "amendment")
        return f"the publisher's total is the base value: it leaves {left_out} out"
    more = "more" if gap.amount > 0 else "less"
    changes = counted(len(amendments), "change")
    return f"the base and {changes} come to {abs(gap)} {more}: a page or a change is wrong"
