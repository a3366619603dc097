"""An application over a primary and its real standby, and another process over the same."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx

from storage.database import Database, connect
from storage.embedded import Cluster
from storage.replica import Replica
from storage.replicas import Replicas
from tests.api.graph import OURS, THEIRS
from tests.api.mutations.office import GRANT, Office, asked
from tests.api.small import store
from tests.keys import new_vault
from tests.standby import sql

T = TypeVar("T")

GRANTS = "{ roleGrants { totalCount } }"
FAR = 60
"""Seconds by which the standby may lag in tests that hold it back: as far as they go, it does not matter."""


@dataclass(frozen=True)
class Stage:
    """An application over a primary and its standby, and another process over the same."""

    primary: Cluster
    standby: Cluster
    office: Office
    other: Office

    @property
    def replicas(self) -> Replicas:
        found = self.office.graph.application.replicas
        assert found is not None
        return found

    @property
    def replica(self) -> Replica:
        return self.replicas.all[0]

    def run(self, work: Awaitable[T]) -> T:
        return self.office.graph.run(work)

    def look(self) -> None:
        self.run(self.replicas.look())

    def caught_up(self) -> None:
        """Wait until the standby has all, and is known to."""
        self.run(until(lambda: self.replicas.state(self.replica) == "near", self.replicas))
        wanted = int(sql(self.primary, "SELECT (pg_current_wal_flush_lsn() - '0/0'::pg_lsn)::bigint"))
        self.run(until(lambda: self.replica.position >= wanted, self.replicas))

    def send(self, query: str, *, token: str, after: str | None = None, **more: Any) -> httpx.Response:
        """Ask with a position of an earlier answer."""
        headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
        headers |= {} if after is None else {"read-after": after}
        body = json.dumps({"query": query, **more})
        return self.run(self.office.graph.client.post("/graphql", content=body, headers=headers))

    @contextmanager
    def held_back(self) -> Iterator[None]:
        """The standby replays nothing meanwhile, and it is known how far it is."""
        self.caught_up()
        sql(self.standby, "SELECT pg_wal_replay_pause()")
        paused = "SELECT pg_get_wal_replay_pause_state()"
        self.run(until(lambda: sql(self.standby, paused) == "paused", self.replicas))
        try:
            yield
        finally:
            sql(self.standby, "SELECT pg_wal_replay_resume()")
            self.caught_up()


async def until(holds: Callable[[], bool], replicas: Replicas) -> None:
    async with asyncio.timeout(60):
        while not holds():
            await asyncio.sleep(0.02)
            await replicas.look()


@contextmanager
def opened(stage_url: str, lag: float, *urls: str) -> Iterator[tuple[asyncio.Runner, Replicas]]:
    with asyncio.Runner() as runner:
        primary = runner.run(Database.open(stage_url, 2))
        replicas = runner.run(Replicas.open(primary, primary, urls, 2, lag))
        try:
            yield runner, replicas
        finally:
            runner.run(replicas.close())
            runner.run(primary.close())


async def theirs(primary: Cluster) -> None:
    superuser = await connect(primary.dsn("postgres"))
    await store(superuser, THEIRS, new_vault())
    await superuser.close()


def grants(office: Office, token: str, **headers: str) -> int:
    body = json.dumps({"query": GRANTS})
    given = {"authorization": f"Bearer {token}", "content-type": "application/json", **headers}
    response = office.graph.run(office.graph.client.post("/graphql", content=body, headers=given))
    assert response.status_code == 200, response.text
    return int(response.json()["data"]["roleGrants"]["totalCount"])


async def written(url: str) -> None:
    database = await Database.open(url, 1)
    try:
        await database.write(OURS.org.id, lambda work: work.execute("UPDATE contract SET title = title"))
    finally:
        database.abandon()


def granted(stage: Stage, token: str | None = None) -> str:
    """Grant a role, and return the position that the answer tells."""
    response = stage.office.ask(GRANT, asked(), token)
    assert response.status_code == 200, response.text
    return str(response.json()["extensions"]["readAfter"])
