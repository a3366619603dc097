"""What a reviewer is told about one contract and one caller is what the API answers that caller."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import asyncpg
import orjson
import pytest

from api.graphql import Endpoint
from api.planner.footprint import contracts_reached
from api.planner.reach import reach_of
from auth.policy import Policy, Word
from auth.principal import Principal
from auth.view import view_for
from storage.tenancy import bind_org
from sync.feeds.sample import sample_orgs
from tests.api.graph import NORTHLIGHT

PEOPLE = [person.salesforce_id for person in sample_orgs(datetime.now(UTC).date())[0].people]
ROLES = [
    {"sales_rep"}, {"customer_success"}, {"customer_success", "sales_rep"}, {"admin", "sales_rep"}, {"legal"},
    {"customer_success", "finance"}, {"admin"}, set(),
]  # fmt: skip
NUMBERS = ["MSA-0001", "SOW-0001", "NL-1004", "NL-1005", "NL-1022", "NL-1023", "NL-1025", "NL-1019", "NL-404"]
VALUE = "query ($number: String!) { contract(number: $number) { id totalValue { amount } } }"
COUNT = "{ contracts { totalCount } }"


class Asked:
    """Both sides: the API as a principal, and the reviewer's commands over the same database."""

    def __init__(self, endpoint: Endpoint, policy: Policy, url: str, loop: asyncio.Runner) -> None:
        self._endpoint, self._policy, self._url, self._loop = endpoint, policy, url, loop

    def api(self, subject: str, roles: set[str], query: str, **variables: Any) -> Any:
        principal = Principal(
            NORTHLIGHT, subject, None, frozenset(roles), frozenset({"graph:read", "graph:documents"})
        )
        body = orjson.dumps({"query": query, "variables": variables})
        return json.loads(self._loop.run(self._endpoint.answer(principal, body)).body).get("data")

    def review(self, work: Any) -> Any:
        async def bound() -> Any:
            connection = await asyncpg.connect(self._url)
            try:
                async with connection.transaction():
                    await bind_org(connection, NORTHLIGHT)
                    return await work(connection)
            finally:
                await connection.close()

        return self._loop.run(bound())

    def reached(self, subject: str | None, roles: set[str], number: str) -> Any:
        field = "Contract.totalValue"
        return self.review(
            lambda connection: reach_of(
                connection, self._policy, sorted(roles), subject, NORTHLIGHT, number, field
            )
        )

    def footprint(self, roles: set[str], *holders: str) -> int:
        view = view_for(self._policy, frozenset(roles))
        found: int = self.review(lambda connection: contracts_reached(connection, NORTHLIGHT, view, holders))
        return found


@pytest.fixture
def asked(endpoint: Endpoint, policy: Policy, seeded_url: str, loop: asyncio.Runner) -> Asked:
    return Asked(endpoint, policy, seeded_url, loop)


@pytest.mark.parametrize("roles", ROLES, ids=lambda roles: " and ".join(sorted(roles)) or "no role")
def test_the_word_about_a_contract_is_that_of_the_answer(asked: Asked, roles: set[str]) -> None:
    words = set()
    for subject in PEOPLE[:3]:
        for number in NUMBERS:
            whole = asked.api(subject, {"legal"}, VALUE, number=number)["contract"]
            answer = (asked.api(subject, roles, VALUE, number=number) or {}).get("contract")
            reached = asked.reached(subject, roles, number)
            if whole is None:
                assert reached is None
                continue
            assert any(reached.roles.values()) == (answer is not None)
            value = answer and answer["totalValue"]
            expected = (
                Word.DENY if value is None else Word.SHOW if value == whole["totalValue"] else Word.MASK
            )
            if whole["totalValue"] is not None and not is_round(whole["totalValue"]["amount"]):
                assert reached.word is expected, (subject, number)
                words.add(expected)
    assert words


def is_round(amount: str) -> bool:
    """Whether a mask leaves an amount as it is, so that the answer does not tell."""
    return len(amount.partition(".")[0].rstrip("0")) <= 1


def test_a_way_is_told_exactly_where_a_salesperson_reaches_the_contract(asked: Asked) -> None:
    told = []
    for subject in PEOPLE:
        for number in NUMBERS[:-1]:
            reached = asked.reached(subject, {"sales_rep"}, number)
            assert bool(reached.ways) == reached.roles["sales_rep"]
            told += reached.ways
    assert "own: Contract.account.owner is the caller" in told
    assert len(set(told)) > 3


def test_whoever_is_on_the_team_of_a_deal_reaches_its_contracts_and_no_others(asked: Asked) -> None:
    people = sample_orgs(datetime.now(UTC).date())[0].people
    [desk] = [person.salesforce_id for person in people if person.role == "finance"]
    reached = asked.reached(desk, {"sales_rep"}, "NL-1004")
    assert reached.ways == ("account_team: the caller is on the team of Contract.opportunity",)
    assert asked.api(desk, {"sales_rep"}, VALUE, number="NL-1004")["contract"] is not None
    assert asked.reached(desk, {"sales_rep"}, "NL-1005").ways == ()
    assert asked.api(desk, {"sales_rep"}, VALUE, number="NL-1005")["contract"] is None


@pytest.mark.parametrize("subject", PEOPLE)
def test_the_contracts_of_a_holder_are_counted_as_the_api_counts_them(asked: Asked, subject: str) -> None:
    for roles in ({"sales_rep"}, {"legal"}, {"admin", "sales_rep"}):
        answer = asked.api(subject, roles, COUNT)
        assert asked.footprint(roles, subject) == answer["contracts"]["totalCount"]


def test_contracts_that_two_holders_reach_count_once(asked: Asked) -> None:
    both = asked.footprint({"sales_rep"}, *PEOPLE[:2])
    each = [asked.footprint({"sales_rep"}, holder) for holder in PEOPLE[:2]]
    assert max(each) <= both <= sum(each)
    assert asked.footprint({"sales_rep"}) == 0
    assert asked.footprint(set(), PEOPLE[0]) == 0
    assert asked.footprint({"legal"}) == asked.footprint({"legal"}, PEOPLE[0])
