"""Events through the door while everything fails: nothing lost, nothing doubled, each record in order.

`python -m tests.bench.chaos`: four workers, of which one is killed (-9) every second; the database is stopped
at once and started again twice; of the calls to the stand-in Salesforce one in five fails, some of them after
they took effect. The contract system sends each event until it is answered. Ends with 1 if anything is wrong:
a database that does not wait for its disk loses events here, and is found out.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any, Final

import asyncpg
import uvloop

from api.installation import sealer
from api.settings import load_settings
from storage.database import Database
from storage.lane_outcome import Patience
from storage.lanes import Queue
from sync.registry import handlers
from sync.turn import Pace
from sync.worker import Worker
from tests.bench.site import Process, Site, site

WORKERS: Final = 4
SENDERS: Final = 16
TROUBLE: Final = ("lock", "unavailable", "cut", "cut_after", "expired")
FAILING: Final = 0.2
PACE: Final = Pace(lease=timedelta(seconds=5), patience=Patience(attempts=30, longest=timedelta(seconds=5)))
"""A lease that is soon over: workers die so often that an hour would pass in waiting for them."""


@dataclass
class Found:
    """What came of it all."""

    events: int
    seconds: float
    kills: int
    restarts: int
    longest: float = 0.0
    """Seconds between two events that were accepted, at most."""
    lost: Sequence[str] = ()
    doubled: Sequence[str] = ()
    out_of_order: Sequence[str] = ()
    held: Mapping[str, int] = field(default_factory=dict)

    @property
    def good(self) -> bool:
        """Whether all is as it must be."""
        return not (self.lost or self.doubled or self.out_of_order)

    def __str__(self) -> str:
        rate = f"{self.events:,} events in {self.seconds:.1f} s, {self.events / self.seconds:,.0f} events/s"
        met = f"{self.kills} workers killed, the database restarted {self.restarts} times"
        lines = [f"{rate}; {met}; the longest without an event accepted {self.longest:.1f} s"]
        for name in ("lost", "doubled", "out_of_order"):
            wrong = getattr(self, name)
            lines.append(f"{name.replace('_', ' ')} {len(wrong)}" + "".join(f"\n  {w}" for w in wrong[:10]))
        reasons = "".join(f"\n  {count} {reason}" for reason, count in sorted(self.held.items()))
        return "\n".join([*lines, f"quarantined {sum(self.held.values())}{reasons}"])


def main() -> int:
    """Have chaos, and print what came of it; or be one of the workers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--work", metavar="URL", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.work:
        uvloop.run(_work(given.work))
        return 0
    contracts = max(given.events // 20, 10)
    with site(contracts) as made:
        found = _Chaos(made, given.events, Random(given.seed)).run()
    print(found, flush=True)
    return 0 if found.good else 1


class _Chaos:
    def __init__(self, made: Site, events: int, chance: Random) -> None:
        self._site, self._events, self._chance = made, events, chance
        self._accepted = self._kills = self._restarts = 0
        self._came, self._longest = 0.0, 0.0
        self._over = threading.Event()

    def run(self) -> Found:
        share = FAILING / len(TROUBLE)
        faults = [{"kind": kind, "times": None, "share": share} for kind in TROUBLE]
        self._site.salesforce.arrange(faults=faults)
        self._site.serve()
        workers = [self._site.work("tests.bench.chaos") for _ in range(WORKERS)]
        killing = threading.Thread(target=self._kill, args=(workers,))
        restarting = threading.Thread(target=self._restart)
        began = time.perf_counter()
        killing.start()
        restarting.start()
        try:
            asyncio.run(self._send())
            restarting.join()
            self._wait()
        finally:
            self._over.set()
            killing.join()
        self._site.wait_until_done()
        took = time.perf_counter() - began
        found = Found(self._events, took, self._kills, self._restarts, self._longest)
        self._site.ask(lambda connection: self._look(connection, found))
        return found

    def _kill(self, workers: list[Process]) -> None:
        while not self._over.wait(1):
            place = self._chance.randrange(len(workers))
            self._site.end(workers[place], signal.SIGKILL)
            workers[place] = self._site.work("tests.bench.chaos")
            self._kills += 1

    def _restart(self) -> None:
        for part in (1, 2):
            while self._accepted < part * self._events // 3:
                if self._over.wait(0.05):
                    return
            self._site.cluster.stop("immediate")
            self._site.cluster.start()
            self._restarts += 1

    def _wait(self) -> None:
        """Wait, while workers go on dying, until all events are judged; what Salesforce lacks comes then."""
        waiting = "SELECT EXISTS (SELECT FROM lane WHERE queue = $1 AND next_at < 'infinity')"
        while self._site.value(waiting, Queue.INBOX):
            time.sleep(0.2)

    async def _send(self) -> None:
        contracts = range(self._site.contracts)
        self._came = time.perf_counter()
        await asyncio.gather(*(self._sender(contracts[first::SENDERS]) for first in range(SENDERS)))

    async def _sender(self, contracts: Sequence[int]) -> None:
        """Send the events of some contracts, those of each in order."""
        connection: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        for turn in range(0, self._events, self._site.contracts):
            for contract in contracts:
                event = turn + contract
                while event < self._events:
                    try:
                        if connection is None:
                            connection = await asyncio.open_connection("127.0.0.1", self._site.port)
                        if await _answer(*connection, self._site.request(event, contract)) == 200:
                            break
                    except (OSError, EOFError, ValueError):
                        connection = None
                    await asyncio.sleep(0.1)
                self._accepted += 1
                now = time.perf_counter()
                self._longest, self._came = max(self._longest, now - self._came), now
        if connection is not None:
            connection[1].close()

    async def _look(self, connection: asyncpg.Connection, found: Found) -> None:
        """See what became of every event, here and in Salesforce."""
        rows = await connection.fetch(
            "SELECT event, count(*) AS n FROM field_change WHERE source = 'bench' GROUP BY event"
        )
        judged = {row["event"]: row["n"] for row in rows}
        held = await connection.fetch(
            "SELECT q.error, l.queue, l.key, e.event FROM quarantined_message q JOIN lane l"
            " ON (l.org_id, l.id) = (q.org_id, q.lane_id) LEFT JOIN inbox_event e"
            " ON e.org_id = q.org_id AND e.id::text = q.payload WHERE q.state = 'HELD'"
        )
        found.held = Counter(f"{row['queue']} {row['error']}" for row in held)
        put_aside = {row["event"] for row in held if row["event"]}
        found.lost = [
            f"event e{number} was never judged"
            for number in range(self._events)
            if f"e{number}" not in judged and f"e{number}" not in put_aside
        ]
        found.doubled = [f"event {event} was judged {n} times" for event, n in judged.items() if n > 1]
        known = await connection.fetch(
            "SELECT id::text AS id, external_reference AS name, title FROM contract"
        )
        untold = {row["key"] for row in held if row["queue"] == Queue.OUTBOX}
        self._compare(known, untold, found)

    def _compare(self, known: Sequence[Any], untold: set[str], found: Found) -> None:
        journal: dict[str, list[Mapping[str, Any]]] = {}
        for entry in self._site.salesforce.journal(object="Contract"):
            journal.setdefault(entry["id"], []).append(entry)
        records = self._site.salesforce.records("Contract")
        told = {each["Contract_Graph_Id__c"]: each for each in records}
        lost, doubled, late = list(found.lost), list(found.doubled), []
        if len(told) != len(records):
            doubled.append(f"{len(records) - len(told)} records too many in Salesforce")
        for row in known:
            name, last = row["name"], self._last(int(row["name"][1:]))
            if row["title"] != last and not found.held:
                late.append(f"{name} ends as {row['title']}, and {last} was said last")
            if row["id"] in untold:
                continue
            record = told.get(row["id"])
            if record is None or record["Name"] != row["title"]:
                lost.append(f"Salesforce lacks {row['title']} of {name}")
                continue
            names = [e["fields"]["Name"] for e in journal[record["Id"]] if "Name" in e["changed"]]
            if len(set(names)) < len(names):
                doubled.append(f"{name} was told twice: {names}")
            if names != sorted(names, key=lambda each: int(each[1:])):
                late.append(f"{name} was told out of order: {names}")
        found.lost, found.doubled, found.out_of_order = lost, doubled, late

    def _last(self, contract: int) -> str:
        turns = (self._events - 1 - contract) // self._site.contracts
        return f"T{turns * self._site.contracts + contract}"


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> int:
    writer.write(request)
    status = (await reader.readuntil(b"\r\n")).split()[1]
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = next(line for line in head.split(b"\r\n") if line.startswith(b"content-length:"))
    await reader.readexactly(int(length.partition(b":")[2]))
    return int(status)


async def _work(url: str) -> None:
    while True:
        try:
            database = await Database.open(url, PACE.connections)
        except Exception:  # noqa: BLE001 - it is being restarted: whatever starts workers starts them again
            await asyncio.sleep(0.2)
            continue
        registered = handlers(database, sealer(load_settings()))
        await Worker(database, registered, pace=PACE, listen_to=url).run()


if __name__ == "__main__":
    sys.exit(main())
