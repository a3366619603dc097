"""Collections: up to 200 records in one call, each with a result of its own (salesforce.md section 6.1)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from http import HTTPStatus
from itertools import groupby
from typing import Any

from sync.salesforce.stand_in.catalogue import FieldType, ObjectType
from sync.salesforce.stand_in.exchange import Answer, Call, method_not_allowed
from sync.salesforce.stand_in.org import Caller, Org
from sync.salesforce.stand_in.refusal import Refused
from sync.salesforce.stand_in.sobjects import external_id
from sync.salesforce.stand_in.writing import Outcome, SeveralMatch, Writing

MOST_ROWS = 200
_MOST_CHUNKS = 10
Step = Callable[[], Outcome]


class _AnyFailed(Exception):
    """A row failed where all rows were to succeed."""

    def __init__(self, results: Sequence[dict[str, Any]]) -> None:
        super().__init__()
        self.results = results


def answer_rows(org: Org, caller: Caller, call: Call) -> Answer:
    """Answer a call below `composite/sobjects`. Raises Refused."""
    writing = Writing(org, caller, "collections")
    if call.method == "DELETE":
        ids = [each for each in call.query.get("ids", "").split(",") if each]
        every = call.query.get("allOrNone") == "true"
        return _ran(org, [_deleting(org, caller, writing, each) for each in _limited(ids)], every=every)
    body = call.object
    rows = _checked(body.get("records"))
    match call.method, *call.path[2:]:
        case ["POST"]:
            steps = [_creating(org, caller, writing, row) for row in rows]
        case ["PATCH"]:
            _refuse_twice([str(_of(row, "Id")) for row in rows], "Duplicate id specified")
            steps = [_updating(org, caller, writing, row) for row in rows]
        case "PATCH", name, field_name:
            object_type = org.object_type(name, caller.rights)
            field = external_id(object_type, field_name)
            twice = _twice(str(_of(row, field.name)) for row in rows)
            steps = [_upserting(writing, object_type, field, row, twice) for row in rows]
        case _:
            raise method_not_allowed(call.method)
    upserted = len(call.path) > len(("composite", "sobjects"))
    return _ran(org, steps, every=body.get("allOrNone") is True, created=upserted)


def _ran(org: Org, steps: Sequence[Step], *, every: bool, created: bool = False) -> Answer:
    """Run the rows; the answer is 200 whatever became of them."""
    try:
        with org.transaction():
            results = [_tried(org, step, created=created) for step in steps]
            _undo_on_failure(results, every=every)
    except _AnyFailed as failed:
        results = [result if not result["success"] else _rolled_back() for result in failed.results]
    return Answer(HTTPStatus.OK, results)


def _tried(org: Org, step: Step, *, created: bool) -> dict[str, Any]:
    try:
        with org.transaction():
            outcome = step()
    except Refused as refused:
        return refused.row
    except SeveralMatch as several:
        message = f"more than one record found for external id field: [{', '.join(several.records)}]"
        return Refused("DUPLICATE_EXTERNAL_ID", message, []).row
    result = {"id": outcome.id, "success": True, "errors": []}
    return result | {"created": outcome.created} if created else result


def _undo_on_failure(results: Sequence[dict[str, Any]], *, every: bool) -> None:
    """Undo all rows where all were to succeed. Raises _AnyFailed, which carries the results."""
    if every and not all(result["success"] for result in results):
        raise _AnyFailed(results)


def _rolled_back() -> dict[str, Any]:
    message = (
        "Record rolled back because not all records were valid and the request was using AllOrNone header"
    )
    return Refused("ALL_OR_NONE_OPERATION_ROLLED_BACK", message, []).row


def _checked(rows: object) -> Sequence[dict[str, Any]]:
    """Return the rows of a body, each of which says what it is. Raises Refused."""
    if not isinstance(rows, list):
        raise Refused("JSON_PARSER_ERROR", "`records` must be a list")
    chunks = [kind for kind, _ in groupby(_kind(row) for row in _limited(rows))]
    if len(chunks) > _MOST_CHUNKS:
        message = f"Cannot have more than {_MOST_CHUNKS} chunks in a single operation."
        raise Refused("LIMIT_EXCEEDED", message)
    return rows


def _limited(rows: Sequence[Any]) -> Sequence[Any]:
    if len(rows) > MOST_ROWS:
        message = f"record limit reached. cannot submit more than {MOST_ROWS} records into this call"
        raise Refused("EXCEEDED_ID_LIMIT", message)
    return rows


def _kind(row: Any) -> str:  # noqa: ANN401 - JSON
    attributes = row.get("attributes") if isinstance(row, dict) else None
    kind = attributes.get("type") if isinstance(attributes, dict) else None
    if not isinstance(kind, str):
        raise Refused("INVALID_INPUT", "attributes.type is required")
    return kind


def _of(row: dict[str, Any], name: str) -> Any:  # noqa: ANN401 - JSON
    return next((value for key, value in row.items() if key.lower() == name.lower()), None)


def _without(row: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key.lower() != name.lower()}


def _creating(org: Org, caller: Caller, writing: Writing, row: dict[str, Any]) -> Step:
    object_type = org.object_type(_kind(row), caller.rights)
    given = writing.read(object_type, row)
    return lambda: writing.create(object_type, given)


def _updating(org: Org, caller: Caller, writing: Writing, row: dict[str, Any]) -> Step:
    object_type = org.object_type(_kind(row), caller.rights)
    record_id, given = str(_of(row, "Id")), writing.read(object_type, _without(row, "Id"))
    return lambda: writing.update(object_type, record_id, given)


def _deleting(org: Org, caller: Caller, writing: Writing, record_id: str) -> Step:
    def delete() -> Outcome:
        return writing.delete(org.kind_of(record_id, caller.rights), record_id)

    return delete


def _upserting(
    writing: Writing,
    object_type: ObjectType,
    field: FieldType,
    row: dict[str, Any],
    twice: frozenset[str],
) -> Step:
    if _kind(row) != object_type.name:
        raise Refused("INVALID_INPUT", "attributes.type is not the object of the address")
    value, given = _of(row, field.name), writing.read(object_type, _without(row, field.name))

    def upsert() -> Outcome:
        if value in (None, ""):
            raise Refused("MISSING_ARGUMENT", f"{field.name} not specified", [])
        if str(value) in twice:
            raise Refused("DUPLICATE_VALUE", f"Duplicate external id specified: {value}", [field.name])
        return writing.upsert(object_type, field, str(value), given)

    return upsert


def _twice(names: Iterable[str]) -> frozenset[str]:
    return frozenset(name for name, count in Counter(names).items() if count > 1)


def _refuse_twice(names: Iterable[str], message: str) -> None:
    if _twice(names):
        raise Refused("DUPLICATE_VALUE", message)
