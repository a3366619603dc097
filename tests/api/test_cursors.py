"""Cursors: they say where a row stands in an order and nothing else, and whoever forges one gains nothing."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from api.inputs import orderable
from api.planner.cursor import order_digest
from api.planner.plan import Order, Term
from domain.field import DeclaredField, Kind
from domain.graph import ENTITIES, fields_of
from tests.api.graph import OURS, Graph, code_of

ORDERABLE = orderable(ENTITIES["Contract"])
PAGE = "query($c: String) {{ contracts(orderBy: [{{ field: {} }}], {}: $c) {{ nodes {{ id }} }} }}"
NEVER_MADE: list[Any] = [
    "", "x", "NaN", "sNaN", "Infinity", "-Infinity", "1e999999", "1e400", "99999999999999999999", "-1",
    "true", "TRUE", "0001-01-01", "9999-12-31", "2026-01-01", "2026-02-30", "2026-01-01T00:00:00", "20260101",
    "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2026-W01-1", "P1Y", "1_000", " 1 ", "\u0661",
    "\ud800", "a\u0000b", 1, 1.5, True, [], {}, None,
]  # fmt: skip
FIRST = str(OURS.id("Contract", 1))


def encoded(content: object) -> str:
    text = content if isinstance(content, str) else json.dumps(content)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decoded(cursor: str) -> Any:
    return json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))


def digest(field: DeclaredField) -> str:
    return order_digest(Order("Contract", (Term(field, descending=False),)))


@pytest.mark.parametrize("field", ORDERABLE, ids=lambda field: field.graph_name)
def test_a_cursor_that_was_never_made_is_refused_or_read_as_a_place(
    graph: Graph, field: DeclaredField
) -> None:
    for value in NEVER_MADE:
        values = ["EUR", value] if field.kind is Kind.MONEY else [value]
        cursor = encoded([digest(field), *values, FIRST])
        response = graph.ask(PAGE.format(field.graph_name, "after"), {"c": cursor})
        assert response.status_code in (200, 400), (value, response.text)
        assert code_of(response) in (None, "BAD_USER_INPUT")


TITLE = next(field for field in fields_of(ENTITIES["Contract"]) if field.name == "title")


@pytest.mark.parametrize(
    "cursor",
    [
        "", "=", "x", "?", "ä", "a b", "W10", encoded("[]"), encoded("{}"), encoded("null"), encoded("1"),
        encoded('"x"'), encoded("[" * 5000), encoded([digest(TITLE)]), encoded([digest(TITLE), "a"]),
        encoded([digest(TITLE), "a", FIRST, "more"]), encoded([digest(TITLE), "a", None]),
        encoded([digest(TITLE), "a", "no id"]), encoded([digest(TITLE), "a", 1]), encoded([None, "a", FIRST]),
        encoded(["00000000", "a", FIRST]),
        encoded([{}, "a", FIRST]),
        encoded([digest(TITLE), "a", FIRST]) + "x",
    ],
)  # fmt: skip
def test_what_is_no_cursor_is_refused(graph: Graph, cursor: str) -> None:
    response = graph.ask(PAGE.format("title", "after"), {"c": cursor})
    assert (response.status_code, code_of(response)) == (400, "BAD_USER_INPUT")


def test_a_cursor_of_another_list_or_order_is_told_from_what_is_none(graph: Graph) -> None:
    made = graph.data("{ contracts(first: 1) { edges { cursor } } }")["contracts"]["edges"][0]["cursor"]
    another = "the cursor belongs to another list, or to another order of this one"
    for cursor, told in ((made, another), ("x", "the cursor was not made by this API")):
        refused = graph.ask(PAGE.format("title", "after"), {"c": cursor})
        assert refused.json()["errors"][0]["message"] == told


PAGED = (
    "id", "title", "type", "totalValue", "expirationDate", "updatedAt", "riskScore", "discountPercent",
    "liabilityUncapped", "daysToExpiration",
)  # fmt: skip


@pytest.mark.parametrize("direction", ["ASC", "DESC"])
@pytest.mark.parametrize("field", PAGED)
def test_pages_one_by_one_are_the_whole_list_either_way(graph: Graph, field: str, direction: str) -> None:
    order = f"orderBy: [{{ field: {field}, direction: {direction} }}]"
    asked = "{ edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } }"
    whole = graph.data(f"{{ contracts({order}) {asked} }}")["contracts"]
    ids = [edge["node"]["id"] for edge in whole["edges"]]
    assert len(ids) == 6
    forward: list[str] = []
    after = None
    for _ in range(4):
        query = f"query($c: String) {{ contracts({order}, first: 2, after: $c) {asked} }}"
        page = graph.data(query, {"c": after})["contracts"]
        forward += [edge["node"]["id"] for edge in page["edges"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert forward == ids
    backward: list[str] = []
    before = None
    for _ in range(4):
        query = f"query($c: String) {{ contracts({order}, last: 2, before: $c) {asked} }}"
        page = graph.data(query, {"c": before})["contracts"]
        backward = [edge["node"]["id"] for edge in page["edges"]] + backward
        before = page["pageInfo"]["startCursor"]
        if not page["pageInfo"]["hasPreviousPage"]:
            break
    assert backward == ids


def test_a_cursor_carries_the_values_of_its_order_and_the_id_alone(graph: Graph) -> None:
    query = (
        "{ contracts(orderBy: [{field: title}, {field: totalValue}]) { edges { cursor node { id title } } } }"
    )
    for edge in graph.data(query)["contracts"]["edges"]:
        _, title, currency, _, identity = decoded(edge["cursor"])
        assert (title, identity) == (edge["node"]["title"], edge["node"]["id"])
        assert currency in (None, "EUR", "JPY", "USD")
