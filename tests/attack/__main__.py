"""`make attack`: how fast each hostile request is met, with how much memory, and what others notice of it.

Every request is new to the server, which runs as the demo does: one process, limits as they are delivered but
for the allowances. Beside them one caller asks /health all the time. Exits with 1 if a bar is missed.
"""

from __future__ import annotations

import http.client
import resource
import socket
import statistics
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.api.running_demo import RunningDemo, demo, new_home
from tests.attack.documents import DOCUMENTS
from tests.heard import secrets_in

SLOWEST = 0.25
MEMORY = 100 * 1024 * 1024
HEALTH = 0.1
IDLE = 1000
HALF_OPEN = 400
CLOSED_WITHIN = 15.0
QUESTION = b'{"query": "{ viewer { subject } }"}'


@dataclass
class Health:
    """What a caller beside the attack sees: seconds that each answer of /health took."""

    port: int
    seconds: list[float] = field(default_factory=list)
    _over: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def asked(self) -> Iterator[None]:
        thread = threading.Thread(target=self._ask)
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join()

    def _ask(self) -> None:
        while not self._over.wait(0.005):
            began = time.perf_counter()
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
            connection.request("GET", "/health")
            assert connection.getresponse().read()
            connection.close()
            self.seconds.append(time.perf_counter() - began)

    def longest_after(self, place: int) -> float:
        """Seconds of the slowest answer after so many; 0 where none came since."""
        return max(self.seconds[place:], default=0.0)

    @property
    def p99(self) -> float:
        return statistics.quantiles(self.seconds, n=100)[98]


def memory_of(process: int) -> int:
    """Bytes that a process has in memory."""
    return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * 4096


def processor_of(process: int) -> float:
    """Seconds of a processor that a process has had: other than the time of an answer no matter of load."""
    tasks = Path(f"/proc/{process}/task").iterdir()
    return sum(int((each / "schedstat").read_text().split()[0]) for each in tasks) / 1e9


def meet(port: int, token: str, body: bytes) -> tuple[int, float]:
    """Send one request on a connection of its own; its status and the seconds until the answer is whole."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    headers["Accept"] = "application/graphql-response+json"
    began = time.perf_counter()
    with suppress(ConnectionError):  # what is too large is refused before it is whole
        connection.request("POST", "/graphql", body, headers)
    try:
        answer = connection.getresponse()
        answer.read()
        return answer.status, time.perf_counter() - began
    except ConnectionError:
        return 0, time.perf_counter() - began
    finally:
        connection.close()


def attack(running: RunningDemo) -> list[str]:
    """Send all, print the figures, and return what missed its bar."""
    missed = []
    process, token = running.process.pid, running.tokens["legal"]
    meet(running.port, token, QUESTION)
    before = most = memory_of(process)
    health = Health(running.port)
    slowest = 0.0
    print("  answered   processor  /health meanwhile")
    with health.asked():
        for name, body in DOCUMENTS.items():
            place, had = len(health.seconds), processor_of(process)
            status, seconds = meet(running.port, token, body)
            now, had = memory_of(process), processor_of(process) - had
            most, slowest = max(most, now), max(slowest, seconds)
            beside = health.longest_after(place)
            print(
                f"{seconds * 1000:7.1f} ms  {had * 1000:7.1f} ms  {beside * 1000:7.1f} ms"
                f"  {status}  +{(now - before) / 2**20:5.1f} MB  {name}",
                flush=True,
            )
            if seconds > SLOWEST:
                missed.append(f"{name}: {seconds * 1000:.0f} ms")
    print(
        f"{len(DOCUMENTS)} requests, the slowest {slowest * 1000:.0f} ms; +{(most - before) / 2**20:.1f} MB;"
    )
    print(f"/health meanwhile: {len(health.seconds)} answers, p99 {health.p99 * 1000:.1f} ms")
    if most - before > MEMORY:
        missed.append(f"memory: {(most - before) / 2**20:.0f} MB")
    if health.p99 > HEALTH:
        missed.append(f"/health p99: {health.p99 * 1000:.0f} ms")
    return missed


def crowd(port: int, token: str) -> list[str]:
    """Open connections that say nothing, and ask beside them."""
    with ExitStack() as stack:
        for _ in range(IDLE):
            stack.enter_context(socket.create_connection(("127.0.0.1", port)))
        met = [meet(port, token, QUESTION) for _ in range(100)]
    print(f"{IDLE} idle connections: 100 questions beside them, the slowest", end=" ")
    print(f"{max(seconds for _, seconds in met) * 1000:.1f} ms")
    return [] if {status for status, _ in met} == {200} else ["it does not answer beside idle connections"]


def half_open(port: int) -> list[str]:
    """Open connections that say half a head, and see how long they stay; others are answered meanwhile."""
    with ExitStack() as stack:
        opened = [
            stack.enter_context(socket.create_connection(("127.0.0.1", port))) for _ in range(HALF_OPEN)
        ]
        for place, each in enumerate(opened):
            each.sendall((b"", b"P", b"POST /graphql HTTP/1.1\r\n", b"GET / HTTP/1.1\r\nX: ")[place % 4])
        began = time.perf_counter()
        health = Health(port)
        with health.asked():
            for each in opened:
                each.settimeout(60)
                while each.recv(4096):
                    pass
        seconds = time.perf_counter() - began
    print(f"{HALF_OPEN} half-open connections: all closed after {seconds:.1f} s;", end=" ")
    print(f"/health meanwhile p99 {health.p99 * 1000:.1f} ms")
    return [] if seconds <= CLOSED_WITHIN else [f"half-open: {seconds:.0f} s"]


def main() -> int:
    """Attack a demo of its own."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # a connection is a file, here and there
    with new_home() as home, demo(home, unlimited=True) as running:
        token = running.tokens["legal"]
        missed = attack(running) + crowd(running.port, token) + half_open(running.port)
        alive = meet(running.port, token, QUESTION)[0] == 200
        missed += [] if alive else ["it is dead"]
        missed += ["a traceback was logged"] if "Traceback" in running.said else []
        missed += [f"logged: {each}" for each in secrets_in(running.logged)]
    for each in missed:
        print(f"missed: {each}", file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
