"""No input takes a member that is not its own: what the server decides cannot be sent along."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLObjectType,
    get_named_type,
    get_nullable_type,
    is_required_input_field,
)

from api.errors import BadUserInput
from api.planner.run import PreparedOperation, prepare
from api.schema import GRAPHQL
from domain.field import ENTITIES, fields_of

LEAVES = {
    "String": "x", "ID": "0190a000-0000-7000-8000-000000000001", "Boolean": True, "Int": 1, "Decimal": "1",
    "Date": "2026-01-01", "DateTime": "2026-01-01T00:00:00Z", "Duration": "P1Y",
}  # fmt: skip
GUESSED = (
    "orgId", "org_id", "tenantId", "userId", "subject", "roles", "isAdmin", "createdAt", "updatedAt",
    "version", "decidedBy", "__typename", "__proto__", "constructor", "$org", "",
)  # fmt: skip
NAMES = {
    *GUESSED,
    *(name for each in ENTITIES.values() for f in fields_of(each) for name in (f.graph_name, f.name)),
}
"""Of every field of every record, in the graph and in the database, and what attackers try beside them."""


def inputs_of(type_: GraphQLInputType) -> set[str]:
    """Name the input objects that an input holds, itself among them."""
    named = get_named_type(type_)
    if not isinstance(named, GraphQLInputObjectType):
        return set()
    return {named.name}.union(*(inputs_of(each.type) for each in named.fields.values()))


def filled(type_: GraphQLInputType, target: str, more: dict[str, Any]) -> Any:
    """Fill an input with what it needs, and an object of the target type within it with more."""
    type_ = get_nullable_type(type_)  # type: ignore[assignment]
    if isinstance(type_, GraphQLList):
        return [filled(type_.of_type, target, more)]
    if isinstance(type_, GraphQLInputObjectType):
        members = {
            name: filled(each.type, target, more)
            for name, each in type_.fields.items()
            if is_required_input_field(each) or target in inputs_of(each.type)
        }
        return members | (more if type_.name == target else {})
    return next(iter(type_.values)) if isinstance(type_, GraphQLEnumType) else LEAVES[type_.name]  # type: ignore[union-attr]


def changes() -> dict[str, tuple[str, GraphQLInputType]]:
    """Every input object that can be sent, by a mutation that takes it, with the type of what that takes."""
    mutations = GRAPHQL.mutation_type
    assert isinstance(mutations, GraphQLObjectType)
    return {
        f"{target} in {name}": (target, field.args["input"].type)
        for name, field in mutations.fields.items()
        for target in inputs_of(field.args["input"].type)
    }


def operation(what: str, type_: GraphQLInputType) -> PreparedOperation:
    name = what.split(" in ")[1]
    return prepare(f"mutation($input: {type_}) {{ {name}(input: $input) {{ __typename }} }}", None)


@pytest.mark.parametrize("what", sorted(changes()))
def test_a_member_that_is_not_its_own_is_refused(what: str) -> None:
    target, type_ = changes()[what]
    prepared = operation(what, type_)
    assert prepared.read_variables({"input": filled(type_, target, {})})
    own = GRAPHQL.type_map[target]
    assert isinstance(own, GraphQLInputObjectType)
    foreign = NAMES - own.fields.keys()
    assert len(foreign) > 300
    for name in foreign:
        with pytest.raises(BadUserInput):
            prepared.read_variables({"input": filled(type_, target, {name: None})})


def test_what_the_server_computes_or_names_is_in_no_input() -> None:
    held = 0
    for entity in ENTITIES.values():
        type_ = GRAPHQL.type_map.get(f"{entity.__name__}Fields")
        if isinstance(type_, GraphQLInputObjectType):
            held += 1
            computed = {each.graph_name for each in fields_of(entity) if each.field.rule}
            assert not type_.fields.keys() & {"id", *computed}
    assert held >= 9
