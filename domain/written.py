"""A value of a field as text, as history keeps it, and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from domain.error import DomainError
from domain.field import DeclaredField
from domain.money import Money
from domain.term import PERIOD_PATTERN, Period


class NotWritten(DomainError):
    """{text!r} is not how {field} is written: {form} is expected."""


def written(value: object) -> str | None:
    """Write a value: money as `12.50 USD`, dates as ISO 8601, truths as `true` and `false`."""
    match value:
        case None:
            return None
        case Money():
            return f"{value.amount} {value.currency}"
        case bool():
            return "true" if value else "false"
        case date():  # a moment too
            return value.isoformat()
        case Decimal():
            return f"{value:f}"
    return str(value)


def read_written(declared: DeclaredField, text: str | None) -> Any:  # noqa: ANN401 - a value of any field
    """Read the text of a value of a field. Raises NotWritten."""
    if text is None:
        return None
    form, read = _form(declared)
    try:
        return read(text)
    except (ValueError, InvalidOperation, KeyError):
        raise NotWritten(text=text, field=declared.graph_name, form=form) from None


def pattern_of(declared: DeclaredField) -> str | None:
    """Return what `written` makes of any value of a field, good for Python and PostgreSQL; None for any text.

    Text that it matches can be cast by PostgreSQL; what else `read_written` takes is never written.
    """
    if issubclass(declared.type, StrEnum):
        return f"^({'|'.join(declared.type)})$"
    return _PATTERNS[declared.type]


def _form(declared: DeclaredField) -> tuple[str, Callable[[str], Any]]:
    if issubclass(declared.type, StrEnum):
        return f"one of {', '.join(declared.type)}", declared.type
    return _FORMS[declared.type]


def _money(text: str) -> Money:
    amount, _, currency = text.partition(" ")
    return Money.parse(amount, currency)


def _decimal(text: str) -> Decimal:
    number = Decimal(text)
    if not number.is_finite():
        raise ValueError
    return number


_FORMS: Final[Mapping[type, tuple[str, Callable[[str], Any]]]] = MappingProxyType(
    {
        str: ("text", str),
        bool: ("true or false", {"true": True, "false": False}.__getitem__),
        int: ("a whole number", int),
        Decimal: ("a number such as 7.5", _decimal),
        Money: ("an amount with its currency, such as 12.50 USD,", _money),
        date: ("a day such as 2026-01-31", date.fromisoformat),
        datetime: ("a moment such as 2026-01-31T09:30:00Z", datetime.fromisoformat),
        Period: ("an ISO 8601 duration such as P1Y", Period.parse),
        UUID: ("a UUID", UUID),
    }
)

_MONTHS = (
    "(0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8])"
)
_LEAP = "([0-9]{2}(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)-02-29"

_PATTERNS: Final[Mapping[type, str | None]] = MappingProxyType(
    {
        str: None,
        bool: "^(true|false)$",
        # Up to 2,147,483,647, as many digits at a time as are free.
        int: (
            "^-?([0-9]{1,9}|1[0-9]{9}|20[0-9]{8}|21[0-3][0-9]{7}|214[0-6][0-9]{6}|2147[0-3][0-9]{5}"
            "|21474[0-7][0-9]{4}|214748[0-2][0-9]{3}|2147483[0-5][0-9]{2}|21474836[0-3][0-9]|214748364[0-7])$"
        ),
        Decimal: "^-?[0-9]{1,255}([.][0-9]{1,255})?$",
        Money: "^-?[0-9]{1,30}([.][0-9]{1,30})? [A-Z]{3}$",
        date: f"^(?!0000)([0-9]{{4}}-({_MONTHS})|{_LEAP})$",
        Period: PERIOD_PATTERN,
        UUID: "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$",
    }
)
