"""What the planner must equal: graphql-core with ordinary resolvers over rows in memory."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLScalarType,
    GraphQLSchema,
    build_schema,
    execute_sync,
    print_schema,
)

from api.schema import GRAPHQL
from domain.field import ENTITIES, DeclaredField, Entity, Kind, fields_of
from domain.identity import salesforce_id
from tests.reference.caller import Caller
from tests.reference.checks import Checks
from tests.reference.filters import as_uuid, graph_field, matches, shown_value
from tests.reference.paging import Order, page, text_of
from tests.reference.past import MOMENT, as_it_was
from tests.reference.policy import WORDS
from tests.reference.portfolio import portfolio
from tests.reference.refusal import BadUserInput, Refusal
from tests.reference.seen import Seen

Info = GraphQLResolveInfo[Any]


@dataclass(frozen=True)
class Answer:
    """What an operation is answered with: every refusal, or `data` and what is denied or masked of it."""

    data: str
    denied: tuple[tuple[str, str], ...] = ()
    masked: tuple[tuple[str, str], ...] = ()
    refused: tuple[Refusal, ...] = ()


@dataclass(frozen=True)
class Asked:
    """The context of the resolvers."""

    rows: Seen
    caller: Caller


def answer(rows: Seen, caller: Caller, document: DocumentNode, variables: Mapping[str, Any]) -> Answer:
    """Answer a valid operation."""
    checks = Checks(schema(), document, variables, caller)
    checks.run()
    if checks.refused:
        return Answer("", refused=tuple(checks.refused))
    done = execute_sync(
        schema(), document, context_value=Asked(rows, caller), variable_values=dict(variables)
    )
    if done.errors:
        if not isinstance(done.errors[0].original_error, GraphQLError | None):
            raise done.errors[0]
        # An argument whose variable is null where its type takes none: graphql-core tells at execution only.
        return Answer("", refused=(BadUserInput(done.errors[0].message),))
    return Answer(json.dumps(done.data, ensure_ascii=False), tuple(checks.denied), tuple(checks.masked))


@cache
def schema() -> GraphQLSchema:
    """Return the schema of the API, rebuilt from its text, with resolvers in place of the planner."""
    made = build_schema(print_schema(GRAPHQL))
    for name, type_ in made.type_map.items():
        if isinstance(type_, GraphQLScalarType) and name in {"Decimal", "Date", "DateTime", "Duration"}:
            for coercion in ("parse_value", "coerce_input_value", "coerce_input_literal"):
                setattr(type_, coercion, getattr(GRAPHQL.type_map[name], coercion))
        elif isinstance(type_, GraphQLObjectType) and name in ENTITIES:
            for declared in fields_of(ENTITIES[name]):
                type_.fields[declared.graph_name].resolve = _resolver(declared)
    made.type_map["Node"].resolve_type = lambda record, *_: type(record).__name__  # type: ignore[attr-defined]
    assert made.query_type is not None
    for name, resolve in ROOTS.items():
        made.query_type.fields[name].resolve = resolve
    return made


def _resolver(declared: DeclaredField) -> Any:
    def resolve(record: Entity, info: Info, **arguments: Any) -> Any:
        asked: Asked = info.context
        word = asked.rows.word(record, declared)
        if word == "deny":
            return None
        if declared.kind is Kind.LIST:
            parts: list[Any] = asked.rows.children(record, declared)
            if hasattr(record, MOMENT):
                parts = [each for each in parts if each.recorded_at <= getattr(record, MOMENT)]
            return _connection(asked, declared.target, parts, arguments)
        value = asked.rows.value(record, declared) if word == "show" else asked.rows.coarse(record, declared)
        if declared.kind is Kind.REFERENCE:
            return asked.rows.find(declared.target, value)
        if declared.kind is Kind.MONEY and value is not None:
            return {"amount": text_of(value.amount), "currency": value.currency}
        return text_of(shown_value(record, declared, value, asked.caller.evaluator.possible))

    return resolve


def _connection(
    asked: Asked, entity: str, records: list[Entity], arguments: dict[str, Any]
) -> dict[str, Any]:
    found = [record for record in records if matches(asked.rows, record, arguments.get("filter"))]
    return page(asked.rows, found, Order.of(entity, arguments.get("orderBy")), arguments)


def _lookup(entity: str) -> Any:
    def resolve(_: object, info: Info, asOf: Any = None, **arguments: Any) -> Entity | None:  # noqa: N803
        asked: Asked = info.context
        found = present(asked, arguments)
        return found if found is None or asOf is None else as_it_was(asked.rows, found, asOf)

    def present(asked: Asked, arguments: dict[str, Any]) -> Entity | None:
        [(name, text)] = [(name, value) for name, value in arguments.items() if value is not None]
        if name == "id":
            return asked.rows.find(entity, as_uuid(text))
        declared, wanted = graph_field(entity, name), text
        if name == "salesforceId":
            wanted = salesforce_id(text)
        found = (r for r in asked.rows.by_entity[entity] if asked.rows.value(r, declared) == wanted)
        return next(found, None)

    return resolve


def _contracts(_: object, info: Info, **arguments: Any) -> dict[str, Any]:
    return _connection(info.context, "Contract", info.context.rows.by_entity["Contract"], arguments)


def _node(_: object, info: Info, id: str) -> Entity | None:  # noqa: A002 - the argument's name
    asked: Asked = info.context
    found = asked.rows.by_id.get(as_uuid(id))
    return found if found and asked.caller.shows(f"{type(found).__name__}.id") else None


def _list(coordinate: str) -> Any:
    entity = coordinate.partition(".")[0]

    def resolve(_: object, info: Info, **arguments: Any) -> dict[str, Any] | None:
        asked: Asked = info.context
        if not asked.caller.shows_always(coordinate):
            return None
        return _connection(asked, entity, asked.rows.by_entity[entity], arguments)

    return resolve


def _portfolio(_: object, info: Info, **arguments: Any) -> dict[str, Any]:
    rows: Seen = info.context.rows
    found = [c for c in rows.by_entity["Contract"] if matches(rows, c, arguments.get("filter"))]
    return portfolio(rows, found)


def _viewer(_: object, info: Info) -> dict[str, Any]:
    caller: Caller = info.context.caller
    org = info.context.rows.org
    return {
        "org": {"id": str(org.id), "name": org.name, "salesforceOrgId": org.salesforce_org_id},
        "subject": caller.subject, "roles": sorted(caller.roles), "scopes": sorted(caller.scopes),
        "policy": caller.policy, "commands": list(caller.commands),
        "access": [
            {"field": coordinate, "decision": _best(caller, coordinate),
             "rule": decision.rule, "reason": getattr(decision, "reason", None),
             "rows": caller.rows[coordinate]}
            for coordinate, decision in sorted(caller.decisions.items())
        ],
    }  # fmt: skip


def _best(caller: Caller, coordinate: str) -> str:
    return min(caller.evaluator.possible(coordinate), key=WORDS.index, default="deny")


ROOTS: dict[str, Any] = {
    "contract": _lookup("Contract"),
    "account": _lookup("Account"),
    "opportunity": _lookup("Opportunity"),
    "contracts": _contracts,
    "node": _node,
    "roleGrants": _list("RoleGrant.id"),
    "driftFindings": _list("DriftFinding.state"),
    "portfolio": _portfolio,
    "viewer": _viewer,
}
