"""Events on their way to one subscriber, who may take them slowly, or be gone."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import Any, Final

from api.asked import Answer
from api.headers import Header
from api.live.events import COMPLETE, next_event
from api.live.live import Live
from api.live.stream import Stream

TAKEN_WITHIN: Final = 30.0
"""Seconds for which what was sent may wait to be taken, once no more of it fits on its way."""


class Sending:
    """The response of one request, in the terms of ASGI."""

    def __init__(self, live: Live, receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI's own types
        self._live, self._receive, self._send = live, receive, send

    async def send(self, found: Answer | Stream, headers: list[Header]) -> None:
        """Send an answer as the only event, or a subscription's until one of both sides ends it."""
        if isinstance(found, Answer):
            await self._begin(headers)
            await self._body(next_event(found.body) + COMPLETE, more=False)
            return
        sending = asyncio.create_task(self._events(found, headers))
        leaving = asyncio.create_task(self._left())
        try:
            await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            sending.cancel()
            leaving.cancel()
            ended = await asyncio.gather(sending, leaving, return_exceptions=True)
            slow = isinstance(ended[0], TimeoutError)
            await self._live.ended(found, slow=slow)

    async def _events(self, stream: Stream, headers: list[Header]) -> None:
        await self._begin(headers)
        async with aclosing(stream.events()) as events:
            async for event in events:
                async with asyncio.timeout(TAKEN_WITHIN):
                    await self._body(event, more=True)
        await self._body(b"", more=False)

    async def _left(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def _begin(self, headers: list[Header]) -> None:
        unbuffered = (b"x-accel-buffering", b"no")
        await self._send({"type": "http.response.start", "status": 200, "headers": [*headers, unbuffered]})

    async def _body(self, body: bytes, *, more: bool) -> None:
        await self._send({"type": "http.response.body", "body": body, "more_body": more})
