from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.contract import Contract, RenewalType
from domain.crm import Opportunity, OpportunityLine, PermissionSetAssignment, User
from domain.field import Entity
from domain.money import Money
from domain.term import Period
from sync.salesforce.mapping import mapped
from sync.salesforce.types import Unfit, flattened, from_salesforce, joined, split, to_salesforce
from tests.sync.salesforce.described import a_field

MOMENT = datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=timezone(timedelta(hours=2)))


@pytest.mark.parametrize(
    ("type_", "value", "written"),
    [
        ("date", date(2026, 2, 28), "2026-02-28"),
        ("datetime", MOMENT, "2026-01-02T01:04:05.000Z"),
        ("string", Period(years=1), "P1Y"),
        ("int", Period(years=1, months=6), 18),
        ("string", "text", "text"),
        ("string", "", None),
        ("string", None, None),
        ("picklist", RenewalType.AUTO_RENEW, "AUTO_RENEW"),
        ("multipicklist", ("EMEA", "APAC", "EMEA"), "EMEA;APAC"),
        ("boolean", True, True),
        ("double", 7, 7),
        ("double", Decimal("0.10"), 0.1),
        ("currency", Decimal("1234567.89"), 1234567.89),
        ("currency", Money(Decimal("10.50"), "EUR"), 10.5),
        ("currency", Money(Decimal("10.00"), "EUR"), 10),
        ("string", Decimal("0.10"), "0.10"),
        ("reference", "001000000000001", "001000000000001AAA"),
        ("id", "001000000000001AAA", "001000000000001AAA"),
    ],
)
def test_a_value_is_written_as_salesforce_has_it(type_: str, value: object, written: object) -> None:
    found = to_salesforce(a_field(type=type_), value, "EUR")
    assert (found, type(found)) == (written, type(written))


@pytest.mark.parametrize(
    ("type_", "value", "currency"),
    [
        ("currency", Money(Decimal(1), "EUR"), "USD"),
        ("currency", Money(Decimal(1), "EUR"), None),
        ("currency", Decimal("12345678901234567.89"), "EUR"),
        ("double", Decimal("NaN"), None),
        ("int", Period(days=30), None),
        ("date", MOMENT, None),
        ("datetime", date(2026, 1, 1), None),
        ("datetime", datetime(2026, 1, 1), None),  # noqa: DTZ001 - a moment of nowhere
        ("reference", uuid4(), None),
        ("reference", "001000000000001AAB", None),
        ("multipicklist", ("a;b",), None),
        ("double", "ten", None),
        ("date", "2026-01-01", None),
        ("string", 1.5, None),
        ("string", object(), None),
    ],
)
def test_what_would_lose_something_on_the_way_is_not_written(
    type_: str, value: object, currency: str | None
) -> None:
    with pytest.raises(Unfit) as refused:
        to_salesforce(a_field(type=type_), value, currency)
    assert "2026" not in str(refused.value)
    assert "12345" not in str(refused.value)


@given(st.decimals(min_value=-(10**12), max_value=10**12, places=2))
def test_a_number_that_is_written_is_read_back_the_same(value: Decimal) -> None:
    carried = json.loads(json.dumps(to_salesforce(a_field(type="double"), value)), parse_float=Decimal)
    assert Decimal(carried) == value


@pytest.mark.parametrize(
    ("of", "name", "raw", "read"),
    [
        (Contract, "effective_date", "2026-02-28", date(2026, 2, 28)),
        (Contract, "renewal_term", "P1Y", Period(years=1)),
        (Contract, "renewal_term", 12, Period(months=12)),
        (Contract, "renewal_type", "EVERGREEN", RenewalType.EVERGREEN),
        (Contract, "amendment_count", Decimal("3.0"), 3),
        (Contract, "account_id", "001000000000001", "001000000000001AAA"),
        (Contract, "title", "MSA", "MSA"),
        (Contract, "title", "", None),
        (Contract, "arr", Decimal("10.5"), Money(Decimal("10.50"), "EUR")),
        (Opportunity, "is_won", True, True),
        (Opportunity, "is_won", "false", False),
        (OpportunityLine, "quantity", Decimal("2.5"), Decimal("2.5")),
        (User, "profile_id", "00e000000000001", "00e000000000001AAA"),
        (
            PermissionSetAssignment,
            "expiration_date",
            "2026-01-02T03:04:05.000+0000",
            datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        ),
    ],
)
def test_what_salesforce_says_is_read_as_ours(of: type[Entity], name: str, raw: object, read: object) -> None:
    assert from_salesforce(mapped(of)[name], raw, "EUR") == read


@pytest.mark.parametrize(
    ("name", "raw", "currency"),
    [
        ("effective_date", "28.02.2026", None),
        ("effective_date", 5, None),
        ("renewal_term", "a year", None),
        ("renewal_type", "SOMETIMES", None),
        ("amendment_count", "1.5", None),
        ("account_id", "001000000000001AAB", None),
        ("account_id", 5, None),
        ("arr", "10.5", None),
        ("arr", "ten", "EUR"),
        ("arr", Decimal("0.001"), "EUR"),
    ],
)
def test_what_cannot_be_read_is_told_without_the_value(name: str, raw: Any, currency: str | None) -> None:
    with pytest.raises(Unfit) as refused:
        from_salesforce(mapped(Contract)[name], raw, currency)
    assert str(raw) not in str(refused.value)
    assert refused.value.__cause__ is None


def test_choices_are_joined_and_split() -> None:
    assert split(joined(["a", "b"])) == ("a", "b")
    assert split(None) == split("") == ()


def test_an_address_is_flattened_to_the_names_that_it_is_written_by() -> None:
    address = {"street": "1 Main", "city": "Oslo", "postalCode": "0150", "country": None, "latitude": 1}
    assert flattened("BillingAddress", address) == {
        "BillingStreet": "1 Main",
        "BillingCity": "Oslo",
        "BillingState": None,
        "BillingPostalCode": "0150",
        "BillingCountry": None,
    }
    assert set(flattened("ShippingAddress", None).values()) == {None}
