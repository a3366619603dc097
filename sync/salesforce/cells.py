"""Cells of Salesforce's CSV in the form of its JSON, which is that of what we write and read there."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from sync.salesforce.description import NUMBERS, FieldDescription


def as_row(cells: Mapping[str, str], fields: Mapping[str, FieldDescription]) -> dict[str, Any]:
    """Return a record of cells as the REST API would say it; an empty cell is no value.

    What is no value of its field's type stays the text that it is.
    """
    return {name: _value(fields.get(name), cell) for name, cell in cells.items()}


def _value(field: FieldDescription | None, cell: str) -> Any:  # noqa: ANN401 - JSON
    if cell == "":
        return None
    if field is not None and field.type == "boolean":
        return {"true": True, "false": False}.get(cell, cell)
    if field is not None and field.type in NUMBERS:
        try:
            return Decimal(cell)
        except InvalidOperation:
            return cell
    return cell
