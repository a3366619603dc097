"""A policy that was approved is obeyed by running workers within seconds, and so is going back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from api.settings import Settings
from auth import policy_change
from auth.policy_file import SHIPPED, load_policy
from auth.policy_watch import ASK_AGAIN
from storage.database import connect
from storage.policy_versions import list_differences
from tests.api.graph import OURS, Graph, graph_over
from tests.api.small import store
from tests.keys import new_vault

PATIENCE = 10 * ASK_AGAIN
LEGAL = b'[roles.legal]\nrows = "org"\nEVERYONE = "show"\nSCHEDULE = "show"\nCOMMERCIAL = "show"'
NARROWER = SHIPPED.read_bytes().replace(LEGAL, LEGAL.replace(b'COMMERCIAL = "show"', b'COMMERCIAL = "deny"'))
QUERY = "{ contracts { nodes { totalValue { amount } } } }"


@pytest.fixture
def workers(
    database_url: str, superuser_url: str, loop: asyncio.Runner, tmp_path: Path
) -> Iterator[tuple[Graph, Graph]]:
    async def fill() -> None:
        superuser = await connect(superuser_url)
        await store(superuser, OURS, new_vault())
        await superuser.close()

    loop.run(fill())
    settings = Settings(home=tmp_path, pool_size=2)
    with graph_over(settings, database_url, loop) as one, graph_over(settings, database_url, loop) as other:
        yield one, other


def decide(loop: asyncio.Runner, owner_url: str, change: Any, *arguments: Any, **said: str) -> Any:
    async def run() -> Any:
        connection = await connect(owner_url)
        try:
            return await change(connection, *arguments, **said)
        finally:
            await connection.close()

    return loop.run(run())


def digest(graph: Graph) -> str:
    return str(graph.ask(QUERY).json()["extensions"]["access"]["policy"])


def wait_for(graph: Graph, wanted: str) -> None:
    wait_until(graph, lambda: digest(graph) == wanted)


def wait_until(graph: Graph, holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline
        graph.run(asyncio.sleep(0.1))


def is_trying(graph: Graph) -> bool:
    """Whether a candidate is tried beside the policy in force."""
    endpoint = graph.application._door.endpoint
    return endpoint is not None and endpoint.shadow is not None


def amounts(graph: Graph) -> set[bool]:
    nodes = graph.data(QUERY)["contracts"]["nodes"]
    return {node["totalValue"] is not None for node in nodes}


def test_every_worker_obeys_what_was_approved_and_goes_back_with_it(
    workers: tuple[Graph, Graph], owner_url: str, loop: asyncio.Runner
) -> None:
    shipped = load_policy().digest
    assert {digest(graph) for graph in workers} == {shipped}
    made = decide(loop, owner_url, policy_change.propose, NARROWER, "new.toml", by="ann", reason="x")
    decide(loop, owner_url, policy_change.approve, made.digest, by="bob", reason="x")
    for graph in workers:
        wait_for(graph, made.digest)
        assert amounts(graph) == {False}
    decide(loop, owner_url, policy_change.roll_back, made.digest, by="eve", reason="x")
    for graph in workers:
        wait_for(graph, shipped)
        assert True in amounts(graph)


def test_what_a_candidate_would_decide_is_counted_by_every_worker_and_obeyed_by_none(
    workers: tuple[Graph, Graph], owner_url: str, loop: asyncio.Runner
) -> None:
    made = decide(loop, owner_url, policy_change.propose, NARROWER, "new.toml", by="ann", reason="x")
    deadline = time.monotonic() + PATIENCE
    counted = 0
    asked = 0
    while counted < 2 or asked < 4:
        assert time.monotonic() < deadline
        for graph in workers:
            assert True in amounts(graph)
            asked += 1
        graph.run(asyncio.sleep(0.5))
        found = decide(loop, owner_url, list_differences, made.digest, load_policy().digest)
        counted = sum(each.requests for each in found)
    [difference] = found
    assert (difference.roles, difference.subject) == ("legal", "Contract.totalValue")
    assert (difference.was, difference.would_be) == ("shown", "denied")
    assert counted <= asked


def test_what_was_counted_of_a_candidate_goes_with_it_when_it_is_rejected(
    workers: tuple[Graph, Graph], owner_url: str, loop: asyncio.Runner
) -> None:
    graph = workers[0]
    made = decide(loop, owner_url, policy_change.propose, NARROWER, "new.toml", by="ann", reason="x")
    wait_until(graph, lambda: is_trying(graph))
    assert True in amounts(graph)
    decide(loop, owner_url, policy_change.reject, made.digest, by="bob", reason="x")
    wait_until(graph, lambda: not is_trying(graph))
    assert decide(loop, owner_url, list_differences, made.digest, load_policy().digest) == []


def test_a_policy_that_cannot_be_read_leaves_the_one_before_in_force(
    workers: tuple[Graph, Graph], superuser_url: str, loop: asyncio.Runner
) -> None:
    shipped = load_policy().digest

    async def spoil() -> None:
        connection = await connect(superuser_url)
        await connection.execute(
            "INSERT INTO policy_version VALUES (gen_random_uuid(), 'bad', 'x = 1', now())"
        )
        await connection.execute(
            "INSERT INTO policy_event VALUES (gen_random_uuid(), 'bad', 'APPROVED', now(), 'somebody', 'x')"
        )
        await connection.close()

    loop.run(spoil())
    workers[0].run(asyncio.sleep(2 * ASK_AGAIN))
    assert {digest(graph) for graph in workers} == {shipped}
