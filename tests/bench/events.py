"""What an event costs from the webhook door to Salesforce: events a second, latency, and beside a hot key.

`python -m tests.bench.events`: `contract-graph serve` and workers in processes of their own over an
embedded database that waits for its disk unless `--fast`, the stand-in Salesforce answering at once, the load
from this machine too. CPU is that of the server (or the workers) and of PostgreSQL, for each event.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import asyncpg

from storage.database import Database
from storage.embedded_roles import READ_WRITE
from storage.inbox import Arrived, add_events, inbox_id
from storage.lanes import Message, Queue, enqueue
from tests.bench.dialects import OURS
from tests.bench.load import write_requests
from tests.bench.measure import Figures, Load, press
from tests.bench.processes import usage
from tests.bench.servers import Server
from tests.bench.site import CONNECTION, ORG, Process, Site, site
from tests.sync.clm.deliveries import hmac

CONTRACTS: Final = 2_000
CONNECTIONS: Final = 32
HOT: Final = 20_000
A_SECOND: Final = 50


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of the table."""

    what: str
    figure: str
    bar: str
    cpu: str = ""


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=10, help="of the steady load whose latency counts")
    parser.add_argument("--hot", type=int, default=HOT, help="events of the hot key")
    parser.add_argument("--fast", action="store_true", help="do not wait for the disk")
    given = parser.parse_args()
    with site(CONTRACTS, durable=not given.fast) as made:
        lines = [
            _door(made, given.events),
            _whole(made, given.events),
            _latency(made, given.seconds, "alone"),
        ]
        _heat(made, given.hot)
        lines.append(_latency(made, given.seconds, f"beside {given.hot:,} events of one key"))
    width = max(len(each.what) for each in lines)
    for each in lines:
        print(f"{each.what:<{width}}  {each.figure:<32}  {each.cpu:<46}  {each.bar}", flush=True)


def _door(made: Site, events: int) -> Line:
    """Accepted at the door, with nobody working meanwhile."""
    made.empty()
    server = made.serve()
    _press(made, 0, 500)  # it knows its connection, and its statements
    before, began = _used(made, [server]), time.perf_counter()
    _press(made, 1_000, events)
    took = time.perf_counter() - began
    cpu = _cpu(made, [server], before, events)
    made.end(server)
    accepted = made.value("SELECT count(*) FROM inbox_event")
    assert accepted == events + 500, accepted
    return Line(
        what="accepted at the door", figure=f"{events / took:,.0f} events/s", cpu=cpu, bar="bar 1,500"
    )


def accepted(rounds: int, events: int) -> Sequence[Figures]:
    """Have events accepted at the door in rounds, with nobody working meanwhile, and return the figures."""
    with site(CONTRACTS) as made:
        process = made.serve()
        server = Server(
            name="ours", dialect=OURS, port=made.port, process=process.pid,
            running=lambda: process.poll() is None,
        )  # fmt: skip
        file, postmaster = made.home / "requests", made.cluster.status().pid or 0

        def pressed(first: int) -> Figures:
            sent = (made.request(first + each, each % CONTRACTS) for each in reversed(range(events)))
            write_requests(file, list(sent))
            load = Load(files={"ours": file}, connections=CONNECTIONS, seconds=600, seed=0, once=True)
            return press(server, postmaster, load)

        found = [pressed(number * events) for number in range(rounds + 1)]
        made.end(process)
    return found[1:]  # at first it learns its connection and its statements


def _whole(made: Site, events: int) -> Line:
    """From the door to Salesforce: all of them sent while two workers work."""
    made.empty()
    server, workers = made.serve(), [made.start("worker") for _ in range(2)]
    _press(made, 50_000, 500)
    made.wait_until_done()
    before, began = _used(made, workers), time.perf_counter()
    _press(made, 100_000, events)
    made.wait_until_done()
    took = time.perf_counter() - began
    cpu = _cpu(made, workers, before, events)
    for each in (server, *workers):
        made.end(each)
    return Line(what="end to end", figure=f"{events / took:,.0f} events/s", cpu=cpu, bar="bar 800")


