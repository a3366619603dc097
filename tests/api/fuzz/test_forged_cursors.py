"""A cursor that we did not make is refused, whatever stands in it; it is never an error of the server."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any

from tests.reference.comparison import opened
from tests.reference.paging import Order

QUERY = "query ($after: String) { contracts(after: $after, orderBy: {field: %s}) { nodes { id } } }"
ID = "00000000-0000-4000-8000-000000000002"
FORGED: list[tuple[str, list[Any]]] = [
    ("version", ["99999999999999999999", ID]),
    ("version", ["2147483648", ID]),
    ("version", [5, ID]),
    ("version", ["1_0", ID]),
    ("version", ["x", ID]),
    ("discountPercent", ["NaN", ID]),
    ("discountPercent", ["Infinity", ID]),
    ("discountPercent", ["1e999999", ID]),
    ("expirationDate", ["infinity", ID]),
    ("expirationDate", ["2026-02-30", ID]),
    ("expirationDate", ["20260101", ID]),
    ("updatedAt", ["2026-01-01T00:00:00", ID]),
    ("updatedAt", ["0001-01-01T00:00:00+14:00", ID]),
    ("title", ["a\0b", ID]),
    ("title", ["\ud800", ID]),
    ("title", [{"a": 1}, ID]),
    ("title", ["a", None]),
    ("title", ["a", "x"]),
    ("title", ["a"]),
    ("title", ["a", ID, ID]),
    ("hasRedlineSummary", ["yes", ID]),
]


def test_a_forged_cursor_is_bad_input(database_url: str, superuser_url: str) -> None:
    async def statuses() -> list[int]:
        async with opened(database_url, superuser_url) as comparison:
            principal = comparison.person("legal").principal
            found = []
            for field, values in FORGED:
                order = Order.of("Contract", [{"field": field, "direction": "ASC"}])
                content = json.dumps([order.digest, *values]).encode()
                cursor = base64.urlsafe_b64encode(content).decode().rstrip("=")
                body = {"query": QUERY % field, "variables": {"after": cursor}}
                answer = await comparison.endpoint.answer(principal, json.dumps(body).encode())
                found.append(answer.status)
            return found

    found = asyncio.run(statuses())
    assert [case for case, status in zip(FORGED, found, strict=True) if status != 400] == []
