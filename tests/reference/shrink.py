"""A failing operation made smaller, as long as it still fails."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from graphql import (
    ArgumentNode,
    DirectiveNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    ListValueNode,
    ObjectFieldNode,
    VariableDefinitionNode,
    VariableNode,
    Visitor,
    parse,
    print_ast,
    validate,
    visit,
)

from tests.reference.executor import schema

REMOVABLE = (FieldNode, InlineFragmentNode, FragmentSpreadNode, ArgumentNode, DirectiveNode, ObjectFieldNode)
Fails = Callable[[str, dict[str, Any]], Awaitable[bool]]


async def shrink(text: str, variables: dict[str, Any], fails: Fails) -> tuple[str, dict[str, Any]]:
    """Remove fields, arguments and members one by one, each time asking whether it still fails."""
    smaller = True
    while smaller:
        smaller, place = False, 0
        while (made := without(text, place)) is not None:
            kept = {name: value for name, value in variables.items() if f"${name}" in made}
            if made and await fails(made, kept):
                text, variables, smaller = made, kept, True
            else:
                place += 1
    return text, variables


def without(text: str, place: int) -> str | None:
    """Return the document without its n-th removable node, empty if not valid, None past the last."""
    remover = _Remover(place)
    document = visit(parse(text), remover)
    if remover.place >= 0:
        return None
    try:
        for _ in range(6):
            document = visit(document, _Tidy(document))
        made = print_ast(document)
        return "" if validate(schema(), parse(made, allow_empty_selection_sets=False)) else made
    except (GraphQLError, AttributeError, TypeError):
        return ""


class _Remover(Visitor):
    def __init__(self, place: int) -> None:
        super().__init__()
        self.place = place

    def enter(self, node: Any, _key: Any, parent: Any, *_: Any) -> Any:
        if isinstance(node, REMOVABLE) or isinstance(parent, ListValueNode):
            self.place -= 1
            if self.place == -1:
                return self.REMOVE
        return None


class _Tidy(Visitor):
    """Drops what nothing uses any more."""

    def __init__(self, document: Any) -> None:
        super().__init__()
        self.variables: set[str] = set()
        self.spreads: set[str] = set()
        names, spreads = self.variables, self.spreads

        class Used(Visitor):
            def enter(self, node: Any, _key: Any, parent: Any, *_: Any) -> None:
                if isinstance(node, VariableNode) and not isinstance(parent, VariableDefinitionNode):
                    names.add(node.name.value)
                elif isinstance(node, FragmentSpreadNode):
                    spreads.add(node.name.value)

        visit(document, Used())

    def enter(self, node: Any, *_: Any) -> Any:
        if isinstance(node, VariableDefinitionNode) and node.variable.name.value not in self.variables:
            return self.REMOVE
        if isinstance(node, FragmentDefinitionNode) and node.name.value not in self.spreads:
            return self.REMOVE
        return None
