"""kill -9 of workers in the middle of their leases: nothing lost, nothing doubled, every key in order."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from datetime import UTC, datetime
from random import Random

from tests.api.command_line import ROOT, environment
from tests.storage.lane_work import Work, runner
from tests.sync.lane_workers import NOTEBOOK, noted, until_empty

KEYS, EACH, KILLS = 10, 40, 8


class Workers:
    """Processes of which one or the other is killed, and replaced."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._running = [self._start() for _ in range(3)]

    def _start(self) -> subprocess.Popen[str]:
        started = subprocess.Popen(
            [sys.executable, "-m", "tests.sync.lane_process", self._url],
            cwd=ROOT, env=environment({}), stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert started.stdout is not None
        assert started.stdout.readline() == "works\n"
        return started

    def kill(self, chance: Random) -> None:
        place = chance.randrange(len(self._running))
        self._end(self._running[place], signal.SIGKILL)
        self._running[place] = self._start()

    def stop(self) -> list[int]:
        return [self._end(each, signal.SIGTERM) for each in self._running]

    def _end(self, process: subprocess.Popen[str], number: signal.Signals) -> int:
        process.send_signal(number)
        code = process.wait(30)
        assert process.stdout is not None
        process.stdout.close()
        return code


async def lost(work: Work) -> bool:
    """Wait for a lane to be taken from a worker that was killed over it."""
    for _ in range(3000):
        if await work.superuser.fetchval("SELECT count(*) FROM lane WHERE attempts > 1 OR alone > 0"):
            return True
        await asyncio.sleep(0.01)
    return False


def test_killed_workers_lose_nothing_and_double_nothing(
    database_url: str, owner_url: str, superuser_url: str
) -> None:
    chance = Random(9)

    async def produce(work: Work, key: str) -> None:
        for number in range(EACH):
            await work.enqueue(f"{number:03}", key=key)
            await asyncio.sleep(0.02)

    async def run(work: Work) -> None:
        work.now = datetime.now(UTC)
        await work.superuser.execute(NOTEBOOK)
        workers = await asyncio.to_thread(Workers, database_url)
        producing = asyncio.gather(*(produce(work, f"key {n}") for n in range(KEYS)))
        losing = asyncio.create_task(lost(work))  # on a slow machine all is done before the last is killed
        for _ in range(KILLS):
            await asyncio.to_thread(workers.kill, chance)
        orphaned = await losing
        await producing
        await until_empty(work, 60)
        assert orphaned
        assert await asyncio.to_thread(workers.stop) == [0, 0, 0]  # SIGTERM is no accident
        in_order = [f"{number:03}" for number in range(EACH)]
        assert await noted(work) == {f"key {n}": in_order for n in range(KEYS)}
        assert await work.superuser.fetchval("SELECT count(*) FROM quarantined_message") == 0
        assert await work.superuser.fetchval("SELECT count(*) FROM lane WHERE lease IS NOT NULL") == 0

    runner(database_url, owner_url, superuser_url)(run)
