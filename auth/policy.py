"""The policy: what each role sees, does and reaches, and the decision about one field or command."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

import domain.graph  # noqa: F401 - registers every entity, so that no field is forgotten
from auth.decision import Cell, Decision, Deny, Mask, Show, denied
from auth.rows import Rows, Terms, widest
from domain.field import ENTITIES, Audience, DeclaredField, fields_of, graph_field
from domain.mask import mask_of


class Word(StrEnum):
    """What a role may say about an audience, and an exception about a field."""

    SHOW = "show"
    MASK = "mask"
    DENY = "deny"


class Command(StrEnum):
    """What a role may be allowed to do through the API, beside reading."""

    CLAIM_CONTRACTS = "claimContracts"
    GRANT_ROLE = "grantRole"
    REVOKE_ROLE = "revokeRole"
    REPLAY_HELD = "replayHeld"
    DISCARD_HELD = "discardHeld"
    ACKNOWLEDGE_RENEWAL = "acknowledgeRenewal"
    FLAG_VALUE = "flagValue"
    REQUEST_ACCESS = "requestAccess"
    SETTLE_CONFLICT = "settleConflict"
    SETTLE_DRIFT = "settleDrift"
    SETTLE_FLAG = "settleFlag"
    SETTLE_ACCESS_REQUEST = "settleAccessRequest"


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the policy: its text, as it is told wherever it decides, and where it stands.

    `chain` names the roles by which an inherited line came, from the one that holds it.
    """

    text: str
    line: int
    why: str | None = None
    chain: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Said:
    """A word about an audience or a field, with the rule that says it."""

    word: Word
    rule: Rule


@dataclass(frozen=True, slots=True)
class FieldException:
    """What a role says of one field beside its audience: everywhere, or where terms hold."""

    coordinate: str
    said: Said
    when: Terms | None


@dataclass(frozen=True, slots=True)
class Forbid:
    """What no permit outweighs: fields hidden from whoever holds one of the roles, or from everybody."""

    rule: Rule
    coordinates: frozenset[str]
    roles: frozenset[str] | None
    when: Terms | None

    def concerns(self, roles: Iterable[str], coordinate: str) -> bool:
        held = self.roles is None or not self.roles.isdisjoint(roles)
        return held and coordinate in self.coordinates


@dataclass(frozen=True, kw_only=True)
class Role:
    """One role of the policy, with all that it inherits."""

    name: str
    line: int
    rows: Rows
    words: Mapping[Audience, Said]
    exceptions: tuple[FieldException, ...] = ()
    commands: Mapping[Command, Rule] = field(default_factory=dict)
    claims: Mapping[Audience, Rule] = field(default_factory=dict)

    @property
    def seen(self) -> str:
        """The audiences that it sees, as one reads them in a reason."""
        words = {a: said.word for a, said in self.words.items()}
        shown = [str(a) for a in Audience if words.get(a) is Word.SHOW]
        masked = [f"{a} masked" for a in Audience if words.get(a) is Word.MASK]
        return ", ".join(shown + masked) or "nothing"

    def says(self, coordinate: str, audience: Audience) -> list[tuple[Rows, Said | None]]:
        """Return what it says of a field, and in which of the records that it reaches."""
        entity = coordinate.partition(".")[0]
        rows, said = self.rows, self.words.get(audience)
        spoken: list[tuple[Rows, Said | None]] = []
        for exception in self.exceptions:
            if exception.coordinate != coordinate:
                continue
            if exception.when is None:
                said = exception.said
            else:
                spoken.append((rows.among(exception.when).of(entity), exception.said))
                rows = rows.besides(exception.when)
        return [*spoken, (rows.of(entity), said)]


@dataclass(frozen=True, kw_only=True)
class Policy:
    """A policy file as read: `digest` is the SHA-256 of its bytes, in hex, and names it everywhere.

    `fields` maps the coordinate of every declared field to its audience.
    """

    digest: str
    source: str = field(compare=False)
    text: str = field(compare=False, repr=False)
    roles: Mapping[str, Role] = field(compare=False, repr=False)
    forbids: tuple[Forbid, ...] = field(compare=False, repr=False)
    fields: Mapping[str, Audience] = field(compare=False, repr=False)

    def known(self, roles: Iterable[str]) -> list[Role]:
        """Return the roles that it knows, in the order of their names."""
        return [self.roles[name] for name in sorted(set(roles)) if name in self.roles]


@dataclass(frozen=True, slots=True)
class Allow:
    """A command or claim is allowed; `rule` is the line that says so."""

    rule: str


class PolicyError(Exception):
    """{file}:{line}: {problem}; {suggestion}"""  # noqa: D400 - the message ends as its suggestion does

    def __init__(self, *, file: str, line: int, problem: str, suggestion: str) -> None:
        template = type(self).__doc__ or ""
        super().__init__(template.format(file=file, line=line, problem=problem, suggestion=suggestion))
        self.line = line


def decide(policy: Policy, roles: Iterable[str], coordinate: str) -> Decision:
    """Decide how a caller with these roles sees the field at `coordinate`, e.g. `Contract.totalValue`.

    The decision is the best that any record gets: `cell_of` tells of which.
    """
    return cell_of(policy, roles, coordinate).decision


