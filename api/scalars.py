"""Scalars that GraphQL lacks: exact numbers, days, moments and lengths of time, each written in one way."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, NewType

import strawberry
from strawberry.types.scalar import ScalarDefinition

from domain.error import DomainError
from domain.term import Period

# ASCII: there are digits of other scripts, which a reader may take for none.
PLAIN_DECIMAL = re.compile(r"-?\d{1,30}(\.\d{1,30})?", re.ASCII)
DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,6})?([Zz]|[+-]\d{2}:\d{2})", re.ASCII)

Duration = NewType("Duration", Period)


def read_decimal(value: object) -> Decimal:
    """Read a Decimal. Raises ValueError, as all readers here do."""
    if isinstance(value, bool) or not isinstance(value, str | int) or not PLAIN_DECIMAL.fullmatch(str(value)):
        raise ValueError('a Decimal is a plain number in a string, such as "1234.50"')
    return Decimal(value)


def read_date(value: object) -> date:
    """Read a Date."""
    if isinstance(value, str) and DAY.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise ValueError('a Date is a day of the calendar such as "2026-11-21"')


def read_datetime(value: object) -> datetime:
    """Read a DateTime, in UTC."""
    if isinstance(value, str) and MOMENT.fullmatch(value):
        try:
            return datetime.fromisoformat(value.upper()).astimezone(UTC)
        except (ValueError, OverflowError):
            raise ValueError(
                "there is no such moment: a DateTime is of the calendar, and of the years 1 to 9999 in UTC"
            ) from None
    raise ValueError('a DateTime has an offset, such as "2026-11-21T09:30:00Z"')


def read_duration(value: object) -> str:
    """Read a Duration, as its canonical text."""
    try:
        return str(Period.parse(str(value)))
    except DomainError as error:
        raise ValueError(str(error)) from error


def _scalar(name: str, description: str, url: str, parse: Callable[[object], Any]) -> ScalarDefinition:
    return strawberry.scalar(
        name=name, description=description, specified_by_url=url, serialize=str, parse_value=parse
    )


RFC_3339 = "https://www.rfc-editor.org/rfc/rfc3339"
SCALARS: dict[object, ScalarDefinition] = {
    Decimal: _scalar(
        "Decimal",
        "An exact decimal number, in a string.",
        "https://www.w3.org/TR/xmlschema-2/#decimal",
        read_decimal,
    ),
    date: _scalar("Date", "A day, ISO 8601.", f"{RFC_3339}#section-5.6", read_date),
    datetime: _scalar("DateTime", "A moment with its offset, ISO 8601.", RFC_3339, read_datetime),
    Duration: _scalar(
        "Duration",
        "A length of calendar time, ISO 8601, such as P12M.",
        f"{RFC_3339}#appendix-A",
        read_duration,
    ),
}
