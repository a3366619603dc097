"""Posts a message to the address of a webhook: to an address that was looked at, and to nowhere else."""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Final
from urllib.parse import SplitResult, urlsplit

from sync.alerts.sender import NotSent, check_address, check_answer, plainly
from sync.hooks.networks import Network, may_be_reached

PATIENCE: Final = 10.0
"""Seconds for all of it: to find the address, connect, send, and be answered."""

_MOST_ANSWERED: Final = 64 * 1024
_STATUS: Final = re.compile(rb"HTTP/1\.[01] ([1-5][0-9]{2})[ \r]")
_RETRY_AFTER: Final = re.compile(rb"\r\nretry-after:[ \t]*([0-9]{1,6})[ \t]*\r\n", re.IGNORECASE)


class NotPublic(NotSent):
    """The name of the address leads to one that webhooks may not reach; see CONTRACT_GRAPH_HOOK_NETWORKS."""

    def __init__(self) -> None:
        super().__init__(type(self).__doc__ or "", again=False)


@dataclass(frozen=True, slots=True)
class Destination:
    """One address. No redirect is followed, no proxy asked. Raises NotAnAddress.

    What its name leads to is looked at for every message, and that very address is connected to: a name that
    leads elsewhere a moment later leads nobody astray. Neither its text nor an error shows the address.
    """

    address: str = field(repr=False)
    allowed: Sequence[Network] = ()
    patience: float = PATIENCE

    def __post_init__(self) -> None:
        check_address(self.address)

    async def check(self) -> None:
        """Look whether it may be reached. Raises NotSent."""
        async with _in_time(self.patience):
            await self._found(urlsplit(self.address))

    async def send(self, body: bytes, headers: Mapping[str, str]) -> int:
        """Post a body once, and return the status of the answer. Raises NotSent."""
        async with _in_time(self.patience):
            parts = urlsplit(self.address)
            found = await self._found(parts)
            reader, writer = await _connected(parts, found)
            try:
                writer.write(_request(parts, body, headers))
                await writer.drain()
                return await _answered(reader)
            finally:
                writer.transport.abort()  # what it says beside is of no interest

    async def _found(self, parts: SplitResult) -> Sequence[str]:
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(parts.hostname or "", _port(parts), type=socket.SOCK_STREAM)
        addresses = [str(each[4][0]) for each in found]
        if not addresses or not all(may_be_reached(each, self.allowed) for each in addresses):
            raise NotPublic
        return addresses


@asynccontextmanager
async def _in_time(patience: float) -> AsyncIterator[None]:
    """Tell whatever keeps a message from being sent. Raises NotSent."""
    try:
        async with asyncio.timeout(patience):
            yield
    except (OSError, ValueError, EOFError, asyncio.LimitOverrunError) as error:
        raise NotSent(plainly(error), again=True) from None


async def _connected(
    parts: SplitResult, addresses: Sequence[str]
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect to the first address that answers. Raises OSError."""
    *others, last = addresses
    secure = parts.scheme == "https"
    opened = partial(
        asyncio.open_connection, port=_port(parts), limit=_MOST_ANSWERED,
        ssl=_trusted() if secure else None, server_hostname=parts.hostname if secure else None,
    )  # fmt: skip
    for each in others:
        with suppress(OSError):
            return await opened(each)
    return await opened(last)


@cache
def _trusted() -> ssl.SSLContext:
    return ssl.create_default_context()


def _port(parts: SplitResult) -> int:
    return parts.port or (443 if parts.scheme == "https" else 80)


def _request(parts: SplitResult, body: bytes, headers: Mapping[str, str]) -> bytes:
    named = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    told = {
        "Host": named if parts.port is None else f"{named}:{parts.port}",
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        "User-Agent": "contract-graph",
        "Connection": "close",
        **headers,
    }
    lines = [f"POST {target} HTTP/1.1", *(f"{name}: {value}" for name, value in told.items()), "", ""]
    return "\r\n".join(lines).encode("ascii") + body


async def _answered(reader: asyncio.StreamReader) -> int:
    """Return the status of the answer, whose body is not read. Raises NotSent for any but success."""
    while True:
        head = await reader.readuntil(b"\r\n\r\n")
        found = _STATUS.match(head)
        if found is None:
            raise NotSent("no answer of HTTP/1.1", again=True)
        status = int(found[1])
        if status >= 200:  # noqa: PLR2004 - what is informational comes before the answer
            break
    wait = _RETRY_AFTER.search(head)
    return check_answer(status, wait[1].decode() if wait else None)
