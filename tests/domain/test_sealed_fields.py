from __future__ import annotations

from typing import Annotated
from uuid import UUID

import pytest

from domain import field as declaring
from domain.crm import Contact
from domain.field import COMMERCIAL, DERIVED, HERE, PERSONAL, DeclarationError, Field, sealed_fields
from domain.graph import ENTITIES
from domain.mask import mail_domain
from domain.money import Money
from domain.personal import folded


def declare(type_: object, **more: object) -> declaring.DeclaredField:
    owner = DERIVED if "rule" in more else HERE
    note = Field("Where they live.", owner, PERSONAL, **more)  # type: ignore[arg-type]
    return declaring._declared("Person", "home", Annotated[type_, note], None)


def test_a_text_for_personal_is_sealed_and_no_other_is() -> None:
    assert declare(str | None).sealed
    assert {each.name for each in sealed_fields(Contact)} == {"email", "phone"}
    every = [each for entity in ENTITIES.values() for each in declaring.fields_of(entity)]
    assert all(each.sealed is (each.field.audience is PERSONAL) for each in every)
    assert not declaring._declared(
        "Person", "home", Annotated[str | None, Field("x", HERE, COMMERCIAL)], None
    ).sealed


@pytest.mark.parametrize("type_", [int | None, bool | None, UUID | None, Money | None, tuple[Contact, ...]])
def test_what_is_no_text_cannot_be_for_personal(type_: object) -> None:
    with pytest.raises(DeclarationError, match=r"Person.home is for PERSONAL, so it must be a text"):
        declare(type_)


@pytest.mark.parametrize(
    "more", [{"key": True}, {"search": True}, {"indexed": True}, {"named_by": "field"}, {"rule": lambda: ""}]
)
def test_what_would_tell_the_value_elsewhere_cannot_be_declared(more: dict[str, object]) -> None:
    with pytest.raises(DeclarationError, match=r"Person.home is for PERSONAL, so it is stored encrypted"):
        declare(str | None, **more)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("ada@example.com", "…@example.com"),
        ("Ada@Mail.Example.COM", "…@Mail.Example.COM"),
        ("ada@grüße.example", "…@grüße.example"),
        ("+49 431 123456", "…3456"),
        ("123456789", "…6789"),
        ("12345678", "…"),
        ("", "…"),
        ("@alice.smith", "…mith"),
        ("call me@home 0431 99", "…1 99"),
        ("0431@0151.2345678", "…5678"),
        ("a@b@c.example", "…mple"),
    ],
)
def test_a_mask_shows_a_domain_or_the_last_four_characters(text: str, shown: str) -> None:
    assert mail_domain(text) == shown


@pytest.mark.parametrize(
    ("one", "other"),
    [("Ada@Example.com", "ada@example.COM"), ("  x ", "x"), ("STRASSE", "straße"), ("é", "É")],
)
def test_texts_that_differ_in_case_and_outer_spaces_are_one(one: str, other: str) -> None:
    assert folded(one) == folded(other)


def test_other_texts_are_not_one() -> None:
    assert len({folded(each) for each in ("ada@example.com", "ada@example.org", "a da@example.com", "")}) == 4
