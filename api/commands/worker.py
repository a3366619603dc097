"""`contract-graph worker`: does the work that waits in the queues of every org."""

from __future__ import annotations

import argparse
import asyncio
import signal
from collections.abc import Iterable
from dataclasses import replace

import uvloop

from api.installation import open_installation, sealer
from api.metrics import Family, process
from api.metrics_page import LOOPBACK, PATH, metrics_told
from api.pool_metrics import of_pools
from api.settings import Settings, SettingsError
from api.sync_metrics import of_worker
from api.tracing import opened_trace
from storage.database import Database
from sync.registry import subscribers
from sync.turn import Counters, Pace
from sync.worker import Worker

_MOST_LANES = 200


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register `worker`."""
    parser = subparsers.add_parser("worker", help="do the work that waits in queues; any number may run")
    parser.add_argument("--once", action="store_true", help="end when nothing is due any more")
    parser.add_argument(
        "--lanes", type=int, default=Pace().lanes, help="how many are worked on at once, 80 unless said"
    )
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace, settings: Settings) -> int:
    if not 1 <= arguments.lanes <= _MOST_LANES:
        raise SettingsError(f"--lanes takes a whole number from 1 to {_MOST_LANES}")
    url = settings.database_url or open_installation(settings).url
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        told = runner.run(_work(url, settings, arguments))
    print(
        f"processed {told.processed:,}, put off {told.retried:,}, quarantined {told.quarantined:,},"
        f" fenced off {told.fenced:,}"
    )
    return 0


async def _work(url: str, settings: Settings, arguments: argparse.Namespace) -> Counters:
    from api.handlers import all_handlers  # noqa: PLC0415 - it needs the schema, which help does not

    trace = opened_trace(settings, "worker")
    pace = replace(Pace(), lanes=arguments.lanes)
    database = await Database.open(url, pace.connections)
    try:
        registered = all_handlers(database, sealer(settings), settings.hook_networks)
        worker = Worker(database, registered, pace=pace, listen_to=url, trace=trace)

        async def figures() -> Iterable[Family]:
            return [*process(), *of_pools({"worker": database}), *await of_worker(worker)]

        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, worker.stop)
        queues = ", ".join(sorted(registered))
        reader = subscribers(database, sealer(settings), health=worker.health)
        async with metrics_told(settings, figures) as port:
            told = "" if port is None else f", tells figures on http://{LOOPBACK}:{port}{PATH}"
            print(
                f"contract-graph works on {queues}{told}; SIGTERM ends it when what it began is done",
                flush=True,
            )
            # What is read of a stream never ends: what is due once has an end.
            reading = None if arguments.once else asyncio.create_task(reader.run())
            await worker.run(once=arguments.once)
            if reading is not None:
                reader.stop()
                await reading
        return worker.counters
    finally:
        await database.close()
        if trace is not None:
            await trace.close()
