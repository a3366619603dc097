"""Which fields a selection asks for: fragments opened, directives applied, equal response keys merged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from graphql import (
    BooleanValueNode,
    DirectiveNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    SelectionNode,
    SelectionSetNode,
    VariableNode,
)

from api.errors import BadUserInput

Fields = dict[str, list[FieldNode]]


class Collector:
    """Collects fields as the specification's CollectFields does, for one document and its variables."""

    def __init__(self, fragments: Mapping[str, FragmentDefinitionNode], variables: Mapping[str, Any]) -> None:
        self._fragments = fragments
        self._variables = variables

    def collect(self, sets: Iterable[SelectionSetNode | None], type_names: tuple[str, ...]) -> Fields:
        """Return field nodes by response key, in order of first appearance.

        `type_names` are the names that the object answers to: its own and those of its interfaces.
        """
        fields: Fields = {}
        seen: set[str] = set()
        for selection_set in sets:
            if selection_set is not None:
                self._into(fields, selection_set.selections, type_names, seen)
        return fields

    def under(self, nodes: list[FieldNode], *type_names: str) -> Fields:
        """Return what merged nodes ask for of the object below them."""
        return self.collect((node.selection_set for node in nodes), type_names)

    def _into(
        self, fields: Fields, selections: Iterable[SelectionNode], type_names: tuple[str, ...], seen: set[str]
    ) -> None:
        for selection in selections:
            if not self._included(selection.directives or ()):
                continue
            match selection:
                case FieldNode():
                    fields.setdefault((selection.alias or selection.name).value, []).append(selection)
                case InlineFragmentNode():
                    condition = selection.type_condition
                    if condition is None or condition.name.value in type_names:
                        self._into(fields, selection.selection_set.selections, type_names, seen)
                case FragmentSpreadNode() if selection.name.value not in seen:
                    seen.add(selection.name.value)
                    fragment = self._fragments[selection.name.value]
                    if fragment.type_condition.name.value in type_names:
                        self._into(fields, fragment.selection_set.selections, type_names, seen)

    def _included(self, directives: Iterable[DirectiveNode]) -> bool:
        for directive in directives:
            wanted = {"include": True, "skip": False}.get(directive.name.value)
            if wanted is not None and self._condition(directive) is not wanted:
                return False
        return True

    def _condition(self, directive: DirectiveNode) -> bool:
        [argument] = directive.arguments or ()
        if isinstance(argument.value, VariableNode):
            given = self._variables[argument.value.name.value]
            if given is None:
                raise BadUserInput(f"${argument.value.name.value} decides over a field: it must not be null")
            return bool(given)
        return isinstance(argument.value, BooleanValueNode) and argument.value.value