def _latency(made: Site, seconds: float, beside: str) -> Line:
    """Webhook to Salesforce's journal, at a steady rate; the stand-in is looked at every 5 ms."""
    server, workers = made.serve(), [made.start("worker") for _ in range(2)]
    first = 200_000 if beside == "alone" else 300_000
    _press(made, first - 500, 50)
    time.sleep(1)
    found = asyncio.run(_steady(made, first, int(seconds * A_SECOND)))
    for each in (server, *workers):
        made.end(each)
    p50, p99 = (1000 * found[len(found) * part // 100] for part in (50, 99))
    return Line(
        what=f"latency at {A_SECOND} events/s, {beside}", figure=f"p50 {p50:,.0f} ms, p99 {p99:,.0f} ms",
        bar="bar p50 100 ms",
    )  # fmt: skip


async def _steady(made: Site, first: int, events: int) -> Sequence[float]:
    sent: dict[str, float] = {}
    seen: dict[str, float] = {}

    async def send(number: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", made.port)
        sent[f"T{number}"] = time.perf_counter()
        writer.write(made.request(number, number % (CONTRACTS - 1)))
        assert (await reader.readline()).startswith(b"HTTP/1.1 200")
        writer.close()

    async def watch() -> None:
        after = max((each["number"] for each in made.salesforce.journal()), default=0)
        while len(seen) < events:
            entries = await asyncio.to_thread(made.salesforce.journal, after)
            for each in entries:
                after = each["number"]
                if each["fields"].get("Name") in sent:
                    seen[each["fields"]["Name"]] = time.perf_counter()
            await asyncio.sleep(0.005)

    watching = asyncio.create_task(watch())
    await asyncio.sleep(0.2)
    began, tasks = time.perf_counter(), []
    for number in range(events):
        await asyncio.sleep(max(0.0, began + number / A_SECOND - time.perf_counter()))
        tasks.append(asyncio.create_task(send(first + number)))
    await asyncio.gather(*tasks)
    await asyncio.wait_for(watching, 60)
    return sorted(seen[name] - sent[name] for name in sent)


def _heat(made: Site, events: int) -> None:
    """Have so many events of one contract wait, stored as the door stores them."""

    async def run() -> None:
        database = await Database.open(made.cluster.dsn(READ_WRITE), 1)
        now, hot = datetime.now(UTC), CONTRACTS - 1
        for begin in range(0, events, 500):
            bodies = [made.body(400_000 + begin + each, hot) for each in range(min(500, events - begin))]
            async with database.transaction(ORG.id) as connection:
                await _store(connection, bodies, 400_000 + begin, now)
        await database.close()

    asyncio.run(run())


async def _store(connection: asyncpg.Connection, bodies: Sequence[bytes], first: int, now: datetime) -> None:
    arrived = [
        Arrived(
            connection_id=CONNECTION, events=[f"e{number}"], headers={"x-signature": hmac(body).hex()},
            query={}, body=body, correlation="hot", at=now,
        )
        for number, body in enumerate(bodies, first)
    ]  # fmt: skip
    await add_events(connection, ORG.id, arrived)
    messages = [
        Message(key=f"C{CONTRACTS - 1}", payload=str(inbox_id(CONNECTION, each.events[0])), correlation="hot")
        for each in arrived
    ]
    await enqueue(connection, ORG.id, Queue.INBOX, messages, now)


def _press(made: Site, first: int, events: int) -> None:
    """Send events once each, over some connections, from a process of its own."""
    file = made.home / "requests"
    write_requests(file, [made.request(first + each, each % CONTRACTS) for each in reversed(range(events))])
    order = {
        "port": made.port, "seconds": 600, "connections": min(CONNECTIONS, events), "seed": 0,
        "file": str(file), "once": True,
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.load"], input=json.dumps(order), capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    told = json.loads(done.stdout)
    assert (told["requests"], told["errors"]) == (events, 0), told


def _used(made: Site, processes: Sequence[Process]) -> tuple[float, float]:
    postmaster = made.cluster.status().pid or 0
    found = [usage(each.pid, postmaster) for each in processes]
    known = [each for each in found if each is not None]
    return sum(each.server for each in known), known[0].postgres if known else 0.0


def _cpu(made: Site, processes: Sequence[Process], before: tuple[float, float], events: int) -> str:
    ours, postgres = (
        1000 * (after - was) / events for after, was in zip(_used(made, processes), before, strict=True)
    )
    return f"CPU {ours:.2f} ms ours, {postgres:.2f} ms PostgreSQL"


if __name__ == "__main__":
    main()
