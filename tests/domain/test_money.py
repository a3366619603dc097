from __future__ import annotations

from decimal import Decimal, getcontext, localcontext
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.currency import MINOR_UNITS
from domain.money import (
    CurrencyMismatch,
    Money,
    NotAnAmount,
    NotExact,
    NotFinite,
    TooLarge,
    TooManyDecimals,
    UnknownCurrency,
    total,
)


def usd(text: str) -> Money:
    return Money(Decimal(text), "USD")


amounts = st.decimals(min_value=-(10**17), max_value=10**17, places=2).map(
    lambda amount: Money(amount, "USD")
)


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        ("5", "USD", "5.00 USD"),
        ("5.1", "EUR", "5.10 EUR"),
        ("1E+3", "JPY", "1000 JPY"),
        ("1.5", "BHD", "1.500 BHD"),
        ("0.0001", "CLF", "0.0001 CLF"),
        ("5.000", "USD", "5.00 USD"),
        ("-0", "USD", "0.00 USD"),
        ("0E-10", "JPY", "0 JPY"),
        ("99999999999999999999.99", "USD", "99999999999999999999.99 USD"),
    ],
)
def test_equal_amounts_have_one_text(amount: str, currency: str, text: str) -> None:
    assert str(Money(Decimal(amount), currency)) == text


@pytest.mark.parametrize(
    ("amount", "currency"), [("0.5", "JPY"), ("1.001", "USD"), ("1.0001", "KWD"), ("1.00001", "UYW")]
)
def test_more_decimals_than_the_currency_has_are_refused_and_named(amount: str, currency: str) -> None:
    with pytest.raises(TooManyDecimals, match=rf"{amount} has more decimals than {currency} has: at most \d"):
        Money(Decimal(amount), currency)


@pytest.mark.parametrize("value", [1.5, 1, "1.50", True, None])
def test_only_a_decimal_is_exact(value: Any) -> None:
    with pytest.raises(NotExact, match=type(value).__name__):
        Money(value, "USD")
    with pytest.raises(NotExact):
        Money.rounded(value, "USD")


@pytest.mark.parametrize("value", ["NaN", "sNaN", "Infinity", "-Infinity"])
def test_what_is_not_finite_is_no_amount(value: str) -> None:
    with pytest.raises(NotFinite):
        Money(Decimal(value), "USD")
    with pytest.raises(NotFinite):
        Money.rounded(Decimal(value), "USD")
    with pytest.raises(NotFinite):
        usd("1") * Decimal(value)


@pytest.mark.parametrize("currency", ["usd", "US", "XXX", "DEM", "", None, ["USD"]])
def test_an_unknown_currency_is_refused(currency: Any) -> None:
    with pytest.raises(UnknownCurrency):
        Money(Decimal(1), currency)


@pytest.mark.parametrize("amount", ["1E20", "-1E20", "1E400", "-1E999999"])
def test_an_amount_beyond_all_contracts_is_refused(amount: str) -> None:
    with pytest.raises(TooLarge):
        Money(Decimal(amount), "USD")
    with pytest.raises(TooLarge):
        Money.rounded(Decimal(amount), "USD")


def test_a_sum_that_grows_too_large_is_refused() -> None:
    with pytest.raises(TooLarge):
        usd("99999999999999999999.99") + usd("0.01")
    with pytest.raises(TooLarge):
        Money.rounded(Decimal("99999999999999999999.999"), "USD")


@pytest.mark.parametrize(
    ("amount", "currency", "rounded"),
    [("0.005", "USD", "0.00"), ("0.015", "USD", "0.02"), ("-0.025", "USD", "-0.02"), ("0.5", "JPY", "0"),
     ("1.5", "JPY", "2"), ("-0.001", "USD", "0.00"), ("1E-400", "USD", "0.00")],
)  # fmt: skip
def test_halves_round_to_the_even_neighbour(amount: str, currency: str, rounded: str) -> None:
    assert str(Money.rounded(Decimal(amount), currency)) == f"{rounded} {currency}"


