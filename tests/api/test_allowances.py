"""What callers may ask for: points of an operation, budgets that workers share, operations at once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import httpx
import pytest

from api.admission import Admissions
from api.allowances import REFUSED, Allowances, Budget
from api.errors import DeadlineExceeded, TooManyRequests, Unavailable
from api.limit_settings import Limits
from api.settings import Settings
from api.trusted import trusted_documents
from auth.principal import Principal
from storage.database import Database, connect
from tests.api.graph import GENEROUS, OURS, THEIRS, Graph, code_of, graph_over
from tests.api.mutations.office import Office
from tests.keys import KEY_ENCRYPTION

SMALL = Limits(
    caller_points=1000, caller_restored=10, client_points=3000, client_restored=20,
    query_cost=1000, answer_bytes=20_000,
)  # fmt: skip
NOW = datetime(2026, 1, 1, tzinfo=UTC)


# Points of an operation


@pytest.mark.parametrize(
    ("query", "variables", "points"),
    [
        ("{ __typename }", {}, 1),
        ("{ viewer { subject } }", {}, 1),
        ('{ contract(number: "K-1") { number title } }', {}, 4),
        ("{ contracts(first: 10) { nodes { number } } }", {}, 1 + 10 * 2),
        ("{ contracts(first: 10) { totalCount nodes { number } } }", {}, 2 + 10 * 2),
        ("{ contracts { nodes { number } } }", {}, 1 + 50 * 2),
        ("{ contracts { totalCount } }", {}, 2),
        ("query($n: Int) { contracts(first: $n) { nodes { number } } }", {"n": 7}, 1 + 7 * 2),
        ("query($n: Int) { contracts(first: $n) { edges { cursor node { number } } } }", {"n": 2}, 1 + 2 * 4),
        (
            "{ contracts(first: 3) { nodes { parties(first: 4) { nodes { id role } } } } }", {},
            1 + 3 * (1 + 1 + 4 * 3),
        ),
        (
            "query($a: Int, $b: Int) { contracts(first: $a) { nodes { parties(first: $b) {nodes {id}} } } }",
            {"a": 3, "b": 4}, 1 + 3 * (1 + 1 + 4 * 2),
        ),
        ("{ portfolio { count } }", {}, 101),
    ],
)  # fmt: skip
def test_an_operation_costs_a_point_for_each_field_of_each_record_that_there_may_be(
    graph: Graph, query: str, variables: dict[str, int], points: int
) -> None:
    response = graph.ask(query, variables)
    assert response.json()["extensions"]["cost"] == {"requested": points, "maximum": 10**9}


@pytest.fixture
def limited(office: Office, database_url: str, loop: asyncio.Runner) -> Iterator[Graph]:
    """An application with small budgets over a database of its own: others would draw from the same."""
    with graph_over(replace(office.graph.settings, limits=SMALL), database_url, loop) as running:
        yield running


def test_an_operation_that_may_cost_too_much_is_refused(limited: Graph) -> None:
    query = "query($n: Int) { contracts(first: $n) { nodes { parties { nodes { id } } } } }"
    allowed = limited.ask(query, {"n": 9})
    assert allowed.json()["extensions"]["cost"] == {"requested": 1 + 9 * 102, "maximum": 1000}
    response = limited.ask(query, {"n": 10}, org=THEIRS.org.id)
    assert response.status_code == 400
    [error] = response.json()["errors"]
    assert error["extensions"] == {
        "code": "QUERY_TOO_COMPLEX", "limit": "cost", "max": 1000, "requested": 1021,
    }  # fmt: skip


def test_a_trusted_document_costs_as_if_its_pages_held_one_record_and_the_same_of_ones_own_is_refused(
    limited: Graph,
) -> None:
    id_, panel = next((id_, each) for id_, each in trusted_documents().items() if each.name == "panel")
    variables = {"record": "006000000000000AAA"}
    answered = limited.send(json={"documentId": id_, "variables": variables}, headers=limited.headers())
    assert answered.status_code == 200
    assert 100 < answered.json()["extensions"]["cost"]["requested"] < 300
    own = limited.ask(panel.source, variables, org=THEIRS.org.id)
    assert (own.status_code, code_of(own)) == (400, "QUERY_TOO_COMPLEX")


def test_an_answer_that_is_too_large_is_not_given_out(limited: Graph) -> None:
    """The cost counts fields and no bytes: a title may be long, and a page hold many."""
    name = "x" * 200
    names = " ".join(f"{name}{place}: number" for place in range(25))
    query = f"query($n: Int) {{ contracts(first: $n) {{ nodes {{ {names} }} }} }}"
    assert limited.ask(query, {"n": 2}).status_code == 200
    response = limited.ask(query, {"n": 6})
    assert (response.status_code, code_of(response)) == (400, "ANSWER_TOO_LARGE")
    assert response.json()["errors"][0]["extensions"]["max"] == 20_000


# Budgets


def test_a_bucket_gives_a_block_then_what_is_wanted_then_nothing() -> None:
    budget = Budget(size=1000, restored=10)
    assert budget.granted(NOW, NOW, 50) == 100
    spent = budget.spent(NOW, NOW, 940)
    assert budget.granted(spent, NOW, 50) == 50
    assert budget.granted(spent, NOW, 61) == 0
    assert budget.wait(spent, NOW, 61) == pytest.approx(0.1)
    assert budget.granted(NOW, NOW, 1000) == 1000
    assert budget.granted(NOW, NOW, 1001) == 0


def who(subject: str = "ada", client: str | None = "panel", org: UUID = OURS.org.id) -> Principal:
    return Principal(org, subject, client, frozenset(), frozenset())


class Clock:
    """Seconds that a test lets pass."""

    now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


async def spent(allowances: Allowances, principal: Principal, points: int = 100) -> int:
    """Spend until nothing is left; how often that went well."""
    for times in range(10_000):
        try:
            await allowances.take(principal, points)
        except TooManyRequests:
            return times
    return -1


@pytest.fixture
def budgets(office: Office, database_url: str, loop: asyncio.Runner) -> Iterator[tuple[Database, Clock]]:
    assert office
    opened = loop.run(Database.open(database_url, 4))
    yield opened, Clock()
    loop.run(opened.close())


def test_what_is_spent_comes_back_with_time(budgets: tuple[Database, Clock], loop: asyncio.Runner) -> None:
    database, clock = budgets
    allowances = Allowances(database, SMALL, clock)

    async def test() -> None:
        assert await spent(allowances, who()) == 10
        clock.now += 10
        assert await spent(allowances, who()) == 1
        clock.now += 10_000
        assert await spent(allowances, who()) == 10

    loop.run(test())


def test_workers_share_a_budget(budgets: tuple[Database, Clock], loop: asyncio.Runner) -> None:
    database, clock = budgets
    workers = [Allowances(database, SMALL, clock) for _ in range(4)]

    async def test() -> None:
        assert sum([await spent(each, who()) for each in workers]) == 10
        clock.now += 100
        together = await asyncio.gather(*(spent(each, who(), 10) for each in workers))
        assert sum(together) == 100

    loop.run(test())


def test_users_of_a_client_share_its_budget_and_others_have_their_own(
    budgets: tuple[Database, Clock], loop: asyncio.Runner
) -> None:
    database, clock = budgets
    allowances = Allowances(database, SMALL, clock)

    async def test() -> None:
        spending = [await spent(allowances, who(f"user {place}")) for place in range(5)]
        assert spending == [10, 10, 10, 0, 0]
        assert await spent(allowances, who("user 4", "another")) == 10
        assert await spent(allowances, who("user 0", org=THEIRS.org.id)) == 10
        # A program that asks for itself has the budget of a client, not that of a user.
        assert await spent(allowances, who("program", "program")) == 30
        assert await spent(allowances, who("within", None)) == 10

    loop.run(test())


def test_whoever_asks_again_and_again_is_refused_from_memory(
    budgets: tuple[Database, Clock], loop: asyncio.Runner
) -> None:
    database, clock = budgets

    async def test() -> None:
        allowances = Allowances(database, SMALL, clock)
        assert await spent(allowances, who()) == 10
        await database.close()
        for _ in range(100):
            with pytest.raises(TooManyRequests):
                await allowances.take(who(), 100)

    loop.run(test())


def ask(graph: Graph, query: str) -> httpx.Response:
    return graph.send(content=json.dumps({"query": query}), headers=graph.headers(org=OURS.org.id))


def test_whoever_has_spent_all_is_told_when_to_come_again(limited: Graph) -> None:
    query = "{ contracts(first: 100) { nodes { number title } } }"
    answers = [ask(limited, query) for _ in range(6)]
    assert [each.status_code for each in answers[:3]] == [200, 200, 200]
    refused = answers[-1]
    assert (refused.status_code, code_of(refused)) == (429, "TOO_MANY_REQUESTS")
    wait = refused.json()["errors"][0]["extensions"]["retryAfter"]
    assert refused.headers["retry-after"] == str(wait)
    assert 1 <= wait <= 60


def test_what_is_refused_costs_something_too(limited: Graph) -> None:
    codes = [code_of(ask(limited, f"{{ nothing{place} }}")) for place in range(1000 // REFUSED + 60)]
    assert codes[0] == "GRAPHQL_VALIDATION_FAILED"
    assert codes[-1] == "TOO_MANY_REQUESTS"


def test_a_database_that_is_yet_to_be_migrated_serves(
    budgets: tuple[Database, Clock], loop: asyncio.Runner, owner_url: str
) -> None:
    database, clock = budgets

    async def test() -> None:
        owner = await connect(owner_url)
        await owner.execute("DROP TABLE allowance")
        await owner.close()
        await Allowances(database, SMALL, clock).take(who(), 100)

    loop.run(test())


# At once


def test_a_caller_has_so_many_operations_under_way_and_a_worker_so_many_of_all(
    loop: asyncio.Runner,
) -> None:
    admissions = Admissions(Limits(caller_operations=2, worker_operations=3))

    async def test() -> None:
        with ExitStack() as stack:
            for _ in range(2):
                stack.enter_context(admissions.admit(who("ada")))
            with pytest.raises(TooManyRequests):
                stack.enter_context(admissions.admit(who("ada", "another client")))
            stack.enter_context(admissions.admit(who("bo")))
            with pytest.raises(Unavailable):
                stack.enter_context(admissions.admit(who("cy")))
        assert (admissions.under_way, admissions.of_caller) == (set(), {})

    loop.run(test())


def test_an_operation_whose_caller_goes_is_no_operation_that_took_too_long(loop: asyncio.Runner) -> None:
    admissions = Admissions(Limits(operation_seconds=1))

    async def work() -> None:
        with admissions.admit(who()):
            await asyncio.sleep(60)

    async def test() -> None:
        gone, late = asyncio.create_task(work()), asyncio.create_task(work())
        await asyncio.sleep(0)
        gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone
        with pytest.raises(DeadlineExceeded):
            await late
        assert (admissions.under_way, admissions.of_caller) == (set(), {})

    loop.run(test())


def test_operations_at_once_are_counted_and_those_too_many_refused(
    seeded_url: str, loop: asyncio.Runner, tmp_path: Path
) -> None:
    limits = replace(GENEROUS, caller_operations=2)
    settings = Settings(home=tmp_path, pool_size=2, key_encryption_key=KEY_ENCRYPTION, limits=limits)
    with graph_over(settings, seeded_url, loop) as limited:

        async def many() -> list[httpx.Response]:
            return await asyncio.gather(*(limited.asking("{ contracts { totalCount } }") for _ in range(8)))

        answers = limited.run(many())
        refused = [each for each in answers if each.status_code != 200]
        assert len(refused) < len(answers)
        for each in refused:
            assert (each.status_code, code_of(each)) == (429, "TOO_MANY_REQUESTS")
            assert each.headers["retry-after"] == "1"
        assert limited.ask("{ contracts { totalCount } }").status_code == 200


def test_an_operation_that_takes_too_long_is_given_up_and_its_connection_used_again(
    office: Office, database_url: str, loop: asyncio.Runner
) -> None:
    """One that waits for a connection has no statement yet that could time out."""
    settings = replace(office.graph.settings, pool_size=1, limits=Limits(operation_seconds=1))
    with graph_over(settings, database_url, loop) as limited:
        database = limited.application.database

        async def while_the_pool_is_taken() -> httpx.Response:
            assert database is not None
            async with database.transaction(OURS.org.id):
                return await limited.asking("{ contracts { totalCount } }")

        limited.ask("{ viewer { subject } }")  # the token is known to stand, and points are in hand
        response = limited.run(while_the_pool_is_taken())
        assert (response.status_code, code_of(response)) == (503, "DEADLINE_EXCEEDED")
        assert limited.ask("{ contracts { totalCount } }").status_code == 200
