"""The load: a process of its own that keeps a server busy over a few connections and writes down what it saw.

`python -m tests.bench.load` reads one line of JSON, {"port", "seconds", "connections", "seed", "file"}
and perhaps "once", and writes one; `file` holds the requests, each after its length in four bytes.
"""

from __future__ import annotations

import asyncio
import json
import random
import struct
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import uvloop

END_OF_HEAD = b"\r\n\r\n"
LENGTH = b"content-length: "


class Answers:
    """What comes over a connection, taken one answer at a time; each says how long it is."""

    def __init__(self) -> None:
        self._received = bytearray()
        self._whole = 0

    def take(self, data: bytes) -> bytearray | None:
        """Take what came; return the answer once it is whole."""
        self._received += data
        if not self._whole:
            head = self._received.find(END_OF_HEAD)
            if head < 0:
                return None
            said = bytes(self._received[:head]).lower()
            start = said.index(LENGTH) + len(LENGTH)
            self._whole = head + len(END_OF_HEAD) + int(said[start:].split(b"\r\n", 1)[0])
        if len(self._received) < self._whole:
            return None
        answer, self._received, self._whole = self._received, bytearray(), 0
        return answer


class Caller(asyncio.Protocol):
    """One connection: sends the next request when the last is answered, until time is up."""

    def __init__(self, draw: Callable[[], bytes | None], ends: float, done: asyncio.Future[None]) -> None:
        self._draw, self._ends, self._done = draw, ends, done
        self._answers = Answers()
        self.latencies: list[float] = []
        self.errors = 0

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._ask()

    def _ask(self) -> None:
        self._sent = time.perf_counter()
        request = self._draw() if self._sent < self._ends else None
        if request is None:
            self._ends = self._sent
            self._transport.close()
            return
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        answer = self._answers.take(data)
        if answer is None:
            return
        self.latencies.append(time.perf_counter() - self._sent)
        if not answer.startswith(b"HTTP/1.1 200") or b'"errors"' in answer:
            self.errors += 1
        self._ask()

    def connection_lost(self, error: Exception | None) -> None:
        self.errors += self._sent < self._ends or error is not None
        self._done.set_result(None)


async def press(order: dict[str, Any]) -> dict[str, Any]:
    """Carry out one order, and return counts and latencies in milliseconds."""
    requests = read_requests(Path(order["file"]))
    loop = asyncio.get_running_loop()
    began = time.perf_counter()
    callers = []
    waits = []
    for number in range(order["connections"]):
        done = loop.create_future()
        caller = Caller(_drawer(order, requests, number), began + order["seconds"], done)
        await loop.create_connection(lambda caller=caller: caller, "127.0.0.1", order["port"])
        callers.append(caller)
        waits.append(done)
    await asyncio.gather(*waits)
    took = time.perf_counter() - began
    latencies = sorted(each for caller in callers for each in caller.latencies)
    return {
        "requests": len(latencies),
        "errors": sum(caller.errors for caller in callers),
        "seconds": took,
        "p50": 1000 * latencies[len(latencies) // 2] if latencies else None,
        "p99": 1000 * latencies[len(latencies) * 99 // 100] if latencies else None,
    }


def _drawer(order: dict[str, Any], requests: list[bytes], number: int) -> Callable[[], bytes | None]:
    """Draw at random again and again, or with "once" each request once, by whichever connection is next."""
    if order.get("once"):
        return lambda: requests.pop() if requests else None
    dice = random.Random(order["seed"] * 1000 + number)
    return lambda: dice.choice(requests)


def write_requests(path: Path, requests: list[bytes]) -> None:
    """Write requests for `read_requests`."""
    path.write_bytes(b"".join(struct.pack("!I", len(each)) + each for each in requests))


def read_requests(path: Path) -> list[bytes]:
    """Read requests as `write_requests` wrote them."""
    data, at, found = path.read_bytes(), 0, []
    while at < len(data):
        (length,) = struct.unpack_from("!I", data, at)
        found.append(data[at + 4 : at + 4 + length])
        at += 4 + length
    return found


if __name__ == "__main__":
    json.dump(uvloop.run(press(json.loads(sys.stdin.readline()))), sys.stdout)
