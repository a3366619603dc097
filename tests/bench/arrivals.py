"""The load of the soak: requests that arrive at a fixed rate, whether or not the last were answered.

`python -m tests.bench.arrivals` reads lines of JSON: what there is to ask (`traffic.kinds`), then one a
phase, {"seconds", "rate"}; without a rate each of its connections asks again as soon as it is answered. It
writes a line a minute and one at the end of a phase. A request is late from the moment at which it was due.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from array import array
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

import uvloop

from tests.bench.listeners import Listeners
from tests.bench.load import Answers
from tests.bench.traffic import SHARES, Judge, Kind, kinds

LINES: Final = 64
"""Connections at most, as a proxy has them; who finds none free waits, and is late."""

IDLE: Final = 3.0
"""Seconds after which a connection is not used again: the server closes one after five."""

EXAMPLES: Final = 5


@dataclass
class Tally:
    """What became of the requests of a minute, or of a phase: latencies in seconds, by kind."""

    latencies: dict[str, array[float]] = field(default_factory=lambda: {name: array("d") for name in SHARES})
    wrong: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)
    late: float = 0.0
    """Seconds by which an arrival itself was sent late at most: what the load's own process held up."""

    def told(self) -> dict[str, Any]:
        """Return it as it is written, latencies in milliseconds."""
        every = [each for found in self.latencies.values() for each in found]
        return _figures(every) | {
            "errors": sum(self.wrong.values()), "wrong": dict(self.wrong), "examples": self.examples,
            "late": 1000 * self.late,
            "kinds": {name: _figures(found) for name, found in self.latencies.items()},
        }  # fmt: skip


