from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache, partial
from types import MappingProxyType

from auth.decision import Cell, Decision, Deny, Mask, Show, denied
from auth.policy import Allow, Command, Policy, cell_of, decide_claim, decide_command
from auth.rows import Rows, Scope
from domain.field import DeclaredField, Kind


@dataclass(frozen=True, eq=False)
class View:
    """The policy folded for one set of roles: all that the planner knows about a caller.

    Two views of the same policy and roles are equal; the hash is computed once, because a view is part of
    the key of every plan. `cells` has one entry for every declared field of every entity.
    """

    digest: str
    roles: tuple[str, ...]
    cells: Mapping[str, Cell] = field(repr=False)
    commands: Mapping[str, Allow | Deny] = field(repr=False)
    claims: Mapping[str, Allow | Deny] = field(repr=False)
    _hash: int = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_hash", hash((self.digest, self.roles)))

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return isinstance(other, View) and (self.digest, self.roles) == (other.digest, other.roles)

    @property
    def decisions(self) -> dict[str, Decision]:
        """The best that any record gets of each field."""
        return {coordinate: cell.decision for coordinate, cell in self.cells.items()}

    def cell(self, coordinate: str) -> Cell:
        """Give what is seen of a field record by record; what was never declared is denied."""
        found = self.cells.get(coordinate)
        return found or denied("default", f"{coordinate} is no field of the contract graph")

    def decision(self, coordinate: str) -> Decision:
        return self.cell(coordinate).decision

    def told(self, coordinate: str) -> Decision:
        """Give the decision about a field; one of records that are not shown to the caller is not either."""
        entity = self.entity(coordinate.partition(".")[0])
        return entity if isinstance(entity, Deny) else self.decision(coordinate)

    def reach(self, field: DeclaredField) -> Decision:
        """Give the decision about a field; one that leads to an entity needs that entity's id shown too."""
        decision = self.decision(field.coordinate)
        if isinstance(decision, Show) and field.kind in (Kind.REFERENCE, Kind.LIST):
            there = self.entity(field.target)
            return decision if isinstance(there, Show) else there
        return decision

    def entity(self, name: str) -> Show | Deny:
        """Give the decision about the records of an entity: whether their ids are shown."""
        decision = self.decision(f"{name}.id")
        return self.cell(f"{name}.id").hidden if isinstance(decision, Mask) else decision

    def command(self, name: str) -> Allow | Deny:
        """Give the decision about a command; what is not allowed is denied."""
        return self.commands.get(name) or Deny("default", f"{name} is for nobody")

    @property
    def allowed(self) -> list[str]:
        """The commands that the caller's roles allow."""
        return [name for name, decision in self.commands.items() if isinstance(decision, Allow)]

    def claim(self, field: DeclaredField) -> Allow | Deny:
        """Give the decision about claiming values of a field.

        Who is not shown it in every record of the org may not: what became of a claim tells what was known.
        """
        decision = self.claims.get(field.coordinate)
        if decision is None:
            return Deny("default", f"{field.coordinate} is no field of the contract graph")
        if isinstance(decision, Deny):
            return decision
        reach = self.reach(field)
        if isinstance(reach, Deny):
            return reach
        return decision if self.shows_everywhere(field.coordinate) else self.cell(field.coordinate).hidden

    def rows(self, entity: str) -> tuple[Rows, ...]:
        """Give the records of an entity that are there for the caller at all: one of these sets has them."""
        return self.cell(f"{entity}.id").shown

    def sees_with(self, entity: str, other: str) -> bool:
        """Whether whoever sees a record of the other entity sees its whole or parts in this one."""
        return _cover(self.rows(entity), self.rows(other))

    def guard(self, coordinate: str) -> tuple[Rows, ...]:
        """Give the records in which a field is shown; nothing where it is in each that the caller sees."""
        shown = self.cell(coordinate).shown
        return () if _cover(shown, self.rows(coordinate.partition(".")[0])) else shown

    def mask_guard(self, coordinate: str) -> tuple[Rows, ...]:
        """Give the records in which a field is masked; nothing where it is in each not shown."""
        cell = self.cell(coordinate)
        seen = self.rows(coordinate.partition(".")[0])
        return () if _cover((*cell.shown, *cell.masked), seen) else cell.masked

    @cached_property
    def _sets(self) -> frozenset[Rows]:
        return frozenset(rows for cell in self.cells.values() for rows in (*cell.shown, *cell.masked))

    @property
    def reaches_all(self) -> bool:
        """Whether what the caller sees is the same in every record of the org."""
        return all(rows.is_everything for rows in self._sets)

    @cached_property
    def asks_salesforce(self) -> bool:
        """Whether what the caller sees depends on what Salesforce lets them read."""
        return any(rows.scope is Scope.SALESFORCE for rows in self._sets)

    @property
    def terms(self) -> frozenset[str]:
        """The contract's own fields that decide over rows."""
        found = (terms for rows in self._sets for terms in rows.when | rows.unless)
        return frozenset(name for terms in found for name, _ in terms.fields)

    def shows(self, coordinate: str) -> bool:
        """Whether some record shows the field."""
        return isinstance(self.decision(coordinate), Show)

    def shows_always(self, coordinate: str) -> bool:
        """Whether each record that the caller sees shows the field."""
        return self.shows(coordinate) and not self.guard(coordinate)

    def shows_everywhere(self, coordinate: str) -> bool:
        """Whether each record of the org shows the field to the caller."""
        return any(rows.is_everything for rows in self.cell(coordinate).shown)

    def withholds(self, fields: Iterable[DeclaredField]) -> Deny | None:
        """Return why some of these fields are not shown of every record of the org; None where all are."""
        for each in fields:
            decision = self.reach(each)
            if isinstance(decision, Deny):
                return decision
            if not self.shows_everywhere(each.coordinate):
                return self.cell(each.coordinate).hidden
        return None


def _cover(some: tuple[Rows, ...], all_: tuple[Rows, ...]) -> bool:
    return all(any(each.covers(other) for each in some) for other in all_)


def view_for(policy: Policy, roles: frozenset[str]) -> View:
    """Fold the policy for these roles."""
    cells = {coordinate: cell_of(policy, roles, coordinate) for coordinate in policy.fields}
    commands = {each.value: decide_command(policy, roles, each) for each in Command}
    claims = {coordinate: decide_claim(policy, roles, coordinate) for coordinate in policy.fields}
    return View(
        policy.digest,
        tuple(sorted(roles)),
        MappingProxyType(cells),
        MappingProxyType(commands),
        MappingProxyType(claims),
    )


class Views:
    """The views of one policy, each made once; beyond `capacity` the one unused for longest is dropped."""

    def __init__(self, policy: Policy, capacity: int = 256) -> None:
        self.policy = policy
        self._made = lru_cache(maxsize=capacity)(partial(view_for, policy))

    def of(self, roles: frozenset[str]) -> View:
        return self._made(roles)
