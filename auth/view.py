from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache, partial
from types import MappingProxyType

from auth.policy import Deny, Policy, Show, decide
from domain.field import DeclaredField, Kind


@dataclass(frozen=True, eq=False)
class View:
    """The policy folded for one set of roles: all that the planner knows about a caller.

    Two views of the same policy and roles are equal; the hash is computed once, because a view is part of
    the key of every plan. `decisions` has one entry for every declared field of every entity.
    """

    digest: str
    roles: tuple[str, ...]
    decisions: Mapping[str, Show | Deny] = field(repr=False)
    _hash: int = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_hash", hash((self.digest, self.roles)))

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return isinstance(other, View) and (self.digest, self.roles) == (other.digest, other.roles)

    def decision(self, coordinate: str) -> Show | Deny:
        """Give the decision about a field; what was never declared is denied."""
        found = self.decisions.get(coordinate)
        return found or Deny("default", f"{coordinate} is no field of the contract graph")

    def reach(self, field: DeclaredField) -> Show | Deny:
        """Give the decision about a field; one that leads to an entity needs that entity's id shown too."""
        decision = self.decision(field.coordinate)
        if isinstance(decision, Show) and field.kind in (Kind.REFERENCE, Kind.LIST):
            there = self.entity(field.target)
            return there if isinstance(there, Deny) else decision
        return decision

    def entity(self, name: str) -> Show | Deny:
        """Give the decision about the records of an entity: whether their ids are shown."""
        return self.decision(f"{name}.id")

    def shows(self, coordinate: str) -> bool:
        return isinstance(self.decisions.get(coordinate), Show)


def view_for(policy: Policy, roles: frozenset[str]) -> View:
    """Fold the policy for these roles."""
    decisions = {coordinate: decide(policy, roles, coordinate) for coordinate in policy.fields}
    return View(policy.digest, tuple(sorted(roles)), MappingProxyType(decisions))


class Views:
    """The views of one policy, each made once; beyond `capacity` the one unused for longest is dropped."""

    def __init__(self, policy: Policy, capacity: int = 256) -> None:
        self.policy = policy
        self._made = lru_cache(maxsize=capacity)(partial(view_for, policy))

    def of(self, roles: frozenset[str]) -> View:
        return self._made(roles)
