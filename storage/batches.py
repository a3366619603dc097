"""Reads that are asked for at the same moment go to PostgreSQL together, and are run there one by one."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from time import perf_counter
from typing import Any, Final

import asyncpg

from storage.reader import Reader

MOST: Final = 8
"""Reads in a batch."""
SPAN: Final = 0.016
"""Seconds that a batch takes, as a rule: its last read waits for those before it, and other processes of
PostgreSQL may have nothing to do. What takes longer than half of that goes alone."""
LONGEST: Final = 0.75
"""Seconds after which those of a batch are asked apart: `statement_timeout` is for each of its reads, and one
that needs seconds must take neither the others' time nor its own."""
_NEWEST: Final = 0.25
"""How much the last time counts beside all before it."""
_KNOWN: Final = 2000

_Asked = tuple[Sequence[Any], asyncio.Future[Any]]


class _Apart(Exception):
    """The batch that a read went with has failed, whosever fault that was: it is to go alone."""


class Batches:
    """Sends reads of one statement that come in one turn of the event loop in one round trip.

    A round trip costs both sides as much as a brief statement does. Nobody waits for company: what has come
    when the turn is over goes. Each read is a statement of its own, which binds its own org, and shares
    nothing with the others but the way.
    """

    def __init__(self, lend: Callable[[], AbstractAsyncContextManager[Reader]]) -> None:
        self._lend = lend
        self._gathering: dict[str, list[_Asked]] = {}
        self._sending: set[asyncio.Task[None]] = set()
        # By its hash: statements are long, and one taken for another is only sent otherwise.
        self._took: OrderedDict[int, float] = OrderedDict()
        self.batches = 0
        """How often more than one read went together."""
        self.together = 0
        """Reads that did."""

    async def read(self, statement: str, arguments: Sequence[Any]) -> Any:  # noqa: ANN401 - any SQL value
        """Run a statement that changes nothing, binds its own org and returns one value."""
        room = self._room(statement)
        if room <= 1:
            return await self._alone(statement, arguments)
        try:
            return await self._answer_to(statement, arguments, room)
        except _Apart:
            return await self._alone(statement, arguments)

    async def _alone(self, statement: str, arguments: Sequence[Any]) -> Any:  # noqa: ANN401 - any SQL value
        async with self._lend() as reader:
            began = perf_counter()
            try:
                return await reader.value(statement, arguments)
            finally:
                self._note(statement, perf_counter() - began)

    def _room(self, statement: str) -> int:
        """Return how many reads of a statement a batch has room for; of one that is not known, for one."""
        took = self._took.get(hash(statement))
        return 1 if took is None else min(MOST, int(SPAN / took))

    def _answer_to(self, statement: str, arguments: Sequence[Any], room: int) -> asyncio.Future[Any]:
        loop = asyncio.get_running_loop()
        batch = self._gathering.get(statement)
        if batch is None or len(batch) >= room:
            batch = self._gathering[statement] = []
            # It begins when this turn of the loop is over, with all that has come by then.
            sending = loop.create_task(self._send(statement, batch))
            self._sending.add(sending)
            sending.add_done_callback(self._sending.discard)
        answer: asyncio.Future[Any] = loop.create_future()
        batch.append((arguments, answer))
        return answer

    async def _send(self, statement: str, batch: list[_Asked]) -> None:
        try:
            async with self._lend() as reader:
                self._close(statement, batch)
                # Whoever has gone meanwhile wants no answer.
                await self._answer(reader, statement, [each for each in batch if not each[1].done()])
        except Exception as error:  # noqa: BLE001 - it is told to everyone who waits
            for _, answer in batch:
                if not answer.done():
                    answer.set_exception(error if len(batch) == 1 else _Apart())
        finally:
            self._close(statement, batch)
            for _, answer in batch:
                answer.cancel()  # nobody, unless the loop ends

    def _close(self, statement: str, batch: list[_Asked]) -> None:
        """Let nobody join a batch any more."""
        if self._gathering.get(statement) is batch:
            del self._gathering[statement]

    async def _answer(self, reader: Reader, statement: str, batch: list[_Asked]) -> None:
        if not batch:
            return
        began = perf_counter()
        try:
            if len(batch) == 1:
                values = [await reader.value(statement, batch[0][0])]
            else:
                values = await reader.values(statement, [arguments for arguments, _ in batch], LONGEST)
                self.batches += 1
                self.together += len(batch)
        finally:
            self._note(statement, (perf_counter() - began) / len(batch))
        if len(values) != len(batch):
            raise asyncpg.InterfaceError("a read returned no row: which is whose cannot be told")
        for (_, answer), value in zip(batch, values, strict=True):
            if not answer.done():
                answer.set_result(value)

    def _note(self, statement: str, seconds: float) -> None:
        known = hash(statement)
        before = self._took.pop(known, seconds)
        self._took[known] = before + (seconds - before) * _NEWEST
        if len(self._took) > _KNOWN:
            self._took.popitem(last=False)