@pytest.mark.parametrize("reckon", ["__add__", "__sub__", "__lt__", "__le__", "__gt__", "__ge__"])
def test_two_currencies_are_never_reckoned_together(reckon: str) -> None:
    with pytest.raises(CurrencyMismatch, match="USD and EUR"):
        getattr(usd("1"), reckon)(Money(Decimal(1), "EUR"))


def test_equal_numbers_in_two_currencies_are_unequal() -> None:
    assert usd("1") != Money(Decimal(1), "EUR")
    assert len({usd("1"), usd("1.00"), Money(Decimal(1), "EUR")}) == 2


def test_a_bare_number_cannot_be_added() -> None:
    with pytest.raises(NotExact):
        usd("1") + 1  # type: ignore[operator]


@pytest.mark.parametrize("factor", [0.5, True, "2"])
def test_a_factor_must_be_exact(factor: Any) -> None:
    with pytest.raises(NotExact):
        usd("1") * factor


def test_a_product_is_rounded_to_the_currency() -> None:
    assert usd("0.05") * Decimal("0.5") == usd("0.02")
    assert 3 * usd("0.05") == usd("0.15")
    assert abs(-usd("3")) == usd("3")
    assert str(-usd("0")) == "0.00 USD"


def test_a_product_does_not_heed_the_precision_that_the_thread_happens_to_have() -> None:
    with localcontext() as context:
        context.prec = 3
        assert usd("12345.67") + usd("0.01") == usd("12345.68")
        assert usd("12345.67") * 2 == usd("24691.34")
        assert str(Money(Decimal("12345.6"), "USD")) == "12345.60 USD"
    assert getcontext().prec == 28


@pytest.mark.parametrize(
    "text", ["1,000", "1 000", "1e3", "NaN", "", ".5", "5.", "٣", "1_000", "--1", " 1", "1\n"]
)
def test_text_that_could_hide_a_mistake_is_refused(text: str) -> None:
    with pytest.raises(NotAnAmount):
        Money.parse(text, "USD")


def test_plain_text_is_parsed() -> None:
    assert Money.parse("-1234.5", "USD") == usd("-1234.50")


@pytest.mark.parametrize(
    ("currency", "digits"),
    [("JPY", 0), ("KRW", 0), ("CLP", 0), ("XOF", 0), ("COP", 2), ("PYG", 0), ("BHD", 3), ("TND", 3),
     ("CLF", 4), ("UYW", 4), ("AFN", 2), ("XCG", 2), ("HRK", 2)],
)  # fmt: skip
def test_minor_units_follow_iso_4217(currency: str, digits: int) -> None:
    assert MINOR_UNITS[currency] == digits


def test_no_currency_is_listed_twice() -> None:
    assert len(MINOR_UNITS) == 165 + 6
    assert all(len(code) == 3 and code.isupper() for code in MINOR_UNITS)


def test_totals_keep_currencies_apart() -> None:
    euro = Money(Decimal(7), "EUR")
    assert total([usd("1"), euro, usd("2.50")]) == {"USD": usd("3.50"), "EUR": euro}
    assert total([]) == {}


@given(amounts, amounts, amounts)
def test_addition_is_exact_in_any_order(one: Money, two: Money, three: Money) -> None:
    assert (one + two) + three == three + (two + one)
    assert one + two - two == one
    assert one - two == -(two - one)


@given(amounts, amounts)
def test_order_is_the_order_of_the_amounts(one: Money, two: Money) -> None:
    assert (one < two) == (one.amount < two.amount) == (two > one)
    assert (one <= two) == (not one > two)
    assert (one >= two) == (not one < two)


@given(amounts)
def test_the_text_reads_back(money: Money) -> None:
    assert Money.parse(str(money).removesuffix(" USD"), "USD") == money


@given(st.decimals(min_value=-(10**6), max_value=10**6, places=5), st.sampled_from(sorted(MINOR_UNITS)))
def test_rounding_moves_an_amount_by_half_a_minor_unit_at_most(amount: Decimal, currency: str) -> None:
    rounded = Money.rounded(amount, currency)
    assert abs(rounded.amount - amount) * 2 <= Decimal(1).scaleb(-MINOR_UNITS[currency])
    assert -rounded.amount.as_tuple().exponent == MINOR_UNITS[currency]  # type: ignore[operator]
