"""What an operation is refused for and which of its fields are denied, whatever the rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    get_argument_values,
    get_named_type,
    is_interface_type,
    is_object_type,
)
from graphql.execution.collect_fields import FragmentDetails, collect_fields, collect_subfields
from graphql.execution.values import get_variable_values

from domain.error import DomainError
from domain.field import ENTITIES, DeclaredField, Kind, fields_of
from domain.identity import salesforce_id
from domain.past import told_by
from tests.reference.caller import Caller
from tests.reference.filters import as_uuid, graph_field, may_use, refusals, used
from tests.reference.paging import Order, check_page
from tests.reference.refusal import AccessDenied, BadUserInput, Refusal

GROUPS = {
    "byStatus": "Contract.status", "byType": "Contract.type", "byExpirationMonth": "Contract.expirationDate",
}  # fmt: skip
NULL_LISTS = {"roleGrants": "RoleGrant.id", "driftFindings": "DriftFinding.state"}
LISTS = {"contracts": "Contract", **{name: each.partition(".")[0] for name, each in NULL_LISTS.items()}}
LOOKUPS = {"contract": "Contract", "account": "Account", "opportunity": "Opportunity", "node": "Node"}


@dataclass
class Checks:
    """One reading of one operation for one caller; `refused` holds every reason, in no fixed order."""

    schema: GraphQLSchema
    document: DocumentNode
    given: Mapping[str, Any]
    caller: Caller
    refused: list[Refusal] = field(default_factory=list)
    denied: list[tuple[str, str]] = field(default_factory=list)
    masked: list[tuple[str, str]] = field(default_factory=list)
    past: set[str] = field(default_factory=set)
    """Where a contract is asked for as it was."""

    def run(self) -> None:
        definitions = self.document.definitions
        self.operation = next(d for d in definitions if isinstance(d, OperationDefinitionNode))
        self.fragments = {
            d.name.value: FragmentDetails(d) for d in definitions if isinstance(d, FragmentDefinitionNode)
        }
        declared = self.operation.variable_definitions or ()
        variables = get_variable_values(self.schema, declared, dict(self.given))
        if isinstance(variables, list):
            self.refused.append(BadUserInput(variables[0].message))
            return
        self.variables = variables
        query = self.schema.query_type
        assert query is not None
        with self.attempt():
            found = collect_fields(self.schema, self.fragments, variables, query, self.operation)
            for key, details in found.grouped_field_set.items():
                self.field(query, details, key)

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """Note a null where none may be; what lies below is not looked at, and may be denied."""
        try:
            yield
        except GraphQLError as error:
            self.refused += [BadUserInput(error.message), AccessDenied("perhaps")]

    def field(self, parent: GraphQLObjectType, details: list[Any], path: str) -> None:
        """Check one field and all below it."""
        name = details[0].node.name.value
        if name.startswith("__"):
            return
        declared = declared_field(parent.name, name)
        if declared and not self.is_ever_seen(declared, path):
            return
        if declared and path.rpartition(".")[0] in self.past and not may_be_past(declared):
            self.refused.append(BadUserInput(f"{declared.coordinate} as it was"))
        if parent.name == "Query" and name in NULL_LISTS and not self.caller.shows_always(NULL_LISTS[name]):
            self.denied.append((path, NULL_LISTS[name]))
            return
        definition = parent.fields[name]
        with self.attempt():
            arguments = get_argument_values(definition, details[0].node, self.variables)
            if arguments.get("asOf") is not None:
                self.past.add(path)
            self.refused += self.of_arguments(parent.name, name, arguments)
            for used_field in self.used(parent.name, name, arguments):
                if self.caller.evaluator.possible(used_field.coordinate) != {"show"}:
                    self.note(self.denied, path, used_field)
        inner = get_named_type(definition.type)
        types = self.found_by_node() if is_interface_type(inner) else [inner]
        for type_ in sorted(types, key=lambda t: list(ENTITIES).index(t.name)) if len(types) > 1 else types:
            if is_object_type(type_):
                with self.attempt():
                    self.below(type_, details, path)

    def found_by_node(self) -> list[GraphQLObjectType]:
        """Give the types of records that the caller may know of at all."""
        types = self.schema.get_possible_types(self.schema.type_map["Node"])  # type: ignore[arg-type]
        return [type_ for type_ in types if self.caller.shows(f"{type_.name}.id")]

    def below(self, type_: GraphQLObjectType, details: list[Any], path: str) -> None:
        found = collect_subfields(self.schema, self.fragments, self.variables, self.operation, type_, details)
        for key, sub in found.grouped_field_set.items():
            self.field(type_, sub, f"{path}.{key}")

    def is_ever_seen(self, declared: DeclaredField, path: str) -> bool:
        """Note where a field is not shown as it is; return whether any record has it, shown or masked."""
        words = self.caller.evaluator.possible(declared.coordinate) or {"deny"}
        told = fields_of(ENTITIES["Contract"]) if declared.field.named_by else ()
        some_are_not = any(self.caller.evaluator.possible(f.coordinate) != {"show"} for f in told)
        for noted, is_so in ((self.denied, "deny" in words or some_are_not), (self.masked, "mask" in words)):
            if is_so:
                self.note(noted, path, declared)
        return words != {"deny"}

    def note(self, noted: list[tuple[str, str]], path: str, declared: DeclaredField) -> None:
        if (path, declared.coordinate) not in noted:
            noted.append((path, declared.coordinate))

    def used(self, parent: str, name: str, arguments: dict[str, Any]) -> Iterator[DeclaredField]:
        """Give what a field of the schema finds, orders, groups or sums records by."""
        if "first" in self.schema.type_map[parent].fields[name].args:  # type: ignore[attr-defined]
            entity = LISTS.get(name, "Contract") if parent == "Query" else _target(parent, name)
            yield from used(entity, arguments.get("filter"))
            yield from (declared for declared, _ in Order.of(entity, arguments.get("orderBy")).terms)
        elif parent == "Query" and name == "portfolio":
            yield from used("Contract", arguments.get("filter"))
        elif parent == "Query" and name in LOOKUPS and LOOKUPS[name] in ENTITIES:
            for key, value in arguments.items():
                if value is not None:
                    yield from told_by() if key == "asOf" else [graph_field(LOOKUPS[name], key)]
        elif name == "totals":
            yield graph_field("Contract", "totalValue")
        elif name in GROUPS and parent == "Portfolio":
            yield graph_field("Contract", GROUPS[name].partition(".")[2])

    def of_arguments(self, parent: str, name: str, arguments: dict[str, Any]) -> Iterator[Refusal]:
        """Give what the arguments of a field are refused for."""
        if "first" in self.schema.type_map[parent].fields[name].args:  # type: ignore[attr-defined]
            entity = LISTS[name] if parent == "Query" else _target(parent, name)
            yield from self.of_list(entity, arguments)
        elif parent == "Query" and name == "portfolio":
            yield from refusals("Contract", arguments.get("filter"), self.caller.shows)
        elif parent == "Query" and name in LOOKUPS:
            yield from self.of_lookup(LOOKUPS[name], arguments)
        elif name == "totals":
            yield from self.required("Contract.totalValue")
        elif name in GROUPS and parent == "Portfolio":
            yield from self.required(GROUPS[name])

    def of_list(self, entity: str, arguments: dict[str, Any]) -> Iterator[Refusal]:
        yield from refusals(entity, arguments.get("filter"), self.caller.shows)
        order = Order.of(entity, arguments.get("orderBy"))
        for declared, _ in order.terms:
            if not may_use(declared, self.caller.shows):
                yield AccessDenied(declared.coordinate)
        try:
            check_page(arguments, order)
        except Refusal as refusal:
            yield refusal

    def of_lookup(self, entity: str, arguments: dict[str, Any]) -> Iterator[Refusal]:
        given = {name: value for name, value in arguments.items() if value is not None}
        if given.pop("asOf", None) is not None:
            for told in told_by():
                yield from self.required(told.coordinate)
        if len(given) != 1:
            yield BadUserInput("exactly one")
        for name, value in given.items():
            if entity in ENTITIES:
                yield from self.required(f"{entity}.{name}")
            if "\0" in value:
                yield BadUserInput("U+0000")
            if name in ("id", "salesforceId"):
                try:
                    as_uuid(value) if name == "id" else salesforce_id(value)
                except Refusal as refusal:
                    yield refusal
                except DomainError as error:
                    yield BadUserInput(str(error))

    def required(self, coordinate: str) -> Iterator[Refusal]:
        if not self.caller.shows(coordinate):
            yield AccessDenied(coordinate)


def declared_field(type_name: str, name: str) -> DeclaredField | None:
    """Return the declaration of a field of an entity, None for fields of other types."""
    if type_name not in ENTITIES:
        return None
    return next(f for f in fields_of(ENTITIES[type_name]) if f.graph_name == name)


def may_be_past(declared: DeclaredField) -> bool:
    """Whether a field of a contract is answered as it was: from its lines, or computed from such fields."""
    if declared.kind is Kind.LIST:
        return declared.name == "changes"
    stored_rule = declared.field.rule is not None and not declared.live
    return not stored_rule and declared.name not in ("version", "updated_at")


def _target(parent: str, name: str) -> str:
    declared = declared_field(parent, name)
    assert declared is not None
    assert declared.kind is Kind.LIST
    return declared.target
