"""SQL twins of the masks in `domain.mask`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    DateTime,
    Integer,
    Numeric,
    Text,
    case,
    cast,
    func,
    literal_column,
)

from domain.mask import ADDRESS, HIDDEN, SHORTEST_WITH_A_TAIL, TAIL, MaskKind

Expression = ColumnElement[Any]

_HIDDEN = literal_column(f"'{HIDDEN}'", Text)
_AT = literal_column("'@'", Text)
_ADDRESS = literal_column("'^" + ADDRESS + "$'", Text)
_QUARTER = literal_column("'quarter'", Text)
_ONE_DIGIT = literal_column("'9EEEE'", Text)


def one_digit(value: Expression) -> Expression:
    """Twin of `mask.one_digit`."""
    rounded = cast(func.to_char(cast(value, Numeric), _ONE_DIGIT), Numeric)
    if isinstance(value.type, Integer):
        return cast(rounded, Integer)
    return func.round(rounded, func.scale(value), type_=Numeric())


def quarter(value: Expression) -> Expression:
    """Twin of `mask.quarter`."""
    if isinstance(value.type, DateTime):
        return func.date_trunc(_QUARTER, value, literal_column("'UTC'", Text), type_=value.type)
    # Through timestamp without time zone: the quarter of a day is the same everywhere.
    return cast(func.date_trunc(_QUARTER, cast(value, DateTime(timezone=False))), Date)


def last_four(value: Expression) -> Expression:
    """Twin of `mask.last_four`."""
    enough = func.char_length(value) >= literal_column(str(SHORTEST_WITH_A_TAIL))
    tail = _HIDDEN.concat(func.right(value, literal_column(str(TAIL))))
    return case((value.is_not(None), case((enough, tail), else_=_HIDDEN)))


def mail_domain(value: Expression) -> Expression:
    """Twin of `mask.mail_domain`."""
    is_address = func.regexp_like(value, _ADDRESS)
    domain = _HIDDEN.concat(_AT).concat(func.split_part(value, _AT, literal_column("2")))
    return case((is_address, domain), else_=last_four(value))


MASKS: Mapping[MaskKind, Callable[[Expression], Expression]] = MappingProxyType(
    {
        MaskKind.ONE_DIGIT: one_digit,
        MaskKind.QUARTER: quarter,
        MaskKind.LAST_FOUR: last_four,
        MaskKind.MAIL_DOMAIN: mail_domain,
    }
)
