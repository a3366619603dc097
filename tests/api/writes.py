"""Callers that change things without pause, and say again what was not answered until it is."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import asyncpg
import httpx

from tests.api.mutations.office import GRANT, asked
from tests.api.test_serve_workers import Serving, until
from tests.callers import Callers

WRITERS = 4


@dataclass
class Writes(Callers):
    """Each change has a reason of its own, by which it is found: what was acknowledged must be there once."""

    serving: Serving
    name: str
    acknowledged: set[str] = field(default_factory=set)
    failed: list[str] = field(default_factory=list)
    longest: float = 0.0
    """Seconds between two acknowledgements, at most."""
    threads = WRITERS

    def __post_init__(self) -> None:
        self._last = time.monotonic()

    def more(self, count: int) -> None:
        """Wait until so many more are acknowledged."""
        wanted = len(self.acknowledged) + count
        until(lambda: len(self.acknowledged) >= wanted)

    def refused(self, count: int) -> None:
        """Wait until so many more have failed."""
        wanted = len(self.failed) + count
        until(lambda: len(self.failed) >= wanted)

    def call(self, number: int) -> None:
        count = 0
        while not self.stopped.is_set():
            count += 1
            reason = f"{self.name} {number}-{count}"
            while not self._acknowledged(asked(reason=reason, idempotencyKey=reason.replace(" ", "-"))):
                if self.stopped.wait(0.05):
                    return
            now = time.monotonic()
            self.longest, self._last = max(self.longest, now - self._last), now
            self.acknowledged.add(reason)

    def _acknowledged(self, variables: dict[str, object]) -> bool:
        try:
            answer = httpx.post(
                f"{self.serving.origin}/graphql", json={"query": GRANT, "variables": variables},
                headers=self.serving.headers, timeout=30,
            )  # fmt: skip
        except httpx.HTTPError as error:
            self.failed.append(repr(error))
            return False
        if answer.status_code == 200 and "errors" not in (told := answer.json()):
            return bool(told["data"]["grantRole"]["roleGrant"]["id"])
        self.failed.append(answer.text)
        return False


async def stored(url: str, name: str) -> list[str]:
    """The reasons of a name that are in the database, each as often as it is there."""
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch(
            "SELECT reason FROM role_grant WHERE reason LIKE $1 ORDER BY reason", f"{name} %"
        )
        return [row["reason"] for row in rows]
    finally:
        await connection.close()
