"""Values in the form of either side: ours, and that of Salesforce's JSON.

As reference/salesforce.md says in section 6.4.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from domain.error import DomainError
from domain.field import Kind
from domain.identity import salesforce_id
from domain.money import Money
from domain.term import Period
from sync.salesforce.description import NUMBERS, FieldDescription
from sync.salesforce.mapping import Mapped

_ADDRESS_PARTS: Final = {
    "Street": "street", "City": "city", "State": "state", "PostalCode": "postalCode", "Country": "country",
}  # fmt: skip
_TRUTH: Final[Mapping[object, bool]] = {True: True, "true": True, False: False, "false": False}
_SEPARATOR = ";"


class Unfit(ValueError):
    """A value has no form on the other side; the text says why, and not what the value is."""


def to_salesforce(field: FieldDescription, value: object, currency: str | None = None) -> Any:  # noqa: ANN401 - JSON
    """Return a value as Salesforce's JSON has it for a field; `currency` is that of the record.

    Raises Unfit where something would be lost on the way.
    """
    if value is None:
        return None
    if isinstance(value, Money):
        return _amount(value, currency)
    for type_, form in _FORMS.items():
        if isinstance(value, type_):
            return form(field, value)
    raise Unfit(f"{type(value).__name__} is no type that Salesforce knows")


def from_salesforce(place: Mapped, raw: object, currency: str | None = None) -> Any:  # noqa: ANN401 - of any type
    """Return what Salesforce's JSON or CSV says of a field, as ours; of a reference the id of 18 characters.

    `currency` is that of the record. Raises Unfit.
    """
    if raw is None or raw == "":
        return None
    try:
        return _read(place, raw, currency)
    except DomainError as error:
        raise Unfit(type(error).__name__) from None
    except (ValueError, TypeError, LookupError, InvalidOperation):
        raise Unfit(f"it is no {place.declared.type.__name__}") from None


def joined(choices: Iterable[str]) -> str:
    """Return several choices as the one text that a multi-select picklist is. Raises Unfit."""
    listed = list(dict.fromkeys(choices))
    if any(_SEPARATOR in each for each in listed):
        raise Unfit("a choice with a semicolon would be two")
    return _SEPARATOR.join(listed)


def split(text: str | None) -> tuple[str, ...]:
    """Return the choices of a multi-select picklist."""
    return tuple(each for each in (text or "").split(_SEPARATOR) if each)


def flattened(name: str, address: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the parts of a compound address, such as BillingAddress, by the names to write them by."""
    prefix = name.removesuffix("Address")
    return {prefix + part: (address or {}).get(key) for part, key in _ADDRESS_PARTS.items()}


def _amount(money: Money, currency: str | None) -> int | float:
    if currency is None:
        raise Unfit("the currency of the record is not known")
    if money.currency != currency:
        raise Unfit(f"the amount is in {money.currency}, and the record is in {currency}")
    return _number(money.amount)


def _number(value: Decimal) -> int | float:
    """Return a number that JSON carries as it is: a float, where it is exactly what we mean."""
    if not value.is_finite():
        raise Unfit("it is no finite number")
    if value == value.to_integral_value():
        return int(value)
    if Decimal(repr(float(value))) != value:
        raise Unfit("it has more digits than Salesforce keeps")
    return float(value)


def _period(field: FieldDescription, period: Period) -> str | int:
    if field.type not in NUMBERS:
        return str(period)
    if period.whole_days:
        raise Unfit("a period with days is no number of months")
    return period.whole_months


def _moment(field: FieldDescription, moment: datetime) -> str:
    if field.type == "date":
        raise Unfit("a moment is no day: which day it is depends on where")
    if moment.tzinfo is None:
        raise Unfit("a moment without an offset is no moment")
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _day(field: FieldDescription, day: date) -> str:
    if field.type == "datetime":
        raise Unfit("a day is no moment")
    return day.isoformat()


def _quantity(field: FieldDescription, value: Decimal | int) -> str | int | float:
    return _number(Decimal(value)) if field.type in NUMBERS else str(value)


def _truth(field: FieldDescription, value: bool) -> bool | str:  # noqa: FBT001 - the value itself
    return value if field.type == "boolean" else str(value).lower()


def _record(_: FieldDescription, __: UUID) -> str:
    raise Unfit("a record of ours is named in Salesforce by its Salesforce id")


def _text(field: FieldDescription, text: str) -> str | None:
    if field.type in (*NUMBERS, "boolean", "date", "datetime"):
        raise Unfit(f"a text is no {field.type}")
    if field.type not in ("id", "reference"):
        # Salesforce has no empty texts: it would store none.
        return text or None
    try:
        return salesforce_id(text)
    except DomainError:
        raise Unfit("it is no Salesforce id") from None


# The first that fits: a bool is an int, a moment is a date, and an enumeration is a text.
_FORMS: Final[Mapping[Any, Callable[[FieldDescription, Any], Any]]] = {
    Period: _period,
    UUID: _record,
    bool: _truth,
    Decimal | int: _quantity,
    datetime: _moment,
    date: _day,
    StrEnum: lambda _, value: value.value,
    str: _text,
    tuple | list | set | frozenset: lambda _, value: joined(map(str, value)),
}


def _read(place: Mapped, raw: Any, currency: str | None) -> Any:  # noqa: ANN401 - as from_salesforce
    declared, type_ = place.declared, place.declared.type
    if declared.kind is Kind.MONEY:
        if currency is None:
            raise Unfit("the currency of the record is not known")
        return Money(Decimal(str(raw)), currency)
    if place.is_id:
        return salesforce_id(raw)
    if type_ is bool:
        return _TRUTH[raw]
    if type_ is int:
        return _whole(raw)
    if type_ is Decimal:
        return Decimal(str(raw))
    if type_ is datetime:
        return datetime.fromisoformat(raw).astimezone(UTC)
    if type_ is date:
        return date.fromisoformat(raw)
    if type_ is Period:
        return (
            Period.parse(raw) if isinstance(raw, str) and raw.startswith("P") else Period(months=_whole(raw))
        )
    return type_(raw) if issubclass(type_, StrEnum) else str(raw)


def _whole(raw: object) -> int:
    number = Decimal(str(raw))
    if number != number.to_integral_value():
        raise ValueError("not whole")
    return int(number)
