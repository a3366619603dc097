"""What an operation may cost at most: a point for each field, times the largest pages that it stands in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from api.entity_types import DEFAULT_PAGE, LARGEST_PAGE
from api.planner.audited import inside
from api.planner.plan import (
    Connection,
    Constant,
    Edges,
    Operation,
    Portfolio,
    Results,
    Review,
    Selection,
    Value,
    Variable,
)

WHOLE: Final = 100
"""Points of what reads all records, the log or the policy, however little it tells: as many as of a page."""
CHANGE: Final = 10
"""Points of a change beside those of its answer."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Points: so many whatever is asked, and so many for each record of pages whose size a request says."""

    fixed: int
    pages: tuple[tuple[Variable, Cost], ...] = ()

    def of(self, variables: Mapping[str, Any]) -> int:
        """Return the points of one request; what is no size is refused elsewhere, and counts as a page."""
        points = self.fixed
        for size, each in self.pages:
            found: Any = variables
            for step in size.path:
                found = found[step]
            rows = found if isinstance(found, int) and 0 <= found <= LARGEST_PAGE else DEFAULT_PAGE
            points += rows * each.of(variables)
        return points


def cost_of(operation: Operation, *, introspects: bool) -> Cost:
    """Sum up an operation."""
    found = _together(_cost(root) for _, root in operation.roots)
    extra = (CHANGE if operation.change else 0) + (WHOLE if introspects else 0)
    return Cost(found.fixed + extra, found.pages)


def weight_of(operation: Operation, *, introspects: bool) -> int:
    """Sum up an operation whose pages hold one record each: what a document costs that is trusted."""
    extra = (CHANGE if operation.change else 0) + (WHOLE if introspects else 0)
    return extra + sum(_weight(root) for _, root in operation.roots)


def _weight(part: Any) -> int:  # noqa: ANN401 - any noun of a plan
    return (WHOLE if isinstance(part, Portfolio | Review) else 1) + sum(map(_weight, inside(part)))


def _cost(part: Any) -> Cost:  # noqa: ANN401 - any noun of a plan
    match part:
        case Connection():
            rows = [each for _, each in part.parts if isinstance(each, Selection | Edges)]
            figures = len(part.parts) - len(rows)
            return _together([Cost(1 + figures), _times(part.page.size, _together(map(_cost, rows)))])
        case Results():
            return _times(Constant(DEFAULT_PAGE), _together(_cost(each) for each in inside(part)))
        case Portfolio() | Review():
            return _together([Cost(WHOLE), *map(_cost, inside(part))])
    return _together([Cost(1), *map(_cost, inside(part))])


def _together(costs: Iterable[Cost]) -> Cost:
    found = list(costs)
    return Cost(sum(each.fixed for each in found), tuple(page for each in found for page in each.pages))


def _times(size: Value, each: Cost) -> Cost:
    """Multiply by the size of a page, now where it is known already."""
    if isinstance(size, Variable):
        return Cost(0, ((size, each),))
    known = size.value if isinstance(size, Constant) and isinstance(size.value, int) else DEFAULT_PAGE
    rows = known if 0 <= known <= LARGEST_PAGE else DEFAULT_PAGE
    return Cost(rows * each.fixed, tuple((other, _scaled(rows, inner)) for other, inner in each.pages))


def _scaled(rows: int, each: Cost) -> Cost:
    return Cost(rows * each.fixed, tuple((size, _scaled(rows, inner)) for size, inner in each.pages))
