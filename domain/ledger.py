"""New claims about a contract set beside what is stored of it: what to change, what to keep of each claim."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from domain.claim import Claim, Unreadable
from domain.contested import Contested, siblings, told
from domain.field import (
    DeclaredField,
    Entity,
    Kind,
    System,
    field_called,
    field_named,
    fields_of,
    graph_field,
)
from domain.history import Decision, FieldChange
from domain.identity import uuid7
from domain.provenance import Provenance
from domain.reconcile import About, Settled, Verdict, is_judged_anew, owner_of, settle, superseded
from domain.written import NotWritten, read_written, written

CONTRACT = "Contract"
RULE = "rule"
"""Who decided where no person did."""
_HOLDS = Verdict(Decision.ACCEPTED, "it was accepted before, and holds")
_OTHERWISE = Verdict(
    Decision.REFUSED, "its event said otherwise of it before: what is new has an event of its own"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What is stored of a contract: its own values, where each comes from, and the history of its terms.

    `history` has the lines of every field that is judged anew, in the order in which they were recorded.
    `is_new` says that nothing was known of the contract until now.
    """

    contract: Entity
    provenance: Sequence[Provenance] = ()
    history: Sequence[FieldChange] = ()
    is_new: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What new claims come to: values that change, parts to be written, and what is kept of the claims.

    `verdicts` are of the new claims, `repeated` of those that came before. A part is as its source gave it;
    those in conflict are in `contested`.
    Wherever a value changes, an accepted line has it as `after`, and what was known here until then as
    `before`: `domain.past` reads them.
    """

    values: Mapping[str, Any]
    parts: Sequence[tuple[DeclaredField, Entity]]
    lines: Sequence[FieldChange]
    provenance: Sequence[Provenance]
    verdicts: Mapping[Claim, Verdict]
    repeated: Mapping[Claim, Verdict]
    contested: Sequence[Contested] = ()


def judge(stored: Stored, claims: Iterable[Claim], now: datetime) -> Outcome:
    """Judge new claims together with those that came before; nothing is changed by one that came already."""
    return _Ledger(stored, now).judge(list(claims))


def turn_away(stored: Stored, claims: Iterable[Claim], now: datetime, version: int) -> Outcome:
    """Keep new claims of a sender who had seen another version than the latest; nothing is changed by them.

    They are never judged again: whoever still means them says so anew, having read what there is now.
    """
    return _Ledger(stored, now).turn_away(list(claims), version)


class _Ledger:
    def __init__(self, stored: Stored, now: datetime) -> None:
        self._stored, self._now = stored, now
        self._id = stored.contract.id
        self._provenance = {_about(each): each for each in stored.provenance}
        self._verdicts: dict[Claim, Decision] = {}
        for line in stored.history:
            if line.source is not None and not line.stale:
                # Of one that was judged anew the last decision is what it stands at.
                self._verdicts[claim_of(line)] = line.decision

    def judge(self, claims: Sequence[Claim]) -> Outcome:
        fresh = self._fresh(claims)
        settled = self._settled(fresh)
        verdicts = {each: _verdict(each, settled) for each in fresh}
        changed = self._values(settled)
        held = {about: claim for about, claim in settled.held.items() if claim in verdicts}
        parts = [
            (each.field, each.value)
            for each in held.values()
            # Who decides for what is known says no other.
            if each.part is not None and each.value is not None
        ]
        lines = [
            *self._first_heard_of(claims),
            *self._lines(settled, verdicts),
            *self._judged_anew(settled),
        ]
        return Outcome(
            values=changed,
            parts=parts,
            lines=[*lines, *self._known_again(settled, changed, lines)],
            provenance=list(self._sources(settled, verdicts)),
            verdicts=verdicts,
            repeated=self._repeated(claims, verdicts, settled),
            contested=_contested(verdicts, lines),
        )

    def turn_away(self, claims: Sequence[Claim], version: int) -> Outcome:
        fresh, settled = self._fresh(claims), self._settled(())
        verdicts = dict.fromkeys(
            fresh, Verdict(Decision.CONFLICT, f"not at version {version}: read it again")
        )
        lines = [
            self._line(each, verdict, settled.values.get(each.about)) for each, verdict in verdicts.items()
        ]
        return Outcome(
            values={},
            parts=(),
            lines=[replace(each, stale=True) for each in lines],
            provenance=(),
            verdicts=verdicts,
            repeated=self._repeated(claims, verdicts, settled),
            contested=_contested(verdicts, lines),
        )

    def _fresh(self, claims: Iterable[Claim]) -> list[Claim]:
        return [each for each in claims if each not in self._verdicts and not self._holds(each)]

    def _settled(self, fresh: Iterable[Claim]) -> Settled:
        return settle(self._baseline(), [*self._verdicts, *self._held(), *fresh])

    def _repeated(
        self, claims: Iterable[Claim], fresh: Collection[Claim], settled: Settled
    ) -> dict[Claim, Verdict]:
        """How claims stand now that came before."""
        return {
            each: _verdict(each, settled) if each in settled.verdicts else self._told_again(each)
            for each in claims
            if each not in fresh
        }

    def _told_again(self, claim: Claim) -> Verdict:
        """What becomes of a claim whose event is known to hold; of a part the value is not known."""
        known = getattr(self._stored.contract, claim.field.name) if claim.part is None else claim.value
        return _HOLDS if claim.value == known else _OTHERWISE

    def _holds(self, claim: Claim) -> bool:
        """Whether it is the very claim that is known to hold, told once more."""
        known = self._provenance.get(claim.about)
        return known is not None and (known.source, known.event) == (claim.source, claim.event)

    def _held(self) -> Iterator[Claim]:
        """The claims that hold fields of which only the latest is kept; of a part, that it is there."""
        for about, known in self._provenance.items():
            declared = graph_field(CONTRACT, known.field)
            if known.system is None or known.claimed_at is None or is_judged_anew(declared):
                continue
            value = None if about[1] is not None else getattr(self._stored.contract, declared.name)
            yield Claim(
                field=declared, value=value, system=known.system, source=known.source or "",
                event=known.event or "", claimed_at=known.claimed_at, part=about[1],
                decided_by=None if known.decided_by == RULE else known.decided_by,
            )  # fmt: skip

    def _baseline(self) -> dict[About, Any]:
        """What was known before any claim: of fields that are judged anew, before the first that was kept."""
        own = (each for each in fields_of(type(self._stored.contract)) if each.kind is not Kind.LIST)
        known: dict[About, Any] = {
            (each.name, None): getattr(self._stored.contract, each.name) for each in own
        }
        for line in reversed(self._stored.history):
            declared = field_called(CONTRACT, line.field)
            if line.source is not None and not line.stale:
                known[declared.name, None] = read_written(declared, line.before)
        return known

    def _values(self, settled: Settled) -> dict[str, Any]:
        contract = self._stored.contract
        own = ((name, value) for (name, part), value in settled.values.items() if part is None)
        return {name: value for name, value in own if value != getattr(contract, name)}

    def _first_heard_of(self, claims: Sequence[Claim]) -> Iterator[FieldChange]:
        """The line before which there was no such contract: it had no id."""
        if self._stored.is_new and claims:
            first = replace(claims[0], field=graph_field(CONTRACT, "id"), value=self._id, part=None)
            line = self._line(first, Verdict(Decision.ACCEPTED, "it was first heard of"), None)
            yield replace(line, before=None)

    def _lines(self, settled: Settled, verdicts: Mapping[Claim, Verdict]) -> Iterator[FieldChange]:
        for claim, verdict in sorted(verdicts.items(), key=lambda each: each[0].order):
            before = settled.before[claim]
            says_no_more = verdict.decision is Decision.ACCEPTED and claim.value == before
            if says_no_more and not is_judged_anew(claim.field) and claim.decided_by is None:
                continue  # it confirms what is known: the provenance says when
            yield self._line(claim, verdict, before)

    def _judged_anew(self, settled: Settled) -> Iterator[FieldChange]:
        """Lines for earlier claims of which a late one changed what was decided."""
        for claim, decided in self._verdicts.items():
            verdict = _verdict(claim, settled)
            accepted = decided is Decision.ACCEPTED
            taken_back = accepted and settled.verdicts[claim].decision is not Decision.ACCEPTED
            holds_after_all = not accepted and settled.held.get(claim.about) == claim
            if taken_back or holds_after_all:
                reason = f"judged anew after a claim that came late: {verdict.reason}"
                yield self._line(claim, Verdict(verdict.decision, reason), settled.before[claim])

    def _known_again(
        self, settled: Settled, changed: Mapping[str, Any], lines: Sequence[FieldChange]
    ) -> Iterator[FieldChange]:
        """Lines for values that are others because claims were taken back, where no other line has them."""
        told = {line.field for line in lines if line.decision is Decision.ACCEPTED and line.part is None}
        for name, value in changed.items():
            declared = field_named(CONTRACT, name)
            if declared.graph_name in told:
                continue
            held = settled.held.get((name, None))
            if held is not None:
                reason = "it holds again: what was claimed after it was taken back"
                yield self._line(held, Verdict(Decision.ACCEPTED, reason), None)
                continue
            reason = "what was known before any claim is known again: they were all taken back"
            nobody = Claim(
                field=declared, value=value, system=System.HERE, source="", event="", claimed_at=self._now
            )
            line = self._line(nobody, Verdict(Decision.ACCEPTED, reason), None)
            yield replace(line, claimed_by=RULE, source=None, event=None)

    def _line(self, claim: Claim, verdict: Verdict, before: object) -> FieldChange:
        """The line of a claim; of one that is accepted `before` is what is known here until now."""
        if claim.part is not None:
            before = None
        elif verdict.decision is Decision.ACCEPTED:
            before = getattr(self._stored.contract, claim.field.name)
        return FieldChange(
            id=uuid7(),
            contract_id=self._id,
            field=claim.field.graph_name,
            part=claim.part,
            before=written(before),
            after=None if claim.part else _after(claim),
            claimed_by=claim.decided_by or claim.system,
            claimed_at=claim.claimed_at,
            recorded_at=self._now,
            source=claim.source,
            event=claim.event,
            decision=verdict.decision,
            reason=verdict.reason,
        )

    def _sources(self, settled: Settled, verdicts: Mapping[Claim, Verdict]) -> Iterator[Provenance]:
        """The provenance of every field that was spoken of or whose claim or owner is another now."""
        told = {
            **{each.about: each.field for each in settled.verdicts},
            **{a: c.field for a, c in settled.held.items()},
        }
        refused = {
            claim.about: (claim, verdict)
            for claim, verdict in sorted(verdicts.items(), key=lambda each: each[0].order)
            if verdict.decision is not Decision.ACCEPTED
        }
        for about, declared in told.items():
            before = self._provenance.get(about)
            after = self._source(before, about, declared, settled)
            if about in refused:
                claim, verdict = refused[about]
                after = replace(
                    after, refused_system=claim.system, refused_at=claim.claimed_at,
                    refused_because=verdict.reason,
                )  # fmt: skip
            if after != before:
                yield after

    def _source(
        self, before: Provenance | None, about: About, declared: DeclaredField, settled: Settled
    ) -> Provenance:
        known = before or Provenance(
            id=uuid5(self._id, f"{declared.name} {about[1] or ''}"),
            contract_id=self._id,
            field=declared.graph_name,
            part=about[1],
            owner=System.HERE,
        )
        known = replace(known, owner=owner_of(declared, settled.status))
        held = settled.held.get(about)
        if held is None:
            nothing = {"system": None, "source": None, "event": None, "claimed_at": None}
            return replace(known, recorded_at=None, decided_by=None, **nothing)  # type: ignore[arg-type]
        if (known.source, known.event) == (held.source, held.event):
            return known
        return replace(
            known,
            system=held.system,
            source=held.source,
            event=held.event,
            claimed_at=held.claimed_at,
            recorded_at=self._now,
            decided_by=held.decided_by or RULE,
            refused_system=None,
            refused_at=None,
            refused_because=None,
        )


def _contested(claims: Collection[Claim], lines: Iterable[FieldChange]) -> Sequence[Contested]:
    """Keep what claims in conflict say of parts, whose lines do not."""
    open_ = {(line.field, line.part): line for line in lines if line.decision is Decision.CONFLICT}
    beside = siblings(claims) if open_ else {}
    return [
        Contested(line.id, told(claim.value, beside))
        for claim in claims
        if claim.part is not None and claim.value is not None
        if (line := open_.get((claim.field.graph_name, claim.part))) is not None
    ]


def _verdict(claim: Claim, settled: Settled) -> Verdict:
    """The verdict on a claim as its sender is told it: one that another came before does not hold."""
    verdict = settled.verdicts[claim]
    held = settled.held.get(claim.about)
    if (
        verdict.decision is Decision.ACCEPTED
        and held is not None
        and held != claim
        and held.value != claim.value
    ):
        return superseded(claim, held)
    return verdict


def _about(known: Provenance) -> About:
    return graph_field(CONTRACT, known.field).name, known.part


def _after(claim: Claim) -> str | None:
    return claim.value.text if isinstance(claim.value, Unreadable) else written(claim.value)


def claim_of(line: FieldChange) -> Claim:
    """Return the claim that a line of history keeps; of one about a part only that it was made."""
    declared = field_called(CONTRACT, line.field)
    value: Any
    try:
        value = read_written(declared, line.after)
    except NotWritten as error:
        value = Unreadable(line.after or "", str(error))
    # What a person decided is in their name, which is no system's.
    person = None if line.claimed_by in set(System) else line.claimed_by
    return Claim(
        field=declared, value=value, system=System.HERE if person else System(line.claimed_by),
        source=line.source or "", event=line.event or "", claimed_at=line.claimed_at, part=line.part,
        decided_by=person,
    )  # fmt: skip


def contract_id_for(org_id: UUID, reference: str) -> UUID:
    """Return the id of a contract that is first heard of by its external reference."""
    return uuid5(org_id, reference)
