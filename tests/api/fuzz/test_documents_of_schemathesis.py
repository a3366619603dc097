"""schemathesis on the SDL, each document asked as every role: only documented answers, and nothing leaks.

The documents fit the schema, or break it in one place; those that fit often name records that there are.
Its own checks are not used: they take a refusal by the policy for a fault. `make fuzz` asks for thousands.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import statistics
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest
import schemathesis
from graphql import (
    REMOVE,
    ArgumentNode,
    DocumentNode,
    ObjectFieldNode,
    StringValueNode,
    Visitor,
    parse,
    print_ast,
    visit,
)
from hypothesis import HealthCheck, Phase, given, seed
from hypothesis import settings as trying
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.graphql import nodes, scalar

from api.schema import sdl
from api.settings import Settings
from auth.scopes import SCOPES
from auth.tokens import issue
from tests.api.graph import RESPONSE_JSON, Graph, code_of, graph_over, media_type
from tests.keys import KEY_ENCRYPTION
from tests.reference.canaries import CANARY, World
from tests.reference.comparison import Comparison, Person, opened

pytestmark = pytest.mark.usefixtures("nothing_secret_is_logged")

LONG = "CONTRACT_GRAPH_FUZZ" in os.environ
SEEDS = (1, 2, 3) if LONG else (1,)
EXAMPLES = 25 if LONG else 2
MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
LEAST = 2_000 if LONG else 40
"""Documents that every role asks at least."""
HUNG = 10.0
"""Seconds after which an answer does not come, where nothing else runs beside it."""
ERRORS = Path(__file__).parents[3] / "docs" / "errors.md"
ROW = re.compile(r"^\| `([A-Z_]+)` \| (\d{3}) ", re.MULTILINE)
DOCUMENTED = {code: int(status) for code, status in ROW.findall(ERRORS.read_text(encoding="utf-8"))}
DIGITS = st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-(10**15), max_value=10**15)

scalar("Decimal", DIGITS.map(str).map(nodes.String))
scalar("Duration", st.sampled_from(["P1Y", "P12M", "P30D", "P0D", "P999Y", "P1Y6M"]).map(nodes.String))


class Known(Visitor):
    """Puts the names of records that there are in the place of names that a generator made up."""

    def __init__(self, world: World, chance: Random) -> None:
        super().__init__()
        self.world, self.chance = world, chance

    def enter_argument(self, node: ArgumentNode, *_: Any) -> Any:
        return self._named(node)

    def enter_object_field(self, node: ObjectFieldNode, *_: Any) -> Any:
        return self._named(node)

    def _named(self, node: ArgumentNode | ObjectFieldNode) -> Any:
        name = node.name.value
        if name in ("after", "before") and self.chance.random() < 0.9:
            return REMOVE
        if not isinstance(node.value, StringValueNode) or self.chance.random() < 0.3:
            return None
        found = self._one_of(name)
        return None if found is None else replace_value(node, found)

    def _one_of(self, name: str) -> str | None:
        rows = self.world.theirs if self.chance.random() < 0.1 else self.world.ours
        of = {"contractId": "Contract", "changeId": "FieldChange", "findingId": "DriftFinding"}
        of |= {"flagId": "ValueFlag", "requestId": "AccessRequest", "number": "Contract"}
        kind = of.get(name) or self.chance.choice(list(rows.by_entity))
        record: Any = self.chance.choice(rows.by_entity[kind] or rows.by_entity["Contract"])
        if name == "id" or name.endswith("Id"):
            key = "salesforce_id" if name in ("salesforceId", "holderId") else "id"
            return str(getattr(record, key, record.id))
        return getattr(record, "number", None) if name == "number" else None


def replace_value(node: Any, value: str) -> Any:
    """The same argument or field with another value."""
    return type(node)(name=node.name, value=StringValueNode(value=value))


@dataclass
class Battery:
    """The whole application over two orgs of canaries, and a caller for each role of the policy."""

    graph: Graph
    comparison: Comparison
    persons: list[Person]
    tokens: dict[str, str]
    outcomes: Counter[str] = field(default_factory=Counter)
    took: list[tuple[float, str]] = field(default_factory=list)

    def ask(self, document: str, *, fits: bool) -> None:
        """Ask as every role, one after the other, and hold each answer to what there may be."""
        for person in self.persons:
            (role,) = person.principal.roles
            self.comparison.log.clear()
            headers = {"authorization": f"Bearer {self.tokens[role]}", "accept": RESPONSE_JSON}
            began = time.perf_counter()
            response = self.graph.send(json={"query": document}, headers=headers)
            self.took.append((time.perf_counter() - began, f"{role}: {document}"))
            wrong = fault(response, fits=fits) or self._told(document, response, person)
            assert not wrong, f"{role}: {wrong}\n{document}\n{response.text[:2000]}"
            self.outcomes[code_of(response) or "answered"] += 1

    def _told(self, document: str, response: httpx.Response, person: Person) -> str:
        """Say what was told, or logged, that was not to be."""
        logged = [each for each in self.comparison.log if CANARY.search(each)]
        text = response.text
        for token in CANARY.findall(document):
            text = text.replace(token, "what was given")
        return f"logged: {logged}" if logged else self.comparison.leak(text, person)


def fault(response: httpx.Response, *, fits: bool) -> str:
    """Say what is wrong with an answer, whoever asked."""
    if media_type(response) != RESPONSE_JSON:
        return f"it is {media_type(response)}"
    said = json.loads(response.content)
    codes = [each["extensions"]["code"] for each in said.get("errors", ())]
    statuses = {DOCUMENTED.get(code) for code in codes} or {200}
    if None in statuses or response.status_code not in statuses or response.status_code >= 500:
        return f"{response.status_code} with {codes}"
    if fits and "GRAPHQL_VALIDATION_FAILED" in codes and "Parsing aborted" not in response.text:  # too large
        return "it fits the schema"
    return "" if fits or response.status_code != 200 else "it does not fit the schema"


@pytest.fixture
def battery(database_url: str, superuser_url: str, loop: asyncio.Runner, tmp_path: Path) -> Iterator[Battery]:
    stack = AsyncExitStack()
    comparison = loop.run(stack.enter_async_context(opened(database_url, superuser_url)))
    persons = [comparison.person(role, subject=comparison.owner) for role in comparison.policy.roles]
    settings = Settings(home=tmp_path, pool_size=4, key_encryption_key=KEY_ENCRYPTION)
    with graph_over(settings, database_url, loop) as graph:
        tokens = {
            role: _token(graph, each) for role, each in zip(comparison.policy.roles, persons, strict=True)
        }
        yield Battery(graph, comparison, persons, tokens)
    loop.run(stack.aclose())


def _token(graph: Graph, person: Person) -> str:
    return issue(
        graph.keys, issuer=graph.settings.issuer, audience=graph.settings.audience,
        principal=replace(person.principal, client="tests", scopes=frozenset(SCOPES)),
        lifetime=timedelta(hours=2), now=time.time(),
    )  # fmt: skip


def test_every_role_gets_only_documented_answers(
    battery: Battery, capsys: pytest.CaptureFixture[str]
) -> None:
    schema = schemathesis.graphql.from_file(sdl())
    asked = 0
    for number in SEEDS:
        for place, operation in enumerate(schema.get_all_operations()):
            for mode in MODES if LONG else MODES[place % 2 :][:1]:
                made = operation.ok().as_strategy(generation_mode=mode)
                asked += _asked(battery, made, number)
    taken = [seconds for seconds, _ in sorted(battery.took)]
    outcomes = ", ".join(f"{many} {name}" for name, many in battery.outcomes.most_common())
    with capsys.disabled():
        print(f"\n{asked} documents as each of {len(battery.persons)} roles: {outcomes};", end=" ")  # noqa: T201
        print(f"p99 {statistics.quantiles(taken, n=100)[98] * 1000:.0f} ms, most {taken[-1] * 1000:.0f} ms")  # noqa: T201
    assert asked >= LEAST
    assert not LONG or taken[-1] < HUNG, max(battery.took)


def _asked(battery: Battery, made: Any, number: int) -> int:
    """Ask the documents that a strategy makes of a seed, and say how many they were."""
    asked: list[str] = []

    @seed(number)
    @trying(
        max_examples=EXAMPLES, deadline=None, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(made)
    def ask(case: Any) -> None:
        fits = case.meta.generation.mode is GenerationMode.POSITIVE
        document = known(case.body, battery.comparison.world) if fits else case.body
        asked.append(document)
        battery.ask(document, fits=fits)

    ask()
    return len(asked)


def known(document: str, world: World) -> str:
    """The document with names of records that there are; always the same ones."""
    changed: DocumentNode = visit(parse(document), Known(world, Random(document)))
    return print_ast(changed)
