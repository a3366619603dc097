"""Every role, every field, every way to a value: seen where the policy shows it, and nowhere else."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from api.schema import GRAPHQL
from auth.policy import Policy
from auth.policy_file import load_policy
from domain.field import ENTITIES, DeclaredField, Entity, Kind, back_reference, fields_of
from tests.reference import seen
from tests.reference.comparison import Comparison, Person, opened
from tests.reference.filters import shown_value
from tests.reference.paging import text_of

HARD = Path(seen.__file__).with_name("hard.toml")
LEAST_CHECKS = 15_000
RECORDS = 1
"""How many records of each kind are looked at by each role."""
LONG = pytest.mark.skipif(
    "CONTRACT_GRAPH_FUZZ" not in os.environ, reason="it takes minutes: make fuzz runs it"
)


@dataclass
class Matrix:
    """The checks of one policy."""

    comparison: Comparison
    checks: int = 0
    wrong: list[str] = field(default_factory=list)

    async def run(self) -> None:
        """Check each entity for every role: what all ask alike is parsed and validated once."""
        owner = self.comparison.owner
        persons = [self.comparison.person(role, subject=owner) for role in self.comparison.policy.roles]
        for entity in ENTITIES:
            for person in persons:
                await self._records(person, entity)
                await self._uses(person, entity)
        for person in persons:
            await self._figures(person)

    async def _records(self, person: Person, entity: str) -> None:
        everything = self.comparison.world.ours.by_entity[entity]
        seen = person.seen.by_entity[entity][:RECORDS]
        hidden = [record for record in everything if not person.seen.is_there(record)][:RECORDS]
        for record in seen:
            for name, text, path in ways_to(person, record):
                await self._read(person, record, name, text, path)
        for record in hidden:
            text = f'{{ node(id: "{record.id}") {{ id ... on {entity} {{ {selected(entity)} }} }} }}'
            said = await self._ask(person, text, f"{entity} that is not reached")
            self._check(said.get("data") == {"node": None}, person, f"{entity} that is not reached", text)

    async def _read(
        self, person: Person, record: Entity, name: str, text: str, path: tuple[str, ...]
    ) -> None:
        said = await self._ask(person, text, name)
        found: Any = said.get("data")
        for step in path:
            found = _step(found, step)
        for declared in fields_of(type(record)):
            where = f"{declared.coordinate} by {name}"
            if found is None:
                self._check(found is not None, person, where, f"{text}\nno record: {json.dumps(said)[:500]}")
                return
            key = ALIAS + declared.graph_name if name.startswith("alias") else declared.graph_name
            if key not in found and name.startswith("alias"):
                continue
            got, wanted = found.get(key), value_for(person, record, declared)
            self._check(got == wanted, person, where, f"{got!r} instead of {wanted!r}\n{text}")

    async def _uses(self, person: Person, entity: str) -> None:
        """Filter, order, count and page by each field, at the end of a list that leads to it."""
        way = list_of(entity)
        if way is None:
            return
        for declared in fields_of(ENTITIES[entity]):
            shown = person.caller.shows(declared.coordinate) and not declared.field.named_by
            for name, text in uses_of(way, declared):
                said = await self._ask(person, text, f"{declared.coordinate} by {name}")
                code = said["errors"][0]["extensions"]["code"] if "errors" in said else None
                reachable = all(person.caller.shows(c) for c in way.coordinates)
                wanted = None if shown and reachable else "ACCESS_DENIED"
                if reachable or not way.coordinates:
                    self._check(code == wanted, person, f"{declared.coordinate} by {name}", f"{code} {text}")

    async def _figures(self, person: Person) -> None:
        for part, coordinate in FIGURES.items():
            text = f"{{ portfolio {{ {part} }} }}"
            said = await self._ask(person, text, f"portfolio {part}")
            denied = "errors" in said
            self._check(
                denied is not person.caller.shows(coordinate), person, f"{coordinate} in figures", text
            )

    async def _ask(self, person: Person, text: str, name: str) -> dict[str, Any]:
        body = json.dumps({"query": text}).encode()
        self.comparison.log.clear()
        got = await self.comparison.endpoint.answer(person.principal, body)
        leak = self.comparison.leak(got.body.decode(), person)
        self._check(not leak and got.status < 500, person, name, f"{leak} {got.status}\n{text}")
        return dict(json.loads(got.body))

    def _check(self, holds: bool, person: Person, where: str, told: str) -> None:  # noqa: FBT001 - what is checked
        self.checks += 1
        if not holds and len(self.wrong) < 20:
            self.wrong.append(f"{', '.join(person.caller.roles)}: {where}: {told}")


FIGURES = {
    "totals { amount currency count }": "Contract.totalValue",
    "byStatus { status count totals { amount } }": "Contract.totalValue",
    "byStatus { status count }": "Contract.status",
    "byType { type count }": "Contract.type",
    "byExpirationMonth { month count }": "Contract.expirationDate",
    "count": "Contract.id",
}
LEAVES = {Kind.LIST: " { totalCount }", Kind.REFERENCE: " { id }", Kind.MONEY: " { amount currency }"}


ALIAS = "renamed_"


def selected(entity: str) -> str:
    """Select every field of an entity."""
    found = fields_of(ENTITIES[entity])
    return " ".join(f"{f.graph_name}{LEAVES.get(f.kind, '')}" for f in found)


def value_for(person: Person, record: Entity, declared: DeclaredField) -> Any:
    """Say what a caller must get of a field, by the second evaluator of the policy."""
    seen = person.seen
    word = seen.word(record, declared)
    if word == "deny":
        return None
    if declared.kind is Kind.LIST:
        return {"totalCount": len(seen.children(record, declared))}
    value = seen.value(record, declared) if word == "show" else seen.coarse(record, declared)
    if declared.kind is Kind.REFERENCE:
        there = seen.find(declared.target, value)
        return None if there is None else {"id": str(there.id)}
    if declared.kind is Kind.MONEY:
        return None if value is None else {"amount": text_of(value.amount), "currency": value.currency}
    return text_of(shown_value(record, declared, value, person.caller.evaluator.possible))


def ways_to(person: Person, record: Entity) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Give operations that read every field of a record, with the path to it."""
    entity = type(record).__name__
    all_, at = selected(entity), f'node(id: "{record.id}")'
    yield "node", f"{{ {at} {{ ... on {entity} {{ {all_} }} }} }}", ("node",)
    for part in batched(fields_of(ENTITIES[entity]), 25):
        named = " ".join(f"{ALIAS}{f.graph_name}: {f.graph_name}{LEAVES.get(f.kind, '')}" for f in part)
        yield "alias", f"{{ order: {at} {{ ... on {entity} {{ {named} }} }} }}", ("order",)
    yield "fragment", f"{{ {at} {{ ...F }} }} fragment F on {entity} {{ {all_} }}", ("node",)
    yield "interface", f"{{ {at} {{ ... on Node {{ id ... on {entity} {{ {all_} }} }} }} }}", ("node",)
    yield (
        "merged",
        f"{{ {at} {{ ...F ... on {entity} {{ {all_} }} }} }} fragment F on {entity} {{ {all_} }}",
        ("node",),
    )
    yield "directive", f"{{ {at} {{ ... on {entity} @include(if: true) {{ {all_} }} }} }}", ("node",)
    if entity == "Contract":
        listed = f'contracts(first: 100, filter: {{ id: {{ eq: "{record.id}" }} }})'
        yield "list", f"{{ {listed} {{ nodes {{ {all_} }} }} }}", ("contracts", "nodes", "0")
        yield (
            "connection",
            f"{{ {listed} {{ edges {{ node {{ {all_} }} cursor }} }} }}",
            ("contracts", "edges", "0", "node"),
        )
    yield from under_parents(person, record, all_)


