"""Cases held against a policy: what was expected, and what the policy says by which line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from auth.decision import Deny, Mask, Show
from auth.policy import Allow, Policy, Word, decide_claim, decide_command, declared_at
from auth.review.cases import CLAIMS, COMMANDS, SEEN, Case, Mention
from auth.review.sight import Rulebook, Sight
from auth.review.situation import FixedValue, Situation
from auth.rows import SUBJECT_OF_TERMS, Scope
from auth.view import View, view_for
from domain.field import Audience
from domain.mask import mask_of
from domain.reach import is_directory, root_of

NO_FIELD = "the policy shows them no record that has a field of it, or the case names each by itself"
WORDS = {Show: Word.SHOW, Mask: Word.MASK, Deny: Word.DENY}
TOLD = {Word.SHOW: "shows", Word.MASK: "masks", Word.DENY: "denies"}


@dataclass(frozen=True, slots=True)
class Access:
    """What an operation is answered with: fields denied and masked, or the field by which it is refused."""

    denied: frozenset[str] = frozenset()
    masked: frozenset[str] = frozenset()
    refused: str | None = None


Compile = Callable[[str, Mapping[str, Any], View], Access]
"""Plans an operation with its variables for a view: the planner's, which stands a floor above."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A case that the policy does not meet."""

    case: Case
    line: int
    expected: str
    found: str

    def __str__(self) -> str:
        return f"{self.case.file}:{self.line}: expected {self.expected}; {self.found}"


