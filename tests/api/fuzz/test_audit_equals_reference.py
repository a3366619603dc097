"""Random operations: the ids in the audit log are those of the records that the reference gives out."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os

import asyncpg
from graphql import parse

from tests.reference.comparison import Comparison, Person, opened
from tests.reference.generator import operation
from tests.reference.records_read import records_read

QUERIES = int(os.environ.get("CONTRACT_GRAPH_FUZZ", "200")) // 5
FIRST = int(os.environ.get("CONTRACT_GRAPH_FUZZ_FIRST", "0"))


def test_the_log_names_exactly_the_records_that_were_given_out(database_url: str, superuser_url: str) -> None:
    named, differences = asyncio.run(_compare_all(database_url, superuser_url))
    assert not differences, "\n\n".join(differences[:5])
    assert named > QUERIES


async def _compare_all(database_url: str, superuser_url: str) -> tuple[int, list[str]]:
    administrator = await asyncpg.connect(superuser_url)
    named, differences = 0, []
    try:
        async with opened(database_url, superuser_url) as comparison:
            persons = [
                comparison.person(role, subject=comparison.owner) for role in sorted(comparison.policy.roles)
            ]
            for seed in range(FIRST, FIRST + QUERIES):
                made = operation(seed, comparison.world.ours, comparison.world.theirs)
                for person in (persons[seed % len(persons)], persons[(seed + 3) % len(persons)]):
                    text, variables = made.text, made.variables
                    recorded = await _recorded(comparison, administrator, text, variables, person)
                    read = records_read(person.seen, person.caller, parse(text), variables) or set()
                    named += len(read)
                    if recorded != _told(read):
                        roles = sorted(person.principal.roles)
                        differences.append(f"seed {seed}, {roles}:\n{text}\n{recorded}\n{_told(read)}")
    finally:
        await administrator.close()
    return named, differences


async def _recorded(
    comparison: Comparison, administrator: asyncpg.Connection, text: str, variables: object, person: Person
) -> dict[str, object]:
    body = json.dumps({"query": text, "variables": variables}).encode()
    await comparison.endpoint.answer(person.principal, body)
    event = json.loads(
        await administrator.fetchval(
            "SELECT body FROM audit_event WHERE org_id = $1 ORDER BY id DESC LIMIT 1", person.principal.org_id
        )
    )
    records: dict[str, object] = event["records"]
    return {name: sorted(value) if isinstance(value, list) else value for name, value in records.items()}


def _told(read: set[str]) -> dict[str, object]:
    if len(read) > 100:
        joined = "\n".join(sorted(read)).encode()
        return {"count": len(read), "sha256": hashlib.sha256(joined).hexdigest()}
    return {"count": len(read), "ids": sorted(read)}
