"""Processes that serve one port together: who dies is replaced, and all are replaced when told to.

Uvicorn has a supervisor of its own, which is not used: it ends everything when a process fails to start, as
each does while the database is away, and leaves the processes behind when it is killed itself.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from socket import socket
from types import FrameType
from typing import Final

log = logging.getLogger("contract_graph.workers")

READY: Final = "ready"
START_SECONDS: Final = 60.0
"""A process that does not answer requests by then is given up."""
STOP_SECONDS: Final = 30.0
"""A process that was told to end and has not by then is killed."""
_LOOK: Final = 0.2
_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.1, 5.0

Serve = Callable[[str, socket, Callable[[], None]], None]
"""Serves a database's URL on a socket until SIGTERM, and calls once it answers requests."""


@dataclass(eq=False)
class _Process:
    """One process that serves, and the pipe by which it says that it does."""

    process: SpawnProcess
    said: Connection
    born: float = field(default_factory=time.monotonic)
    ready: bool = False
    leaving: float | None = None

    def look(self) -> None:
        """Hear whether it answers requests, and kill it where it took too long over anything."""
        if not self.ready and self.alive and self.said.poll():
            try:
                self.ready = self.said.recv() == READY
            except EOFError:
                return
        now = time.monotonic()
        late = not self.ready and now - self.born > START_SECONDS
        if late or (self.leaving is not None and now - self.leaving > STOP_SECONDS):
            self.process.kill()

    @property
    def alive(self) -> bool:
        return self.process.is_alive()

    def leave(self) -> None:
        if self.leaving is None:
            self.leaving = time.monotonic()
            self.process.terminate()

    def bury(self) -> None:
        self.process.join()
        self.said.close()


class Workers:
    """`count` processes, kept up until SIGTERM or SIGINT; SIGHUP replaces them one after another."""

    def __init__(self, count: int, serve: Serve, url: str, door: socket) -> None:
        self._count = count
        self._serve, self._url, self._door = serve, url, door
        self._spawn = multiprocessing.get_context("spawn")
        self._serving: list[_Process] = []
        self._to_replace: list[_Process] = []
        self._stopping = False
        self._again = False
        self._pause = _SHORTEST_PAUSE
        self._not_before = 0.0
        self._ever_ready = False

    def run(self, started: Callable[[], None]) -> int:
        """Return the exit code: 1 where no process ever came to answer requests."""
        before = {number: signal.signal(number, self._told) for number in _SIGNALS}
        try:
            while not self._stopping:
                self._turn(started)
                wait([each.process.sentinel for each in self._serving], _LOOK)
                if self._failed():
                    return 1
            return 0
        finally:
            self._end()
            for number, handler in before.items():
                signal.signal(number, handler)

    def _told(self, number: int, _: FrameType | None) -> None:
        if number == signal.SIGHUP:
            self._again = True
        else:
            self._stopping = True

    def _failed(self) -> bool:
        dead = [each for each in self._serving if not each.alive]
        return not self._ever_ready and bool(dead)

    def _turn(self, started: Callable[[], None]) -> None:
        for each in self._serving:
            each.look()
        if any(each.ready for each in self._serving):
            if not self._ever_ready:
                self._ever_ready = True
                started()
            self._pause = _SHORTEST_PAUSE
        for each in [each for each in self._serving if not each.alive]:
            self._bury(each)
        if self._again:
            self._again, self._to_replace = False, [each for each in self._serving if each.leaving is None]
        self._replace()

    def _bury(self, dead: _Process) -> None:
        dead.bury()
        self._serving.remove(dead)
        if dead in self._to_replace:
            self._to_replace.remove(dead)
        if dead.leaving is None:
            log.error("process %d ended with %s: another starts", dead.process.pid, dead.process.exitcode)
            if not dead.ready:
                # It would fail again at once: the others go on, and it is tried again less and less often.
                self._not_before = time.monotonic() + self._pause
                self._pause = min(2 * self._pause, _LONGEST_PAUSE)

    def _replace(self) -> None:
        """Start what is missing; while replacing, one more, and let an old one go once all others answer."""
        staying = [each for each in self._serving if each.leaving is None]
        wanted = self._count + (1 if self._to_replace else 0)
        if len(staying) < wanted and time.monotonic() >= self._not_before:
            self._serving += [self._start() for _ in range(wanted - len(staying))]
        elif self._to_replace and len(staying) == wanted and all(each.ready for each in self._serving):
            self._to_replace.pop(0).leave()

    def _start(self) -> _Process:
        ours, theirs = self._spawn.Pipe()
        process = self._spawn.Process(target=_work, args=(self._serve, self._url, self._door, theirs))
        process.start()
        theirs.close()
        return _Process(process, ours)

    def _end(self) -> None:
        for each in self._serving:
            each.leave()
        while any(each.alive for each in self._serving):
            wait([each.process.sentinel for each in self._serving if each.alive], _LOOK)
            for each in self._serving:
                each.look()
        for each in self._serving:
            each.bury()


_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def _work(serve: Serve, url: str, door: socket, told: Connection) -> None:
    # A terminal that closes and a `kill -HUP` of the whole group are for the one that watches.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _leave)
    threading.Thread(target=_end_with_parent, args=(told,), daemon=True).start()
    serve(url, door, lambda: told.send(READY))


def _leave(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


def _end_with_parent(told: Connection) -> None:
    try:
        told.recv()
    except (EOFError, OSError):
        os.kill(os.getpid(), signal.SIGTERM)
