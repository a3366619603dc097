"""The benchmark compares answers: what is no more than another way of naming is read in the words of ours."""

from __future__ import annotations

import json
from uuid import UUID

import pytest
from graphql import OperationDefinitionNode, parse

from tests.bench.dialects import (
    ORDER_DIGEST,
    OURS,
    POSTGRAPHILE,
    POSTGRAPHILE_DIGEST,
    cursor_of,
    place_of,
)
from tests.bench.questions import Question

ORG = UUID(int=7)
PLACE = str(UUID(int=9))


def question(operation: str, **variables: object) -> Question:
    return Question(operation=operation, variables=variables, org=ORG, token="signed")


def test_a_question_is_the_same_operation_in_every_dialect() -> None:
    for dialect in (OURS, POSTGRAPHILE):
        for operation, document in dialect.documents.items():
            (definition,) = parse(document).definitions
            assert isinstance(definition, OperationDefinitionNode)
            assert definition.name
            assert definition.name.value == operation.capitalize()


def test_postgraphile_is_told_the_org_that_its_key_begins_with() -> None:
    asked = json.loads(question("panel", opportunity="006").body(POSTGRAPHILE))
    assert asked["variables"] == {"opportunity": "006", "org": str(ORG)}


@pytest.mark.parametrize(("day", "theirs"), [("2027-01-31", "2027-01-31"), (None, "9999-12-31")])
def test_a_page_begins_after_the_same_contract_in_both_and_ends_there(day: str | None, theirs: str) -> None:
    ours = cursor_of(ORDER_DIGEST, day, PLACE)
    asked = json.loads(question("contracts", first=2, after=ours).body(POSTGRAPHILE))
    assert place_of(asked["variables"]["after"]) == [POSTGRAPHILE_DIGEST, theirs, str(ORG), PLACE]
    page = {"contracts": {"nodes": [], "pageInfo": {"endCursor": asked["variables"]["after"]}}}
    assert POSTGRAPHILE.read(page)["contracts"]["pageInfo"]["endCursor"] == ours


def test_lists_become_connections_and_two_columns_an_amount() -> None:
    told = {
        "contracts": [
            {"totalValueAmount": "1.50", "totalValueCurrency": "EUR", "parties": [{"role": "VENDOR"}]},
            {"totalValueAmount": None, "totalValueCurrency": None, "parties": []},
        ]
    }
    assert POSTGRAPHILE.read(told) == {
        "contracts": {
            "nodes": [
                {
                    "totalValue": {"amount": "1.50", "currency": "EUR"},
                    "parties": {"nodes": [{"role": "VENDOR"}]},
                },
                {"totalValue": None, "parties": {"nodes": []}},
            ]
        }
    }


def test_nothing_of_what_an_answer_says_is_changed() -> None:
    told = {"nodes": [{"id": "1", "title": "A", "amendmentCount": 0, "executed": False, "link": None}]}
    assert POSTGRAPHILE.read(told) == told
    assert OURS.read(told) is told
