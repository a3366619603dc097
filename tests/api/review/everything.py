"""A question for everything that a review can tell."""

from __future__ import annotations

from graphql import GraphQLObjectType, get_named_type

from api.schema import GRAPHQL

GIVEN = {
    "matrix": '(entity: "Contact")',
    "explain": '(roles: ["customer_success"], field: "Contract.totalValue")',
    "plan": """(operation: "{ contracts { nodes { number totalValue { amount } liabilityCap { amount } } } }",
        roles: ["customer_success"])""",
    "difference": "(candidate: $candidate)",
    "auditEvents": "(first: 2)",
    "auditProof": "(id: $event)",
}


def whole(type_name: str, *but: str) -> str:
    """Select every member of a type, however deep, but those that are named."""
    type_ = GRAPHQL.type_map[type_name]
    assert isinstance(type_, GraphQLObjectType)
    parts = ["__typename"]
    for name, field in type_.fields.items():
        inner = get_named_type(field.type)
        below = whole(inner.name) if isinstance(inner, GraphQLObjectType) else ""
        if name not in but:
            parts.append(f"{name}{GIVEN.get(name, '') if type_name == 'Review' else ''} {below}")
    return "{ " + " ".join(parts) + " }"