def _figures(latencies: Sequence[float]) -> dict[str, Any]:
    found, count = sorted(latencies), len(latencies)
    p50, p99 = (1000 * found[count * part // 100] if found else None for part in (50, 99))
    return {"requests": count, "p50": p50, "p99": p99}


@dataclass(frozen=True)
class Arrival:
    """A request that is due."""

    kind: str
    due: float
    request: bytes
    judge: Judge


class Line(asyncio.Protocol):
    """One connection, which one request after the other has to itself."""

    def __init__(self, ended: Callable[[Line, Arrival | None, bytes], None]) -> None:
        self._ended = ended
        self._arrival: Arrival | None = None
        self._answers = Answers()
        self.rested = time.perf_counter()

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    @property
    def is_open(self) -> bool:
        """Whether it may be used: neither closed nor idle for so long that it is about to be."""
        return not self._transport.is_closing() and time.perf_counter() - self.rested < IDLE

    def send(self, arrival: Arrival) -> None:
        """Send a request."""
        self._arrival = arrival
        self._transport.write(arrival.request)

    def close(self) -> None:
        """Leave."""
        self._transport.close()

    def data_received(self, data: bytes) -> None:
        answer = self._answers.take(data)
        if answer is None:
            return
        arrival, self._arrival = self._arrival, None
        self.rested = time.perf_counter()
        self._ended(self, arrival, bytes(answer))

    def connection_lost(self, error: Exception | None) -> None:
        arrival, self._arrival = self._arrival, None
        if arrival is not None:
            self._ended(self, arrival, f"the connection was lost: {error!r}".encode())


class Load:
    """Sends what is due over connections, and counts."""

    def __init__(self, port: int, asked: Mapping[str, Kind], dice: Random) -> None:
        self._port, self._asked, self._dice = port, asked, dice
        self._names = [name for name, share in SHARES.items() for _ in range(share)]
        self._free: list[Line] = []
        self._waiting: deque[Arrival] = deque()
        self._lines = self._under_way = 0
        self._making: set[asyncio.Task[None]] = set()
        self._again = 0.0
        self.minute, self.phase = Tally(), Tally()

    async def press(self, seconds: float) -> None:
        """Keep every connection busy for so long."""
        self._again = time.perf_counter() + seconds
        for _ in range(LINES):
            self._arrive(time.perf_counter())
        await self._quiet(seconds)

    async def arrive(self, seconds: float, rate: float) -> None:
        """Have so many requests a second arrive for so long, and write down what became of each minute."""
        self._again = 0.0
        began, count, minutes = time.perf_counter(), 0, 1
        while (due := began + count / rate) < began + seconds:
            now = time.perf_counter()
            if now >= began + 60 * minutes:
                say({"minute": minutes, "waiting": len(self._waiting), **self.minute.told()})
                self.minute, minutes = Tally(), minutes + 1
            if due > now:
                await asyncio.sleep(due - now)
                continue
            self.minute.late = max(self.minute.late, now - due)
            self._arrive(due)
            count += 1
            if count % 32 == 0:
                await asyncio.sleep(0)  # behind, it must hear of answers all the same
        await self._quiet(30)

    async def _quiet(self, seconds: float) -> None:
        """Wait until all is answered."""
        ends = time.perf_counter() + seconds + 30
        while self._under_way or self._waiting:
            if time.perf_counter() > ends:
                raise TimeoutError(f"{self._under_way + len(self._waiting)} requests are never answered")
            await asyncio.sleep(0.02)

    def _arrive(self, due: float) -> None:
        name = self._dice.choice(self._names)
        self._waiting.append(Arrival(name, due, *self._asked[name].next()))
        self._send()

    def _send(self) -> None:
        while self._waiting:
            while self._free:
                line = self._free.pop()
                if line.is_open:
                    break
                self._let_go(line)
            else:
                if self._lines < LINES:
                    self._lines += 1
                    task = asyncio.create_task(self._connect())
                    self._making.add(task)
                    task.add_done_callback(self._making.discard)
                return
            self._under_way += 1
            line.send(self._waiting.popleft())

    async def _connect(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            _, line = await loop.create_connection(lambda: Line(self._ended), "127.0.0.1", self._port)
        except OSError as error:
            self._lines -= 1
            if self._waiting:
                self._under_way += 1
                self._count(self._waiting.popleft(), repr(error).encode())
            return
        self._free.append(line)
        self._send()

    def _let_go(self, line: Line) -> None:
        line.close()
        self._lines -= 1

    def _ended(self, line: Line, arrival: Arrival | None, answer: bytes) -> None:
        if arrival is None:
            return
        self._count(arrival, answer)
        if line.is_open and b"\r\nconnection: close" not in answer[:400].lower():
            self._free.append(line)
        else:
            self._let_go(line)
        if time.perf_counter() < self._again:
            self._arrive(time.perf_counter())
        self._send()

    def _count(self, arrival: Arrival, answer: bytes) -> None:
        self._under_way -= 1
        took, problem = time.perf_counter() - arrival.due, ""
        if not answer.startswith(b"HTTP/1.1 200") or b'"errors"' in answer:
            problem = "error"
        elif not arrival.judge(answer):
            problem = "wrong answer"
        for tally in (self.minute, self.phase):
            tally.latencies[arrival.kind].append(took)
            if problem:
                tally.wrong[f"{arrival.kind}: {problem}"] += 1
                if len(tally.examples) < EXAMPLES:
                    tally.examples.append(f"{arrival.kind}: {answer[:600]!r}")


async def work() -> None:
    """Carry out the phases that are told, until no more are."""
    order = json.loads(await asyncio.to_thread(sys.stdin.readline))
    dice = Random(order["seed"])
    asked = kinds(order, dice)
    load = Load(order["port"], asked, dice)
    async with Listeners(order["port"], order["listeners"], dice) as listeners:
        while line := await asyncio.to_thread(sys.stdin.readline):
            phase = json.loads(line)
            load.minute, load.phase = Tally(), Tally()
            began = time.perf_counter()
            if phase["rate"] is None:
                await load.press(phase["seconds"])
            else:
                await load.arrive(phase["seconds"], phase["rate"])
            done = {"seconds": time.perf_counter() - began, "listeners": listeners.told()}
            sent = {name: getattr(asked[name], "sent", 0) for name in ("webhook", "claim", "flag")}
            say({"over": True, **done, "sent": sent, **load.phase.told()})


def say(told: Mapping[str, Any]) -> None:
    """Write a line."""
    print(json.dumps(told), flush=True)


if __name__ == "__main__":
    uvloop.run(work())
