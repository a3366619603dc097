"""Whether a policy decides about everything, and whether each of its lines does something."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from auth.policy import FieldException, Forbid, Policy, Role, Rule, Said, Word, cell_of, declared_fields
from auth.review.sight import NO_RULE, Rulebook, Sight
from domain.field import Audience

UNDECIDED = "error"
"""What a cell names as its rule where deciding failed."""


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """Something that a reviewer should know; `stops` where the policy must not be used like this."""

    line: int
    problem: str
    suggestion: str
    stops: bool = True


@dataclass(frozen=True, slots=True)
class Coverage:
    """What a policy says of every field to every role, in figures, and what is to be found fault with.

    `words` counts the fields of a role by the best that any record gets; `by_default` those that no line
    of the policy speaks about, which are denied.
    """

    policy: Policy
    words: Mapping[str, Mapping[Word, int]]
    by_default: Mapping[str, int]
    undecided: int
    findings: tuple[Finding, ...]

    @property
    def decisions(self) -> int:
        return len(self.policy.roles) * len(self.policy.fields)

    @property
    def stops(self) -> bool:
        return any(finding.stops for finding in self.findings)


def cover(policy: Policy) -> Coverage:
    """Look over a whole policy."""
    words: dict[str, Mapping[Word, int]] = {}
    by_default: dict[str, int] = {}
    undecided = 0
    for name in policy.roles:
        sight = Sight(policy, [name])
        words[name] = Counter(_best(sight, coordinate) for coordinate in policy.fields)
        hidden = [sight.cell(c).decision.rule for c in policy.fields if not sight.words(c) - {Word.DENY}]
        by_default[name] = hidden.count(NO_RULE.text)
        undecided += hidden.count(UNDECIDED)
    found = [*_undecided(undecided), *_never_seen(policy, words), *_told_by_others(policy)]
    found += _without_effect(policy)
    return Coverage(policy, MappingProxyType(words), by_default, undecided, tuple(sorted(found)))


def _best(sight: Sight, coordinate: str) -> Word:
    return min(sight.words(coordinate), key=list(Word).index, default=Word.DENY)


def _undecided(count: int) -> Iterator[Finding]:
    if count:
        yield Finding(1, f"{count} decisions could not be made", "report it: the engine is at fault")


def _never_seen(policy: Policy, words: Mapping[str, Mapping[Word, int]]) -> Iterator[Finding]:
    sights = [Sight(policy, [name]) for name in policy.roles]
    unseen = [c for c in policy.fields if not any(sight.words(c) - {Word.DENY} for sight in sights)]
    for audience in Audience:
        fields = [c for c, a in policy.fields.items() if a is audience]
        if set(fields) <= set(unseen):
            yield Finding(1, f"nobody may see the audience {audience}", "show it to a role")
        else:
            for coordinate in (c for c in fields if c in unseen):
                yield Finding(1, f"nobody may see {coordinate}", "show it, if it was forgotten", stops=False)
    for name, role in policy.roles.items():
        if words[name][Word.DENY] == len(policy.fields):
            yield Finding(role.line, f"role {name} sees nothing", "remove it, or show it some", stops=False)


# What is computed from a field tells of it: the days to the expiration of a contract tell its date.


def _told_by_others(policy: Policy) -> Iterator[Finding]:
    rulebook = Rulebook(policy)
    for name, role in policy.roles.items():
        sight = Sight(policy, [name])
        for hidden, computed in _computed_from().items():
            telling: dict[str, list[str]] = {}
            for coordinate in computed:
                for rule in _hidden_where_shown(sight, hidden, coordinate):
                    telling.setdefault(rule, []).append(coordinate)
            for rule, found in telling.items():
                line = rulebook.rule(rule).line or role.line
                problem = f"{name} sees {', '.join(found)}, computed from {hidden}, which is not shown there"
                yield Finding(line, problem, f"hide what tells of {hidden} too, or show it", stops=False)


def _computed_from() -> Mapping[str, list[str]]:
    """Return the fields that are computed from each field."""
    found: dict[str, list[str]] = {}
    declared = declared_fields()
    by_name = {(each.entity, each.name): each.coordinate for each in declared.values()}
    for coordinate, each in declared.items():
        for name in each.inputs:
            if (each.entity, name) in by_name:  # all but today
                found.setdefault(by_name[each.entity, name], []).append(coordinate)
    return found


def _hidden_where_shown(sight: Sight, hidden: str, shown: str) -> list[str]:
    """Return the rules that hide or mask one field in records where another is shown."""
    return list(
        dict.fromkeys(
            sight.decision(hidden, each).rule
            for each in sight.there(hidden)
            if sight.word(shown, each) is Word.SHOW and sight.word(hidden, each) is not Word.SHOW
        )
    )


# A line has no effect where the policy without it decides the same about every field in every kind of record.


def _without_effect(policy: Policy) -> Iterator[Finding]:
    for forbid in policy.forbids:
        if not _matters(policy, forbid):
            problem = f"the rule never changes a decision: {forbid.rule.text}"
            yield Finding(forbid.rule.line, problem, "remove it, or the rule that goes before it")
    for role in policy.roles.values():
        yield from _idle_exceptions(policy, role)
        yield from _idle_words(policy, role)


def _matters(policy: Policy, forbid: Forbid) -> bool:
    """Whether a forbid changes what a role, or one of its roles beside another, sees."""
    without = replace(policy, forbids=tuple(each for each in policy.forbids if each is not forbid))
    named = policy.roles if forbid.roles is None else forbid.roles
    callers = {frozenset({role}) for role in named}
    if forbid.roles is not None:
        # What it takes from its own roles they may not have had, but a second role may give it them.
        callers |= {frozenset({role, other}) for role in named for other in policy.roles}
    return any(
        _differ(policy, without, sorted(roles), forbid.coordinates) for roles in sorted(callers, key=sorted)
    )


def _idle_exceptions(policy: Policy, role: Role) -> Iterator[Finding]:
    for exception in role.exceptions:
        if not _is_own(exception.said.rule, role):
            continue
        without = _without_exception(policy, exception)
        if not any(_differ(policy, without, [name], [exception.coordinate]) for name in policy.roles):
            problem = f"the rule never changes a decision: {exception.said.rule.text}"
            yield Finding(exception.said.rule.line, problem, "remove it, or what goes before it")


def _without_exception(policy: Policy, removed: FieldException) -> Policy:
    """Take an exception away: who holds it, and who inherits it, then inherits what it stood before."""
    tables = tomllib.loads(policy.text)["roles"]

    def left(name: str) -> list[FieldException]:
        own = [
            each
            for each in policy.roles[name].exceptions
            if _is_own(each.said.rule, policy.roles[name]) and each is not removed
        ]
        parent, spoken = tables[name].get("inherits"), {each.coordinate for each in own}
        passed_on = left(parent) if parent else []
        return own + [
            each
            for each in passed_on
            if each.coordinate not in spoken and policy.fields[each.coordinate] not in tables[name]
        ]

    changed = {name: replace(role, exceptions=tuple(left(name))) for name, role in policy.roles.items()}
    return replace(policy, roles=MappingProxyType(changed))


def _idle_words(policy: Policy, role: Role) -> Iterator[Finding]:
    """Find the words that grant nothing to the role that holds them, nor to one that inherits them."""
    for audience, said in role.words.items():
        if said.word is Word.DENY or not _is_own(said.rule, role):
            continue
        fields = [c for c, a in policy.fields.items() if a is audience]
        heirs = [r for r in policy.roles.values() if _holds(r, audience, said.rule)]
        if not any(_grants(policy, heir, audience, fields) for heir in heirs):
            problem = f"the word is overridden everywhere: {said.rule.text}"
            yield Finding(said.rule.line, problem, "remove it, or what overrides it")


def _grants(policy: Policy, role: Role, audience: Audience, fields: list[str]) -> bool:
    silent = {a: said for a, said in role.words.items() if a is not audience}
    without = _with_role(policy, replace(role, words=MappingProxyType(silent)))
    return _differ(policy, without, [role.name], fields)


def _holds(role: Role, audience: Audience, rule: Rule) -> bool:
    said: Said | None = role.words.get(audience)
    return said is not None and said.rule.text == rule.text


def _is_own(rule: Rule, role: Role) -> bool:
    return rule.chain == (role.name,)


def _with_role(policy: Policy, role: Role) -> Policy:
    return replace(policy, roles=MappingProxyType({**policy.roles, role.name: role}))


def _differ(one: Policy, other: Policy, roles: list[str], fields: list[str] | frozenset[str]) -> bool:
    """Whether two policies decide differently about one of these fields, in any kind of record."""
    first, second = Sight(one, roles, other), Sight(other, roles, one)
    # Whatever the policy says the same of, it decides the same about: only the rest is weighed by record.
    return any(
        cell_of(one, roles, c) != cell_of(other, roles, c) and first.vector(c) != second.vector(c)
        for c in sorted(fields)
    )
