"""The roots of an operation: where each question to the graph begins."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from graphql import FieldNode, FragmentDefinitionNode, OperationDefinitionNode

from api.errors import AccessDenied, BadUserInput
from api.planner.conditions import require_shown
from api.planner.contested import read_contested
from api.planner.from_graphql import NODE, NULL, SelectionReader, simple_parts, typename, value_or_none
from api.planner.held import read_held
from api.planner.past import in_past, require_past
from api.planner.plan import (
    SCOPES,
    SUBJECT,
    Caller,
    Group,
    Literally,
    Lookup,
    Operation,
    Portfolio,
    Review,
    Root,
    Tenant,
    Totals,
    Variable,
)
from api.planner.review import check_reviews, read_review, read_sync_health
from auth.decision import Deny, Mask, Show
from auth.view import View
from domain.field import ENTITIES, field_named, graph_field

LOOKUPS = {"contract": "Contract", "account": "Account", "opportunity": "Opportunity"}
LISTS = {"roleGrants": ("RoleGrant", "id"), "driftFindings": ("DriftFinding", "state")}
"""Lists that are null to whom a field of theirs is not shown in every record that they see: its rows would
be counted. That there is such a list is no secret."""
ROOTS = LOOKUPS | {"contracts": "Contract", "portfolio": "Contract"}
DECISIONS: dict[type, str] = {Show: "show", Mask: "mask", Deny: "deny"}
GROUPS = {
    "byStatus": ("PortfolioByStatus", "status"),
    "byType": ("PortfolioByType", "type"),
    "byExpirationMonth": ("PortfolioByMonth", "expirationDate"),
}


def read_operation(
    operation: OperationDefinitionNode,
    fragments: Mapping[str, FragmentDefinitionNode],
    variables: Mapping[str, Any],
    view: View,
    introspected: Mapping[str, str],
) -> Operation:
    """Read a whole operation; `introspected` answers its introspection fields by response key."""
    reader = RootReader(fragments, variables, view)
    fields = reader.collector.collect([operation.selection_set], ("Query",))
    roots = tuple(
        (key, Literally(introspected[key]) if key in introspected else reader.root(nodes, key))
        for key, nodes in fields.items()
    )
    check_reviews(roots)
    return Operation(
        roots,
        tuple(reader.denials.values()),
        tuple(reader.maskings.values()),
        frozenset(reader.entities),
        frozenset(reader.selected),
        frozenset(reader.used),
    )


BESIDE: Mapping[str, Callable[[SelectionReader, list[FieldNode], str], Review | Literally]] = {
    "syncHealth": read_sync_health, "review": read_review, "held": read_held, "contestedPart": read_contested,
}  # fmt: skip
"""Root fields that are answered beside the statement, by who reads what is asked of them."""


class RootReader(SelectionReader):
    """Reads root fields."""

    def root(self, nodes: list[FieldNode], key: str) -> Root:
        """Read one root field."""
        name = nodes[0].name.value
        self.require_records(ROOTS.get(name))
        match name:
            case "contracts":
                return self.connection("Contract", None, nodes, "Query", key)
            case "contract" | "account" | "opportunity":
                return self._lookup(LOOKUPS[name], nodes, key)
            case "roleGrants" | "driftFindings":
                return self._list(*LISTS[name], nodes, key)
            case "node":
                return self._node(nodes, key)
            case "portfolio":
                return self._portfolio(nodes, key)
            case "viewer":
                return self._viewer(nodes)
        return BESIDE[name](self, nodes, key) if name in BESIDE else typename("Query")

    def require_records(self, entity: str | None) -> None:
        """Refuse to count or find records of which nothing is shown."""
        decision = self.view.entity(entity) if entity is not None else None
        if isinstance(decision, Deny):
            message = f"no {entity} is shown to the caller: {decision.reason}"
            raise AccessDenied(message, field=f"{entity}.id", rule=decision.rule)

    def _list(self, entity: str, told_by: str, nodes: list[FieldNode], key: str) -> Root:
        field, decision = field_named(entity, told_by), self.view.entity(entity)
        if isinstance(decision, Show) and not self.view.shows_always(field.coordinate):
            reached = self.view.reach(field)
            decision = reached if isinstance(reached, Deny) else self.view.cell(field.coordinate).hidden
        if isinstance(decision, Deny):
            self.note(key, field, decision, "all")
            return NULL
        return self.connection(entity, None, nodes, "Query", key)

    def _lookup(self, entity: str, nodes: list[FieldNode], key: str) -> Lookup:
        arguments = self.arguments("Query", nodes[0])
        given = {name: value_or_none(tree) for name, tree in arguments.items() if tree is not None}
        as_of = given.pop("asOf", None)
        if len(given) != 1:
            names = GRAPHQL_ARGUMENTS[entity]
            by = f"exactly one of: {', '.join(names)}" if len(names) > 1 else str(*names)
            raise BadUserInput(f"{nodes[0].name.value} is found by {by}")
        [(name, value)] = given.items()
        field = graph_field(entity, name)
        require_shown(self.view, field, "to find a record")
        self.uses(key, field)
        if value is None:
            raise BadUserInput(f"{name} is not a value")
        if as_of is not None:
            require_past(self, key)
        selection = self.selection(entity, nodes, key)
        return Lookup((selection if as_of is None else in_past(selection, as_of),), field.name, value, as_of)

    def _node(self, nodes: list[FieldNode], key: str) -> Lookup:
        value = value_or_none(self.arguments("Query", nodes[0]).get("id"))
        if value is None:
            raise BadUserInput("node is found by its id")
        shown = [name for name in ENTITIES if isinstance(self.view.entity(name), Show)]
        if not shown:
            raise AccessDenied("node cannot be used: no record is shown to the caller", field=f"{NODE}.id")
        selections = tuple(self.selection(name, nodes, key) for name in shown)
        return Lookup(selections, "id", value)

    def _portfolio(self, nodes: list[FieldNode], path: str) -> Portfolio:
        self.entities.add("Contract")
        where = self.condition("Contract", self.arguments("Query", nodes[0]).get("filter"), path)
        parts: list[tuple[str, Any]] = []
        for key, found in self.collector.under(nodes, "Portfolio").items():
            name = found[0].name.value
            if name in GROUPS:
                parts.append((key, self._group(found, f"{path}.{key}")))
            elif name == "totals":
                parts.append((key, self._totals(found, f"{path}.{key}")))
            else:
                parts.append((key, typename("Portfolio") if name == "__typename" else "count"))
        return Portfolio(where, tuple(parts))

    def _group(self, nodes: list[FieldNode], path: str) -> Group:
        type_name, by = GROUPS[nodes[0].name.value]
        field = graph_field("Contract", by)
        require_shown(self.view, field, "to group by")
        self.uses(path, field)
        parts: list[tuple[str, Any]] = []
        for key, found in self.collector.under(nodes, type_name).items():
            match found[0].name.value:
                case "__typename":
                    parts.append((key, typename(type_name)))
                case "count":
                    parts.append((key, "count"))
                case "totals":
                    parts.append((key, self._totals(found, f"{path}.{key}")))
                case _:
                    parts.append((key, "key"))
        return Group(field, by == "expirationDate", tuple(parts))

    def _totals(self, nodes: list[FieldNode], path: str) -> Totals:
        value = graph_field("Contract", "totalValue")
        require_shown(self.view, value, "in a sum")
        self.uses(path, value)
        return Totals(simple_parts(self.collector.under(nodes, "CurrencyTotal"), "CurrencyTotal"))

    def _viewer(self, nodes: list[FieldNode]) -> Caller:
        parts: list[tuple[str, Any]] = []
        for key, found in self.collector.under(nodes, "Viewer").items():
            match found[0].name.value:
                case "org":
                    fields = self.collector.under(found, "ViewerOrg")
                    parts.append((key, Tenant(simple_parts(fields, "ViewerOrg"))))
                case "subject":
                    parts.append((key, Variable(SUBJECT)))
                case "scopes":
                    parts.append((key, Variable(SCOPES)))
                case "roles":
                    parts.append((key, Literally(json.dumps(list(self.view.roles)))))
                case "commands":
                    parts.append((key, Literally(json.dumps(self.view.allowed))))
                case "policy":
                    parts.append((key, Literally(json.dumps(self.view.digest))))
                case "access":
                    parts.append((key, self._access(found)))
                case _:
                    parts.append((key, typename("Viewer")))
        return Caller(tuple(parts))

    def _access(self, nodes: list[FieldNode]) -> Literally:
        wanted = simple_parts(self.collector.under(nodes, "FieldAccess"), "FieldAccess")
        rows = []
        for coordinate in sorted(self.view.cells):
            decision = self.view.told(coordinate)
            known = {
                "field": coordinate,
                "decision": DECISIONS[type(decision)],
                "rule": decision.rule,
                "reason": None if isinstance(decision, Show) else decision.reason,
                "rows": "; ".join(map(str, self.view.guard(coordinate))) or None,
            }
            rows.append(
                {
                    key: json.loads(part.json) if isinstance(part, Literally) else known[part]
                    for key, part in wanted
                }
            )
        return Literally(json.dumps(rows, ensure_ascii=False))


GRAPHQL_ARGUMENTS = {
    "Contract": ("id", "number", "externalReference"),
    "Account": ("id", "salesforceId"),
    "Opportunity": ("salesforceId",),
}
