"""Values as a client gives them, taken as Salesforce takes them, or refused with its own words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from sync.salesforce.stand_in import moments
from sync.salesforce.stand_in.catalogue import FieldType, objects
from sync.salesforce.stand_in.refusal import Refused
from sync.salesforce.stand_in.store import looks_like_id, normal_id

_KINDS = {str: "VALUE_STRING", bool: "VALUE_TRUE", int: "VALUE_NUMBER_INT", float: "VALUE_NUMBER_FLOAT"}
_TRUTH = {"true": True, "1": True, "false": False, "0": False}


def parsed(field: FieldType, raw: object) -> Any:  # noqa: ANN401 - values are of any type
    """Return a JSON value in its stored form. Raises Refused: what cannot be read fails the whole call."""
    if raw is None or raw == "":
        return None
    try:
        return _PARSERS.get(field.type, _text)(field, raw)
    except (ValueError, TypeError, InvalidOperation) as error:
        shown = _KINDS.get(type(raw), "START_OBJECT")
        message = f"Cannot deserialize instance of {field.type} from {shown} value {raw}"
        raise Refused("JSON_PARSER_ERROR", f"{message} or request may be missing a required field") from error


def check(field: FieldType, value: Any) -> None:  # noqa: ANN401 - as above
    """Refuse a parsed value that the field does not take. Raises Refused."""
    if value is None:
        if field.required:
            raise Refused(
                "REQUIRED_FIELD_MISSING", f"Required fields are missing: [{field.name}]", [field.name]
            )
        if field.type == "boolean":
            message = f"{field.label}: value not of required type: null"
            raise Refused("INVALID_TYPE_ON_FIELD_IN_RECORD", message, [field.name])
    elif field.type in ("picklist", "multipicklist"):
        _check_picklist(field, value)
    elif field.type == "reference":
        _check_reference(field, value)
    elif field.precision:
        _check_size(field, value)
    if isinstance(value, str) and field.length and len(value) > field.length:
        message = f"{field.label}: data value too large: {value} (max length={field.length})"
        raise Refused("STRING_TOO_LONG", message, [field.name])


def from_cell(field: FieldType, cell: str) -> object:
    """Return what a cell of a CSV says, as JSON would: `#N/A` clears."""
    if cell == "#N/A":
        return None
    if field.type in ("currency", "double", "percent", "int"):
        return float(cell) if "." in cell else int(cell)
    return cell


def _text(_: FieldType, raw: object) -> str:
    if isinstance(raw, bool):
        return str(raw).lower()
    if not isinstance(raw, str | int | float):
        raise TypeError("a text is expected")
    return str(raw)


def _day(_: FieldType, raw: object) -> str:
    text = str(raw)
    if len(text) != len("2024-01-01"):
        raise ValueError("offsets are not supported in a date")
    return date.fromisoformat(text).isoformat()


def _moment(_: FieldType, raw: object) -> str:
    return moments.written(moments.read(str(raw)))


def _whole(_: FieldType, raw: object) -> int:
    number = _decimal(raw)
    if number != int(number):
        raise ValueError("a whole number is expected")
    return int(number)


def _number(field: FieldType, raw: object) -> float:
    """Round as Salesforce does without a word: a client that cares does not send more decimals."""
    return float(_decimal(raw).quantize(Decimal(1).scaleb(-field.scale), ROUND_HALF_UP))


def _decimal(raw: object) -> Decimal:
    if isinstance(raw, bool) or not isinstance(raw, int | float | str):
        raise TypeError("a number is expected")
    number = Decimal(str(raw))
    if not number.is_finite():
        raise ValueError("a number is expected")
    return number


def _truth(_: FieldType, raw: object) -> bool:
    if isinstance(raw, bool):
        return raw
    if isinstance(raw, str) and raw.lower() in _TRUTH:
        return _TRUTH[raw.lower()]
    raise ValueError("true or false is expected")


_PARSERS: Mapping[str, Callable[[FieldType, object], Any]] = {
    "boolean": _truth, "currency": _number, "date": _day, "datetime": _moment, "double": _number,
    "percent": _number, "int": _whole,
}  # fmt: skip


def _check_picklist(field: FieldType, value: str) -> None:
    given = value.split(";") if field.type == "multipicklist" else [value]
    for each in given:
        if field.restricted and each not in field.values:
            message = f"{field.label}: bad value for restricted picklist field: {each}"
            raise Refused("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, [field.name])


def _check_reference(field: FieldType, value: str) -> None:
    if not looks_like_id(value) or normal_id(value) is None:
        message = f"{field.label}: id value of incorrect type: {value}"
        raise Refused("MALFORMED_ID", message, [field.name])
    target = objects().get(field.to or "")
    if target is not None and normal_id(value, target) is None:
        message = f"{field.label}: id value of incorrect type: {value}"
        raise Refused("FIELD_INTEGRITY_EXCEPTION", message, [field.name])


def _check_size(field: FieldType, value: float) -> None:
    if abs(Decimal(str(value))) >= Decimal(10) ** (field.precision - field.scale):
        message = f"{field.label}: value outside of valid range on numeric field: {value}"
        raise Refused("NUMBER_OUTSIDE_VALID_RANGE", message, [field.name])
