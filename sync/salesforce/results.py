"""What became of a write: of a record, of a row of a collection, of a part of a composite call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sync.salesforce.failures import SalesforceFailure, of_answer, of_row

Values = Mapping[str, Any]
"""Values of a record by Salesforce's names, as JSON has them; None clears."""


@dataclass(frozen=True, slots=True)
class Written:
    """The record was written; `created` says whether it was new, as far as Salesforce tells."""

    id: str
    created: bool = False


RowResult = Written | SalesforceFailure
"""What became of one row. Failures of rows are returned and not raised: the others may have succeeded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One call within a composite one; `path` follows the version, as in `sobjects/Account/001...`."""

    reference: str
    method: str
    path: str
    body: Values | None = None


PartResult = Mapping[str, Any] | None | SalesforceFailure
"""What one part answered: its body, nothing, or why it failed."""

_REFUSED = 300


def of_rows(said: Any, expected: int) -> list[RowResult]:  # noqa: ANN401 - JSON
    """Return what became of each row, in order. Raises ValueError for what is no answer of a collection."""
    if not isinstance(said, list) or len(said) != expected:
        raise ValueError("there is not one result for each row")
    return [
        Written(str(row["id"]), bool(row.get("created", False)))
        if row.get("success")
        else of_row(row.get("errors"))
        for row in said
    ]


def of_parts(said: Any, parts: list[Part]) -> list[PartResult]:  # noqa: ANN401 - JSON
    """Return what became of each part, in order. Raises ValueError for what is no such answer."""
    answers = {each["referenceId"]: each for each in said["compositeResponse"]}
    if answers.keys() != {part.reference for part in parts}:
        raise ValueError("there is not one answer for each part")
    ordered = (answers[part.reference] for part in parts)
    return [
        of_answer(each["httpStatusCode"], each["body"])
        if each["httpStatusCode"] >= _REFUSED
        else each["body"]
        for each in ordered
    ]
