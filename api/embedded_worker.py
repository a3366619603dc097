"""A worker in the process of the API, for small installations: others run `contract-graph worker`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from api.handlers import all_handlers
from auth.crypto import Sealer
from storage.database import Database
from sync.registry import subscribers
from sync.trace import Trace
from sync.turn import Pace
from sync.worker import Worker

_LANES = 4


@asynccontextmanager
async def working(
    url: str, sealer: Sealer, trace: Trace | None = None, hook_networks: str = ""
) -> AsyncIterator[Worker]:
    """Have a worker work beside what is done inside, over connections of its own."""
    pace = replace(Pace(), lanes=_LANES)
    database = await Database.open(url, pace.connections)
    registered = all_handlers(database, sealer, hook_networks)
    worker = Worker(database, registered, pace=pace, listen_to=url, trace=trace)
    reader = subscribers(database, sealer, health=worker.health)
    running = [asyncio.create_task(each.run()) for each in (worker, reader)]
    try:
        yield worker
    finally:
        worker.stop()
        reader.stop()
        await asyncio.gather(*running)
        await database.close()
