"""LIMIT: what one can hardly be faster than: raw ASGI, asyncpg, one fixed statement an operation, no auth."""

from __future__ import annotations

import asyncio
import base64
import json
from collections import deque
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import orjson

HERE = Path(__file__).parent
POOL = 8
SETTINGS = {
    "application_name": "limit",
    "datestyle": "ISO",
    "timezone": "UTC",
    "jit": "off",
    # Or PostgreSQL would plan a page anew each time: it cannot know how small LIMIT $2 is.
    "plan_cache_mode": "force_generic_plan",
}

_COLUMNS = (
    "id, number, title, status, type, effective_date, expiration_date,"
    " total_value_amount, total_value_currency, risk_level, amendment_count"
)
_OF_ORG = f"SELECT {_COLUMNS} FROM contract WHERE org_id = $1"
_ORDER = "ORDER BY expiration_date, id LIMIT $2 + 1"
_ROWS = {
    "first": f"{_OF_ORG} {_ORDER}",
    # Two reads of the index, merged: those with a date, then those without.
    "after a date": f"({_OF_ORG} AND (expiration_date, id) > ($4::date, $5::uuid) {_ORDER}) UNION ALL"
    f" ({_OF_ORG} AND expiration_date IS NULL {_ORDER}) {_ORDER}",
    "after the dates": f"{_OF_ORG} AND expiration_date IS NULL AND id > $4::uuid ORDER BY id LIMIT $2 + 1",
}
FIXED = {name: (HERE / f"limit_{name}.sql").read_text() for name in ("panel", "search", "portfolio")}
PAGES = {name: (HERE / "limit_page.sql").read_text().replace("{rows}", rows) for name, rows in _ROWS.items()}


def application(_: Path, url: str, digest: str) -> Limit:
    """Make the server; it knows no keys."""
    return Limit(url, digest)


class Limit:
    """An ASGI application for a few operations; the org comes in a header and is believed."""

    def __init__(self, url: str, digest: str) -> None:
        self._url = url
        self._digest = digest
        self._free: list[Any] = []
        self._waiting: deque[asyncio.Future[Any]] = deque()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        org = next(value for name, value in scope["headers"] if name == b"x-org")
        message = await receive()
        body = message["body"]
        while message.get("more_body"):
            message = await receive()
            body += message["body"]
        request = orjson.loads(body)
        found = await self._answer(request["operationName"], request["variables"], UUID(org.decode()))
        answer = b'{"data":' + found + b"}"
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(answer))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    async def _answer(self, operation: str, variables: dict[str, Any], org: UUID) -> bytes:
        if operation == "Panel":
            return await self._run("panel", org, variables["opportunity"], datetime.now(UTC).date())
        if operation == "Portfolio":
            return await self._run("portfolio", org)
        if operation == "Search":
            return await self._run("search", org, variables["first"], variables["text"])
        after = variables.get("after")
        if after is None:
            return await self._run("first", org, variables["first"], self._digest)
        _, day, identity = json.loads(base64.urlsafe_b64decode(after + "=" * (-len(after) % 4)))
        if day is None:
            return await self._run("after the dates", org, variables["first"], self._digest, UUID(identity))
        return await self._run(
            "after a date", org, variables["first"], self._digest, date.fromisoformat(day), UUID(identity)
        )

    async def _run(self, name: str, *arguments: Any) -> bytes:
        if self._free:
            prepared = self._free.pop()
        else:
            turn = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            prepared = await turn
        try:
            found: bytes = await prepared[name].fetchval(*arguments)
            return found
        finally:
            if self._waiting:
                self._waiting.popleft().set_result(prepared)
            else:
                self._free.append(prepared)

    async def _live(self, receive: Any, send: Any) -> None:
        await receive()
        connections = []
        for _ in range(POOL):
            connection = await asyncpg.connect(self._url, server_settings=SETTINGS)
            await connection.set_type_codec(
                "json", schema="pg_catalog", encoder=bytes, decoder=bytes, format="binary"
            )
            statements = {**FIXED, **PAGES}
            self._free.append({name: await connection.prepare(sql) for name, sql in statements.items()})
            await connection.execute("SELECT 1")  # ends what prepare() left open
            connections.append(connection)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        for connection in connections:
            await connection.close()
        await send({"type": "lifespan.shutdown.complete"})
