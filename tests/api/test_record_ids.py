"""The ids that the statement adds are taken out of an answer, and nothing else is."""

from __future__ import annotations

import json
from uuid import UUID

import pytest

from api.planner.record_ids import take_ids

ONE, TWO = str(UUID(int=1)), str(UUID(int=2))


@pytest.mark.parametrize(
    ("answer", "left", "ids"),
    [
        ({"a": {"$id": ONE, "b": 1}}, {"a": {"b": 1}}, [ONE]),
        ({"a": {"$id": ONE}}, {"a": {}}, [ONE]),
        ({"a": [{"$id": ONE}, {"$id": TWO, "b": {"$id": ONE}}]}, {"a": [{}, {"b": {}}]}, [ONE, TWO]),
        ({"a": {"$id": ONE, "b": {"$id": TWO}, "c": None}}, {"a": {"b": {}, "c": None}}, [ONE, TWO]),
        ({"a": None}, {"a": None}, []),
        ({"a": {"$id": ONE, "b": '"$id":"'}}, {"a": {"b": '"$id":"'}}, [ONE]),
    ],
)
def test_ids_are_taken_out_each_once(answer: object, left: object, ids: list[str]) -> None:
    found, taken = take_ids(json.dumps(answer, separators=(",", ":")).encode())
    assert json.loads(found) == left
    assert [each.decode() for each in taken] == ids
