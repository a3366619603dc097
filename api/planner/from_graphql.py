"""A validated operation and a view, read into a plan; what the view does not show is never planned."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from typing import Any, Literal

from graphql import FieldNode, FragmentDefinitionNode, GraphQLObjectType

from api.entity_types import DEFAULT_PAGE
from api.errors import BadUserInput
from api.planner.arguments import Tree, read_arguments
from api.planner.conditions import ConditionReader, Use, read_order
from api.planner.plan import (
    Column,
    Condition,
    Connection,
    Constant,
    Denial,
    Edges,
    Every,
    Items,
    Literally,
    Masking,
    MoneyParts,
    One,
    Output,
    Page,
    PageInfo,
    Selection,
    TotalCount,
    Value,
    Variable,
)
from api.planner.selection import Collector, Fields
from api.schema import GRAPHQL
from auth.decision import Deny
from auth.view import View
from domain.field import ENTITIES, DeclaredField, Kind, fields_of

NULL = Literally("null")
NODE = "Node"


class SelectionReader:
    """Reads what is wanted of the rows of the graph, for one caller and one set of variables."""

    def __init__(
        self, fragments: Mapping[str, FragmentDefinitionNode], variables: Mapping[str, Any], view: View
    ) -> None:
        self.view = view
        self.variables = variables
        self.collector = Collector(fragments, variables)
        self.conditions = ConditionReader(view, self._uses(""))
        self.denials: dict[tuple[str, str], Denial] = {}
        self.maskings: dict[tuple[str, str], Masking] = {}
        self.entities: set[str] = set()
        self.selected: set[str] = set()
        self.used: set[str] = set()

    def selection(self, entity: str, nodes: list[FieldNode], path: str) -> Selection:
        """Read what is wanted of a row of an entity."""
        self.entities.add(entity)
        fields = self.collector.under(nodes, entity, NODE)
        declared = {field.graph_name: field for field in fields_of(ENTITIES[entity])}
        return Selection(
            entity,
            tuple(
                (key, self._output(entity, declared, found, f"{path}.{key}")) for key, found in fields.items()
            ),
        )

    def connection(
        self, entity: str, field: DeclaredField | None, nodes: list[FieldNode], parent: str, path: str
    ) -> Connection:
        """Read a page of a list."""
        self.entities.add(entity)
        arguments = self.arguments(parent, nodes[0])
        fields = self.collector.under(nodes, f"{entity}Connection")
        return Connection(
            entity=entity,
            field=field,
            where=self.condition(entity, arguments.get("filter"), path),
            order=read_order(self.view, entity, arguments.get("orderBy"), self._uses(path)),
            page=_page(arguments),
            parts=tuple((key, self._part(entity, found, f"{path}.{key}")) for key, found in fields.items()),
        )

    def condition(self, entity: str, tree: Tree, path: str) -> Condition:
        """Read the filter of what stands at a path, absent or not."""
        self.conditions.use = self._uses(path)
        return Every(()) if tree is None else self.conditions.read(entity, tree)

    def arguments(self, type_name: str, node: FieldNode) -> dict[str, Tree]:
        """Read the arguments of a field."""
        type_ = GRAPHQL.type_map[type_name]
        if not isinstance(type_, GraphQLObjectType):
            raise TypeError(type_name)
        return read_arguments(type_.fields[node.name.value], node, self.variables)

    def is_denied(self, field: DeclaredField, path: str) -> bool:
        """Note where a field is not shown as it is; return whether it is hidden in every record."""
        self.selected.add(field.coordinate)
        decision = self.view.reach(field)
        if isinstance(decision, Deny):
            self.note(path, field, decision, "all")
            return True
        cell = self.view.cell(field.coordinate)
        if cell.show is not None and not self.view.guard(field.coordinate):
            return False
        everywhere = not self.view.mask_guard(field.coordinate)
        if cell.mask is not None:
            records: Literal["all", "some"] = "all" if everywhere and cell.show is None else "some"
            noted = Masking(path, field.coordinate, cell.mask.rule, cell.mask.reason, records, cell.mask.kind)
            self.maskings[path, field.coordinate] = noted
        if cell.mask is None or not everywhere:
            self.note(path, field, cell.hidden, "some")
        return False

    def uses(self, path: str, field: DeclaredField) -> None:
        """Note a field that what stands at a path is looked for, ordered or summed by."""
        self.used.add(field.coordinate)
        if field.kind in (Kind.REFERENCE, Kind.LIST):
            self.entities.add(field.target)
        if self.view.guard(field.coordinate):
            self.note(path, field, self.view.cell(field.coordinate).hidden, "some")

    def _uses(self, path: str) -> Use:
        return partial(self.uses, path)

    def note(self, path: str, field: DeclaredField, hidden: Deny, records: Literal["all", "some"]) -> None:
        """Note that a field is hidden, in all records or some."""
        denial = Denial(path, field.coordinate, hidden.rule, hidden.reason, records)
        self.denials.setdefault((path, field.coordinate), denial)

    def _output(
        self, entity: str, declared: Mapping[str, DeclaredField], nodes: list[FieldNode], path: str
    ) -> Output:
        name = nodes[0].name.value
        if name == "__typename":
            return typename(entity)
        field = declared[name]
        if self.is_denied(field, path):
            return NULL
        match field.kind:
            case Kind.REFERENCE:
                return One(field, self.selection(field.target, nodes, path))
            case Kind.LIST:
                return self.connection(field.target, field, nodes, entity, path)
            case Kind.MONEY:
                return MoneyParts(field, simple_parts(self.collector.under(nodes, "Money"), "Money"))
        return Column(field, self._named(field, path) if field.field.named_by else None)

    def _named(self, field: DeclaredField, path: str) -> tuple[str, ...]:
        """Return the fields of the contract whose values this one may tell, and note if there are others."""
        declared = fields_of(ENTITIES["Contract"])
        shown = [each for each in declared if self.view.shows_always(each.coordinate)]
        if len(shown) < len(declared):
            reason = f"{field.coordinate} tells the values of other fields: only of those that are shown"
            self.note(path, field, Deny("named field", reason), "some")
        return tuple(name for each in shown for name in each.spellings)

    def _part(
        self, entity: str, nodes: list[FieldNode], path: str
    ) -> Selection | Edges | PageInfo | TotalCount | Literally:
        match nodes[0].name.value:
            case "nodes":
                return self.selection(entity, nodes, path)
            case "edges":
                return self._edges(entity, nodes, path)
            case "pageInfo":
                fields = self.collector.under(nodes, "PageInfo")
                return PageInfo(simple_parts(fields, "PageInfo"))
            case "totalCount":
                return TotalCount()
        return typename(f"{entity}Connection")

    def _edges(self, entity: str, nodes: list[FieldNode], path: str) -> Edges:
        parts: list[tuple[str, Any]] = []
        for key, found in self.collector.under(nodes, f"{entity}Edge").items():
            match found[0].name.value:
                case "node":
                    parts.append((key, self.selection(entity, found, f"{path}.{key}")))
                case "cursor":
                    parts.append((key, "cursor"))
                case _:
                    parts.append((key, typename(f"{entity}Edge")))
        return Edges(tuple(parts))


def typename(name: str) -> Literally:
    """Answer `__typename`."""
    return Literally(json.dumps(name))


def simple_parts(fields: Fields, type_name: str) -> tuple[tuple[str, Any], ...]:
    """Name the leaves that are asked for of an object that has nothing but leaves."""
    return tuple(
        (key, typename(type_name) if nodes[0].name.value == "__typename" else nodes[0].name.value)
        for key, nodes in fields.items()
    )


def value_or_none(tree: Tree) -> Value | None:
    """Return a scalar argument, or None where it is absent or null."""
    return tree if isinstance(tree, Variable | Constant | Items) else None


def _page(arguments: Mapping[str, Tree]) -> Page:
    first, last = value_or_none(arguments.get("first")), value_or_none(arguments.get("last"))
    if first is not None and last is not None:
        raise BadUserInput("first and last cannot be asked for together")
    return Page(
        size=first or last or Constant(DEFAULT_PAGE),
        backward=last is not None,
        after=value_or_none(arguments.get("after")),
        before=value_or_none(arguments.get("before")),
    )
