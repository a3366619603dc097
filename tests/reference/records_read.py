"""Which records the reference gives out: every object of an entity in its answer, found by its id."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    NameNode,
    SelectionSetNode,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    visit,
)

from domain.field import ENTITIES
from tests.reference.caller import Caller
from tests.reference.executor import answer, schema
from tests.reference.seen import Seen

KEY = "recordThatWasRead"


def records_read(
    rows: Seen, caller: Caller, document: DocumentNode, variables: Mapping[str, Any]
) -> set[str] | None:
    """Return the ids of the records in the reference's answer, or None where it refuses to answer."""
    answered = answer(rows, caller, _asking_for_ids(document), variables)
    return None if answered.refused else set(_ids(json.loads(answered.data)))


def _asking_for_ids(document: DocumentNode) -> DocumentNode:
    """Ask for the id of every record beside what is asked."""
    types = TypeInfo(schema())
    wanted = FieldNode(alias=NameNode(value=KEY), name=NameNode(value="id"), arguments=(), directives=())

    class Adding(Visitor):
        def leave_selection_set(self, node: SelectionSetNode, *_: Any) -> SelectionSetNode:
            parent = types.get_parent_type()
            if parent is not None and parent.name.endswith("Edge"):
                # A cursor tells of its record, whether or not the record is asked for.
                asked = [each for each in node.selections if isinstance(each, FieldNode)]
                cursors = [each for each in asked if each.name.value == "cursor"]
                return SelectionSetNode(selections=(*map(_record_of, cursors), *node.selections))
            if parent is None or parent.name not in {*ENTITIES, "Node"}:
                return node
            return SelectionSetNode(selections=(wanted, *node.selections))

    changed: DocumentNode = visit(document, TypeInfoVisitor(types, Adding()))
    return changed


def _record_of(cursor: FieldNode) -> FieldNode:
    identity = FieldNode(alias=NameNode(value=KEY), name=NameNode(value="id"), arguments=(), directives=())
    return FieldNode(
        alias=NameNode(value="recordOfACursor"),
        name=NameNode(value="node"),
        arguments=(),
        directives=cursor.directives,
        selection_set=SelectionSetNode(selections=(identity,)),
    )


def _ids(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        for key, value in part.items():
            if key == KEY:
                yield value
            else:
                yield from _ids(value)
    elif isinstance(part, list):
        for each in part:
            yield from _ids(each)
