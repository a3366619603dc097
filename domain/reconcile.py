"""Which claims about a contract hold: canonical values, and a decision with its reason for every claim.

The answer depends on the claims alone, never on the order in which they arrived: they are judged in the order
in which they were made. A claim that comes late may so change what was decided about others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from domain.claim import Claim, Unreadable
from domain.decision import Refused
from domain.field import (
    CLM,
    DERIVED,
    HERE,
    SALESFORCE,
    UNTIL_SIGNED,
    DeclaredField,
    Kind,
    System,
    field_named,
)
from domain.history import Decision
from domain.lifecycle import ContractStatus, is_signed, move

HANDOVER: Final = timedelta(minutes=15)
"""For so long after a signature a claim of the owner until then is a conflict, not merely refused."""

_NAMES: Final = {CLM: "the contract system", SALESFORCE: "Salesforce", HERE: "people here"}
_UNCLAIMABLE: Final = frozenset({"id", "source_key", "version", "updated_at"})

About = tuple[str, str | None]
"""The name of a field, and of a list the source key of the part."""
Said = tuple[System, Any]
"""Which system said a value."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a claim, and why."""

    decision: Decision
    reason: str


@dataclass(slots=True)
class Settled:
    """What all claims come to: the values they set, the claim that holds each, and a verdict for every claim.

    `signed_since` is when the contract was claimed to be signed, None while it is not or was so all along.
    `contested` are values in conflict that nobody has decided about; `against` is when a person last decided
    about a field that changes hands, and what they decided against: who said it, and the value.
    """

    values: dict[About, Any]
    held: dict[About, Claim] = field(default_factory=dict)
    verdicts: dict[Claim, Verdict] = field(default_factory=dict)
    before: dict[Claim, Any] = field(default_factory=dict)
    signed_since: datetime | None = None
    contested: dict[About, list[Said]] = field(default_factory=dict)
    against: dict[About, tuple[datetime, list[Said]]] = field(default_factory=dict)

    @property
    def status(self) -> ContractStatus:
        """Where the contract stands in its life."""
        found: ContractStatus = self.values["status", None]
        return found


def settle(baseline: Mapping[About, Any], claims: Iterable[Claim]) -> Settled:
    """Judge claims about one contract in the order in which they were made.

    `baseline` is what was known before any of them; it has the contract's status.
    """
    settled = Settled(dict(baseline))
    for claim in sorted(set(claims), key=lambda each: each.order):
        verdict = _judge(claim, settled)
        settled.verdicts[claim] = verdict
        settled.before[claim] = settled.values.get(claim.about)
        if verdict.decision is Decision.CONFLICT:
            settled.contested.setdefault(claim.about, []).append((claim.system, claim.value))
        if verdict.decision is Decision.ACCEPTED:
            _remember(claim, settled)
            if claim.field.name == "status" and is_signed(claim.value) and not is_signed(settled.status):
                settled.signed_since = claim.claimed_at
            settled.values[claim.about] = claim.value
            settled.held[claim.about] = claim
    return settled


def is_judged_anew(declared: DeclaredField) -> bool:
    """Whether a late claim may change what was decided about this field: all claims about it are needed.

    Of every other field the latest claim of its one owner holds, whatever else was said. A part of a list is
    judged once: a signature that comes late takes no part away.
    """
    changes_hands = isinstance(declared.field.owner, UNTIL_SIGNED) and declared.kind is not Kind.LIST
    return declared.name == "status" or changes_hands


def owner_of(declared: DeclaredField, status: ContractStatus) -> System:
    """Return the system whose claims about a field are accepted while the contract has a status."""
    owner = declared.field.owner
    if isinstance(owner, UNTIL_SIGNED):
        return owner.then if is_signed(status) else owner.system
    return owner


def superseded(claim: Claim, held: Claim) -> Verdict:
    """Say of a claim that would be accepted, had a later one not come before it."""
    return Verdict(
        Decision.REFUSED,
        f"older than what is known: it was claimed at {_moment(claim.claimed_at)}, and"
        f" {_NAMES[held.system]} said otherwise at {_moment(held.claimed_at)}",
    )


def _remember(claim: Claim, settled: Settled) -> None:
    """Keep what a person decides against, until the owner says something else."""
    about = claim.about
    if claim.decided_by is None:
        settled.against.pop(about, None)
    elif isinstance(claim.field.field.owner, UNTIL_SIGNED):
        known = owner_of(claim.field, settled.status), settled.values.get(about)
        told = [known, *settled.contested.pop(about, ())]
        settled.against[about] = claim.claimed_at, [each for each in told if each[1] != claim.value]


def _judge(claim: Claim, settled: Settled) -> Verdict:
    declared = claim.field
    owner = owner_of(declared, settled.status)
    if owner is DERIVED:
        named = (field_named(declared.entity, name) for name in declared.inputs if name != "today")
        inputs = ", ".join(each.graph_name for each in named)
        return _refused(f"{declared.graph_name} is computed from {inputs}: nobody can set it")
    if declared.name in _UNCLAIMABLE:
        return _refused(f"{declared.graph_name} is kept by the contract graph itself")
    if isinstance(claim.value, Unreadable):
        return _refused(f"{claim.value.text!r} is no value of {declared.graph_name}: {claim.value.reason}")
    if claim.value is None and not declared.optional and declared.kind is not Kind.LIST:
        return _refused(f"a contract has to have {declared.graph_name}")
    since, against = settled.against.get(claim.about, (None, ()))
    if since is not None and claim.decided_by is None and (claim.system, claim.value) in against:
        return _refused(
            f"a person decided otherwise at {_moment(since)}, and it repeats what was said before"
        )
    if claim.system is not owner and claim.decided_by is None:
        return _not_the_owner(claim, owner, settled)
    if declared.name == "status":
        allowed = move(settled.status, claim.value)
        if isinstance(allowed, Refused):
            return _refused(allowed.reason)
    if claim.decided_by is not None:
        return Verdict(Decision.ACCEPTED, f"a person decided it: {claim.because}".removesuffix(": None"))
    return Verdict(Decision.ACCEPTED, f"{_NAMES[owner]} {_own(owner)} {_owned(declared, settled.status)}")


def _not_the_owner(claim: Claim, owner: System, settled: Settled) -> Verdict:
    declared, since = claim.field, settled.signed_since
    whose = f"{_NAMES[owner]} {_own(owner)} {_owned(declared, settled.status)}"
    says = f"{_NAMES[claim.system]} said so"
    former = declared.field.owner
    if (
        isinstance(former, UNTIL_SIGNED)
        and claim.system is former.system
        and since is not None
        and claim.claimed_at - since <= HANDOVER
        and claim.value != settled.values.get(claim.about)
    ):
        return Verdict(
            Decision.CONFLICT,
            f"{says} within {HANDOVER.seconds // 60} minutes of the signature at {_moment(since)}, by which"
            f" the field changed hands, and {whose}: a person decides",
        )
    return _refused(f"{whose}, and {says}")


def _own(system: System) -> str:
    return "own" if system is HERE else "owns"


def _owned(declared: DeclaredField, status: ContractStatus) -> str:
    if not isinstance(declared.field.owner, UNTIL_SIGNED):
        return declared.graph_name
    return f"{declared.graph_name} {'once it is signed' if is_signed(status) else 'until it is signed'}"


def _refused(reason: str) -> Verdict:
    return Verdict(Decision.REFUSED, reason)


def _moment(at: datetime) -> str:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")
