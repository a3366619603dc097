"""Random operations, answered by the planner and by the plain reference: alike, and nothing leaks."""

from __future__ import annotations

import asyncio
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from auth.policy import Policy
from auth.policy_file import load_policy
from tests.reference import seen
from tests.reference.comparison import Comparison, opened

QUERIES = int(os.environ.get("CONTRACT_GRAPH_FUZZ", "120"))
HARDLY = QUERIES // 8
"""Rows that differ make every plan larger, and each operation is asked by as many."""
FIRST = int(os.environ.get("CONTRACT_GRAPH_FUZZ_FIRST", "0"))
REPORTED = int(os.environ.get("CONTRACT_GRAPH_FUZZ_REPORTED", "5"))


HARD = Path(seen.__file__).with_name("hard.toml")


def test_every_answer_equals_the_reference_and_leaks_nothing(
    database_url: str, superuser_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    comparison = asyncio.run(_compare_all(database_url, superuser_url, load_policy(), QUERIES))
    tell(comparison, capsys)
    assert comparison.outcomes["answered"] > QUERIES


def test_so_it_is_under_a_policy_that_tells_between_rows(
    database_url: str, superuser_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    comparison = asyncio.run(_compare_all(database_url, superuser_url, load_policy(HARD), HARDLY))
    tell(comparison, capsys)
    assert comparison.outcomes["answered"] > HARDLY


def tell(comparison: Comparison, capsys: pytest.CaptureFixture[str]) -> None:
    outcomes = ", ".join(f"{count} {name}" for name, count in sorted(comparison.outcomes.items()))
    with capsys.disabled():
        print(f"\n{sum(comparison.outcomes.values())} comparisons with the reference: {outcomes}")  # noqa: T201
    assert not comparison.failures, "\n\n".join(comparison.failures)


async def _compare_all(database_url: str, superuser_url: str, policy: Policy, queries: int) -> Comparison:
    async with opened(database_url, superuser_url, policy=policy) as comparison:
        comparison.reported = REPORTED
        names = list(policy.roles)
        persons = [comparison.person(role, subject=comparison.owner) for role in names]
        persons.append(comparison.person(names[0], names[2], subject=comparison.owner))
        persons.append(comparison.person(*names[:2], subject=comparison.owner))
        persons.append(comparison.person(*names[1:4], subject=comparison.owner))
        persons.append(comparison.person(*names[-2:], subject=comparison.owner))
        persons.append(comparison.person(names[1]))
        for seed in range(FIRST, FIRST + queries):
            await comparison.run(seed, persons)
        return comparison


def test_the_comparison_notices_what_it_is_for(database_url: str, superuser_url: str) -> None:
    async def differences() -> dict[str, str]:
        async with opened(database_url, superuser_url) as comparison:
            sees, sees_not = comparison.person("sales_manager"), comparison.person("admin")
            asked = "{ contracts(orderBy: {field: totalValue}) { nodes { totalValue { amount } } %s } }"
            found = {}
            for name, text in (("value", asked % ""), ("cursor", asked % "pageInfo { endCursor }")):
                body = json.dumps({"query": text}).encode()
                got = await comparison.endpoint.answer(sees.principal, body)
                found[f"{name} seen"] = comparison.leak(got.body.decode(), sees)
                found[f"{name} leaked"] = comparison.leak(got.body.decode(), sees_not)
            cursor = comparison.leak(got.body.decode().partition("pageInfo")[2], sees_not)
            other = replace(sees, caller=sees_not.caller)
            _, mistaken = await comparison.of(asked % "", {}, other)
            return found | {"cursor leaked": cursor, "wrong view": mistaken}

    found = asyncio.run(differences())
    assert {name: text.partition(":")[0].partition("[")[0] for name, text in found.items()} == {
        "value seen": "", "value leaked": "leak of ", "cursor seen": "", "cursor leaked": "leak of ",
        "wrong view": "refusal",
    }  # fmt: skip
