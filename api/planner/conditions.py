"""Filters and orders, read into conditions and terms; a field that is not shown is refused, before SQL."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from api.errors import AccessDenied, BadUserInput
from api.limits import MAX_CONDITIONS, MAX_ORDER_TERMS, too_large
from api.planner.arguments import Tree
from api.planner.plan import (
    Comparison,
    Condition,
    Constant,
    Every,
    Items,
    Not,
    Order,
    Related,
    Some,
    Term,
    Variable,
)
from auth.decision import Show
from auth.view import View
from domain.field import ENTITIES, DeclaredField, Kind, back_reference, fields_of, graph_field

AMOUNT_OPERATORS = ("eq", "gt", "gte", "lt", "lte")
OPERATORS = {
    "eq": "eq", "in": "in", "gt": "gt", "gte": "gte", "lt": "lt", "lte": "lte",
    "isNull": "is_null", "contains": "contains", "startsWith": "starts_with",
}  # fmt: skip


def require_shown(view: View, field: DeclaredField, use: str) -> None:
    """Refuse to use a field in a way that would reveal it to one who may not see it."""
    decision = view.reach(field)
    if field.field.named_by is not None:
        # What it tells depends on the row: a filter or an order would tell it of every row.
        raise AccessDenied(
            f"{field.coordinate} cannot be used {use}: it tells the values of other fields",
            field=field.coordinate,
            rule="named field",
        )
    if not isinstance(decision, Show):
        raise AccessDenied(
            f"{field.coordinate} cannot be used {use}: {decision.reason}",
            field=field.coordinate,
            rule=decision.rule,
        )


Use = Callable[[DeclaredField], None]
"""Is told of each field that something is looked for, ordered or summed by."""


class ConditionReader:
    """Reads the filters of one caller; `use` is told of their fields."""

    def __init__(self, view: View, use: Use) -> None:
        self._view = view
        self._read = 0
        self.use = use

    def read(self, entity: str, tree: Tree) -> Condition:
        """Return the condition that a filter stands for; members that are null say nothing."""
        self._count()
        if not isinstance(tree, dict):
            return Every(())
        return Every(
            tuple(self._member(entity, name, member) for name, member in tree.items() if member is not None)
        )

    def _count(self) -> None:
        self._read += 1
        if self._read > MAX_CONDITIONS:
            raise too_large("conditions", MAX_CONDITIONS)

    def _member(self, entity: str, name: str, tree: Any) -> Condition:  # noqa: ANN401 - a Tree
        self._count()
        match name:
            case "and":
                return Every(tuple(self.read(entity, part) for part in tree))
            case "or":
                return Some(tuple(self.read(entity, part) for part in tree))
            case "not":
                return Not(self.read(entity, tree))
            case "text":
                return self._text(entity, tree)
            case "updatedSince":
                name, tree = "updatedAt", {"gte": tree}
        field = graph_field(entity, name)
        require_shown(self._view, field, "in a filter")
        self.use(field)
        match field.kind:
            case Kind.REFERENCE:
                return Related(field, self.read(field.target, tree))
            case Kind.LIST:
                return Every(
                    tuple(
                        found if quantifier == "some" else Not(found)
                        for quantifier, part in tree.items()
                        if part is not None
                        for found in [Related(field, self.read(field.target, part))]
                    )
                )
            case Kind.MONEY:
                return self._money(field, tree)
        return self._scalar(field, tree)

    def _scalar(self, field: DeclaredField, tree: dict[str, Tree]) -> Condition:
        return Every(
            tuple(
                Comparison(field, OPERATORS[operator], _value(field, operator, value))  # type: ignore[arg-type]
                for operator, value in tree.items()
            )
        )

    def _money(self, field: DeclaredField, tree: dict[str, Tree]) -> Condition:
        parts: list[Condition] = []
        for operator, tree_value in tree.items():
            value = _value(field, operator, tree_value)
            if operator == "currency":
                parts.append(Comparison(field, "eq", value, part="currency"))
            elif operator == "isNull":
                parts.append(Comparison(field, "is_null", value, part="amount"))
            else:
                parts.append(Comparison(field, OPERATORS[operator], value, part="amount"))  # type: ignore[arg-type]
        if set(tree) & set(AMOUNT_OPERATORS) and "currency" not in tree:
            raise BadUserInput(f"a filter on {field.coordinate} by amount needs its currency beside it")
        return Every(tuple(parts))

    def _text(self, entity: str, tree: Any) -> Condition:  # noqa: ANN401 - a Tree
        def searched(name: str) -> list[DeclaredField]:
            return [f for f in fields_of(ENTITIES[name]) if f.field.search]

        def contains(field: DeclaredField) -> Condition:
            require_shown(self._view, field, "in a text filter")
            self.use(field)
            return Comparison(field, "contains", tree)

        found: list[Condition] = [contains(field) for field in searched(entity)]
        for field in fields_of(ENTITIES[entity]):
            if field.kind is not Kind.LIST or not back_reference(entity, field.target).field.part:
                continue
            if searched(field.target):
                require_shown(self._view, field, "in a text filter")
                self.use(field)
                found.append(Related(field, Some(tuple(contains(f) for f in searched(field.target)))))
        return Some(tuple(found))


def read_order(view: View, entity: str, tree: Tree, use: Use) -> Order:
    """Return the order that a list is wanted in."""
    terms = []
    if isinstance(tree, list) and len(tree) > MAX_ORDER_TERMS:
        raise too_large("order terms", MAX_ORDER_TERMS)
    for item in tree if isinstance(tree, list) else ():
        if not isinstance(item["field"], Constant):
            raise BadUserInput("an order needs a field: it must not be null")
        field = graph_field(entity, _name(item["field"]))
        require_shown(view, field, "in an order")
        use(field)
        direction = item.get("direction", Constant("ASC"))
        if not isinstance(direction, Constant):
            raise BadUserInput("the direction of an order must not be null")
        terms.append(Term(field, descending=_name(direction) == "DESC"))
    return Order(entity, tuple(terms))


def _name(constant: Constant) -> str:
    return str(getattr(constant.value, "value", constant.value))


def _value(field: DeclaredField, operator: str, tree: Tree) -> Variable | Constant | Items:
    if isinstance(tree, Variable | Constant | Items):
        return tree
    raise BadUserInput(
        f"{operator} of a filter on {field.coordinate} is null: leave it out, or ask for isNull"
    )
