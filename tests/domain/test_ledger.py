"""Claims that arrive one after the other come to what they come to together, and each leaves its trace."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.claim import Claim
from domain.contract import Contract, ContractType, Side
from domain.document import Document, DocumentType
from domain.field import CLM, HERE, SALESFORCE, field_named, fields_of
from domain.history import Decision, FieldChange
from domain.identity import uuid7
from domain.ledger import Outcome, Stored, claim_of, judge, turn_away
from domain.lifecycle import ContractStatus
from domain.past import value_at, was_known, with_past
from domain.provenance import Provenance
from domain.reconcile import is_judged_anew, settle
from tests.domain.test_reconcile import NOON, claim, decided, random_claims, usd

LATER = datetime(2026, 11, 28, tzinfo=UTC)


class Shelf:
    """Keeps what storage keeps: the contract, one provenance a field, and the lines of history."""

    def __init__(self, status: ContractStatus = ContractStatus.DRAFT) -> None:
        self.contract = Contract(
            id=uuid7(), title="Untitled", type=ContractType.OTHER, side=Side.CUSTOMER, status=status
        )
        self.first = self.contract
        self.provenance: dict[Any, Provenance] = {}
        self.history: list[FieldChange] = []
        self.parts: dict[str, Any] = {}
        self.now = LATER
        self.moments = [(LATER, self.contract)]

    def hear(self, claims: Iterable[Claim], version: int | None = None) -> Outcome:
        known = {each.graph_name for each in fields_of(Contract) if is_judged_anew(each)}
        stored = Stored(
            contract=self.contract,
            provenance=list(self.provenance.values()),
            history=[line for line in self.history if line.field in known],
        )
        self.now += timedelta(seconds=1)
        outcome = (
            judge(stored, claims, self.now)
            if version is None
            else turn_away(stored, claims, self.now, version)
        )
        self.contract = replace(self.contract, **outcome.values)
        self.provenance |= {each.id: each for each in outcome.provenance}
        self.history += outcome.lines
        self.parts |= {part.source_key or "": part for _, part in outcome.parts}
        self.moments.append((self.now, self.contract))
        return outcome

    def source_of(self, field: str) -> Provenance:
        return next(each for each in self.provenance.values() if each.field == field)

    def told(self, field: str) -> list[tuple[str | None, str | None, Decision]]:
        return [(line.before, line.after, line.decision) for line in self.history if line.field == field]


def test_an_accepted_claim_changes_the_value_and_says_where_it_comes_from() -> None:
    shelf = Shelf(ContractStatus.ACTIVE)
    shelf.hear([claim("governing_law", "Ohio", event="e-1")])
    assert shelf.contract.governing_law == "Ohio"
    assert shelf.told("governingLaw") == [(None, "Ohio", Decision.ACCEPTED)]
    source = shelf.source_of("governingLaw")
    assert (source.owner, source.system, source.source, source.event) == (CLM, CLM, "clm", "e-1")
    assert (source.claimed_at, source.recorded_at, source.decided_by) == (NOON, shelf.now, "rule")


def test_a_line_names_its_field_as_graphql_does_or_as_an_import_may() -> None:
    shelf = Shelf(ContractStatus.ACTIVE)
    shelf.hear([claim("governing_law", "Ohio")])
    [line] = shelf.history
    assert claim_of(line) == claim_of(replace(line, field="governing_law"))


def test_an_event_is_not_believed_twice_with_two_values() -> None:
    shelf = Shelf(ContractStatus.ACTIVE)
    shelf.hear([claim("governing_law", "Ohio", minute=0, event="e-1")])
    for minute in (0, 5):
        other = claim("governing_law", "Texas", minute=minute, event="e-1")
        outcome = shelf.hear([other])
        assert (outcome.repeated[other].decision, outcome.values) == (Decision.REFUSED, {})
    again = claim("governing_law", "Ohio", minute=0, event="e-1")
    assert shelf.hear([again]).repeated[again].decision is Decision.ACCEPTED


def test_a_claim_that_confirms_a_value_moves_its_date_and_adds_no_line() -> None:
    shelf = Shelf(ContractStatus.ACTIVE)
    shelf.hear([claim("governing_law", "Ohio", minute=0)])
    shelf.hear([claim("governing_law", "Ohio", minute=5)])
    assert len(shelf.told("governingLaw")) == 1
    assert shelf.source_of("governingLaw").claimed_at == NOON + timedelta(minutes=5)
    shelf.hear([claim("governing_law", "Texas", minute=3)])
    assert shelf.contract.governing_law == "Ohio", "what was confirmed since is not undone"


def test_a_refused_edit_is_kept_with_its_reason_until_the_owner_speaks_again() -> None:
    shelf = Shelf(ContractStatus.ACTIVE)
    shelf.hear([claim("total_value", usd(10), CLM, 0)])
    outcome = shelf.hear([claim("total_value", usd(99), SALESFORCE, 60)])
    assert [each.decision for each in outcome.verdicts.values()] == [Decision.REFUSED]
    assert shelf.contract.total_value == usd(10)
    source = shelf.source_of("totalValue")
    assert source.system is CLM
    assert source.refused_system is SALESFORCE
    assert source.refused_because == (
        "the contract system owns totalValue once it is signed, and Salesforce said so"
    )
    shelf.hear([claim("total_value", usd(11), CLM, 90)])
    assert shelf.source_of("totalValue").refused_because is None
    assert [each[2] for each in shelf.told("totalValue")] == [
        Decision.ACCEPTED, Decision.REFUSED, Decision.ACCEPTED,
    ]  # fmt: skip


def test_a_claim_of_an_earlier_version_changes_nothing_and_is_never_judged_again() -> None:
    shelf = Shelf(ContractStatus.ACTIVE)
    late, again = (claim("total_value", usd(9), minute=5, event=event) for event in ("late", "again"))
    outcome = shelf.hear([late], version=1)
    assert [(each.decision, each.reason) for each in outcome.verdicts.values()] == [
        (Decision.CONFLICT, "not at version 1: read it again")
    ]
    assert (shelf.contract, shelf.provenance) == (shelf.first, {})
    assert [(line.before, line.after, line.stale) for line in shelf.history] == [(None, "9.00 USD", True)]
    shelf.hear([claim("total_value", usd(10), minute=0)])
    assert shelf.contract.total_value == usd(10)
    shelf.hear([again])
    assert shelf.contract.total_value == usd(9)


def test_what_a_person_decided_is_kept_in_their_name_and_outlives_a_claim_that_comes_late() -> None:
    shelf = Shelf()
    signed = claim("status", ContractStatus.EXECUTED, minute=0)
    shelf.hear([signed, claim("total_value", usd(120), minute=0)])
    shelf.hear([claim("total_value", usd(90), SALESFORCE, 5)])
    shelf.hear([decided("total_value", usd(90), 60, "line-1")])
    assert shelf.contract.total_value == usd(90)
    source = shelf.source_of("totalValue")
    assert (source.owner, source.system, source.decided_by) == (CLM, HERE, "005Hs00000AAAAAIA5")
    assert (source.event, source.refused_because) == ("line-1", None)
    line = shelf.history[-1]
    assert (line.claimed_by, line.source, line.reason) == (
        "005Hs00000AAAAAIA5", "people", "a person decided it: as we agreed",
    )  # fmt: skip
    shelf.hear([claim("total_value", usd(110), minute=1)])
    assert shelf.contract.total_value == usd(90), "what is older than the decision does not undo it"
    shelf.hear([claim("total_value", usd(110), minute=61)])
    assert shelf.contract.total_value == usd(90), "nor does what repeats what was known before it"
    shelf.hear([claim("total_value", usd(120), minute=62)])
    assert shelf.contract.total_value == usd(120), "the owner says something else"


def test_a_person_who_keeps_what_is_known_of_a_field_of_one_owner_is_told_too() -> None:
    shelf = Shelf(ContractStatus.ACTIVE)
    shelf.hear([claim("governing_law", "Ohio", minute=0)])
    shelf.hear([decided("governing_law", "Ohio", 5, "line-1")])
    assert shelf.told("governingLaw")[-1] == ("Ohio", "Ohio", Decision.ACCEPTED)
    assert shelf.source_of("governingLaw").decided_by == "005Hs00000AAAAAIA5"
    shelf.hear([claim("governing_law", "Texas", minute=3)])
    assert shelf.contract.governing_law == "Ohio"
    shelf.hear([claim("governing_law", "Texas", minute=6)])
    assert shelf.contract.governing_law == "Texas"
    assert shelf.source_of("governingLaw").decided_by == "rule"


def test_claims_that_came_before_are_told_as_they_stand() -> None:
    shelf = Shelf(ContractStatus.ACTIVE)
    old = [claim("total_value", usd(10), minute=0), claim("governing_law", "Ohio", minute=0)]
    shelf.hear(old)
    shelf.hear([claim("total_value", usd(11), minute=5)])
    for version in (None, 1):
        outcome = shelf.hear(old, version)
        assert (outcome.lines, outcome.verdicts) == ([], {})
        assert [each.decision for each in outcome.repeated.values()] == [Decision.REFUSED, Decision.ACCEPTED]


def test_what_a_late_signature_takes_back_is_told_in_a_line_of_its_own() -> None:
    shelf = Shelf()
    shelf.hear([claim("total_value", usd(100), SALESFORCE, 0)])
    shelf.hear([claim("total_value", usd(150), SALESFORCE, 60)])
    shelf.hear([claim("status", ContractStatus.EXECUTED, minute=30)])
    assert shelf.contract.total_value == usd(100)
    taken_back, again = shelf.told("totalValue")[-2:]
    assert taken_back == ("100.00 USD", "150.00 USD", Decision.REFUSED)
    assert shelf.history[-2].reason.startswith("judged anew after a claim that came late: ")
    assert again == ("150.00 USD", "100.00 USD", Decision.ACCEPTED), "and so is what holds again"
    assert shelf.history[-1].reason == "it holds again: what was claimed after it was taken back"
    assert shelf.source_of("totalValue").owner is CLM
    assert shelf.source_of("totalValue").claimed_at == NOON


def test_a_part_is_written_whole_and_its_line_tells_no_value() -> None:
    shelf = Shelf(ContractStatus.ACTIVE)
    paper = Document(
        id=uuid7(), source_key="clm:doc", contract_id=uuid7(), type=DocumentType.ORDER, title="Secret title"
    )
    newer = replace(paper, title="Newer title")
    field = field_named("Contract", "documents")
    first = replace(claim("title", paper, minute=0), field=field, part="clm:doc")
    second = replace(claim("title", newer, minute=5), field=field, part="clm:doc")
    shelf.hear([second])
    outcome = shelf.hear([first])
    assert shelf.parts == {"clm:doc": newer}
    assert [each.decision for each in outcome.verdicts.values()] == [Decision.REFUSED]
    assert all(line.after is None and line.before is None for line in shelf.history)
    assert {line.part for line in shelf.history} == {"clm:doc"}


def test_where_every_claim_is_taken_back_a_line_of_nobody_tells_what_was_known_before() -> None:
    shelf = Shelf()
    shelf.hear([claim("total_value", usd(150), SALESFORCE, 60)])
    shelf.hear([claim("status", ContractStatus.EXECUTED, minute=30)])
    assert shelf.contract.total_value is None
    last = shelf.history[-1]
    assert (last.before, last.after, last.decision) == ("150.00 USD", None, Decision.ACCEPTED)
    assert (last.claimed_by, last.source, last.event) == ("rule", None, None)


def test_a_contract_that_is_new_has_a_line_before_which_it_had_no_id() -> None:
    made = Shelf().contract
    said = claim("title", "One", event="e-1")
    lines = judge(Stored(contract=made, is_new=True), [said], LATER).lines
    assert (lines[0].field, lines[0].before, lines[0].after) == ("id", None, str(made.id))
    assert (lines[0].claimed_by, lines[0].event) == (CLM, "e-1")
    assert not was_known(lines, LATER - timedelta(microseconds=1))
    assert was_known(lines, LATER)
    assert was_known(lines[1:], NOON), "of one that was imported no line tells the beginning"


@settings(max_examples=500, deadline=None)
@given(claims=random_claims(), seed=st.integers(0, 10_000), signed=st.booleans())
def test_the_lines_tell_at_every_moment_what_the_contract_had_then(
    claims: list[Claim], seed: int, *, signed: bool
) -> None:
    shelf = Shelf(ContractStatus.ACTIVE if signed else ContractStatus.DRAFT)
    dice = random.Random(seed)
    mixed = dice.sample(claims, len(claims))
    for batch in _batches(mixed, dice):
        shelf.hear(batch)
    shelf.moments.append((LATER - timedelta(days=1), shelf.first))
    for moment, contract in shelf.moments:
        for declared in with_past(Contract):
            told = value_at(shelf.history, declared, moment, getattr(shelf.contract, declared.name))
            assert told == getattr(contract, declared.name), (declared.name, moment)


@settings(max_examples=500, deadline=None)
@given(claims=random_claims(), seed=st.integers(0, 10_000), signed=st.booleans())
def test_one_after_the_other_comes_to_the_same_as_all_at_once(
    claims: list[Claim], seed: int, *, signed: bool
) -> None:
    shelf = Shelf(ContractStatus.ACTIVE if signed else ContractStatus.DRAFT)
    own = {(each.name, None): getattr(shelf.first, each.name) for each in fields_of(Contract)}
    expected = settle(own, claims)
    dice = random.Random(seed)
    # An event comes once: the inbox sees to that. Of those that are judged anew a second one changes nothing.
    again = [each for each in claims if is_judged_anew(each.field)]
    mixed = [*claims, *dice.choices(again, k=dice.randint(0, 3))] if again else list(claims)
    dice.shuffle(mixed)
    for batch in _batches(mixed, dice):
        shelf.hear(batch)
    for (name, _), value in expected.values.items():
        assert getattr(shelf.contract, name) == value, name
    for (name, _), held in expected.held.items():
        source = shelf.source_of(held.field.graph_name)
        assert (source.source, source.event) == (held.source, held.event), name
    for each in claims:
        verdict = expected.verdicts[each]
        lines = [line for line in shelf.history if line.event == each.event]
        if verdict.decision is not Decision.ACCEPTED:
            assert lines[-1].decision is not Decision.ACCEPTED, "every refused claim is told"


def _batches(claims: Sequence[Claim], dice: random.Random) -> Iterable[Sequence[Claim]]:
    rest = list(claims)
    while rest:
        size = dice.randint(1, 3)
        batch, rest = rest[:size], rest[size:]
        yield batch
