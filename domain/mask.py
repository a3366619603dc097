"""What is shown of a value in place of the value itself: of its type, and too coarse to tell it."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import MAX_PREC, ROUND_HALF_UP, Decimal, localcontext
from enum import StrEnum
from typing import TYPE_CHECKING

from domain.money import Money

if TYPE_CHECKING:
    from domain.field import DeclaredField

HIDDEN = "…"
SHORTEST_WITH_A_TAIL = 9
"""Of a text of eight characters or fewer, the last four would tell too much: none of it is shown."""
TAIL = 4
ADDRESS = r"[^@ \t\r\n]+@((?:[^@ \t\r\n.]+[.])+[^@ \t\r\n.0-9][^@ \t\r\n.]*)"
"""What is taken for an e-mail address; of a text that only holds one, its rest would be told."""


class MaskKind(StrEnum):
    """How a value is made coarse."""

    ONE_DIGIT = "one significant digit"
    QUARTER = "first day of the quarter"
    LAST_FOUR = "last four characters"
    MAIL_DOMAIN = "domain of the address"


def mask_of(declared: DeclaredField) -> MaskKind | None:
    """Return how a field is masked; None where a value of its type cannot be made coarse."""
    if declared.field.mask is not None:
        return declared.field.mask
    if declared.field.key or declared.field.named_by is not None:
        # What finds a record, and what tells of another field, has no coarse form.
        return None
    by_type: dict[type, MaskKind] = {
        Money: MaskKind.ONE_DIGIT, int: MaskKind.ONE_DIGIT, Decimal: MaskKind.ONE_DIGIT,
        date: MaskKind.QUARTER, datetime: MaskKind.QUARTER, str: MaskKind.LAST_FOUR,
    }  # fmt: skip
    return by_type.get(declared.type)


def one_digit(value: Decimal) -> Decimal:
    """Round to one significant digit, halves away from zero: 47,500.00 is 50,000.00; 7 stays 7."""
    if not value:
        return value
    with localcontext(prec=MAX_PREC):
        unit = Decimal(1).scaleb(value.adjusted())
        return (value.scaleb(-value.adjusted()).quantize(Decimal(1), ROUND_HALF_UP) * unit).quantize(value)


def quarter(value: date) -> date:
    """Return the first day of the quarter; of a moment, its midnight in UTC."""
    if isinstance(value, datetime):
        first = quarter(value.astimezone(UTC).date())
        return datetime(first.year, first.month, first.day, tzinfo=UTC)
    return value.replace(month=(value.month - 1) // 3 * 3 + 1, day=1)


def last_four(value: str) -> str:
    """Return the last four characters after an ellipsis; of a short text the ellipsis alone."""
    return HIDDEN + value[-TAIL:] if len(value) >= SHORTEST_WITH_A_TAIL else HIDDEN


def mail_domain(value: str) -> str:
    """Return an address without its local part, …@northlight.example; of another text the last four."""
    address = re.fullmatch(ADDRESS, value)
    return f"{HIDDEN}@{address[1]}" if address else last_four(value)


def masked_text(declared: DeclaredField, value: str) -> str:
    """Return what the mask of a field leaves of a text; nothing of one that has no mask."""
    rules = {MaskKind.LAST_FOUR: last_four, MaskKind.MAIL_DOMAIN: mail_domain}
    rule = rules.get(mask_of(declared) or MaskKind.QUARTER)
    return rule(value) if rule else HIDDEN
