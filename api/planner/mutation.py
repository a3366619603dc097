"""A mutation, read into what it changes and what it answers with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    GraphQLObjectType,
    OperationDefinitionNode,
    get_named_type,
)

from api.errors import AccessDenied
from api.limits import too_large
from api.planner.from_graphql import SelectionReader, typename
from api.planner.held import hidden
from api.planner.plan import (
    MADE,
    Change,
    Comparison,
    Connection,
    Every,
    Literally,
    Lookup,
    Member,
    Operation,
    Payload,
    Results,
    Root,
    Selection,
    Variable,
)
from api.planner.review import member_of
from api.schema import GRAPHQL
from auth.decision import Deny
from auth.view import View
from domain.field import field_named

PAYLOADS = {
    "grantRole": ("GrantRolePayload", "RoleGrant"),
    "revokeRole": ("RevokeRolePayload", "RoleGrant"),
    "acknowledgeRenewal": ("AcknowledgeRenewalPayload", "RenewalAcknowledgement"),
    "flagValue": ("FlagValuePayload", "ValueFlag"),
    "requestAccess": ("RequestAccessPayload", "AccessRequest"),
    "claimContracts": ("ClaimContractsPayload", "Contract"),
    "settleConflict": ("SettleConflictPayload", "FieldChange"),
    "settleDrift": ("SettleDriftPayload", "DriftFinding"),
    "settleFlag": ("SettleFlagPayload", "ValueFlag"),
    "settleAccessRequest": ("SettleAccessRequestPayload", "AccessRequest"),
    "replayHeld": ("ReplayHeldPayload", None),
    "discardHeld": ("DiscardHeldPayload", None),
}
"""The type of the answer of each mutation, and the entity that it changes: what is held is none."""
INPUT = "input"
"""The one argument of a mutation; no other field has an argument of that name."""
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
        self.change = _change(nodes[0])
        parts: list[tuple[str, Lookup | Connection | Results | Literally]] = []
        for below, found in self.collector.under(nodes, payload).items():
            parts.append((below, self._changed(payload, entity, found, f"{key}.{below}")))
        return Payload(tuple(parts))

    def _changed(
        self, payload: str, entity: str | None, nodes: list[FieldNode], path: str
    ) -> Lookup | Connection | Results | Literally:
        """Read what is asked of the records that were changed: one of them, the list, or one by one."""
        name = nodes[0].name.value
        if name == "__typename":
            return typename(payload)
        if name == "results" or entity is None:
            return self._results(payload, entity, nodes, path)
        if name.lower() == entity.lower():
            return Lookup((self.selection(entity, nodes, path),), "id", Variable((*MADE, 0)))
        listed = self.connection(entity, None, nodes, payload, path)
        changed = Comparison(field_named(entity, "id"), "in", Variable(MADE))
        return replace(listed, where=Every((changed, listed.where)))

    def _results(self, payload: str, entity: str | None, nodes: list[FieldNode], path: str) -> Results:
        """Read what is asked of each thing: its record from the graph, all else as it was told."""
        result = get_named_type(_object(payload).fields[nodes[0].name.value].type).name
        parts: list[tuple[str, Member | Selection | Literally]] = []
        for key, found in self.collector.under(nodes, result).items():
            if entity is not None and found[0].name.value == entity.lower():
                parts.append((key, self.selection(entity, found, f"{path}.{key}")))
            else:
                parts.append((key, member_of(self, found, result)))
        return Results(tuple(parts))

    def _require_right(self, name: str, entity: str | None) -> None:
        """Refuse a caller whose roles do not have the command, or do not see what it changes."""
        sees = hidden(self.view) if entity is None else self.view.entity(entity)
        for decision in (self.view.command(name), sees):
            if not isinstance(decision, Deny):
                continue
            raise AccessDenied(decision.reason, field=f"Mutation.{name}", rule=decision.rule)


def _change(node: FieldNode) -> Change:
    name = node.name.value
    [given] = node.arguments or ()
    return Change(name, given.value, _object("Mutation").fields[name].args[given.name.value].type)


def _object(name: str) -> GraphQLObjectType:
    type_ = GRAPHQL.type_map[name]
    if not isinstance(type_, GraphQLObjectType):
        raise TypeError(name)
    return type_
