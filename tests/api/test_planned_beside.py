"""Whoever sends something new or large waits for it to be planned; nobody else does."""

from __future__ import annotations

import asyncio
import json
import threading

import pytest

from api.graphql import LARGE, Endpoint
from auth.principal import Principal
from tests.api.graph import OURS

SOMEONE = Principal(OURS.org.id, "someone", None, frozenset({"legal"}), frozenset({"graph:documents"}))
KNOWN = "query($n: [String!]) { contracts(filter: { number: { in: $n } }) { totalCount } }"


def asked(query: str, *values: str) -> bytes:
    return json.dumps({"query": query, "variables": {"n": values}}).encode()


@pytest.mark.parametrize("kind", ["new", "large"])
def test_what_is_known_is_answered_while_something_else_is_planned(
    endpoint: Endpoint, loop: asyncio.Runner, kind: str
) -> None:
    body = asked("{ contracts { totalCount } }") if kind == "new" else asked(KNOWN, "x" * LARGE)
    goes_on = threading.Event()

    async def ask(body: bytes) -> int:
        return (await endpoint.answer(SOMEONE, body)).status

    async def both() -> None:
        assert await ask(asked(KNOWN, "K-1")) == 200
        endpoint.planning.submit(goes_on.wait)
        try:
            waiting = asyncio.create_task(ask(body))
            assert await ask(asked(KNOWN, "K-2")) == 200
            assert not waiting.done()
        finally:
            goes_on.set()
        assert await waiting == 200

    loop.run(both())
