"""A candidate beside the policy that answers: obeyed by nobody, and counted for its reviewers."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from api.graphql import Endpoint
from api.shadow import Shadow
from auth.policy import Policy
from auth.policy_file import SHIPPED, read_policy
from auth.principal import Principal
from auth.view import Views
from storage.database import Database
from tests.api.graph import GENEROUS, OURS
from tests.api.small import TODAY
from tests.keys import new_vault

CONTENT = SHIPPED.read_text()
QUERY = "query Look { contracts { nodes { number totalValue { amount } riskScore } } }"


def candidate(*replaced: tuple[str, str]) -> Policy:
    content = CONTENT
    for old, new in replaced:
        assert content.count(old) >= 1, old
        content = content.replace(old, new, 1)
    return read_policy(content.encode(), "candidate.toml")


LEGAL = '[roles.legal]\nrows = "org"\nEVERYONE = "show"\nSCHEDULE = "show"\nCOMMERCIAL = "show"'
STRICTER = candidate((LEGAL, LEGAL.replace('COMMERCIAL = "show"', 'COMMERCIAL = "mask"')))
FEWER = candidate((LEGAL, LEGAL.replace('"org"', '"own"')))
DENYING = candidate((LEGAL, LEGAL.replace('COMMERCIAL = "show"', 'COMMERCIAL = "deny"')))


class Asked:
    """An endpoint with a candidate beside its policy."""

    def __init__(self, reader: Database, policy: Policy, tried: Policy, loop: asyncio.Runner) -> None:
        self.endpoint = Endpoint(reader, Views(policy), lambda: TODAY, new_vault(), limits=GENEROUS)
        self.plain = Endpoint(reader, Views(policy), lambda: TODAY, new_vault(), limits=GENEROUS)
        self.endpoint.shadow = Shadow(tried, policy.digest)
        self._loop = loop

    def ask(self, role: str, query: str = QUERY, **variables: Any) -> dict[str, Any]:
        principal = Principal(
            OURS.org.id, "someone", None, frozenset({role}), frozenset({"graph:read", "graph:documents"})
        )
        body = json.dumps({"query": query, "variables": variables}).encode()
        answers = [self._loop.run(each.answer(principal, body)) for each in (self.endpoint, self.plain)]
        assert answers[0] == answers[1]
        return dict(json.loads(answers[0].body))

    def counted(self) -> list[tuple[str, str, str, str, int]]:
        assert self.endpoint.shadow is not None
        return [
            (each.roles, each.subject, each.was, each.would_be, each.requests)
            for each in self.endpoint.shadow.take()
        ]


@pytest.fixture
def asked(reader: Database, policy: Policy, loop: asyncio.Runner, request: pytest.FixtureRequest) -> Asked:
    return Asked(reader, policy, request.param, loop)


def beside(tried: Policy) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("asked", [tried], indirect=True, ids=[""])


@beside(STRICTER)
def test_what_would_be_decided_otherwise_is_counted_and_nothing_is_answered_otherwise(asked: Asked) -> None:
    for _ in range(3):
        said = asked.ask("legal")
        assert said["data"]["contracts"]["nodes"][0]["totalValue"]
    asked.ask("finance")
    assert asked.counted() == [("legal", "Contract.totalValue", "shown", "masked", 3)]
    assert asked.counted() == []


@beside(FEWER)
def test_records_that_would_not_be_reached_are_counted(asked: Asked) -> None:
    asked.ask("legal")
    [(_, subject, was, would_be, _)] = asked.counted()
    assert subject == "records of Contract"
    assert (was, would_be) == ("every record of the org", "the caller's own records")


@beside(DENYING)
def test_a_filter_that_would_be_refused_is_counted(asked: Asked) -> None:
    asked.ask("legal", "{ contracts(orderBy: [{field: totalValue}]) { nodes { number } } }")
    assert asked.counted() == [("legal", "Contract.totalValue", "usable", "refused", 1)]


def test_a_filter_that_would_no_longer_be_refused_is_counted(
    reader: Database, policy: Policy, loop: asyncio.Runner
) -> None:
    asked = Asked(reader, DENYING, policy, loop)
    said = asked.ask("legal", "{ contracts(orderBy: [{field: totalValue}]) { nodes { number } } }")
    assert said["errors"][0]["extensions"]["code"] == "ACCESS_DENIED"
    assert asked.counted() == [("legal", "Contract.totalValue", "refused", "usable", 1)]


@beside(STRICTER)
def test_an_example_names_the_operation_and_holds_no_value(asked: Asked) -> None:
    query = 'query Secretly { contracts(filter: {number: {eq: "S-E-C"}}) { nodes { arr { amount } } } }'
    asked.ask("legal", query)
    assert asked.endpoint.shadow is not None
    [found] = asked.endpoint.shadow.take()
    assert found.example.startswith("Secretly (")
    assert "S-E-C" not in str(found)


@beside(STRICTER)
def test_a_request_that_is_wrong_counts_for_nothing(asked: Asked) -> None:
    asked.ask("legal", "{ nothing }")
    asked.ask("legal", "{ contracts(first: 1000) { nodes { arr { amount } } } }")
    assert len(asked.counted()) <= 1