def under_parents(person: Person, record: Entity, all_: str) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Give operations that come to a record from each kind of record that leads to it."""
    entity, seen = type(record).__name__, person.seen
    for name in ENTITIES:
        for declared in fields_of(ENTITIES[name]):
            if declared.kind not in (Kind.LIST, Kind.REFERENCE) or declared.target != entity:
                continue
            parent = next(
                (each for each in seen.by_entity[name] if leads(person, each, declared, record)), None
            )
            if parent is None:
                continue
            at, called = f'node(id: "{parent.id}")', declared.graph_name
            way = f"under {declared.coordinate}"
            if declared.kind is Kind.REFERENCE:
                yield way, f"{{ {at} {{ ... on {name} {{ {called} {{ {all_} }} }} }} }}", ("node", called)
                continue
            listed = f'{called}(first: 100, filter: {{ id: {{ eq: "{record.id}" }} }})'
            yield way, f"{{ {at} {{ ... on {name} {{ {listed} {{ nodes {{ {all_} }} }} }} }} }}", (
                "node", called, "nodes", "0",
            )  # fmt: skip
            yield f"{way}, by edges", (
                f"{{ {at} {{ ... on {name} {{ {listed} {{ edges {{ node {{ {all_} }} }} }} }} }} }}"
            ), ("node", called, "edges", "0", "node")  # fmt: skip


def leads(person: Person, parent: Entity, declared: DeclaredField, record: Entity) -> bool:
    """Whether a record is to be seen through a field of another."""
    if declared.kind is Kind.REFERENCE:
        return bool(person.seen.value(parent, declared) == record.id)
    back = back_reference(declared.entity, declared.target)
    return person.seen.word(parent, declared) == "show" and getattr(record, back.name) == parent.id


@dataclass(frozen=True)
class Way:
    """A list of an entity below the list of contracts, and the fields that lead there."""

    steps: tuple[str, ...]
    coordinates: tuple[str, ...]


def list_of(entity: str) -> Way | None:
    """Find the list of an entity that is nearest to the root."""
    pending = [("Contract", Way((), ()))]
    done = set()
    while pending:
        here, way = pending.pop(0)
        if here == entity:
            return way
        done.add(here)
        for declared in fields_of(ENTITIES[here]):
            if declared.kind is Kind.LIST and declared.target not in done:
                further = Way((*way.steps, declared.graph_name), (*way.coordinates, declared.coordinate))
                pending.append((declared.target, further))
    return None


def uses_of(way: Way, declared: DeclaredField) -> Iterator[tuple[str, str]]:
    """Give operations that would tell something of a field without selecting it."""
    test = "{ isNull: false }" if declared.optional else "{}"
    test = {Kind.LIST: "{ some: {} }", Kind.REFERENCE: "{}"}.get(declared.kind, test)
    filtered = f"filter: {{ {declared.graph_name}: {test} }}"
    yield "filter", wrapped(way, f"({filtered})", "{ nodes { id } }")
    yield "count", wrapped(way, f"({filtered})", "{ totalCount }")
    if declared.graph_name in GRAPHQL.type_map[f"{declared.entity}OrderField"].values:  # type: ignore[attr-defined]
        ordered = f"(first: 3, orderBy: [{{ field: {declared.graph_name} }}])"
        yield "order", wrapped(way, ordered, "{ nodes { id } }")
        yield "cursor", wrapped(way, ordered, "{ edges { cursor } pageInfo { endCursor } }")


def wrapped(way: Way, arguments: str, inner: str) -> str:
    """Write a list with its arguments at the end of a way."""
    steps = ["contracts", *way.steps]
    text = f"{steps[-1]}{arguments} {inner}"
    for step in reversed(steps[:-1]):
        text = f"{step}(first: 2) {{ nodes {{ {text} }} }}"
    return f"{{ {text} }}"


def batched(fields: tuple[DeclaredField, ...], size: int) -> Iterator[tuple[DeclaredField, ...]]:
    for start in range(0, len(fields), size):
        yield fields[start : start + size]


def _step(found: Any, step: str) -> Any:
    if found is None:
        return None
    if step.isdigit():
        return found[int(step)] if len(found) > int(step) else None
    return found.get(step)


@pytest.mark.parametrize(
    "policy", [pytest.param(load_policy(HARD), marks=LONG), load_policy()], ids=["hard", "shipped"]
)
def test_a_value_is_seen_where_the_policy_shows_it_and_nowhere_else(
    policy: Policy, database_url: str, superuser_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    async def checked() -> Matrix:
        async with opened(database_url, superuser_url, policy=policy) as comparison:
            matrix = Matrix(comparison)
            await matrix.run()
            return matrix

    matrix = asyncio.run(checked())
    with capsys.disabled():
        print(f"\n{matrix.checks:,} checks of role, field and way: {len(matrix.wrong)} wrong")  # noqa: T201
    assert not matrix.wrong, "\n\n".join(matrix.wrong)
    assert matrix.checks >= LEAST_CHECKS
