"""The kinds of records between which a policy can tell, so that a decision is compared record by record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property, lru_cache
from itertools import product
from math import prod

from auth.decision import Cell
from auth.policy import Policy, Word, declared_at
from auth.rows import SUBJECT_OF_TERMS, Rows, Scope, Terms
from domain.reach import is_directory, root_of

FixedValue = str | bool | None

_HERE = (
    frozenset({Scope.ORG}),
    frozenset({Scope.ORG, Scope.ACCOUNT_TEAM}),
    frozenset({Scope.ORG, Scope.ACCOUNT_TEAM, Scope.OWN}),
)
"""The scopes by which we ourselves reach one record, from the one of a stranger to the caller's own."""
_EVERYBODYS = frozenset(Scope)


@dataclass(frozen=True)
class Situation:
    """One kind of record: the scopes of the caller that reach it, and what its contract says.

    `contract` has the fields that terms of the policy ask for; nothing where the record belongs to none.
    """

    scopes: frozenset[Scope]
    contract: tuple[tuple[str, FixedValue], ...] = ()

    @cached_property
    def values(self) -> Mapping[str, FixedValue]:
        return dict(self.contract)

    @property
    def narrowest(self) -> Scope:
        """The narrowest scope that reaches it."""
        return min(self.scopes, key=lambda scope: scope.width)

    def __str__(self) -> str:
        told = [REACHED[self.narrowest]]
        if Scope.SALESFORCE in self.scopes and self.narrowest is not Scope.SALESFORCE:
            told.append("and one that Salesforce lets them read")
        told += [f"{name} is {'absent' if value is None else value}" for name, value in self.contract]
        return ", ".join(told)

    def among(self, sets: Iterable[Rows]) -> bool:
        """Whether such a record belongs to one of these sets."""
        return any(rows.holds(self.scopes, self.values) for rows in sets)


REACHED = {
    Scope.OWN: "a record of the caller's own",
    Scope.ACCOUNT_TEAM: "a record of an account that the caller works on",
    Scope.SALESFORCE: "a record that Salesforce lets the caller read",
    Scope.ORG: "any other record of the org",
}


def word_in(cell: Cell, situation: Situation) -> Word:
    """Return how such a record has the field of a cell: shown, masked or denied."""
    if situation.among(cell.shown):
        return Word.SHOW
    return Word.MASK if situation.among(cell.masked) else Word.DENY


def terms_of(*policies: Policy) -> frozenset[Terms]:
    """Return every condition that policies set on contracts."""
    return frozenset(
        terms
        for policy in policies
        for terms in (
            *(each for role in policy.roles.values() for each in role.rows.when),
            *(e.when for role in policy.roles.values() for e in role.exceptions if e.when is not None),
            *(forbid.when for forbid in policy.forbids if forbid.when is not None),
        )
    )


def asks_salesforce(*policies: Policy) -> bool:
    """Whether some role of these policies reaches what Salesforce lets its user read."""
    roles = (role for policy in policies for role in policy.roles.values())
    return any(role.rows.scope is Scope.SALESFORCE for role in roles)


@lru_cache(maxsize=1024)
def situations(entity: str, terms: frozenset[Terms], *, shared: bool = False) -> tuple[Situation, ...]:
    """Return every kind of record of an entity that the terms tell apart, with one value for those alike.

    `shared` says that what Salesforce lets the caller read is told apart from what it does not.
    """
    reaches: tuple[frozenset[Scope], ...] = _HERE
    if shared:
        reaches = tuple(each | more for each in _HERE for more in (frozenset[Scope](), {Scope.SALESFORCE}))
    if is_directory(entity):
        reaches = (_EVERYBODYS,)
    if root_of(entity) != SUBJECT_OF_TERMS:
        return tuple(Situation(scopes) for scopes in reaches)
    names = sorted({name for each in terms for name, _ in each.fields})
    told_apart = [_told_apart(name, terms) for name in names]
    return tuple(
        Situation(scopes, tuple(zip(names, values, strict=True)))
        for scopes in reaches
        for values in product(*told_apart)
    )


def kinds_of_contracts(terms: frozenset[Terms]) -> int:
    """Return how many kinds of contracts the terms tell apart, without making them."""
    return prod(len(_told_apart(name, terms)) for name in {name for each in terms for name, _ in each.fields})


def values_of(name: str) -> tuple[FixedValue, ...]:
    """Return what a field of the contract with fixed values may hold; None where it may be absent."""
    declared = declared_at(f"{SUBJECT_OF_TERMS}.{name}")
    known: list[FixedValue] = (
        [str(value) for value in declared.type] if issubclass(declared.type, StrEnum) else [True, False]
    )
    return (*known, None) if declared.optional else tuple(known)


def _told_apart(name: str, terms: frozenset[Terms]) -> list[FixedValue]:
    """Return one value of each kind between which the terms tell."""
    asked = [values for each in terms for field, values in each.fields if field == name]
    kinds: dict[tuple[bool, ...], FixedValue] = {}
    for value in values_of(name):
        kinds.setdefault(tuple(value in values for values in asked), value)
    return list(kinds.values())
