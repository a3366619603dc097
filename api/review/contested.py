"""What was claimed of a part that is in conflict, as `contract-graph conflict show` tells it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

import asyncpg

from api.planner.parameters import identity
from api.planner.record_ids import RECORD_KEY
from api.review.question import LONGEST_NAME, Answer, Question
from domain.field import field_called, field_named
from storage.claims import ClaimStore
from storage.contested_parts import said_of

_OWN: Final = frozenset({"id", "source_key"})


async def contested_part(connection: asyncpg.Connection, question: Question) -> Answer:
    """Tell what a line of history claimed of a part; nothing where it is about none, or that was not kept."""
    id_ = identity(question.text("changeId", LONGEST_NAME) or "")
    line = await ClaimStore(connection, question.org_id, question.now).line(id_)
    said = await said_of(connection, question.org_id, id_)
    if line is None or said is None:
        return None
    target = field_called("Contract", line.field).target
    return {
        RECORD_KEY: str(line.id),
        "id": str(line.id),
        "field": line.field,
        "part": line.part,
        "claimedBy": line.claimed_by,
        "claimedAt": line.claimed_at,
        "reason": line.reason,
        "values": [{"name": name, "value": value} for name, value in _values(target, json.loads(said), "")],
    }


def _values(entity: str, said: Mapping[str, Any], place: str) -> Iterator[tuple[str, str]]:
    """Give the values of a part and of its own parts, by their names in the graph."""
    for name, value in said.items():
        declared = field_named(entity, name)
        if name in _OWN or declared.field.part:
            continue
        if isinstance(value, list):
            for number, each in enumerate(value):
                yield from _values(declared.target, each, f"{place}{declared.graph_name}[{number}].")
        else:
            yield place + declared.graph_name, value["key"] if isinstance(value, dict) else value
