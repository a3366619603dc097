"""Claims come to the same graph in whatever order they arrive, and each is told why it holds or not."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import domain.graph  # noqa: F401 - it registers every entity
from domain.claim import Claim, NoSuchClaim, Report, Unreadable, claims_of
from domain.contract import ContractType
from domain.document import Document, DocumentType
from domain.field import CLM, HERE, SALESFORCE, System, field_named
from domain.history import Decision
from domain.identity import uuid7
from domain.lifecycle import ContractStatus
from domain.money import Money
from domain.reconcile import HANDOVER, Settled, owner_of, settle, superseded

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)
S = ContractStatus
UNSIGNED = {("status", None): S.DRAFT, ("title", None): "Untitled"}
SIGNED = {("status", None): S.ACTIVE, ("title", None): "Untitled"}


def claim(field: str, value: Any, system: System = CLM, minute: float = 0, event: str = "") -> Claim:
    return Claim(
        field=field_named("Contract", field),
        value=value,
        system=system,
        source=system.lower(),
        event=event or f"{field}-{minute}",
        claimed_at=NOON + timedelta(minutes=minute),
    )


def decided(field: str, value: Any, minute: float = 0, event: str = "") -> Claim:
    """What a person decided."""
    said = claim(field, value, HERE, minute, event)
    return replace(said, source="people", decided_by="005Hs00000AAAAAIA5", because="as we agreed")


def usd(amount: int) -> Money:
    return Money(Decimal(amount), "USD")


def decision(settled: Settled, asked: Claim) -> tuple[Decision, str]:
    verdict = settled.verdicts[asked]
    return verdict.decision, verdict.reason


def test_the_owner_of_a_field_is_believed() -> None:
    said = claim("governing_law", "New York")
    settled = settle(SIGNED, [said])
    assert settled.values["governing_law", None] == "New York"
    assert settled.held["governing_law", None] == said
    assert decision(settled, said) == (Decision.ACCEPTED, "the contract system owns governingLaw")


@pytest.mark.parametrize(
    ("baseline", "asked", "reason"),
    [
        (SIGNED, claim("governing_law", "Texas", SALESFORCE),
         "the contract system owns governingLaw, and Salesforce said so"),
        (SIGNED, claim("total_value", usd(5), SALESFORCE),
         "the contract system owns totalValue once it is signed, and Salesforce said so"),
        (UNSIGNED, claim("total_value", usd(5)),
         "Salesforce owns totalValue until it is signed, and the contract system said so"),
        (SIGNED, claim("risk_score", 7), "people here own riskScore, and the contract system said so"),
        (SIGNED, claim("arr", usd(5)), "arr is computed from "),
        (SIGNED, claim("version", 9), "version is kept by the contract graph itself"),
        (SIGNED, claim("id", uuid7(), HERE), "id is kept by the contract graph itself"),
        (SIGNED, claim("effective_date", Unreadable("31/31/2026", "no such day")),
         "'31/31/2026' is no value of effectiveDate: no such day"),
        (SIGNED, claim("title", None), "a contract has to have title"),
        (SIGNED, claim("status", S.DRAFT), "a contract cannot go back from ACTIVE to DRAFT"),
    ],
)  # fmt: skip
def test_what_is_refused_says_why(baseline: dict[Any, Any], asked: Claim, reason: str) -> None:
    settled = settle(baseline, [asked])
    found, why = decision(settled, asked)
    assert found is Decision.REFUSED
    assert why.startswith(reason)
    assert settled.values == baseline


def test_terms_change_hands_at_the_signature() -> None:
    before = claim("total_value", usd(100), SALESFORCE, 0)
    signed = claim("status", S.EXECUTED, minute=10)
    after = claim("total_value", usd(120), CLM, 10)
    late = claim("total_value", usd(90), SALESFORCE, 60)
    settled = settle(UNSIGNED, [late, after, signed, before])
    assert settled.values["total_value", None] == usd(120)
    assert decision(settled, before)[0] is Decision.ACCEPTED
    assert decision(settled, after)[0] is Decision.ACCEPTED, "of one moment the status comes first"
    assert decision(settled, late)[0] is Decision.REFUSED
    assert settled.signed_since == signed.claimed_at


def test_two_who_mean_it_while_a_field_changes_hands_are_a_conflict() -> None:
    signed = claim("status", S.EXECUTED, minute=0)
    theirs = claim("total_value", usd(120), CLM, 0)
    minutes = HANDOVER.total_seconds() / 60
    ours = claim("total_value", usd(90), SALESFORCE, minutes)
    same = claim("total_value", usd(120), SALESFORCE, minutes, "same")
    settled = settle(UNSIGNED, [signed, theirs, ours, same])
    found, why = decision(settled, ours)
    assert found is Decision.CONFLICT
    assert "within 15 minutes of the signature at 2026-11-27T12:00:00Z" in why
    assert decision(settled, same)[0] is Decision.REFUSED, "nothing is to be decided where both say the same"
    assert settled.values["total_value", None] == usd(120)
    beyond = claim("total_value", usd(90), SALESFORCE, minutes + 0.1)
    assert decision(settle(UNSIGNED, [signed, theirs, beyond]), beyond)[0] is Decision.REFUSED


def test_what_a_person_decides_holds_until_the_owner_says_something_else() -> None:
    signed = claim("status", S.EXECUTED, minute=0)
    theirs = claim("total_value", usd(120), CLM, 0)
    ours = claim("total_value", usd(90), SALESFORCE, 5)
    taken = decided("total_value", usd(90), 60)
    repeated = claim("total_value", usd(120), CLM, 70)
    settled = settle(UNSIGNED, [signed, theirs, ours, taken, repeated])
    assert decision(settled, ours)[0] is Decision.CONFLICT
    assert decision(settled, taken) == (Decision.ACCEPTED, "a person decided it: as we agreed")
    assert decision(settled, repeated) == (
        Decision.REFUSED,
        "a person decided otherwise at 2026-11-27T13:00:00Z, and it repeats what was said before",
    )
    assert settled.values["total_value", None] == usd(90)
    other = claim("total_value", usd(130), CLM, 80)
    again = claim("total_value", usd(120), CLM, 90)
    settled = settle(UNSIGNED, [signed, theirs, ours, taken, repeated, other, again])
    assert decision(settled, other)[0] is Decision.ACCEPTED
    assert decision(settled, again)[0] is Decision.ACCEPTED
    assert settled.values["total_value", None] == usd(120)


def test_where_a_person_keeps_what_is_known_the_other_value_is_the_owners_to_say() -> None:
    signed = claim("status", S.EXECUTED, minute=0)
    theirs = claim("total_value", usd(120), CLM, 0)
    ours = claim("total_value", usd(90), SALESFORCE, 5)
    kept = decided("total_value", usd(120), 6)
    repeated = claim("total_value", usd(90), SALESFORCE, 7)
    amended = claim("total_value", usd(90), CLM, 8)
    settled = settle(UNSIGNED, [signed, theirs, ours, kept, repeated])
    assert decision(settled, repeated)[0] is Decision.REFUSED, "it is decided: no second conflict"
    assert settled.values["total_value", None] == usd(120)
    settled = settle(UNSIGNED, [signed, theirs, ours, kept, repeated, amended])
    assert settled.values["total_value", None] == usd(90)


def test_a_person_decides_no_move_that_there_is_not_and_no_value_that_no_field_holds() -> None:
    back = decided("status", S.DRAFT, 1)
    unread = decided("governing_law", Unreadable("?", "no law"), 1)
    nothing = decided("title", None, 1)
    derived = decided("arr", usd(1), 1)
    settled = settle(SIGNED, [back, unread, nothing, derived])
    assert {decision(settled, each)[0] for each in settled.verdicts} == {Decision.REFUSED}


def test_a_signature_that_comes_late_takes_back_what_was_accepted_since() -> None:
    early = claim("total_value", usd(100), SALESFORCE, 0)
    edit = claim("total_value", usd(150), SALESFORCE, 60)
    assert settle(UNSIGNED, [early, edit]).values["total_value", None] == usd(150)
    signed = claim("status", S.EXECUTED, minute=30)
    settled = settle(UNSIGNED, [early, edit, signed])
    assert settled.values["total_value", None] == usd(100)
    assert decision(settled, edit)[0] is Decision.REFUSED


def test_what_is_older_than_what_is_known_says_so() -> None:
    old, new = claim("governing_law", "Texas", minute=0), claim("governing_law", "Ohio", minute=5)
    assert superseded(old, new).reason == (
        "older than what is known: it was claimed at 2026-11-27T12:00:00Z, and"
        " the contract system said otherwise at 2026-11-27T12:05:00Z"
    )


def test_a_report_is_a_claim_for_each_field_and_each_part() -> None:
    paper = Document(
        id=uuid7(), source_key="esign:doc-1", contract_id=uuid7(), type=DocumentType.AGREEMENT, title="Order"
    )
    report = Report(
        contract="C-1", system=CLM, source="esign", event="e-1", claimed_at=NOON,
        fields={"type": ContractType.MSA, "template": None}, parts=(paper,),
    )  # fmt: skip
    claims = list(claims_of(report))
    assert [each.about for each in claims] == [
        ("type", None), ("template", None), ("documents", "esign:doc-1"),
    ]  # fmt: skip
    settled = settle(UNSIGNED, claims)
    assert settled.values["documents", "esign:doc-1"] == paper
    assert settled.values["template", None] is None


def test_parts_that_could_not_be_read_are_refused_by_the_name_of_their_list() -> None:
    missed = Unreadable("soon", "papers[0]: signed_at: it is no date")
    report = Report(
        contract="C-1", system=CLM, source="esign", event="e-1", claimed_at=NOON, fields={"documents": missed}
    )
    (said,) = claims_of(report)
    assert decision(settle(UNSIGNED, [said]), said) == (
        Decision.REFUSED, "'soon' is no value of documents: papers[0]: signed_at: it is no date",
    )  # fmt: skip


@pytest.mark.parametrize("name", ["colour", "documents", "changes"])
def test_what_is_no_field_is_not_claimed(name: str) -> None:
    report = Report(
        contract="C-1", system=CLM, source="esign", event="e-1", claimed_at=NOON, fields={name: "x"}
    )
    with pytest.raises(NoSuchClaim, match=f"Contract.{name} is nothing that can be claimed"):
        list(claims_of(report))


FIELDS: dict[str, Sequence[Any]] = {
    "status": list(ContractStatus),
    "total_value": [usd(1), usd(2), None],
    "payment_terms": ["30 days", "60 days"],
    "governing_law": ["Ohio", "Texas", Unreadable("?", "no law")],
    "business_owner_id": [uuid7(), uuid7()],
    "risk_score": [1, 2],
    "effective_date": [date(2026, 1, 1), date(2026, 2, 1)],
    "title": ["One", "Two", None],
}


@st.composite
def random_claims(draw: st.DrawFn) -> list[Claim]:
    names = draw(st.lists(st.sampled_from(sorted(FIELDS)), min_size=1, max_size=12))
    return [
        _said(
            draw(st.sampled_from([CLM, SALESFORCE, HERE, None])),
            name,
            draw(st.sampled_from(FIELDS[name])),
            draw(st.integers(0, 40)),
            f"event-{number}",
        )
        for number, name in enumerate(names)
    ]


def _said(system: System | None, name: str, value: Any, minute: int, event: str) -> Claim:
    if system is None:
        return decided(name, value, minute, event)
    return claim(name, value, system, minute, event)


@settings(max_examples=400, deadline=None)
@given(claims=random_claims(), seed=st.integers(0, 10_000), signed=st.booleans())
def test_any_order_and_any_duplicates_come_to_the_same(
    claims: list[Claim], seed: int, *, signed: bool
) -> None:
    baseline = SIGNED if signed else UNSIGNED
    expected = settle(baseline, claims)
    dice = random.Random(seed)
    mixed = [*claims, *dice.choices(claims, k=dice.randint(0, 5))]
    dice.shuffle(mixed)
    found = settle(baseline, mixed)
    assert found.values == expected.values
    assert found.held == expected.held
    assert found.verdicts == expected.verdicts


@settings(max_examples=400, deadline=None)
@given(claims=random_claims(), signed=st.booleans())
def test_whatever_holds_was_claimed_by_its_owner_and_every_claim_has_its_reason(
    claims: list[Claim], *, signed: bool
) -> None:
    baseline = SIGNED if signed else UNSIGNED
    settled = settle(baseline, claims)
    assert set(settled.verdicts) == set(claims)
    for each, verdict in settled.verdicts.items():
        assert verdict.reason
        if verdict.decision is Decision.ACCEPTED:
            owners = {owner_of(each.field, S.DRAFT), owner_of(each.field, S.ACTIVE)}
            assert each.decided_by or each.system in owners
    for about, value in settled.values.items():
        held = settled.held.get(about)
        assert value == (held.value if held else baseline.get(about))
