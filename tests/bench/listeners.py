"""Live subscriptions that come and go while the soak runs."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any, Final, Self

from tests.bench.load import END_OF_HEAD
from tests.bench.traffic import wire

LISTENING: Final = "subscription { contractChanged { cursor contractId fields at } }"
SHORTEST: Final = 2.0
LONGEST: Final = 40.0
"""Seconds for which one listens."""

SILENT: Final = 10.0
"""Seconds after which who has heard of nothing has missed something: changes come all the time."""


@dataclass
class Listeners:
    """One listener for each token at any time; each leaves after a while, and the next one comes."""

    port: int
    tokens: Sequence[str]
    dice: Random
    opened: int = 0
    heard: int = 0
    problems: list[str] = field(default_factory=list)

    async def __aenter__(self) -> Self:
        self._listening = [asyncio.create_task(self._listen(token)) for token in self.tokens]
        return self

    async def __aexit__(self, *_: object) -> None:
        for each in self._listening:
            each.cancel()
        await asyncio.gather(*self._listening, return_exceptions=True)

    def told(self) -> dict[str, Any]:
        """Return what came of them so far."""
        return {"opened": self.opened, "heard": self.heard, "problems": self.problems[:5]} | {
            "failed": len(self.problems)
        }

    def _note(self, problem: str) -> None:
        self.problems.append(f"{datetime.now(UTC):%H:%M:%S} {problem}")

    async def _listen(self, token: str) -> None:
        while True:
            try:
                await self._one(token, self.dice.uniform(SHORTEST, LONGEST))
            except (OSError, EOFError) as error:
                self._note(repr(error))
                await asyncio.sleep(1)

    async def _one(self, token: str, seconds: float) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            headers = {"Authorization": f"Bearer {token}", "Accept": "text/event-stream"}
            writer.write(wire("/graphql", json.dumps({"query": LISTENING}).encode(), headers))
            head = await reader.readuntil(END_OF_HEAD)
            if not head.startswith(b"HTTP/1.1 200"):
                self._note(repr(head))
                return
            self.opened += 1
            heard = bytearray()
            lived = await _taken(reader, heard, seconds)
            self.heard += (count := heard.count(b"event: next"))
            if b'"errors"' in heard or lived < seconds:
                self._note(f"ended after {lived:.0f} s: {bytes(heard[-300:])!r}")
            elif not count and lived > SILENT:
                self._note(f"heard nothing in {lived:.0f} s")
        finally:
            writer.close()


async def _taken(reader: asyncio.StreamReader, heard: bytearray, seconds: float) -> float:
    """Take what comes for so long, and return for how long anything could."""
    began = time.perf_counter()
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while piece := await reader.read(1 << 16):
                heard += piece
            return time.perf_counter() - began
    return seconds
