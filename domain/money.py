from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Final

from domain.currency import MINOR_UNITS
from domain.error import DomainError

LARGEST: Final = Decimal(10) ** 20
"""Amounts are smaller than this in either direction: NUMERIC(24, 4) holds every one of them."""

# Wide enough that a product of two amounts is exact before it is rounded.
_EXACT: Final = Context(prec=100, rounding=ROUND_HALF_EVEN)
_PLAIN_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,30}(?:\.[0-9]{1,30})?")


class NotExact(DomainError):
    """money is exact: {value!r} is of type {type}, give a Decimal."""


class NotFinite(DomainError):
    """{value} is no amount of money."""


class NotAnAmount(DomainError):
    """{text!r} is no amount of money: digits with at most one decimal point are expected."""


class UnknownCurrency(DomainError):
    """{currency!r} is not an ISO 4217 currency code."""


class TooManyDecimals(DomainError):
    """{value} has more decimals than {currency} has: at most {digits}."""


class TooLarge(DomainError):
    """{value} is too large for an amount: it must stay below 10**20."""


class CurrencyMismatch(DomainError):
    """{left} and {right} cannot be reckoned together: they are two currencies."""


@dataclass(frozen=True, slots=True)
class Money:
    """An exact amount in one ISO 4217 currency, always written with that currency's decimals.

    Fewer decimals are padded, so that equal amounts have one text; more are refused, see `rounded`.
    Two currencies are unequal, and refuse (CurrencyMismatch) to be added, subtracted or ordered.
    """

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        if not isinstance(self.amount, Decimal):
            raise NotExact(value=self.amount, type=type(self.amount).__name__)
        digits = _minor_units(self.currency)
        _check_size(self.amount)
        padded = self.amount.quantize(Decimal(1).scaleb(-digits), context=_EXACT)
        if padded != self.amount:
            raise TooManyDecimals(value=self.amount, currency=self.currency, digits=digits)
        object.__setattr__(self, "amount", _unsigned_zero(padded))

    @classmethod
    def rounded(cls, amount: Decimal, currency: str) -> Money:
        """The nearest amount that the currency can express; halves go to the even neighbour."""
        if not isinstance(amount, Decimal):
            raise NotExact(value=amount, type=type(amount).__name__)
        digits = _minor_units(currency)
        _check_size(amount)
        return cls(amount.quantize(Decimal(1).scaleb(-digits), context=_EXACT), currency)

    @classmethod
    def parse(cls, text: str, currency: str) -> Money:
        """Reads `1234.5`: no spaces, separators of thousands or exponents, in which a mistake could hide."""
        if not _PLAIN_NUMBER.fullmatch(text):
            raise NotAnAmount(text=text)
        return cls(Decimal(text), currency)

    @classmethod
    def zero(cls, currency: str) -> Money:
        """Nothing, in that currency."""
        return cls(Decimal(0), currency)

    def __add__(self, other: Money) -> Money:
        return Money(_EXACT.add(self.amount, self._same(other)), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(_EXACT.subtract(self.amount, self._same(other)), self.currency)

    def __neg__(self) -> Money:
        return Money(self.amount.copy_negate(), self.currency)

    def __abs__(self) -> Money:
        return Money(self.amount.copy_abs(), self.currency)

    def __mul__(self, factor: Decimal | int) -> Money:
        if isinstance(factor, bool) or not isinstance(factor, Decimal | int):
            raise NotExact(value=factor, type=type(factor).__name__)
        factor = Decimal(factor)
        if not factor.is_finite():
            raise NotFinite(value=factor)
        return Money.rounded(_EXACT.multiply(self.amount, factor), self.currency)

    __rmul__ = __mul__

    def __lt__(self, other: Money) -> bool:
        return self.amount < self._same(other)

    def __le__(self, other: Money) -> bool:
        return self.amount <= self._same(other)

    def __gt__(self, other: Money) -> bool:
        return self.amount > self._same(other)

    def __ge__(self, other: Money) -> bool:
        return self.amount >= self._same(other)

    def __str__(self) -> str:
        return f"{self.amount:f} {self.currency}"

    def _same(self, other: Money) -> Decimal:
        if not isinstance(other, Money):
            raise NotExact(value=other, type=type(other).__name__)
        if other.currency != self.currency:
            raise CurrencyMismatch(left=self.currency, right=other.currency)
        return other.amount


def total(amounts: Iterable[Money]) -> dict[str, Money]:
    """The sum of each currency apart, by currency code; nothing is ever converted."""
    sums: dict[str, Money] = {}
    for money in amounts:
        before = sums.get(money.currency)
        sums[money.currency] = money if before is None else before + money
    return sums


def _minor_units(currency: str) -> int:
    try:
        return MINOR_UNITS[currency]
    except (KeyError, TypeError):
        raise UnknownCurrency(currency=currency) from None


def _check_size(amount: Decimal) -> None:
    if not amount.is_finite():
        raise NotFinite(value=amount)
    if amount.copy_abs() >= LARGEST:
        raise TooLarge(value=f"{amount:.3e}")


def _unsigned_zero(amount: Decimal) -> Decimal:
    return amount.copy_abs() if amount.is_zero() else amount
