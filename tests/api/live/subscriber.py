"""A subscriber who takes events as they come, as no test client for HTTP does."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from api.app import Application

ALL = "subscription { contractChanged { cursor contractId fields at } }"
LONGEST = 10.0


@dataclass
class Subscriber:
    """One request that is under way; with `takes` cleared it takes nothing of what it is sent."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    sent: bytes = b""
    is_over: bool = False
    takes: asyncio.Event = field(default_factory=asyncio.Event)
    _moved: asyncio.Event = field(default_factory=asyncio.Event)

    async def send(self, message: dict[str, Any]) -> None:
        await self.takes.wait()
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        else:
            self.sent += message["body"]
            self.is_over = not message.get("more_body", False)
        self._moved.set()

    @property
    def events(self) -> list[tuple[str, Any]]:
        """What it was sent: the kind of each event with its data."""
        found = []
        for block in self.sent.decode().split("\n\n"):
            lines = [line.partition(": ")[::2] for line in block.splitlines() if not line.startswith(":")]
            kind = next((value for name, value in lines if name == "event"), None)
            data = "".join(value for name, value in lines if name == "data")
            if kind is not None:
                found.append((kind, json.loads(data) if data else None))
        return found

    @property
    def told(self) -> list[dict[str, Any]]:
        """The changes that it was told of."""
        return [
            data["data"]["contractChanged"] for kind, data in self.events if kind == "next" and "data" in data
        ]

    @property
    def fields(self) -> list[list[str]]:
        return [each["fields"] for each in self.told]

    @property
    def code(self) -> str | None:
        """The code of the error that ended it."""
        errors = [data["errors"][0] for kind, data in self.events if kind == "next" and "errors" in data]
        return errors[0]["extensions"]["code"] if errors else None

    async def until(self, holds: Any) -> None:
        async with asyncio.timeout(LONGEST):
            while not holds(self):
                self._moved.clear()
                await self._moved.wait()

    async def hears(self, count: int) -> list[list[str]]:
        """Wait for so many changes; return the names of their fields."""
        await self.until(lambda each: len(each.told) >= count)
        return self.fields

    async def ends(self) -> str | None:
        """Wait for the end; return why."""
        await self.until(lambda each: each.is_over)
        assert self.events[-1] == ("complete", None)
        return self.code


@asynccontextmanager
async def subscribed(  # noqa: PLR0913 - a request
    application: Application,
    token: str,
    query: str = ALL,
    variables: dict[str, Any] | None = None,
    *,
    last_event: str | None = None,
    takes: bool = True,
    request_id: str = "listening",
    document: str | None = None,
) -> AsyncIterator[Subscriber]:
    """Subscribe, and leave in the end."""
    subscriber, left = Subscriber(), asyncio.Event()
    subscriber.takes.set()
    headers = {
        "host": "localhost", "authorization": f"Bearer {token}", "content-type": "application/json",
        "accept": "text/event-stream", "x-request-id": request_id,
    }  # fmt: skip
    if last_event is not None:
        headers["last-event-id"] = last_event
    scope = {
        "type": "http", "method": "POST", "path": "/graphql", "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }  # fmt: skip
    asked = {"query": query} if document is None else {"documentId": document}
    body = json.dumps({**asked, "variables": variables}).encode()
    messages = [{"type": "http.request", "body": body}]

    async def receive() -> dict[str, Any]:
        if messages:
            return messages.pop()
        await left.wait()
        return {"type": "http.disconnect"}

    running = asyncio.create_task(application(scope, receive, subscriber.send))
    try:
        await subscriber.until(lambda each: each.sent)
        if not takes:
            subscriber.takes.clear()
        yield subscriber
    finally:
        left.set()
        subscriber.takes.set()
        await running
