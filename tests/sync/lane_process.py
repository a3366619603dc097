"""A worker in a process of its own, for tests that kill it: `python -m tests.sync.lane_process URL`."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import asyncpg

from storage.database import Database
from storage.lane_outcome import Outcome, Patience
from storage.lanes import Queue
from sync.handlers import Batch, Within
from sync.worker import Worker
from tests.sync.lane_workers import BRISK, note

LEASE = timedelta(seconds=1)


async def slowly(connection: asyncpg.Connection, batch: Batch) -> Sequence[Outcome]:
    """Be in the middle of it for a while, so that whoever kills us finds us there."""
    done = await note(connection, batch)
    await asyncio.sleep(0.02)
    return done


async def main(url: str) -> None:
    database = await Database.open(url, 6)
    pace = replace(BRISK, lease=LEASE, patience=Patience(attempts=1000))
    worker = Worker(database, {Queue.INBOX: Within(slowly)}, pace=pace, listen_to=url)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, worker.stop)
    print("works", flush=True)  # noqa: T201 - told to the test
    await worker.run()
    await database.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
