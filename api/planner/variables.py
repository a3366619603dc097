"""Variables read by their types: quickly where they are well formed, else by graphql-core.

graphql-core walks every member of an input type; a filter has eighty, of which a request gives three.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, cached_property
from typing import Any

from graphql import (
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLID,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLInt,
    GraphQLNonNull,
    GraphQLScalarType,
    GraphQLString,
    OperationDefinitionNode,
    Undefined,
    is_required_input_field,
    type_from_ast,
)
from graphql.execution.values import get_variable_values

from api.errors import BadUserInput
from api.limits import MAX_ERRORS
from api.schema import GRAPHQL

Read = Callable[[Any], Any]

LARGEST_INT = 2**31


class Doubtful(Exception):
    """A value is not plainly what its type asks for: graphql-core is to say whether, and what is wrong."""


class VariableReader:
    """Reads the variables of one operation."""

    def __init__(self, operation: OperationDefinitionNode) -> None:
        self._definitions = tuple(operation.variable_definitions or ())
        self.types: dict[str, GraphQLInputType] = {}
        for each in self._definitions:
            type_ = type_from_ast(GRAPHQL, each.type)
            if type_ is not None:
                self.types[each.variable.name.value] = type_  # type: ignore[assignment]  # validated as input
        self._has_defaults = any(each.default_value is not None for each in self._definitions)
        self._readers = [(name, _reader(str(type_))) for name, type_ in self.types.items()]

    def read(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return the values by name, without those neither given nor defaulted. Raises BadUserInput."""
        if not self._readers:
            return {}
        if not self._has_defaults:
            try:
                return self._quickly(given)
            except (Doubtful, ValueError, TypeError, RecursionError):
                pass
        found = get_variable_values(
            GRAPHQL, self._definitions, dict(given), max_errors=MAX_ERRORS, hide_suggestions=True
        )
        if isinstance(found, list):
            raise BadUserInput(found[0].message)
        return found.coerced

    def _quickly(self, given: Mapping[str, Any]) -> dict[str, Any]:
        values = {}
        for name, read in self._readers:
            if name in given:
                values[name] = read(given[name])
            elif isinstance(self.types[name], GraphQLNonNull):
                raise Doubtful
        return values


@cache
def _reader(name: str) -> Read:
    """Return the reader of a type by its name: `ContractFilter`, `[ID!]!`."""
    if name.endswith("!"):
        return _required(_reader(name[:-1]))
    if name.startswith("["):
        return _list(_reader(name[1:-1]))
    type_ = GRAPHQL.type_map[name]
    if isinstance(type_, GraphQLInputObjectType):
        return _Object(type_)
    if isinstance(type_, GraphQLEnumType | GraphQLScalarType):
        return PLAIN.get(name) or _leaf(type_)
    raise TypeError(name)


def _required(read: Read) -> Read:
    def required(value: Any) -> Any:  # noqa: ANN401 - JSON
        if value is None:
            raise Doubtful
        return read(value)

    return required


def _list(read: Read) -> Read:
    def items(value: Any) -> Any:  # noqa: ANN401 - JSON
        if value is None:
            return None
        if type(value) is not list:
            raise Doubtful
        return [read(item) for item in value]

    return items


class _Object:
    """Reads an input object; its members are looked at on first use, for input types refer to each other."""

    def __init__(self, type_: GraphQLInputObjectType) -> None:
        self._type = type_

    @cached_property
    def _members(self) -> dict[str, tuple[str, Read]]:
        fields = self._type.fields.items()
        return {name: (field.out_name or name, _reader(str(field.type))) for name, field in fields}

    @cached_property
    def _defaults(self) -> dict[str, Any]:
        return {
            field.out_name or name: field.default_value
            for name, field in self._type.fields.items()
            if field.default_value is not Undefined
        }

    @cached_property
    def _required(self) -> set[str]:
        fields = self._type.fields.items()
        return {name for name, field in fields if is_required_input_field(field)}

    def __call__(self, value: Any) -> Any:  # noqa: ANN401 - JSON
        if value is None:
            return None
        if type(value) is not dict or not self._required <= value.keys():
            raise Doubtful
        found = dict(self._defaults)
        for name, item in value.items():
            if name not in self._members:
                raise Doubtful
            key, read = self._members[name]
            found[key] = read(item)
        return found


def _leaf(type_: GraphQLEnumType | GraphQLScalarType) -> Read:
    def read(value: Any) -> Any:  # noqa: ANN401 - JSON
        if value is None:
            return None
        if isinstance(type_, GraphQLEnumType) and (type(value) is not str or value not in type_.values):
            raise Doubtful
        return type_.parse_value(value)

    return read


def _text(value: Any) -> Any:  # noqa: ANN401 - JSON
    if value is not None and type(value) is not str:
        raise Doubtful
    return value


def _int(value: Any) -> Any:  # noqa: ANN401 - JSON
    if value is not None and (type(value) is not int or not -LARGEST_INT <= value < LARGEST_INT):
        raise Doubtful
    return value


def _bool(value: Any) -> Any:  # noqa: ANN401 - JSON
    if value is not None and type(value) is not bool:
        raise Doubtful
    return value


PLAIN: dict[str, Read] = {
    GraphQLString.name: _text,
    GraphQLID.name: _text,
    GraphQLInt.name: _int,
    GraphQLBoolean.name: _bool,
}
