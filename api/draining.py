"""A server that leaves without dropping what is on its way to it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

import uvicorn

LINGER = 1.0
"""Seconds for which connections that are open stay so: who asks on one is answered, and told to leave it."""

_STEP = 0.05


class Server(uvicorn.Server):
    """Uvicorn's server, which would close a connection whose request it has not read yet.

    It takes no new connection first, then answers what comes on those that it has with `Connection: close`,
    and only then closes those on which nothing came.
    """

    def __init__(self, config: uvicorn.Config, leaving: Callable[[], None]) -> None:
        super().__init__(config)
        self._leaving = leaving

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop, in the order told above; a second signal cuts it short. `leaving` is told first of all."""
        self._leaving()
        for listening in self.servers:
            listening.close()
        self.server_state.default_headers = [*self.server_state.default_headers, (b"connection", b"close")]
        loop = asyncio.get_running_loop()
        until = loop.time() + LINGER
        # One step in any case: a connection may have been taken that is not counted yet.
        await asyncio.sleep(_STEP)
        while self._is_awaited() and loop.time() < until:  # noqa: ASYNC110 - uvicorn only counts
            await asyncio.sleep(_STEP)
        await super().shutdown(sockets)

    def _is_awaited(self) -> bool:
        return bool(self.server_state.connections) and not self.force_exit
