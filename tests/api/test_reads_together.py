"""Answers that went to the database together are those of one at a time: each caller's own."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

from tests.api.graph import OURS, THEIRS, Graph
from tests.storage.connections import take_for_brief

PANEL = """query Panel($number: String!) { viewer { subject org { id } } contract(number: $number) {
    id title governingLaw totalValue { amount currency } account { id name }
    parties { nodes { legalName primaryContact { email } } } documents { nodes { title link } } } }"""
PAGE = "query Page($size: Int!) { contracts(first: $size) { nodes { id title governingLaw } totalCount } }"
ROLES = ("legal", "sales_rep", "sales_manager", "finance", "security_reviewer")


def test_a_crowd_of_orgs_roles_and_records_is_answered_as_each_alone(graph: Graph) -> None:
    asked: list[tuple[str, dict[str, Any], str, UUID]] = [
        (query, variables, role, small.org.id)
        for query, every in (
            (PANEL, [{"number": f"K-{n}"} for n in range(1, 5)]),
            (PAGE, [{"size": n} for n in range(3)]),
        )
        for variables in every
        for role in ROLES
        for small in (OURS, THEIRS)
    ]

    async def ask(query: str, variables: dict[str, Any], role: str, org: UUID) -> dict[str, Any]:
        found: dict[str, Any] = (await graph.asking(query, variables, role=role, org=org)).json()
        return found

    async def one_by_one() -> list[dict[str, Any]]:
        return [await ask(*each) for each in asked]

    async def at_once() -> list[dict[str, Any]]:
        return await asyncio.gather(*(ask(*each) for each in asked * 3))

    database = graph.application.database
    assert database is not None
    alone = graph.run(one_by_one())
    take_for_brief(database)
    before = database.batches.together
    assert graph.run(at_once()) == alone * 3
    assert database.batches.together - before > len(asked)
    assert len({str(each) for each in alone}) > len(asked) / 2  # or no mix-up would show
