"""Rows that lanes want written at about the same time travel in one call."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from sync.salesforce.failures import Permanent

GATHERING = 0.005
"""Seconds for which a row waits for others."""

V = TypeVar("V")
R = TypeVar("R")
Send = Callable[[Mapping[str, V]], Awaitable[Mapping[str, R]]]


@dataclass(slots=True)
class _Gathered(Generic[V, R]):
    rows: dict[str, V] = field(default_factory=dict)
    answers: dict[str, asyncio.Future[R]] = field(default_factory=dict)


class Batcher(Generic[V, R]):
    """Gathers rows by their keys, sends up to `most` of them at once, and gives each its own result.

    Of one key there is one row under way at a time. A call that is refused as a whole is made again in
    halves, so that the row at fault fails alone. It belongs to one event loop.
    """

    def __init__(self, send: Send[V, R], most: int, gathering: float = GATHERING) -> None:
        self._send, self._most, self._gathering = send, most, gathering
        self._gathered: _Gathered[V, R] = _Gathered()
        self._under_way: dict[str, asyncio.Future[R]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._calls: set[asyncio.Task[None]] = set()

    async def ask(self, key: str, row: V) -> R:
        """Send a row with others, and return what became of it. Raises what the call came to."""
        while (earlier := self._under_way.get(key)) is not None:
            await asyncio.wait([earlier])
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[R] = loop.create_future()
        self._under_way[key] = answer
        self._gathered.rows[key] = row
        self._gathered.answers[key] = answer
        if len(self._gathered.rows) >= self._most:
            self._go()
        elif self._timer is None:
            self._timer = loop.call_later(self._gathering, self._go)
        # Whoever asked may be stopped; the row goes its way, and its key is free once that is known.
        return await asyncio.shield(answer)

    async def close(self) -> None:
        """Wait for the calls that are under way."""
        self._go()
        while self._calls:
            await asyncio.wait(self._calls)

    def _go(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        gathered, self._gathered = self._gathered, _Gathered()
        if gathered.rows:
            call = asyncio.create_task(self._call(gathered))
            self._calls.add(call)
            call.add_done_callback(self._calls.discard)

    async def _call(self, gathered: _Gathered[V, R]) -> None:
        try:
            await self._send_rows(gathered.rows, gathered.answers)
        finally:
            for key, answer in gathered.answers.items():
                if not answer.done():
                    del self._under_way[key]
                    answer.cancel()

    async def _send_rows(self, rows: Mapping[str, V], answers: Mapping[str, asyncio.Future[R]]) -> None:
        try:
            results = await self._send(rows)
        except Permanent as failure:
            keys = list(rows)
            if len(keys) == 1:
                self._fail(rows, answers, failure)
                return
            middle = len(keys) // 2
            for half in (keys[:middle], keys[middle:]):
                await self._send_rows({key: rows[key] for key in half}, answers)
        except Exception as error:  # noqa: BLE001 - whoever waits is told, whatever it is
            self._fail(rows, answers, error)
        else:
            for key in rows:
                del self._under_way[key]
                answers[key].set_result(results[key])

    def _fail(
        self, rows: Mapping[str, V], answers: Mapping[str, asyncio.Future[R]], error: Exception
    ) -> None:
        for key in rows:
            del self._under_way[key]
            answers[key].set_exception(error)
            answers[key].exception()  # whoever asked may have gone: then nobody reads it
