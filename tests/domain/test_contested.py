"""A part in conflict is written down and read back as it was claimed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from uuid import UUID

import pytest

from domain.amendment import Amendment, AmendmentChange, AmendmentKind
from domain.contested import claimed_of, names_in, part_of, told
from domain.contract import Contract
from domain.field import ENTITIES, Kind, fields_of, sealed_fields
from domain.identity import uuid7
from domain.money import Money

OF, PAPER = uuid7(), uuid7()


def amendment() -> Amendment:
    id_ = uuid7()
    change = AmendmentChange(
        id=uuid7(), source_key="c", amendment_id=id_, field="totalValue", before=None, after="2 USD"
    )
    return Amendment(
        id=id_, source_key="a", contract_id=OF, number="№ 1", kind=AmendmentKind.VALUE,
        signed_date=date(2026, 3, 1), value_change=Money(Decimal("1.50"), "USD"), document_id=PAPER,
        changes=(change,),
    )  # fmt: skip


def test_a_part_comes_back_as_it_was() -> None:
    made = amendment()
    assert part_of(Amendment, told(made, {}), {}) == made


def test_what_was_told_beside_it_is_named_by_its_source_key() -> None:
    made = amendment()
    text = told(made, {PAPER: "paper"})
    assert names_in(Amendment, text) == {("Document", "paper")}
    here = UUID(int=1)
    assert part_of(Amendment, text, {("Document", "paper"): here}) == replace(made, document_id=here)


@pytest.mark.parametrize("each", [each for each in fields_of(Contract) if each.kind is Kind.LIST])
def test_no_part_has_a_personal_value_that_would_lie_there_in_clear(each: object) -> None:
    target = ENTITIES[each.target]  # type: ignore[attr-defined]
    assert target is Contract or not sealed_fields(target)


def test_the_fields_of_a_part_are_those_of_its_parts_too() -> None:
    names = {each.coordinate for each in claimed_of(Amendment)}
    assert {"Amendment.valueChange", "AmendmentChange.after"} <= names
