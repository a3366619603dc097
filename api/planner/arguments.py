"""Arguments as a tree: their structure belongs to the plan, their scalars to the request."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from functools import cache
from typing import Any

from graphql import (
    FieldNode,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLScalarType,
    ListValueNode,
    NullValueNode,
    ObjectValueNode,
    ValueNode,
    VariableNode,
    value_from_ast,
)

from api.errors import BadUserInput
from api.planner.plan import Constant, Items, Path, Value, Variable

Tree = Value | None | list[Any] | dict[str, Any]
"""A scalar's place, an explicit null, a list of input objects, or the given members of one."""

STRUCTURAL_ENUMS = ("OrderField", "Direction")
"""Enums that choose columns, so that their values are part of the plan."""


def read_arguments(field: GraphQLField, node: FieldNode, variables: Mapping[str, Any]) -> dict[str, Tree]:
    """Return the arguments given to a field; an absent variable leaves its argument out."""
    given = {argument.name.value: argument.value for argument in node.arguments or ()}
    return {
        name: read_value(given[name], argument.type, variables)
        for name, argument in field.args.items()
        if name in given and not _absent(given[name], variables)
    }


def read_value(node: ValueNode, type_: GraphQLInputType, variables: Mapping[str, Any]) -> Tree:
    """Read a value of the document, following its variables."""
    if isinstance(type_, GraphQLNonNull):
        if isinstance(node, VariableNode) and variables.get(node.name.value) is None:
            raise BadUserInput(f"${node.name.value} stands where null is not taken")
        return read_value(node, type_.of_type, variables)
    if isinstance(node, VariableNode):
        name = node.name.value
        return _of_value(variables[name], type_, (name,))
    if isinstance(node, NullValueNode):
        return None
    if isinstance(type_, GraphQLInputObjectType) and isinstance(node, ObjectValueNode):
        members = {member.name.value: member.value for member in node.fields}
        return {
            name: read_value(members[name], type_.fields[name].type, variables)
            for name in type_.fields
            if name in members and not _absent(members[name], variables)
        }
    if isinstance(type_, GraphQLList):
        items = node.values if isinstance(node, ListValueNode) else (node,)
        return _list([read_value(item, type_.of_type, variables) for item in items], type_)
    if isinstance(type_, GraphQLScalarType | GraphQLEnumType):
        return Constant(checked(value_from_ast(node, type_), type_.name))
    raise BadUserInput(f"a value of {type_} is expected")


def shape_of(value: Any, type_: GraphQLInputType) -> Any:  # noqa: ANN401 - coerced values
    """Return what of a variable's value decides the plan: presence, members, orders; not scalars."""
    if isinstance(type_, GraphQLNonNull):
        return shape_of(value, type_.of_type)
    if value is None:
        return None
    if isinstance(type_, GraphQLInputObjectType):
        return tuple(
            (name, shape_of(value[key], member)) for name, key, member in _members(type_) if key in value
        )
    if isinstance(type_, GraphQLList):
        inner = _item_type(type_)
        if isinstance(inner, GraphQLInputObjectType):
            return tuple(shape_of(item, inner) for item in value)
        return "list"
    if isinstance(type_, GraphQLEnumType) and type_.name.endswith(STRUCTURAL_ENUMS):
        return value.value if isinstance(value, Enum) else value
    return "value"


def checked(value: Any, what: str) -> Any:  # noqa: ANN401 - coerced values
    """Refuse texts that PostgreSQL cannot hold."""
    if isinstance(value, str) and "\0" in value:
        raise BadUserInput(f"a {what} must not contain the character U+0000")
    return value


@cache
def _members(type_: GraphQLInputObjectType) -> list[tuple[str, str, GraphQLInputType]]:
    """Return the members of an input by name, by the key of their coerced value, and by type."""
    return [(name, field.out_name or name, field.type) for name, field in type_.fields.items()]


def _item_type(type_: GraphQLList[Any]) -> Any:  # noqa: ANN401 - any input type
    return type_.of_type.of_type if isinstance(type_.of_type, GraphQLNonNull) else type_.of_type


def _of_value(value: Any, type_: GraphQLInputType, path: Path) -> Tree:  # noqa: ANN401 - coerced values
    if isinstance(type_, GraphQLNonNull):
        return _of_value(value, type_.of_type, path)
    if value is None:
        return None
    if isinstance(type_, GraphQLInputObjectType):
        return {
            name: _of_value(value[key], member, (*path, key))
            for name, key, member in _members(type_)
            if key in value
        }
    if isinstance(type_, GraphQLList):
        inner = _item_type(type_)
        if isinstance(inner, GraphQLInputObjectType):
            return [_of_value(item, inner, (*path, index)) for index, item in enumerate(value)]
        return Variable(path)
    if isinstance(type_, GraphQLEnumType) and type_.name.endswith(STRUCTURAL_ENUMS):
        return Constant(value)
    return Variable(path)


def _list(items: list[Tree], type_: GraphQLList[Any]) -> Tree:
    if isinstance(_item_type(type_), GraphQLInputObjectType):
        return items
    return Items(tuple(item if isinstance(item, Variable | Constant) else Constant(None) for item in items))


def _absent(node: ValueNode, variables: Mapping[str, Any]) -> bool:
    return isinstance(node, VariableNode) and node.name.value not in variables