def cell_of(policy: Policy, roles: Iterable[str], coordinate: str) -> Cell:
    """Decide how a caller with these roles sees a field, record by record.

    In each record several roles see what any one of those shows that reach it, unless a rule forbids it.
    Whatever is not granted is denied: no role, an unknown role or field, and an error while deciding.
    """
    try:
        return _cell(policy, sorted(set(roles)), coordinate)
    except Exception as error:  # noqa: BLE001 - whatever went wrong here, the answer is no
        return denied("error", f"the field could not be decided about: {type(error).__name__}")


def decide_command(policy: Policy, roles: Iterable[str], command: str) -> Allow | Deny:
    """Decide whether a caller with these roles may do what a command does."""
    for role in policy.known(roles):
        for allowed, rule in role.commands.items():
            if allowed.value == command:
                return Allow(rule.text)
    able = [role.name for role in policy.roles.values() if command in role.commands]
    had = sorted(set(roles))
    who = f"the caller is {', '.join(had)}" if had else "the caller has no role"
    return Deny("default", f"{command} is for {' or '.join(able) or 'nobody'}; {who}")


def decide_claim(policy: Policy, roles: Iterable[str], coordinate: str) -> Allow | Deny:
    """Decide whether a caller with these roles may claim a value of a field; its owner may refuse it yet."""
    audience = policy.fields.get(coordinate)
    for role in policy.known(roles):
        if audience is not None and audience in role.claims:
            return Allow(role.claims[audience].text)
    return Deny("default", f"none of the caller's roles may claim a value of {coordinate}")


def _cell(policy: Policy, names: list[str], coordinate: str) -> Cell:
    audience = policy.fields.get(coordinate)
    if audience is None:
        return denied("default", f"{coordinate} is no field of the contract graph")
    roles = policy.known(names)
    if not roles:
        had = f"the policy knows no role {' or '.join(names)}" if names else "the caller has no role"
        return denied("default", f"{coordinate} is for {audience}; {had}")
    forbids = [each for each in policy.forbids if each.concerns(names, coordinate)]
    for forbid in forbids:
        if forbid.when is None:
            return denied(forbid.rule.text, f"{coordinate} is forbidden: {forbid.rule.why}")
    return _combine(roles, coordinate, audience, forbids)


def _combine(roles: list[Role], coordinate: str, audience: Audience, forbids: list[Forbid]) -> Cell:
    """Take together what roles say, with the widest set of records first."""
    unless = [each.when for each in forbids if each.when is not None]
    spoken = [
        (rows.besides(*unless), said, role)
        for role in roles
        for rows, said in role.says(coordinate, audience)
    ]
    spoken.sort(key=lambda each: (-each[0].scope.width, each[2].name))
    kind = mask_of(declared_at(coordinate))
    shown = [(rows, said) for rows, said, _ in spoken if said and said.word is Word.SHOW]
    masked = [(rows, said) for rows, said, _ in spoken if kind and said and said.word is Word.MASK]
    shown_rows = widest([rows for rows, _ in shown])
    masked_rows = tuple(
        rows for rows in widest([rows for rows, _ in masked]) if not any(s.covers(rows) for s in shown_rows)
    )
    mask = None
    if masked_rows and kind:
        rule = next(said.rule for rows, said in masked if rows in masked_rows)
        reason = rule.why or f"{coordinate} is for {audience}; {_seen(roles)}"
        mask = Mask(rule.text, reason, kind)
    said = [each for _, each, _ in spoken]
    return Cell(
        shown_rows,
        masked_rows,
        Show(shown[0][1].rule.text) if shown else None,
        mask,
        _hidden_elsewhere(coordinate, shown_rows + masked_rows, said, forbids)
        if shown_rows or masked_rows
        else _hidden(roles, coordinate, audience, said),
    )


def _hidden(roles: list[Role], coordinate: str, audience: Audience, spoken: list[Said | None]) -> Deny:
    """Say which rule hides a field that no record shows, and why."""
    said = next((each for each in spoken if each), None)
    if said is None:
        return Deny("default", f"{coordinate} is for {audience}; {_seen(roles)}")
    if said.word is Word.MASK:
        reason = f"{coordinate} is for {audience}, which is masked; a value of its type has no mask"
        return Deny(said.rule.text, reason)
    return Deny(said.rule.text, said.rule.why or f"{coordinate} is for {audience}; {_seen(roles)}")


def _hidden_elsewhere(
    coordinate: str, seen: tuple[Rows, ...], spoken: list[Said | None], forbids: list[Forbid]
) -> Deny:
    """Say which rule hides a field in the records where it is neither shown nor masked, and why."""
    if forbids:
        rule = forbids[0].rule
        return Deny(rule.text, f"{coordinate} is forbidden where {forbids[0].when}: {rule.why}")
    said = next((each for each in spoken if each and each.word is Word.DENY), None)
    reason = f"{coordinate} is seen only in {'; and in '.join(map(str, seen))}"
    return Deny(said.rule.text if said else "default", reason)


def _seen(roles: list[Role]) -> str:
    return "; ".join(f"{role.name} sees {role.seen}" for role in roles)


def declared_fields() -> Mapping[str, DeclaredField]:
    """Return every declared field by its coordinate."""
    return MappingProxyType({f.coordinate: f for entity in ENTITIES.values() for f in fields_of(entity)})


def declared_at(coordinate: str) -> DeclaredField:
    """Return the field at a coordinate."""
    entity, _, name = coordinate.partition(".")
    return graph_field(entity, name)
