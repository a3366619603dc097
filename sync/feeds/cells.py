"""Cells of a spreadsheet as people write them, turned into what a field declares."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Any, Final

from domain.contract import ContractType, Side
from domain.field import DeclaredField, Kind
from domain.lifecycle import ContractStatus
from domain.renewal import RenewalType
from domain.term import Period
from sync.feeds.values import Values

_WORDS: Final[Mapping[type[StrEnum], Mapping[str, StrEnum]]] = {
    ContractType: {
        "master service agreement": ContractType.MSA,
        "master services agreement": ContractType.MSA,
        "framework agreement": ContractType.MSA,
        "statement of work": ContractType.SOW,
        "non-disclosure agreement": ContractType.NDA,
        "non disclosure agreement": ContractType.NDA,
        "confidentiality agreement": ContractType.NDA,
        "order": ContractType.ORDER_FORM,
        "data processing agreement": ContractType.DPA,
    },
    ContractStatus: {
        "pending": ContractStatus.PENDING_SIGNATURE,
        "signed": ContractStatus.EXECUTED,
        "live": ContractStatus.ACTIVE,
        "in force": ContractStatus.ACTIVE,
        "expiring": ContractStatus.EXPIRING_SOON,
        "on hold": ContractStatus.SUSPENDED,
        "expired": ContractStatus.TERMINATED,
        "ended": ContractStatus.TERMINATED,
        "closed": ContractStatus.TERMINATED,
        "cancelled": ContractStatus.TERMINATED,
        "canceled": ContractStatus.TERMINATED,
    },
    Side: {"sell": Side.CUSTOMER, "sales": Side.CUSTOMER, "buy": Side.VENDOR, "supplier": Side.VENDOR},
    RenewalType: {
        "yes": RenewalType.AUTO_RENEW,
        "auto": RenewalType.AUTO_RENEW,
        "automatic": RenewalType.AUTO_RENEW,
        "no": RenewalType.NONE,
        "option": RenewalType.OPTION_TO_RENEW,
        "manual": RenewalType.OPTION_TO_RENEW,
    },
}
_SYMBOLS: Final = {"€": "EUR", "£": "GBP", "₹": "INR", "₩": "KRW", "zł": "PLN"}
_DOLLARS: Final = "$¥"
_AMOUNT: Final = re.compile(
    r"(?P<before>[^\d(+-]*)(?P<open>\()?(?P<digits>[+-]?[\d][\d.,'\u2019\s]*)\)?(?P<after>\D*)"
)
_PERIOD: Final = re.compile(r"(\d{1,4})\s*(day|week|month|year)?s?", re.IGNORECASE)
_BARE_UNIT: Final = {"notice_period": "days", "renewal_term": "months"}


def read_cell(
    values: Values, declared: DeclaredField, raw: str, currency: str | None, date_format: str | None
) -> Any:  # noqa: ANN401 - what the field declares
    """Return the value of a cell for a field; a bad one is noted in `values`, and read as absent."""
    name = declared.name
    if declared.kind is Kind.MONEY:
        return _money(values, name, raw, currency)
    if issubclass(declared.type, StrEnum):
        return values.member(name, raw, _choices(declared.type))
    if declared.type is date:
        return values.day(name, raw, date_format)
    if declared.type is Period:
        return _period(values, name, raw)
    if declared.type is bool:
        return values.flag(name, raw)
    if declared.type is int:
        return values.whole(name, raw)
    if declared.type is Decimal:
        return values.number(name, raw.replace("%", ""))
    return values.text(name, raw)


@cache
def _choices(type_: type[StrEnum]) -> dict[str, StrEnum]:
    """The words for the members: their values, with spaces if one likes, and what people say instead."""
    choices = {form: member for member in type_ for form in _forms(member.value)}
    return dict(_WORDS.get(type_, {})) | choices


def _forms(value: str) -> tuple[str, ...]:
    return value.lower(), value.lower().replace("_", " "), value.lower().replace("_", "-")


def _money(values: Values, field: str, raw: str, currency: str | None) -> Any:  # noqa: ANN401 - Money or None
    """`1,234.50 USD`, `EUR 1.234,50`, `(1 234,50)` with a currency elsewhere."""
    text = values.text(field, raw)
    if text is None:
        return None
    found = _AMOUNT.fullmatch(text)
    if found is None:
        values.leave_out(field, raw, "it is no amount like 1,234.50 USD: correct it")
        return None
    sign = (found["before"].strip() or found["after"].strip()).strip(".")
    code = currency if sign in _SYMBOLS or sign in _DOLLARS else sign or currency
    if code is None and sign in _DOLLARS and sign:
        values.leave_out(field, raw, f"{sign} is used by several countries: write the code, such as USD")
        return None
    digits = _plain_number(found["digits"])
    if digits is None:
        values.leave_out(field, raw, "its separators do not tell thousands from decimals: write 1234.50")
        return None
    return values.money(field, f"-{digits}" if found["open"] else digits, code or _SYMBOLS.get(sign))


def _plain_number(digits: str) -> str | None:
    """The digits with a decimal point only. The last of two different separators is the decimal one."""
    digits = re.sub(r"[\s'\u2019]", "", digits)
    comma, point = digits.rfind(","), digits.rfind(".")
    if comma >= 0 and point >= 0:
        thousands = "," if comma < point else "."
        whole, _, decimals = digits.rpartition("." if comma < point else ",")
        grouped = re.fullmatch(rf"[+-]?\d{{1,3}}(?:{re.escape(thousands)}\d{{3}})+", whole)
        return f"{whole.replace(thousands, '')}.{decimals}" if grouped and decimals.isdigit() else None
    if re.fullmatch(r"[+-]?\d{1,3}(?:,\d{3})+|[+-]?\d{1,3}(?:\.\d{3}){2,}", digits):
        return digits.replace(",", "").replace(".", "")
    if comma >= 0:
        return digits.replace(",", ".") if re.fullmatch(r"[+-]?\d+,\d{1,2}", digits) else None
    return digits if re.fullmatch(r"[+-]?\d+(?:\.\d+)?", digits) else None


def _period(values: Values, field: str, raw: str) -> Period | None:
    """`P12M`, `12 months`, or a bare number: days of notice, months of renewal."""
    text = values.text(field, raw)
    found = _PERIOD.fullmatch(text) if text else None
    if text is None or found is None:
        return values.period(field, text)
    unit = f"{found[2].lower()}s" if found[2] else _BARE_UNIT.get(field, "days")
    return Period(**{unit: int(found[1])})
