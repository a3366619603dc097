"""Who prefers an error gets one where something would be null or masked, and nothing beside it."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.api.graph import PLAIN_JSON, RESPONSE_JSON, Graph

HIDDEN = "{ contracts(first: 1) { nodes { number governingLaw totalValue { amount } } } }"
SHOWN = "{ contracts(first: 1) { nodes { number } } }"


def ask(
    graph: Graph, query: str, role: str, prefer: str | None, accept: str = RESPONSE_JSON
) -> httpx.Response:
    headers = graph.headers(role, accept=accept)
    if prefer is not None:
        headers["prefer"] = prefer
    return graph.send(content=json.dumps({"query": query}), headers=headers)


def refused(response: httpx.Response) -> list[dict[str, Any]]:
    said = response.json()
    assert said.keys() == {"errors", "extensions"}
    assert said["extensions"].keys() == {"requestId"}
    assert {each["extensions"]["code"] for each in said["errors"]} == {"ACCESS_DENIED"}
    return list(said["errors"])


def test_what_would_be_null_or_masked_is_an_error_for_each_path(graph: Graph) -> None:
    response = ask(graph, HIDDEN, "customer_success", "handling=strict")
    assert response.status_code == 403
    assert response.headers["preference-applied"] == "handling=strict"
    law, *value = refused(response)
    assert law["extensions"] == {
        "code": "ACCESS_DENIED",
        "path": "contracts.nodes.governingLaw",
        "field": "Contract.governingLaw",
        "rule": "customer_success.LEGAL = deny",
        "reason": law["extensions"]["reason"],
        "records": "all",
    }
    assert law["message"].startswith("contracts.nodes.governingLaw is not shown: ")
    messages = [each["message"] for each in value]
    assert messages[0].startswith("contracts.nodes.totalValue is not shown in some records: ")
    assert messages[1].startswith("contracts.nodes.totalValue is masked, to its one significant digit")


def test_what_is_wholly_shown_is_answered_as_ever(graph: Graph) -> None:
    strict = ask(graph, SHOWN, "customer_success", "handling=strict")
    assert strict.status_code == 200
    assert strict.json() == ask(graph, SHOWN, "customer_success", None).json()
    assert ask(graph, HIDDEN, "legal", "handling=strict").status_code == 200


@pytest.mark.parametrize(
    "prefer",
    [
        "handling=strict",
        "HANDLING=STRICT",
        'handling="strict"',
        "respond-async, handling=strict",
        "x;handling=strict",
        "wait=5,  handling = strict ",
    ],
)
def test_the_preference_is_read_as_the_rfc_writes_it(graph: Graph, prefer: str) -> None:
    assert ask(graph, HIDDEN, "finance", prefer).status_code == 403


@pytest.mark.parametrize(
    "prefer", [None, "", "handling=lenient", "strict", "handling=strictly", "nohandling=strict"]
)
def test_whoever_does_not_ask_for_it_gets_null(graph: Graph, prefer: str | None) -> None:
    response = ask(graph, HIDDEN, "finance", prefer)
    assert response.status_code == 200
    assert "preference-applied" not in response.headers
    assert response.json()["data"]["contracts"]["nodes"][0]["governingLaw"] is None


def test_plain_json_answers_200_with_the_errors_alone(graph: Graph) -> None:
    response = ask(graph, HIDDEN, "finance", "handling=strict", PLAIN_JSON)
    assert response.status_code == 200
    assert refused(response)
