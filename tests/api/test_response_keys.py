"""Response keys are the caller's words: they name the answer, and nothing in the statement."""

from __future__ import annotations

import json

import pytest

from tests.api.graph import Graph

QUERIES = {
    "a field": '{ contract(number: "K-1") { KEY: title } }',
    "a field among others": '{ contract(number: "K-1") { number KEY: title type } }',
    "money": '{ contract(number: "K-1") { KEY: totalValue { amount } } }',
    "a part of money": '{ contract(number: "K-1") { totalValue { currency KEY: amount } } }',
    "a field of a reference": '{ contract(number: "K-1") { account { KEY: name } } }',
    "a reference": '{ contract(number: "K-1") { KEY: account { name } } }',
    "a field of a list": "{ contracts { nodes { KEY: number } } }",
    "a field of a list within": '{ contract(number: "K-1") { parties { nodes { KEY: legalName } } } }',
    "nodes": "{ contracts { KEY: nodes { number } } }",
    "a list within": '{ contract(number: "K-1") { KEY: milestones { nodes { name } } } }',
    "edges": "{ contracts { KEY: edges { cursor } } }",
    "a cursor": "{ contracts { edges { KEY: cursor } nodes { title } } }",
    "a node": "{ contracts { edges { KEY: node { title } } } }",
    "a field of a node": "{ contracts { edges { cursor node { KEY: title } } } }",
    "the page": "{ contracts { KEY: pageInfo { hasNextPage endCursor } nodes { id } } }",
    "a part of the page": "{ contracts { pageInfo { KEY: endCursor } totalCount } }",
    "a count": "{ contracts { KEY: totalCount nodes { id } } }",
    "a root": '{ KEY: contract(number: "K-1") { number } }',
    "a list at the root": "{ KEY: contracts { totalCount } }",
    "a portfolio": "{ KEY: portfolio { count } }",
    "a sum": "{ portfolio { KEY: totals { amount } } }",
    "a part of a sum": "{ portfolio { totals { KEY: amount currency } } }",
    "groups": "{ portfolio { KEY: byType { type count } } }",
    "the name of a group": "{ portfolio { byType { KEY: type count } } }",
    "the sums of a group": "{ portfolio { byExpirationMonth { KEY: totals { amount } month } } }",
    "the viewer": "{ KEY: viewer { subject } }",
    "a part of the viewer": "{ viewer { KEY: subject } }",
    "the org": "{ viewer { KEY: org { name } } }",
    "a part of the org": "{ viewer { org { KEY: name salesforceOrgId } } }",
    "a type": "{ contracts { nodes { KEY: __typename } } }",
    "introspection": '{ KEY: __type(name: "Money") { name } }',
}
KEYS = [
    *(f"anon_{place}" for place in range(1, 6)), "t1", "t2", "page_t1", "cells_t1", "scope", "org", "answer",
    "whole", "place", "row_0", "key_0", "key", "SELECT", "_", "a" * 63, "b" * 64,
]  # fmt: skip


@pytest.mark.parametrize("where", QUERIES)
def test_an_answer_is_the_same_under_any_key(graph: Graph, where: str) -> None:
    query = QUERIES[where]
    wanted = json.dumps(graph.data(query))
    different = []
    for key in KEYS:
        response = graph.ask(query.replace("KEY", key))
        if json.dumps(response.json().get("data")) != wanted.replace('"KEY"', f'"{key}"'):
            different.append((key, response.text[:120]))
    assert not different
