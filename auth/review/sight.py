"""What the holders of some roles see of each kind of record: the policy as a reviewer asks it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache, cached_property

from auth.decision import Cell, Decision, Deny
from auth.policy import Policy, Rule, Word, cell_of, declared_at
from auth.review.situation import Situation, asks_salesforce, situations, terms_of, word_in
from domain.field import Kind

NO_RULE = Rule("default", 0)
"""What denies where no line of the policy grants."""


class Sight:
    """The decisions of a policy for some roles; records are told apart as it does, and as `others` do."""

    def __init__(self, policy: Policy, roles: Iterable[str], *others: Policy) -> None:
        self.policy = policy
        self.roles = tuple(sorted(set(roles)))
        self.terms = terms_of(policy, *others)
        self._shared = asks_salesforce(policy, *others)
        self._cells: dict[str, Cell] = {}
        self._there: dict[str, tuple[Situation, ...]] = {}

    def cell(self, coordinate: str) -> Cell:
        """Give the decision about a field, record by record."""
        if coordinate not in self._cells:
            self._cells[coordinate] = cell_of(self.policy, self.roles, coordinate)
        return self._cells[coordinate]

    def situations(self, coordinate: str) -> tuple[Situation, ...]:
        """Give every kind of record that may hold the field."""
        return situations(coordinate.partition(".")[0], self.terms, shared=self._shared)

    def is_there(self, coordinate: str, situation: Situation) -> bool:
        """Whether such a record is there for them at all, which its id says."""
        return word_in(self.cell(_id_of(coordinate.partition(".")[0])), situation) is Word.SHOW

    def there(self, coordinate: str) -> tuple[Situation, ...]:
        """Give every kind of record that is there for them and may hold the field."""
        entity = coordinate.partition(".")[0]
        if entity not in self._there:
            self._there[entity] = tuple(
                each for each in self.situations(coordinate) if self.is_there(coordinate, each)
            )
        return self._there[entity]

    def word(self, coordinate: str, situation: Situation) -> Word:
        """Tell how they see the field in such a record.

        Nothing is seen of a record that is not there, nor of a reference or list of such records.
        """
        if not self.is_there(coordinate, situation) or self._leads_nowhere(coordinate):
            return Word.DENY
        return word_in(self.cell(coordinate), situation)

    def hidden(self, coordinate: str) -> Deny:
        """Tell what hides the field where it is not seen: its own line, or that of an id that it needs."""
        cell = self.cell(coordinate)
        if cell.show is None and cell.mask is None:
            return cell.hidden
        if not self.there(coordinate):
            return self.cell(_id_of(coordinate.partition(".")[0])).hidden
        return (
            self.cell(_id_of(_target(coordinate))).hidden if self._leads_nowhere(coordinate) else cell.hidden
        )

    def words(self, coordinate: str) -> frozenset[Word]:
        """Tell how they see the field, over every kind of record that is there for them."""
        return frozenset(self.word(coordinate, each) for each in self.there(coordinate))

    def vector(self, coordinate: str) -> tuple[Word, ...]:
        """Tell how they see the field in every kind of record, one after the other."""
        return tuple(self.word(coordinate, each) for each in self.situations(coordinate))

    def decision(self, coordinate: str, situation: Situation) -> Decision:
        """Tell what decides about the field in such a record."""
        cell, word = self.cell(coordinate), self.word(coordinate, situation)
        if word is Word.SHOW and cell.show is not None:
            return cell.show
        if word is Word.MASK and cell.mask is not None:
            return cell.mask
        return self.hidden(coordinate)

    def _leads_nowhere(self, coordinate: str) -> bool:
        target = _target(coordinate)
        return bool(target) and self.cell(_id_of(target)).show is None


def _id_of(entity: str) -> str:
    return f"{entity}.id"


@cache
def _target(coordinate: str) -> str:
    """Return the entity that a reference or list leads to; nothing for any other field."""
    declared = declared_at(coordinate)
    return declared.target if declared.kind in (Kind.REFERENCE, Kind.LIST) else ""


class Rulebook:
    """The lines of a policy by their texts, as decisions name them."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy

    def rule(self, text: str) -> Rule:
        """Find the line that a decision names; `default` has none, and stands on line 0."""
        return self._rules.get(text, NO_RULE)

    def place(self, text: str) -> str:
        """Tell where the line stands, as FILE:LINE; nothing for `default`."""
        line = self.rule(text).line
        return f"{self._policy.source}:{line}" if line else ""

    @cached_property
    def _rules(self) -> Mapping[str, Rule]:
        found: dict[str, Rule] = {}
        for forbid in self._policy.forbids:
            found.setdefault(forbid.rule.text, forbid.rule)
        for role in self._policy.roles.values():
            said = [*role.words.values(), *(each.said for each in role.exceptions)]
            for rule in (*(each.rule for each in said), *role.commands.values(), *role.claims.values()):
                # Of a rule that is inherited, the holder's own has the shortest chain.
                if rule.text not in found or len(rule.chain) < len(found[rule.text].chain):
                    found[rule.text] = rule
        return found
