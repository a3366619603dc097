"""A connection to whichever of a URL's servers takes us: one that is silent holds up none of the others."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import asyncpg

ANSWERS_WITHIN: Final = 10.0
"""Seconds within which a server lets us in."""
HEAD_START: Final = 0.25
"""Seconds that a server of a URL has before the next is tried: of several that would do, the first does."""
SILENT: Final = 10_000
"""Milliseconds after which a server that acknowledges nothing is gone; the kernel would wait for minutes."""


def each_server(url: str) -> Sequence[str]:
    """Return a URL for each of the servers that a URL names. Raises ValueError where it cannot be read."""
    parts = urlsplit(url)
    who, at, hosts = parts.netloc.rpartition("@")
    if "," in hosts:
        return [urlunsplit(parts._replace(netloc=f"{who}{at}{each}")) for each in hosts.split(",")]
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    folders = query.get("host", "").split(",")
    if len(folders) == 1:
        return [url]
    ports = query.get("port", "").split(",")
    ports = ports * len(folders) if len(ports) == 1 else ports
    return [
        urlunsplit(parts._replace(query=urlencode(query | {"host": folder, "port": port})))
        for folder, port in zip(folders, ports, strict=True)
    ]


async def dial(url: str, settings: dict[str, str], command_timeout: float | None) -> asyncpg.Connection:
    """Connect to the first server of a URL that answers and is as `target_session_attrs` wants it.

    On the connection a command that takes longer than `command_timeout` seconds raises TimeoutError. Raises
    what asyncpg does: of several servers what the last of them to fail has said.
    """
    waiting = list(each_server(url))
    dialled: set[asyncio.Task[asyncpg.Connection]] = set()
    failed: BaseException | None = None
    try:
        while waiting or dialled:
            if waiting:
                to = asyncpg.connect(
                    waiting.pop(0),
                    server_settings=settings,
                    timeout=ANSWERS_WITHIN,
                    command_timeout=command_timeout,
                )
                dialled.add(asyncio.ensure_future(to))
            patience = HEAD_START if waiting else None
            done, dialled = await asyncio.wait(dialled, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
            for each in done:
                failed = each.exception()
                if failed is None:
                    dialled |= done - {each}
                    return _watched(each.result())
        raise failed or ValueError("the URL names no server")
    finally:
        for each in dialled:
            each.add_done_callback(_hang_up)
            each.cancel()


def _hang_up(dialled: asyncio.Task[asyncpg.Connection]) -> None:
    if not dialled.cancelled() and dialled.exception() is None:
        dialled.result().terminate()


def _watched(connection: asyncpg.Connection) -> asyncpg.Connection:
    """Have the kernel notice a machine that is gone without a word, as when its power failed."""
    transport = connection._transport  # noqa: SLF001 - asyncpg gives its socket out by no other way
    found = transport.get_extra_info("socket")
    if found is not None and found.family in {socket.AF_INET, socket.AF_INET6}:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in (("TCP_KEEPIDLE", 5), ("TCP_KEEPINTVL", 2), ("TCP_USER_TIMEOUT", SILENT)):
            if hasattr(socket, name):  # Linux has all of them
                found.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
    return connection
