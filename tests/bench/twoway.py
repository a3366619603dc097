"""Both directions at once: fields edited here and in Salesforce at random, while all fails that can.

`python -m tests.bench.twoway`: three workers, of which one is killed (-9) every twenty seconds; calls to the
stand-in Salesforce fail in six ways, its change events come twice or without values, its stream breaks, and
replay ids are lost. Half of the contracts are signed half way, by which the amount changes hands. At last
both sides are compared and repaired as every night, a person settles what is left to one, and each edit is
looked for. Ends with 1 if anything is wrong.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
import time
from datetime import timedelta
from random import Random
from typing import Final

import asyncpg
import uvloop

from api.installation import sealer
from api.settings import load_settings
from domain.drift import DriftState
from storage.database import Database
from storage.embedded_roles import DATABASE, READ_WRITE
from storage.lane_outcome import Patience
from sync.registry import handlers, subscribers
from sync.turn import Pace
from sync.worker import Worker
from tests.bench.site import Process, Site, site
from tests.storage.lane_work import Work
from tests.sync.salesforce.two_ways import TwoWays
from tests.sync.salesforce.weighing import Weighed, weigh

WORKERS: Final = 3
KILLED: Final = 20.0  # seconds between two kills
EACH: Final = 100
"""So many rounds has a contract in the middle."""
LOSSES: Final = 10
"""How often the stream is lost with its place, and how often both sides are compared meanwhile."""
ROUNDS: Final = 5
"""Nights in which all that drifted is to be repaired."""
TOPIC: Final = "/data/ChangeEvents"
PACE: Final = Pace(lease=timedelta(seconds=5), patience=Patience(attempts=60, longest=timedelta(seconds=3)))


def main() -> int:
    """Edit, and print what came of it; or be one of the workers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=10_000, help="one edit on each side in each")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--work", metavar="URL", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.work:
        uvloop.run(_work(given.work))
        return 0
    with site(0, events=True) as made:
        found = asyncio.run(_Run(made, Random(given.seed)).run(given.rounds))
    print(found, flush=True)
    return 0 if found.good else 1


async def edited(ways: TwoWays, rounds: int) -> Weighed:
    """Edit for so many rounds while workers work and all fails; then compare, repair, and weigh it."""
    began, losses = time.perf_counter(), max(rounds // LOSSES, EACH // 2)
    made = len(ways.ours())
    ways.fail()
    for number in range(1, rounds + 1):
        if number == rounds // 2:
            await ways.sign()
        if number % losses == losses // 2:
            await ways.lose_the_stream(TOPIC)
        if number % losses == losses - 1:
            await ways.compare()
        await ways.round(number)
        if number % 10 == 0:
            await ways.pace(TOPIC)
    ways.org.stand_in.clear("faults")
    await ways.quiet(TOPIC)
    found = Weighed(2 * rounds, faults={"times the stream was lost with its place": ways.lost})
    for _ in range(ROUNDS):
        await ways.compare()
        await ways.quiet(TOPIC)
        if not await ways.drifted(DriftState.DRIFTED, DriftState.REPAIRING, DriftState.PENDING):
            break
    # What was edited again after a repair while the run went on is left to a person, with the reason.
    found.settled = await ways.settle(TOPIC)
    found.repaired = await ways.drifted(DriftState.REPAIRED)
    before = len(ways.ours())
    await ways.compare()
    await ways.quiet(TOPIC)
    await weigh(ways, found)
    found.writes_after, found.writes = found.writes - before, found.writes - made
    found.seconds = time.perf_counter() - began
    return found


class _Run:
    def __init__(self, made: Site, chance: Random) -> None:
        self._site, self._chance = made, chance
        self._workers: list[Process] = []
        self._kills = 0

    async def run(self, rounds: int) -> Weighed:
        database = await Database.open(self._site.cluster.dsn(READ_WRITE), 4)
        superuser = await asyncpg.connect(self._site.cluster.dsn("postgres", DATABASE))
        ways = TwoWays(Work(database, superuser), self._site.org, self._chance)
        killing = asyncio.create_task(self._kill())
        try:
            await ways.subscribe(TOPIC)
            await ways.furnish(max(rounds // EACH, 10), TOPIC)
            found = await edited(ways, rounds)
        finally:
            killing.cancel()
            await asyncio.gather(killing, return_exceptions=True)
            await superuser.close()
            await database.close()
        found.faults = {"workers killed": self._kills, **found.faults}
        return found

    async def _kill(self) -> None:
        self._workers = [self._site.work("tests.bench.twoway") for _ in range(WORKERS)]
        while True:
            await asyncio.sleep(KILLED)
            place = self._chance.randrange(WORKERS)
            await asyncio.to_thread(self._site.end, self._workers[place], signal.SIGKILL)
            self._workers[place] = self._site.work("tests.bench.twoway")
            self._kills += 1


async def _work(url: str) -> None:
    database = await Database.open(url, PACE.connections)
    keys = sealer(load_settings())
    worker = Worker(database, handlers(database, keys), pace=PACE, listen_to=url)
    await asyncio.gather(worker.run(), subscribers(database, keys).run())


if __name__ == "__main__":
    sys.exit(main())
