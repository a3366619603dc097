"""Every scenario of changes in Salesforce comes to what its file says; a file that lies is found out."""

from __future__ import annotations

import asyncio
import tomllib
from collections.abc import Callable, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from storage.embedded import Cluster
from storage.embedded_roles import OWNER, READ_WRITE
from sync.salesforce.stand_in.process import Started
from tests.sync.salesforce.change_scenario import (
    EXPECTED,
    SCENARIOS,
    ChangeScenario,
    NotAChangeScenario,
    change_scenario_of,
    read_change_scenario,
)
from tests.sync.salesforce.change_stage import ChangeStage, NotAsExpected, compare
from tests.sync.salesforce.hearing import Hearing, hears
from tests.sync.salesforce.org import furnished

FILES = sorted(SCENARIOS.glob("*.toml"))
DATABASE = "change_scenarios"

Told = Mapping[str, Any]
Play = Callable[[ChangeScenario], Told]


@pytest.fixture(scope="module")
def superuser_of_all(cluster: Cluster, template: str) -> str:
    """One database for all scenarios, which is emptied before each."""

    async def made() -> None:
        admin = await asyncpg.connect(cluster.dsn("postgres", "postgres"))
        await admin.execute(f"CREATE DATABASE {DATABASE} TEMPLATE {template} OWNER {OWNER}")
        await admin.close()

    asyncio.run(made())
    return cluster.dsn("postgres", DATABASE)


@pytest.fixture
def play(cluster: Cluster, superuser_of_all: str, telling: Started) -> Play:
    urls = cluster.dsn(READ_WRITE, DATABASE), cluster.dsn(OWNER, DATABASE), superuser_of_all

    async def emptied() -> None:
        connection = await asyncpg.connect(superuser_of_all)
        await connection.execute("TRUNCATE org CASCADE")
        await connection.close()

    def run(scenario: ChangeScenario) -> Told:
        told: dict[str, Any] = {}

        async def check(hearing: Hearing) -> None:
            told.update(await ChangeStage(hearing, scenario).play())

        asyncio.run(emptied())
        hears(urls, furnished(telling))(check)
        return told

    return run


@pytest.mark.parametrize("file", FILES, ids=lambda each: each.stem)
def test_it_comes_to_what_the_file_says(file: Path, play: Play) -> None:
    scenario = read_change_scenario(file)
    compare(scenario, play(scenario))


def good() -> dict[str, Any]:
    return tomllib.loads((SCENARIOS / "gap_is_asked_for.toml").read_text())


def test_a_wrong_expectation_of_anything_fails(play: Play) -> None:
    right = change_scenario_of("right", good())
    told = play(right)
    compare(right, told)
    for what in EXPECTED:
        other = deepcopy(good())
        other["expect"][what] = (
            {"deal": {"name": "Another"}} if what == "records" else ["nothing of the kind"]
        )
        with pytest.raises(NotAsExpected, match=what):
            compare(change_scenario_of("wrong", other), told)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"wait": "1 minute"}, "wait is unknown"),
        ({"about": "no sentence"}, "about is a sentence"),
        ({"step": [{"edits": "deal", "later": "1 minute"}]}, "it is one of"),
        ({"step": [{"values": {}}]}, "it is one of"),
        ({"step": [{"edits": "deal", "colour": "red"}]}, "colour is unknown"),
        ({"step": [{"loses": "patience"}]}, "what is lost"),
        ({"expect": {}}, "expect says"),
        ({"expect": {**good()["expect"], "journal": []}}, "expect says"),
        ({"expect": {**good()["expect"], "records": {"deal": {}}}}, "none of its values"),
        ({"expect": {what: [] for what in EXPECTED} | {"records": {}}}, "expects nothing"),
        ({"step": []}, "expects nothing"),
    ],
)  # fmt: skip
def test_a_file_that_could_never_fail_is_refused(change: dict[str, Any], why: str) -> None:
    with pytest.raises(NotAChangeScenario, match=why):
        change_scenario_of("bad", good() | change)


def test_each_file_shows_something_of_its_own() -> None:
    told = [read_change_scenario(file).about for file in FILES]
    assert len(set(told)) == len(told)
