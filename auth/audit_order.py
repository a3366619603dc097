"""Which leaves of a batch do not stand where the order of their ids would have them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from storage.audit_tree import Leaf


def out_of_order(leaves: Sequence[Leaf]) -> Sequence[Leaf]:
    """Return the fewest leaves without which the others stand in the order of their ids."""
    ends: list[int] = []  # of the best run of each length, the last leaf
    before: dict[int, int] = {}
    for place, leaf in enumerate(leaves):
        at = bisect_left(ends, leaf.id, key=lambda each: leaves[each].id)
        if at:
            before[place] = ends[at - 1]
        ends[at : at + 1] = [place]
    kept, last = set[int](), ends[-1] if ends else None
    while last is not None:
        kept.add(last)
        last = before.get(last)
    return [leaf for place, leaf in enumerate(leaves) if place not in kept]