@dataclass(slots=True)
class _Checked:
    """What one case came to: the lines that decided, and how many decisions were compared."""

    rules: set[str] = field(default_factory=set)
    decisions: int = 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one case."""

    case: Case
    failures: tuple[Failure, ...]
    decisions: int


class Trial:
    """Holds cases against one policy; what the same roles see is worked out once."""

    def __init__(self, policy: Policy, compile_: Compile) -> None:
        self._policy = policy
        self._compile = compile_
        self._book = Rulebook(policy)
        self._sights: dict[tuple[str, ...], Sight] = {}

    def of(self, case: Case) -> Verdict:
        """Hold one case against the policy."""
        checked = _Checked()
        failures = [
            *self._seen(case, checked), *self._allowed(case, checked), *self._access(case, checked),
        ]  # fmt: skip
        if not failures and case.rules is not None and case.rules != checked.rules:
            failures.append(self._other_rules(case, checked.rules))
        return Verdict(case, tuple(failures), checked.decisions)

    def _sight(self, case: Case) -> Sight:
        if case.roles not in self._sights:
            self._sights[case.roles] = Sight(self._policy, case.roles)
        return self._sights[case.roles]

    # Fields

    def _seen(self, case: Case, checked: _Checked) -> Iterator[Failure]:
        mentions = case.named(SEEN)
        named = {each.name for each in mentions}
        for mention in mentions:
            compared = self._fields(case, mention, named)
            wrong = [
                found
                for coordinate in compared
                if (found := self._mistaken(case, mention, coordinate, checked)) is not None
            ]
            if not compared:
                yield Failure(case, mention.line, f"{mention.key} of {mention.name}", NO_FIELD)
            if wrong:
                more = f" (and of {len(wrong) - 1} more of {mention.name})" if len(wrong) > 1 else ""
                yield Failure(case, mention.line, f"{mention.key} of {wrong[0][0]}{more}", wrong[0][1])

    def _fields(self, case: Case, mention: Mention, named: set[str]) -> list[str]:
        """Return the fields of an audience that the case does not name by themselves, or the one it names."""
        if mention.name not in Audience.__members__:
            return [mention.name]
        return [
            coordinate
            for coordinate, audience in self._policy.fields.items()
            if audience == mention.name
            and coordinate not in named
            and _concerns(case, coordinate)
            and not (mention.key in SEEN and self._is_of_records_not_there(case, mention, coordinate))
        ]

    def _is_of_records_not_there(self, case: Case, mention: Mention, coordinate: str) -> bool:
        """Whether an id of another audience hides the records of a field: that audience is to say so."""
        identity = f"{coordinate.partition('.')[0]}.id"
        is_other = self._policy.fields[identity] != mention.name
        return is_other and SEEN[mention.key] is not Word.DENY and not self._sight(case).there(identity)

    def _mistaken(
        self, case: Case, mention: Mention, coordinate: str, checked: _Checked
    ) -> tuple[str, str] | None:
        """Compare a field in every kind of record that the case speaks of."""
        sight, wanted = self._sight(case), _wanted(mention, coordinate)
        for kind in _kinds(case, sight, coordinate):
            checked.decisions += 1
            decision = sight.decision(coordinate, kind)
            checked.rules.add(decision.rule)
            word = WORDS[type(decision)]
            if word is not wanted:
                return coordinate, f"the policy {TOLD[word]} it in {kind}, by {self._told(decision.rule)}"
        return None

    # Commands, claims and operations

    def _allowed(self, case: Case, checked: _Checked) -> Iterator[Failure]:
        for mention in case.named(COMMANDS):
            decision = decide_command(self._policy, case.roles, mention.name)
            yield from self._allow(case, mention, decision, checked)
        for mention in case.named(CLAIMS):
            for coordinate in self._fields(case, mention, set()):
                decision = decide_claim(self._policy, case.roles, coordinate)
                failures = list(self._allow(case, mention, decision, checked))
                yield from failures
                if failures:
                    break

    def _allow(
        self, case: Case, mention: Mention, decision: Allow | Deny, checked: _Checked
    ) -> Iterator[Failure]:
        checked.decisions += 1
        checked.rules.add(decision.rule)
        if isinstance(decision, Allow) != {**COMMANDS, **CLAIMS}[mention.key]:
            word = "allows" if isinstance(decision, Allow) else "denies"
            expected = f"{mention.key.replace('_', ' ')} {mention.name}"
            yield Failure(
                case, mention.line, expected, f"the policy {word} it by {self._told(decision.rule)}"
            )

    def _access(self, case: Case, checked: _Checked) -> Iterator[Failure]:
        if case.operation is None:
            return
        checked.decisions += 1
        asked = case.operation
        found = self._compile(asked.source, asked.variables, view_for(self._policy, frozenset(case.roles)))
        wanted = Access(asked.denied, asked.masked, asked.refused)
        if found != wanted:
            yield Failure(case, asked.line, _access_told(wanted), f"the operation has {_access_told(found)}")

    def _other_rules(self, case: Case, rules: set[str]) -> Failure:
        expected = f"the rules {', '.join(sorted(case.rules or ()))}"
        return Failure(case, case.line, expected, f"decided by {', '.join(map(self._told, sorted(rules)))}")

    def _told(self, rule: str) -> str:
        place = self._book.place(rule)
        return f"{rule} ({place})" if place else f"{rule}: no line grants it"


def _wanted(mention: Mention, coordinate: str) -> Word:
    word = SEEN[mention.key]
    if word is Word.MASK and mention.name != coordinate and mask_of(declared_at(coordinate)) is None:
        # Of an audience that is masked, what has no mask is denied.
        return Word.DENY
    return word


def _concerns(case: Case, coordinate: str) -> bool:
    """Whether what a case knows of the record can be known of one that holds the field."""
    entity = coordinate.partition(".")[0]
    if case.record is None:
        return True
    if case.record.contract and root_of(entity) != SUBJECT_OF_TERMS:
        return False
    return case.record.scope is None or not is_directory(entity)


def _kinds(case: Case, sight: Sight, coordinate: str) -> Sequence[Situation]:
    """Return the kinds of records that a case speaks of: of what it leaves open, every one."""
    record, kinds = case.record, sight.situations(coordinate)
    if record is None:
        return sight.there(coordinate) or kinds
    if record.scope is not None and not is_directory(coordinate.partition(".")[0]):
        # Where no role asks what Salesforce lets somebody read, it makes no difference that it does.
        named = tuple(each for each in kinds if each.narrowest is record.scope)
        kinds = named or tuple(each for each in kinds if each.narrowest is Scope.ORG)
    # What the policy does not tell apart is one kind, told by any of its values: the case's own is put there.
    return list(dict.fromkeys(_with(each, record.contract) for each in kinds))


def _with(situation: Situation, contract: Mapping[str, FixedValue]) -> Situation:
    known = tuple((name, contract.get(name, value)) for name, value in situation.contract)
    return replace(situation, contract=known)


def _access_told(access: Access) -> str:
    if access.refused is not None:
        return f"a refusal because of {access.refused}"
    denied, masked = (", ".join(sorted(each)) or "nothing" for each in (access.denied, access.masked))
    return f"denied: {denied}; masked: {masked}"
