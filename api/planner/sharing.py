"""What an operation has to know of Salesforce's sharing before its statement runs."""

from __future__ import annotations

from dataclasses import dataclass

from api.planner.parameters import Environment, Parameter, salesforce
from api.planner.plan import Caller, Literally, Lookup, Operation, Review, Root
from auth.view import View
from domain.reach import shared_by


@dataclass(frozen=True, slots=True)
class Sought:
    """The records that are named by their Salesforce ids; `everything` says that others are sought too."""

    named: tuple[Parameter, ...]
    everything: bool

    def names(self, environment: Environment) -> list[str]:
        """Return the ids that a request names. Raises BadUserInput."""
        return [each.resolve(environment) for each in self.named]


def sought(operation: Operation, view: View) -> Sought | None:
    """Say what of Salesforce's sharing decides over an operation; None where nothing does."""
    if not view.asks_salesforce:
        return None
    roots = [root for _, root in operation.roots if not isinstance(root, Literally | Caller | Review)]
    if not roots:
        return None
    named = [each for root in roots if (each := _named(root)) is not None]
    return Sought(tuple(named), everything=len(named) < len(roots))


def _named(root: Root) -> Parameter | None:
    """Return the Salesforce id that a root is found by; the rest of its answer is seen together with it."""
    if not isinstance(root, Lookup) or len(root.selections) != 1:
        return None
    key = shared_by(root.selections[0].entity)
    return Parameter(root.value, salesforce) if key is not None and key.name == root.key else None
