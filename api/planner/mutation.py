"""A mutation, read into what it changes and what it answers with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from graphql import FieldNode, FragmentDefinitionNode, OperationDefinitionNode

from api.errors import AccessDenied
from api.limits import too_large
from api.planner.from_graphql import SelectionReader, typename
from api.planner.plan import (
    MADE,
    Change,
    Comparison,
    Connection,
    Every,
    Literally,
    Lookup,
    Operation,
    Payload,
    Root,
    Variable,
)
from auth.decision import Deny
from auth.view import View
from domain.field import field_named

PAYLOADS = {
    "grantRole": ("GrantRolePayload", "RoleGrant"),
    "revokeRole": ("RevokeRolePayload", "RoleGrant"),
    "acknowledgeRenewal": ("AcknowledgeRenewalPayload", "RenewalAcknowledgement"),
    "flagValue": ("FlagValuePayload", "ValueFlag"),
    "requestAccess": ("RequestAccessPayload", "AccessRequest"),
}
"""The type of the answer of each mutation, and the entity that it changes."""
MOST = 1
"""Two would share a transaction, and the answer of the first would show what the second did."""


def read_mutation(
    operation: OperationDefinitionNode,
    fragments: Mapping[str, FragmentDefinitionNode],
    variables: Mapping[str, Any],
    view: View,
) -> Operation:
    """Read a whole mutation. Raises AccessDenied, BadUserInput, QueryTooComplex."""
    reader = MutationReader(fragments, variables, view)
    fields = reader.collector.collect([operation.selection_set], ("Mutation",))
    roots = tuple((key, reader.root(nodes, key)) for key, nodes in fields.items())
    return Operation(
        roots,
        tuple(reader.denials.values()),
        tuple(reader.maskings.values()),
        frozenset(reader.entities),
        frozenset(reader.selected),
        frozenset(reader.used),
        reader.change,
    )


class MutationReader(SelectionReader):
    """Reads root fields of a mutation, of which one changes something."""

    change: Change | None = None

    def root(self, nodes: list[FieldNode], key: str) -> Root:
        """Read one root field."""
        name = nodes[0].name.value
        if name == "__typename":
            return typename("Mutation")
        if self.change is not None:
            raise too_large("mutations", MOST)
        payload, entity = PAYLOADS[name]
        self._require_right(name, entity)
        self.change = Change(name, self.arguments("Mutation", nodes[0])["input"])
        parts: list[tuple[str, Lookup | Connection | Literally]] = []
        for below, found in self.collector.under(nodes, payload).items():
            parts.append((below, self._changed(payload, entity, found, f"{key}.{below}")))
        return Payload(tuple(parts))

    def _changed(
        self, payload: str, entity: str, nodes: list[FieldNode], path: str
    ) -> Lookup | Connection | Literally:
        """Read what is asked of the records that were changed: one of them, or the list."""
        name = nodes[0].name.value
        if name == "__typename":
            return typename(payload)
        if name.lower() == entity.lower():
            return Lookup((self.selection(entity, nodes, path),), "id", Variable((*MADE, 0)))
        listed = self.connection(entity, None, nodes, payload, path)
        changed = Comparison(field_named(entity, "id"), "in", Variable(MADE))
        return replace(listed, where=Every((changed, listed.where)))

    def _require_right(self, name: str, entity: str) -> None:
        """Refuse a caller whose roles do not have the command, or do not see what it changes."""
        for decision in (self.view.command(name), self.view.entity(entity)):
            if not isinstance(decision, Deny):
                continue
            raise AccessDenied(decision.reason, field=f"Mutation.{name}", rule=decision.rule)
