"""Introspection, which asks about the schema and not about the graph: answered by graphql-core."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from graphql import (
    DocumentNode,
    ExecutionResult,
    FieldNode,
    FragmentDefinitionNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    execute,
    print_ast,
)

from api.errors import BadUserInput
from api.planner.selection import Collector
from api.schema import GRAPHQL

USED_TYPES = ("String", "Boolean")


def introspect(
    operation: OperationDefinitionNode,
    fragments: Mapping[str, FragmentDefinitionNode],
    variables: Mapping[str, Any],
) -> dict[str, str]:
    """Return the JSON of each introspection field of an operation by response key."""
    fields = Collector(fragments, variables).collect([operation.selection_set], ("Query",))
    asked: list[FieldNode] = [
        node for nodes in fields.values() for node in nodes if node.name.value in ("__schema", "__type")
    ]
    if not asked:
        return {}
    # Only those that introspection can use: the others were read already, and cannot be read again.
    declared = operation.variable_definitions or ()
    definitions = tuple(each for each in declared if print_ast(each.type).strip("[]!") in USED_TYPES)
    names = {each.variable.name.value for each in definitions}
    used = {name: value for name, value in variables.items() if name in names}
    alone = OperationDefinitionNode(
        operation=OperationType.QUERY,
        variable_definitions=definitions,
        directives=(),
        selection_set=SelectionSetNode(selections=tuple(asked)),
    )
    result = execute(GRAPHQL, DocumentNode(definitions=(alone, *fragments.values())), variable_values=used)
    if not isinstance(result, ExecutionResult) or result.errors or result.data is None:
        raise BadUserInput("the introspection cannot be answered")
    return {key: orjson.dumps(value).decode() for key, value in result.data.items()}
