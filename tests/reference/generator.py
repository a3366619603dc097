"""Random valid operations over the whole schema, each made from a seed."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from graphql import (
    GraphQLObjectType,
    get_named_type,
    is_leaf_type,
    parse,
    validate,
)

from api.errors import QueryTooComplex
from api.limits import check_limits
from domain.field import ENTITIES, DeclaredField, graph_field
from tests.reference.checks import may_be_past
from tests.reference.executor import schema
from tests.reference.random_filters import Filters
from tests.reference.rows import Rows
from tests.reference.values import literal
from tests.reference.variables import Variables

LONG = "a_response_key_that_is_longer_than_the_sixty_three_bytes_of_a_name_"
ALIASES = (
    "order", "select", "id", "data", "t", "org_id", "row", "amount", "nodes", "x1", LONG + "1", LONG + "2",
)  # fmt: skip
OF_NODE = ("... on Node { id }", "... { id }", "__typename", "id", "k: id", "... on Node { __typename }")
DEEPEST = 9
ROOT_WEIGHTS = {
    "contracts": 40, "contract": 20, "account": 12, "opportunity": 10, "node": 14, "portfolio": 10,
    "viewer": 5, "roleGrants": 6, "driftFindings": 6, "__typename": 2,
}  # fmt: skip


@dataclass(frozen=True)
class Operation:
    """A document with two sets of variables, by turns for one plan, and the seed that makes it again."""

    seed: int
    text: str
    variables: dict[str, Any]
    other_variables: dict[str, Any]


@dataclass
class Scope:
    """The response keys of one object: field, arguments and the scope below, so that equal keys merge."""

    keys: dict[str, tuple[str, str, Scope]] = field(default_factory=dict)


def operation(seed: int, rows: Rows, strangers: Rows) -> Operation:
    """Make the operation of a seed; `strangers` are rows of another org, whose ids are asked for as well."""
    pick = Random(seed)
    while True:
        made = Writer(pick, rows, strangers).operation(seed)
        document = parse(made.text)
        with suppress(QueryTooComplex):
            check_limits(document)
            if not validate(schema(), document):
                return made


def declared_of(name: str) -> DeclaredField:
    return graph_field("Contract", name)


class Writer:
    """Writes one operation."""

    def __init__(self, pick: Random, rows: Rows, strangers: Rows) -> None:
        self.random, self.rows, self.strangers = pick, rows, strangers
        self.variables = Variables(pick, likely=pick.choice((0, 0.1, 0.3)))
        mistakes = pick.choice((0.0, 0.0, 0.0, 0.05))
        self.mistakes = mistakes
        self.filters = Filters(pick, rows, self.variables, mistakes)
        self.fragments: list[str] = []
        self.budget = pick.choice((6, 15, 40, 90))
        self.aliases = 12
        self.kind = "Contract"
        self.past = False
        self.told: set[str] = set()
        self.filtered = pick.choice((0.1, 0.4, 0.8))

    def operation(self, seed: int) -> Operation:
        query = schema().query_type
        assert query is not None
        scope = Scope()
        parts = []
        for _ in range(self.random.choice((1, 1, 1, 1, 1, 2, 2, 3, 5, 12))):
            name = self.random.choices(list(ROOT_WEIGHTS), list(ROOT_WEIGHTS.values()))[0]
            parts.append(self.wrapped(self.one(query, name, scope, 1, 1), query))
        head = self.random.choice(("query Q", "query")) + self.variables.header
        text = f"{head} {{\n{chr(10).join(parts)}\n}}\n" + "\n".join(self.fragments)
        if head == "query" and self.random.random() < 0.5:
            text = text.removeprefix("query ")
        return Operation(seed, text, self.variables.given, self.variables.changed())

    def selection(self, type_: GraphQLObjectType, scope: Scope, depth: int, fan: int) -> str:
        """Write the fields of an object, in braces."""
        names = [*type_.fields, "__typename"]
        past, self.past = self.past, False
        if past and self.random.random() > self.mistakes:
            names = [n for n in names if n == "__typename" or may_be_past(declared_of(n))]
            told = [n for n in names if n in self.told]
            names = told if told and self.random.random() < 0.5 else names
        leaves = [n for n in names if n == "__typename" or is_leaf_type(get_named_type(type_.fields[n].type))]
        branches = [n for n in names if n not in leaves]
        parts = []
        if type_.name in ENTITIES and self.random.random() < 0.02:
            # PostgreSQL's functions take 100 arguments: a wide object needs more.
            parts += [self.one(type_, name, scope, depth, fan) for name in leaves]
        size = self.random.choice((1, 2, 3, 4, 6))
        for place in range(size):
            allowed = branches and depth < DEEPEST and self.budget > 0
            deeper = not leaves or (allowed and self.random.random() < self.wants(type_))
            repeat = scope.keys and self.random.random() < 0.12
            if repeat:
                key = self.random.choice(list(scope.keys))
                parts.append(self.again(type_, key, scope, depth, fan))
            else:
                name = self.random.choice(branches if deeper else leaves)
                parts.append(self.wrapped(self.one(type_, name, scope, depth, fan), type_))
            if self.budget <= 0 and place:
                break
        return "{ " + " ".join(parts) + " }"

    def wants(self, type_: GraphQLObjectType) -> float:
        """How likely a deeper field is wanted: connections have little else."""
        return 0.35 if type_.name in ENTITIES else 0.6

    def one(self, type_: GraphQLObjectType, name: str, scope: Scope, depth: int, fan: int) -> str:
        """Write one field under a key that is still free, or that means the same."""
        self.budget -= 1
        arguments, inner_fan = self.arguments(type_, name, fan)
        key = name
        taken = scope.keys.get(key)
        if (taken and taken[:2] != (name, arguments)) or (self.aliases > 0 and self.random.random() < 0.15):
            taken_names = {*scope.keys, *type_.fields}
            free = [a for a in (*ALIASES, f"k{len(scope.keys)}") if a not in taken_names]
            if type_.name in ENTITIES and name == "id":
                free = [a for a in free if a != "id"]
            key = self.random.choice(free)
            self.aliases -= 1
        below = scope.keys[key][2] if key in scope.keys else Scope()
        scope.keys[key] = (name, arguments, below)
        return self.written(type_, key, scope, depth, inner_fan)

    def again(self, type_: GraphQLObjectType, key: str, scope: Scope, depth: int, fan: int) -> str:
        self.budget -= 1
        return self.wrapped(self.written(type_, key, scope, depth, fan), type_)

    def written(self, type_: GraphQLObjectType, key: str, scope: Scope, depth: int, fan: int) -> str:
        name, arguments, below = scope.keys[key]
        alias = "" if key == name else f"{key}: "
        text = f"{alias}{name}{arguments}{self.directive(0.06)}"
        if name == "__typename":
            return text
        inner: Any = get_named_type(type_.fields[name].type)
        if inner.name == "Node":
            return f"{text} {self.node(below, depth, fan)}"
        self.past = name == "contract" and "asOf" in arguments
        return text if is_leaf_type(inner) else f"{text} {self.selection(inner, below, depth + 1, fan)}"

    def node(self, below: Scope, depth: int, fan: int) -> str:
        """Write the fields of a Node: of several kinds, each under keys of its own."""
        kinds = self.random.sample(list(ENTITIES), self.random.choice((1, 1, 2, 3)))
        if self.kind not in kinds and self.random.random() < 0.8:
            kinds[0] = self.kind
        parts = self.random.sample(OF_NODE, self.random.choice((0, 1, 2)))
        for number, kind in enumerate(kinds):
            type_ = schema().type_map[kind]
            assert isinstance(type_, GraphQLObjectType)
            scope = Scope()
            inner = self.selection(type_, scope, depth + 1, fan)
            # Two kinds may give one key two types; validation then asks for another operation.
            inline = f"... on {kind}{self.directive(0.1)} {inner}"
            parts.append(self.fragment(kind, inner) if number % 2 else inline)
        self.random.shuffle(parts)
        below.keys.clear()
        return "{ " + " ".join(parts) + " }"

    def wrapped(self, text: str, type_: GraphQLObjectType) -> str:
        """Put a field into a fragment now and then."""
        roll = self.random.random()
        if roll > 0.12:
            return text
        if roll < 0.04:
            spread = self.fragment(type_.name, f"{{ {text} }}")
            return spread if roll < 0.03 else f"{spread} {spread}"
        node = " on Node" if type_.name in ENTITIES else ""
        condition = self.random.choice(("", f" on {type_.name}", node))
        if condition == " on Node":
            return f"... on Node {{ ... on {type_.name} {{ {text} }} }}"
        return f"...{condition}{self.directive(0.15)} {{ {text} }}"

    def fragment(self, type_name: str, selection: str) -> str:
        name = f"F{len(self.fragments)}"
        self.fragments.append(f"fragment {name} on {type_name} {selection}")
        return f"...{name}{self.directive(0.1)}"

    def directive(self, likely: float) -> str:
        if self.random.random() > likely:
            return ""
        name = self.random.choice(("include", "skip"))
        value = self.random.random() < (0.7 if name == "include" else 0.3)
        condition = value if self.random.random() < 0.4 else self.boolean(value)
        return f" @{name}(if: {literal(condition)})"

    def boolean(self, value: bool) -> Any:  # noqa: FBT001 - a value of the document
        likely, self.variables.likely = self.variables.likely, 1
        made = self.variables.maybe("Boolean!", value)
        self.variables.likely = likely
        return made

    def arguments(self, type_: GraphQLObjectType, name: str, fan: int) -> tuple[str, int]:
        """Write the arguments of a field; return them and how many rows there may be below."""
        if name == "__typename" or not type_.fields[name].args:
            return "", fan
        inner = get_named_type(type_.fields[name].type)
        if "first" in type_.fields[name].args:
            given, fan = self.paging(inner.name.removesuffix("Connection"), fan)
        elif name == "portfolio":
            given = {"filter": self.filters.filter("Contract", 2)} if self.random.random() < 0.7 else {}
        else:
            given = self.lookup(name)
        shuffled = self.random.sample(list(given), len(given))
        return f"({', '.join(f'{n}: {literal(given[n])}' for n in shuffled)})" if given else "", fan

    def paging(self, entity: str, fan: int) -> tuple[dict[str, Any], int]:
        pick, given = self.random, dict[str, Any]()
        if pick.random() < self.filtered:
            given["filter"] = self.filters.filter(entity, 2)
        if pick.random() < 0.5:
            given["orderBy"] = self.filters.order(entity)
        size = min(pick.choice((0, 1, 2, 3, 5, 10, 50, 100)), max(1, 100 // fan))
        if pick.random() < self.mistakes:
            size = pick.choice((-1, 101, 2147483647))
        if fan > 2 or pick.random() < 0.8:
            given[pick.choice(("first", "first", "last"))] = self.variables.maybe("Int", size)
            if pick.random() < self.mistakes:
                given["first"] = given["last"] = size
        for name in ("after", "before"):
            if pick.random() < 0.18:
                cursor = self.filters.cursor(entity, given.get("orderBy", []))
                given[name] = self.variables.maybe("String", cursor)
        return given, fan * max(size, 1)

    def lookup(self, name: str) -> dict[str, Any]:
        pick = self.random
        entity = {"contract": "Contract", "account": "Account", "opportunity": "Opportunity"}.get(name)
        rows = self.strangers if pick.random() < 0.1 else self.rows
        self.kind = entity or pick.choice([each for each in ENTITIES if rows.by_entity[each]])
        found = [r for r in rows.by_entity[self.kind] if name != "opportunity" or r.salesforce_id]  # type: ignore[attr-defined]
        record: Any = pick.choice(found)
        choices: dict[str, Any] = {"id": str(record.id), "number": getattr(record, "number", None),
                   "externalReference": getattr(record, "external_reference", None),
                   "salesforceId": getattr(record, "salesforce_id", None)}  # fmt: skip
        query = schema().query_type
        assert query is not None
        names = [each for each in query.fields[name].args if each != "asOf"]
        key = pick.choice(names)
        if choices[key] is None and "id" in names and pick.random() > self.mistakes:
            key = "id"
        value = choices[key]
        if key == "id" and pick.random() < 0.06:
            value = pick.choice((value.upper(), "00000000-0000-7000-8000-000000000000"))
        if pick.random() < self.mistakes:
            value = pick.choice(("garbage", None, "", "{" + str(value) + "}"))
        if key == "salesforceId" and value and pick.random() < 0.3:
            value = value[:15]
        type_ = "ID" if key == "id" else "String"
        given = {key: self.variables.maybe(type_, value)}
        if len(names) > 1 and pick.random() < self.mistakes:
            given[pick.choice(names)] = "another"
        if name == "contract" and pick.random() < 0.4:
            given["asOf"] = self.variables.maybe("DateTime", self.moment(record))
        return given

    def moment(self, record: Any) -> str | None:
        """A moment about those at which the record's lines were recorded, or far from them."""
        changes: list[Any] = self.rows.by_entity["FieldChange"]
        own = [each for each in changes if each.contract_id == record.id]
        self.told = {each.field for each in own}
        moments = [each.recorded_at for each in own]
        far = [datetime(1, 1, 1, tzinfo=UTC), datetime(2026, 6, 30, 23, 59, 59, tzinfo=UTC),
               datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)]  # fmt: skip
        near = [each + timedelta(microseconds=by) for each in moments for by in (-1, 0, 0, 1)]
        at = self.random.choice(near if near and self.random.random() < 0.8 else far)
        return None if self.random.random() < 0.04 else f"{at:%Y-%m-%dT%H:%M:%S.%f}Z".zfill(27)
