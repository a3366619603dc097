"""Sets of records, as the policy names them: whose, where which terms hold, and where which do not."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from enum import StrEnum

from domain.reach import is_directory, root_of

SUBJECT_OF_TERMS = "Contract"


class Scope(StrEnum):
    """Whose records, from the narrowest."""

    OWN = "own"
    ACCOUNT_TEAM = "account_team"
    SALESFORCE = "salesforce"
    ORG = "org"

    @property
    def width(self) -> int:
        """Its place in the order in which scopes are told, which says nothing of what they hold."""
        return _WIDTHS[self]

    def holds(self, other: Scope) -> bool:
        """Whether each record that the other scope reaches is surely reached by this one."""
        return other in _WITHIN[self]


_WIDTHS = {scope: width for width, scope in enumerate(Scope)}
# Of what Salesforce lets somebody read nothing is sure: not even that it is all they own.
_WITHIN = {
    Scope.OWN: frozenset({Scope.OWN}),
    Scope.ACCOUNT_TEAM: frozenset({Scope.OWN, Scope.ACCOUNT_TEAM}),
    Scope.SALESFORCE: frozenset({Scope.SALESFORCE}),
    Scope.ORG: frozenset(Scope),
}


SCOPE_TEXTS = {
    Scope.OWN: "the caller's own records",
    Scope.ACCOUNT_TEAM: "the records of the caller and of the accounts and deals they work on",
    Scope.SALESFORCE: "the records that Salesforce lets the caller read",
    Scope.ORG: "every record of the org",
}


@dataclass(frozen=True, slots=True, order=True)
class Terms:
    """A condition on the contract's own fields: each has one of the values beside it."""

    fields: tuple[tuple[str, tuple[str | bool, ...]], ...]

    def __str__(self) -> str:
        return " and ".join(
            f"{name} is {' or '.join(str(value) for value in values)}" for name, values in self.fields
        )

    def hold(self, contract: Mapping[str, object]) -> bool:
        """Whether they hold of a contract with these values; a value that is absent fits no term."""
        return all(contract.get(name) in values for name, values in self.fields)


@dataclass(frozen=True, slots=True)
class Rows:
    """The records of a scope where all of `when` hold and none of `unless` does."""

    scope: Scope = Scope.ORG
    when: frozenset[Terms] = frozenset()
    unless: frozenset[Terms] = frozenset()

    def __str__(self) -> str:
        told = [SCOPE_TEXTS[self.scope]]
        told += [f"where {each}" for each in sorted(self.when)]
        told += [f"unless {each}" for each in sorted(self.unless)]
        return ", ".join(told)

    @property
    def is_everything(self) -> bool:
        """Whether every record is among them."""
        return self == Rows()

    def covers(self, other: Rows) -> bool:
        """Whether each of the others is surely one of these."""
        wider = self.scope.holds(other.scope)
        return wider and self.when <= other.when and self.unless <= other.unless

    def holds(self, scopes: AbstractSet[Scope], contract: Mapping[str, object]) -> bool:
        """Whether a record that these scopes reach, and whose contract has these values, is one of them."""
        if self.scope not in scopes or not (self.when or self.unless):
            return self.scope in scopes
        return all(each.hold(contract) for each in self.when) and not any(
            each.hold(contract) for each in self.unless
        )

    def besides(self, *unless: Terms) -> Rows:
        """Return those of them where none of these terms holds."""
        return replace(self, unless=self.unless | frozenset(unless)) if unless else self

    def among(self, when: Terms) -> Rows:
        """Return those of them where these terms hold."""
        return replace(self, when=self.when | {when})

    def of(self, entity: str) -> Rows:
        """Return what of it concerns an entity: people are nobody's, and only contracts have terms."""
        scope = Scope.ORG if is_directory(entity) else self.scope
        if root_of(entity) != SUBJECT_OF_TERMS:
            return Rows(scope)
        return self if scope is self.scope else replace(self, scope=scope)


def widest(found: list[Rows]) -> tuple[Rows, ...]:
    """Return sets of records without those that others cover."""
    if len(found) < 2:  # noqa: PLR2004 - one set has no other that could cover it
        return tuple(found)
    kept: list[Rows] = []
    for each in sorted(dict.fromkeys(found), key=lambda rows: (-rows.scope.width, str(rows))):
        if not any(other.covers(each) for other in kept):
            kept = [other for other in kept if not each.covers(other)] + [each]
    return tuple(kept)
