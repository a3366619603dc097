"""The running application as a caller meets it."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID

import httpx

from api.app import Application
from api.limit_settings import USUAL, Limits
from api.settings import Settings
from auth.principal import Principal
from auth.tokens import issue
from tests.api.small import SmallOrg

T = TypeVar("T")

OURS = SmallOrg(number=1, mark="north")
THEIRS = SmallOrg(number=2, mark="south")
NORTHLIGHT = UUID("0190a000-0000-7000-8000-00000000a001")
HARBOUR = UUID("0190a000-0000-7000-8000-00000000a002")

GENEROUS = Limits(
    query_cost=10**9,
    caller_points=10**12,
    caller_restored=10**12,
    client_points=10**12,
    client_restored=10**12,
    caller_operations=1000,
    worker_operations=1000,
    operation_seconds=60,
)
"""For tests that ask more than callers do; those of the limits have limits of their own."""

RESPONSE_JSON = "application/graphql-response+json"
PLAIN_JSON = "application/json"


class Graph:
    """Asks an application that runs in this process."""

    def __init__(
        self, settings: Settings, application: Application, client: httpx.AsyncClient, loop: asyncio.Runner
    ) -> None:
        self.settings = settings
        self.application = application
        self.keys = application.keys
        self._loop = loop
        self._tokens: dict[tuple[Any, ...], str] = {}
        self.client = client

    def token(
        self, *roles: str, org: UUID = OURS.org.id, lifetime: int = 3600, now: float | None = None
    ) -> str:
        """Return an access token; the same one for the same caller, as clients keep theirs."""
        caller = (roles, org, lifetime, now)
        if caller not in self._tokens:
            self._tokens[caller] = issue(
                self.keys,
                issuer=self.settings.issuer,
                audience=self.settings.audience,
                principal=Principal(
                    org, "someone", "tests", frozenset(roles), frozenset({"graph:read", "graph:documents"})
                ),
                lifetime=timedelta(seconds=lifetime),
                now=time.time() if now is None else now,
            )
        return self._tokens[caller]

    def run(self, work: Awaitable[T]) -> T:
        """Run work on the application's event loop."""

        async def running() -> T:
            return await work

        return self._loop.run(running())

    def send(self, method: str = "POST", **request: Any) -> httpx.Response:
        """Send one request to /graphql as it is."""
        return self.run(self.client.request(method, "/graphql", **request))

    def headers(self, *roles: str, org: UUID = OURS.org.id, accept: str = RESPONSE_JSON) -> dict[str, str]:
        """Return the headers of an ordinary request."""
        token = self.token(*(roles or ("legal",)), org=org)
        return {"authorization": f"Bearer {token}", "content-type": PLAIN_JSON, "accept": accept}

    def post(self, body: bytes, accept: str = RESPONSE_JSON) -> httpx.Response:
        """Send a body of any kind, as somebody who may ask."""
        return self.send(content=body, headers=self.headers(accept=accept))

    def ask(
        self,
        query: str,
        variables: Mapping[str, Any] | None = None,
        *,
        role: str = "legal",
        org: UUID = OURS.org.id,
    ) -> httpx.Response:
        """Ask the graph."""
        return self.run(self.asking(query, variables, role=role, org=org))

    async def asking(
        self,
        query: str,
        variables: Mapping[str, Any] | None = None,
        *,
        role: str = "legal",
        org: UUID = OURS.org.id,
    ) -> httpx.Response:
        """Ask the graph from within the event loop."""
        body = json.dumps({"query": query, "variables": variables})
        return await self.client.post("/graphql", content=body, headers=self.headers(role, org=org))

    def data(self, query: str, variables: Mapping[str, Any] | None = None, **caller: Any) -> Any:
        """Ask the graph for what it must answer."""
        response = self.ask(query, variables, **caller)
        assert response.status_code == 200, response.text
        return response.json()["data"]


@contextmanager
def graph_over(settings: Settings, database_url: str, loop: asyncio.Runner) -> Iterator[Graph]:
    """Start an application as a server would, and stop it; where no limits are given, with generous ones."""
    if settings.limits == USUAL:
        settings = replace(settings, limits=GENEROUS)
    application = Application(settings, database_url)
    stop = loop.run(_start(application))
    client = httpx.AsyncClient(
        transport=httpx.ASGITransport(app=application),
        base_url="http://127.0.0.1:8000",
    )
    try:
        yield Graph(settings, application, client, loop)
    finally:
        loop.run(client.aclose())
        loop.run(stop())


async def _start(application: Application) -> Callable[[], Any]:
    """Open the lifespan of an application in a task of its own, and return what closes it."""
    told: asyncio.Queue[dict[str, str]] = asyncio.Queue()
    heard: asyncio.Queue[dict[str, str]] = asyncio.Queue()
    scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}
    living = asyncio.create_task(application(scope, told.get, heard.put))
    await told.put({"type": "lifespan.startup"})
    started = await heard.get()
    assert started["type"] == "lifespan.startup.complete", started

    async def stop() -> None:
        await told.put({"type": "lifespan.shutdown"})
        await living

    return stop


def code_of(response: httpx.Response) -> str | None:
    """Return the code of the first error of a response."""
    errors = response.json().get("errors")
    return errors[0]["extensions"]["code"] if errors else None


def media_type(response: httpx.Response) -> str:
    """Return the media type of a response without its parameters."""
    return str(response.headers["content-type"]).partition(";")[0]
