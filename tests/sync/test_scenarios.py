"""Every scenario file comes to what it says; and one that would say the wrong thing is found out."""

from __future__ import annotations

import asyncio
import tomllib
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import asyncpg
import pytest

from domain.contract import Contract  # noqa: F401 - it registers every entity
from storage.database import Database
from storage.embedded import Cluster
from storage.embedded_roles import OWNER, READ_WRITE
from tests.sync.contract_system import contract_system
from tests.sync.scenario import EXPECTED, SCENARIOS, NotAScenario, read_scenario, scenario_of
from tests.sync.scenario_stage import NotAsExpected, Stage

FILES = sorted(SCENARIOS.glob("*.toml"))
DATABASE = "scenarios"


@pytest.fixture(scope="module")
def loop() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture(scope="module")
def stage(cluster: Cluster, template: str, loop: asyncio.Runner) -> Iterator[Stage]:
    """A database for all scenarios: each has an org of its own in it."""

    async def opened() -> tuple[Database, asyncpg.Connection]:
        admin = await asyncpg.connect(cluster.dsn("postgres", "postgres"))
        await admin.execute(f"CREATE DATABASE {DATABASE} TEMPLATE {template} OWNER {OWNER}")
        await admin.close()
        database = await Database.open(cluster.dsn(READ_WRITE, DATABASE), 6)
        return database, await asyncpg.connect(cluster.dsn(OWNER, DATABASE))

    async def closed() -> None:
        await owner.close()
        await database.close()

    database, owner = loop.run(opened())
    with contract_system() as systems:
        yield Stage(database, owner, systems)
    loop.run(closed())


@pytest.mark.parametrize("file", FILES, ids=lambda each: each.stem)
def test_it_comes_to_what_the_file_says(file: Any, stage: Stage, loop: asyncio.Runner) -> None:
    loop.run(stage.expect(read_scenario(file)))


GOOD = """
about = "The owner of a field sets it."
step = [{ by = "clm", event = "e-1", at = "10:00", says = { title = "Beans" } }]

[expect]
graph."A-1" = { title = "Beans" }
history."A-1" = [
    "id ACCEPTED: A-1, by clm e-1: it was first heard of",
    "title ACCEPTED: Beans, by clm e-1: the contract system owns title",
]
provenance."A-1" = { title = "CLM owns, clm e-1" }
quarantine = []
waiting = []
"""


def good() -> dict[str, Any]:
    return tomllib.loads(GOOD)


def test_a_wrong_expectation_of_anything_fails(stage: Stage, loop: asyncio.Runner) -> None:
    told = good()
    loop.run(stage.expect(scenario_of("good", told)))
    wrong: dict[str, Any] = {
        "graph": {"A-1": {"title": "Rice"}},
        "history": {},
        "provenance": {"A-1": {"title": "SALESFORCE owns, clm e-1"}},
        "quarantine": ["inbox Malformed: body: nothing is there"],
        "waiting": ["inbox 7"],
    }
    assert wrong.keys() == told["expect"].keys()
    for what, said in wrong.items():
        other = deepcopy(told)
        other["expect"][what] = said
        with pytest.raises(NotAsExpected, match=what):
            loop.run(stage.expect(scenario_of("wrong", other)))
    other = deepcopy(told)
    other["step"][0]["answer"] = "accepted 0, known 1"
    with pytest.raises(NotAsExpected, match="step 1"):
        loop.run(stage.expect(scenario_of("wrong", other)))
    more = deepcopy(told)
    more["step"].append({**told["step"][0], "event": "e-2", "contract": "B-1"})
    with pytest.raises(NotAsExpected, match="graph"):
        loop.run(stage.expect(scenario_of("a contract that nobody expected", more)))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"wait": "1 minute"}, "wait is unknown"),
        ({"about": "no sentence"}, "about is a sentence"),
        ({"step": [{"says": {}, "later": "1 minute"}]}, "it is one of"),
        ({"step": [{"answer": "accepted 1, known 0"}]}, "it is one of"),
        ({"step": [{"says": {}, "by": "clm", "colour": "red"}]}, "colour is unknown"),
        ({"connections": {"clm": {"port": 1}}}, "port is unknown"),
        ({"answers": [{"path": "x", "body": "{}", "delay": 1}]}, "delay is unknown"),
        ({"expect": {}}, "expect says"),
        ({"expect": {**good()["expect"], "journal": []}}, "expect says"),
        ({"expect": {**good()["expect"], "graph": {"A-1": {}}}}, "none of its values"),
        (
            {"expect": {what: [] for what in EXPECTED} | {"graph": {}}},
            "expects nothing",
        ),
        ({"step": []}, "expects nothing"),
    ],
)  # fmt: skip
def test_a_file_that_could_never_fail_is_refused(change: dict[str, Any], why: str) -> None:
    with pytest.raises(NotAScenario, match=why):
        scenario_of("bad", good() | change)


def test_each_file_shows_something_of_its_own() -> None:
    told = [read_scenario(file).about for file in FILES]
    assert len(set(told)) == len(told)
