"""Random filters, orders and cursors, whose values come from the rows so that they hit something."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from random import Random
from typing import Any

from graphql import GraphQLEnumType, GraphQLInputObjectType

from domain.field import ENTITIES, DeclaredField, Kind, fields_of
from domain.field import EVERYONE as FOR_ALL
from domain.term import Period
from tests.reference.executor import schema
from tests.reference.filters import graph_field
from tests.reference.paging import Order, text_of
from tests.reference.rows import Rows
from tests.reference.values import Name, is_constant
from tests.reference.variables import Variables

GARBAGE = ("", "x", "WyJhIl0", "bm90IGpzb24", "ééé", "WyIxMjM0NTY3OCIsIG51bGxd", "A" * 300)
AMOUNTS = ("eq", "gt", "gte", "lt", "lte")


@dataclass
class Filters:
    """Writes filters for one operation; `mistakes` is how likely a member is one that is refused."""

    random: Random
    rows: Rows
    variables: Variables
    mistakes: float

    def filter(self, entity: str, depth: int) -> Any:
        """Return a filter, in part or as a whole by variables."""
        members: dict[str, Any] = {}
        size = self.random.choices((0, 1, 2, 3), (6, 60, 24, 10))[0]
        for _ in range(size):
            name, value = self.member(entity, depth)
            members[name] = value
        return self.variables.maybe(f"{entity}Filter", members)

    def member(self, entity: str, depth: int) -> tuple[str, Any]:
        kind = self.type_named(f"{entity}Filter")
        roll = self.random.random()
        if depth > 0 and roll < 0.25:
            name = self.random.choice(("and", "or", "not"))
            if name == "not":
                return name, self.filter(entity, depth - 1)
            many = [self.filter_item(entity, depth - 1) for _ in range(self.random.choice((0, 1, 2, 2, 3)))]
            single = len(many) == 1 and self.random.random() < 0.3
            return name, many[0] if single else self.variables.maybe(f"[{entity}Filter!]", many)
        if roll < 0.32 and "text" in kind.fields:
            return "text", self.variables.maybe("String", self.piece(self.some_text(entity)))
        if roll < 0.36 and "updatedSince" in kind.fields:
            return "updatedSince", self.variables.maybe("DateTime", self.moment(entity, "updatedAt"))
        return self.of_field(entity, depth)

    def filter_item(self, entity: str, depth: int) -> Any:
        """Return a filter where null is no value: a variable of it must be declared with !."""
        before, self.variables.likely = self.variables.likely, 0
        inner = self.filter(entity, depth)
        self.variables.likely = before
        return self.variables.maybe(f"{entity}Filter!", inner) if is_constant(inner) else inner

    def of_field(self, entity: str, depth: int) -> tuple[str, Any]:
        declared = self.random.choice(self.usable(entity, depth))
        name = declared.graph_name
        if self.random.random() < 0.03:
            return name, self.random.choice((None, {}))
        if declared.kind is Kind.REFERENCE:
            return name, self.filter(declared.target, depth - 1)
        if declared.kind is Kind.LIST:
            quantifiers = self.random.sample(("some", "none"), self.random.choice((1, 1, 1, 2)))
            return name, {q: self.filter(declared.target, depth - 1) for q in quantifiers}
        type_ = self.type_named(f"{entity}Filter").fields[name].type
        return name, self.variables.maybe(str(type_), self.operators(declared, type_))

    def usable(self, entity: str, depth: int) -> list[DeclaredField]:
        """Return fields to filter by: mostly those that every role sees, else most operations are refused."""
        found = [f for f in fields_of(ENTITIES[entity]) if depth > 0 or f.kind in (Kind.SCALAR, Kind.MONEY)]
        for_all = [f for f in found if f.field.audience is FOR_ALL]
        return for_all if for_all and self.random.random() < 0.7 else found

    def operators(self, declared: DeclaredField, type_: Any) -> dict[str, Any]:
        names = list(type_.fields)
        chosen = self.random.sample(names, self.random.choices((0, 1, 2), (3, 75, 22))[0])
        made = {name: self.operand(declared, type_.fields[name].type, name) for name in chosen}
        if set(made) & set(AMOUNTS) and "currency" in names and self.random.random() > self.mistakes:
            made["currency"] = self.variables.maybe("String", self.currency(declared))
        return made

    def operand(self, declared: DeclaredField, type_: Any, name: str) -> Any:
        if self.random.random() < self.mistakes:
            return None
        if name == "isNull":
            value: Any = self.random.random() < 0.5
        elif name == "currency":
            value = self.currency(declared)
        elif name == "in":
            value = [self.sample(declared) for _ in range(self.random.choice((0, 1, 2, 5)))]
            if len(value) == 1 and self.random.random() < 0.3:
                return value[0]
            if value and self.random.random() < 0.3:
                value[0] = self.variables.maybe(f"{type_.of_type}", value[0])
        elif name in ("contains", "startsWith"):
            value = self.piece(str(self.sample(declared)), start=name == "startsWith")
        else:
            value = self.sample(declared)
        return self.variables.maybe(str(type_), value)

    def sample(self, declared: DeclaredField) -> Any:
        """Return a value of a field as GraphQL writes it, mostly one that a row has."""
        records = self.rows.by_entity[declared.entity]
        values = [v for r in self.random.sample(records, min(8, len(records)))
                  if (v := self.rows.value(r, declared)) is not None]  # fmt: skip
        if not values:
            return self.invented(declared)
        value = self.random.choice(values)
        if declared.kind is Kind.MONEY:
            value = value.amount
        if isinstance(value, Decimal) and self.random.random() < 0.2:
            return f"{value.normalize():f}"
        if isinstance(value, datetime) and self.random.random() < 0.3:
            return value.astimezone(timezone(timedelta(hours=5, minutes=30))).isoformat()
        return Name(value) if isinstance(self.enum(declared), GraphQLEnumType) else text_of(value)

    def invented(self, declared: DeclaredField) -> Any:
        enum = self.enum(declared)
        if isinstance(enum, GraphQLEnumType):
            return Name(self.random.choice(list(enum.values)))
        made = {str: "nothing", bool: True, int: 7, Period: "P7D"}.get(declared.type)
        if made is not None:
            return made
        texts = {"date": "2026-11-21", "datetime": "2026-11-21T00:00:00Z", "UUID": str(self.rows.org.id)}
        return texts.get(declared.type.__name__, "12.50")

    def enum(self, declared: DeclaredField) -> Any:
        return schema().type_map.get(declared.type.__name__)

    def currency(self, declared: DeclaredField) -> str:
        values = [v for r in self.rows.by_entity[declared.entity] if (v := self.rows.value(r, declared))]
        return self.random.choice(values).currency if values else "USD"

    def some_text(self, entity: str) -> str:
        found = [f for f in fields_of(ENTITIES[entity]) if f.field.search]
        return str(self.sample(self.random.choice(found)))

    def moment(self, entity: str, name: str) -> Any:
        return self.sample(graph_field(entity, name))

    def piece(self, text: str, *, start: bool = False) -> str:
        """Return a part of a text, in some other case."""
        begin = 0 if start or not text else self.random.randrange(len(text))
        part = text[begin : begin + self.random.choice((0, 1, 2, 3, 8, 99))]
        return self.random.choice((part, part, part.upper(), part.lower(), part.swapcase(), "%", "_", "\\"))

    def order(self, entity: str) -> Any:
        """Return the terms of an order."""
        names = list(schema().type_map[f"{entity}OrderField"].values)  # type: ignore[attr-defined]
        for_all = [n for n in names if graph_field(entity, n).field.audience is FOR_ALL]
        terms: list[dict[str, Any]] = []
        for _ in range(self.random.choice((0, 1, 1, 1, 2, 3))):
            name = self.random.choice(for_all if for_all and self.random.random() < 0.6 else names)
            term: dict[str, Any] = {"field": self.variables.maybe(f"{entity}OrderField!", Name(name))}
            if self.random.random() < 0.6:
                direction = Name(self.random.choice(("ASC", "DESC")))
                term["direction"] = self.variables.maybe("Direction!", direction)
            terms.append(term)
        if len(terms) == 1 and self.random.random() < 0.3:
            return terms[0]
        return self.variables.maybe(f"[{entity}Order!]", terms)

    def cursor(self, entity: str, order: Any) -> str:
        """Return the cursor of a row, in that order as far as it can be told; rarely something else."""
        if self.random.random() < self.mistakes:
            return self.random.choice(GARBAGE)
        terms = [{"field": self.resolved(t["field"]), "direction": self.resolved(t.get("direction", "ASC"))}
                 for t in self.resolved(order)]  # fmt: skip
        if self.random.random() < self.mistakes:
            terms.append({"field": "id", "direction": "DESC"})
        records = self.rows.by_entity[entity]
        if not records:
            return self.random.choice(GARBAGE)
        return Order.of(entity, terms).cursor(self.rows, self.random.choice(records))

    def resolved(self, value: Any) -> Any:
        """Return what a value stands for, were every variable given as it was meant."""
        if isinstance(value, Name) and value.startswith("$"):
            value = self.variables.meaning[str(value)[1:]]
        return [value] if isinstance(value, dict) else value

    def type_named(self, name: str) -> GraphQLInputObjectType:
        type_ = schema().type_map[name]
        assert isinstance(type_, GraphQLInputObjectType)
        return type_
