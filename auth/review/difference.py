"""What another policy decides differently: who gains, who loses, and by which lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from auth.policy import Command, Forbid, Policy, Role, Rule, Word
from auth.review.part import Part, parts_of
from auth.review.sight import Rulebook, Sight
from auth.review.situation import kinds_of_contracts, terms_of
from auth.rows import Terms
from domain.field import Audience

BEST_FIRST = list(Word)


@dataclass(frozen=True, slots=True)
class Change:
    """A field that is seen otherwise: more in some records, less in some, or both."""

    coordinate: str
    audience: Audience
    before: tuple[Part, ...]
    after: tuple[Part, ...]
    gains: bool
    loses: bool


@dataclass(frozen=True, slots=True)
class RoleDifference:
    """What changes for one role; `was` or `now` is absent for one that only one of the policies has.

    Of two roles together, `admin + legal`, neither is there, and `changes` are those of neither alone.
    `allowed` and `refused` are commands and claims that the second policy gives and takes, with the line.
    """

    name: str
    was: Role | None
    now: Role | None
    changes: tuple[Change, ...]
    allowed: tuple[Rule, ...]
    refused: tuple[Rule, ...]

    @property
    def gains(self) -> int:
        return sum(change.gains for change in self.changes)

    @property
    def loses(self) -> int:
        return sum(change.loses for change in self.changes)

    @property
    def is_new(self) -> bool:
        return self.was is None and self.now is not None

    @property
    def is_gone(self) -> bool:
        return self.was is not None and self.now is None

    @property
    def rows_differ(self) -> bool:
        return self.was is not None and self.now is not None and self.was.rows != self.now.rows

    def __bool__(self) -> bool:
        """Whether anything changes for the role."""
        is_other = self.rows_differ or self.is_new or self.is_gone
        return bool(self.changes or self.allowed or self.refused or is_other)


@dataclass(frozen=True, slots=True)
class Difference:
    """Two policies, and the roles for which they differ."""

    before: Policy
    after: Policy
    roles: tuple[RoleDifference, ...]

    def __bool__(self) -> bool:
        """Whether anything is decided differently; another wording alone is no difference."""
        return bool(self.roles)


def difference(before: Policy, after: Policy) -> Difference:
    """Compare two policies record by record, for each role, and for two together where forbids differ."""
    names = dict.fromkeys((*before.roles, *after.roles))
    found = [_of_role(before, after, name) for name in names]
    found += _of_pairs(before, after, {each.name: each for each in found})
    return Difference(before, after, tuple(each for each in found if each))


def steps_of(before: Policy, after: Policy) -> int:
    """Return about how many steps a comparison takes: fields by roles and kinds of contracts."""
    roles, kinds = {*before.roles, *after.roles}, kinds_of_contracts(terms_of(before, after))
    pairs = len(roles) * (len(roles) - 1) // 2
    return kinds * (len(roles) * len(after.fields) + pairs * len(_forbidden_otherwise(before, after)))


def _of_role(before: Policy, after: Policy, name: str) -> RoleDifference:
    was, now = before.roles.get(name), after.roles.get(name)
    earlier, later = _allowed(was), _allowed(now)
    return RoleDifference(
        name=name,
        was=was,
        now=now,
        changes=tuple(_changes(before, after, [name], after.fields)),
        allowed=tuple(rule for key, rule in later.items() if key not in earlier),
        refused=tuple(rule for key, rule in earlier.items() if key not in later),
    )


def _of_pairs(before: Policy, after: Policy, alone: Mapping[str, RoleDifference]) -> Iterator[RoleDifference]:
    """Find what a forbid changes only for whoever has a second role, which shows what it then hides."""
    forbidden = _forbidden_otherwise(before, after)
    for pair in combinations(alone, 2):
        known = {change.coordinate for name in pair for change in alone[name].changes}
        changes = tuple(_changes(before, after, pair, sorted(forbidden - known)))
        yield RoleDifference(" + ".join(pair), None, None, changes, (), ())


def _forbidden_otherwise(before: Policy, after: Policy) -> frozenset[str]:
    differing = {*map(_said, before.forbids)} ^ {*map(_said, after.forbids)}
    return frozenset().union(*(coordinates for _, coordinates, *_ in differing))


def _said(forbid: Forbid) -> tuple[str, frozenset[str], frozenset[str] | None, Terms | None]:
    return forbid.rule.text, forbid.coordinates, forbid.roles, forbid.when


def _allowed(role: Role | None) -> Mapping[Command | Audience, Rule]:
    if role is None:
        return {}
    found: dict[Command | Audience, Rule] = dict(role.commands.items())
    found.update(role.claims.items())
    return found


def _changes(
    before: Policy, after: Policy, roles: Sequence[str], coordinates: Iterable[str]
) -> Iterator[Change]:
    first, second = Sight(before, roles, after), Sight(after, roles, before)
    books = Rulebook(before), Rulebook(after)
    for coordinate in coordinates:
        steps = [
            (BEST_FIRST.index(was), BEST_FIRST.index(now))
            for was, now in zip(first.vector(coordinate), second.vector(coordinate), strict=True)
        ]
        gains, loses = any(now < was for was, now in steps), any(now > was for was, now in steps)
        if gains or loses:
            parts = parts_of(first, books[0], coordinate), parts_of(second, books[1], coordinate)
            yield Change(coordinate, after.fields[coordinate], *parts, gains, loses)
