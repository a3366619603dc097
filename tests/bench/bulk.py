"""What telling Salesforce of many contracts costs of the calls of its day: by collections, and in bulk.

`python -m tests.bench.bulk`: so many contracts wait at once and one worker has them all written, first with
no bulk jobs and then with them. The stand-in answers at once, and has a job done at the second look; an org
takes a minute or more, which is looked at some ten times.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from datetime import UTC, datetime
from typing import Final

from auth.crypto import Sealer
from auth.key_encryption import from_text
from domain.ledger import contract_id_for
from storage.database import Database
from storage.embedded_roles import READ_WRITE
from storage.lanes import Queue, enqueue
from sync.bulk_writes import BulkWork
from sync.handlers import Apart, Handler, Together
from sync.outbox import OutboxWork, write_of
from sync.registry import now
from sync.salesforce.connection import ROWS_FOR_BULK
from sync.salesforce.orgs import SalesforceOrgs
from sync.turn import Pace
from sync.worker import Worker
from tests.bench.site import ORG, Site, site
from tests.keys import KEY_ENCRYPTION

_WAITING: Final = "SELECT EXISTS (SELECT FROM lane WHERE queue = 'outbox' AND next_at < 'infinity')"
_TOLD: Final = "SELECT count(*) FROM salesforce_record WHERE NOT in_doubt"


def main() -> int:
    """Measure, and print what each way took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--contracts", type=int, default=5000)
    given = parser.parse_args()
    for rows_for_bulk in (0, ROWS_FOR_BULK):
        with site(given.contracts, durable=False) as made:
            before, began = made.salesforce.calls(), time.perf_counter()
            asyncio.run(_written(made, rows_for_bulk))
            took, calls = time.perf_counter() - began, made.salesforce.calls() - before
            told = made.value(_TOLD)
            by = {each["via"] for each in made.salesforce.journal(object="Contract")}
        print(
            f"{told:,} of {given.contracts:,} contracts told by {' and '.join(sorted(by))}:"
            f" {calls:,} calls, {took:.0f} s", flush=True,
        )  # fmt: skip
    return 0


async def _written(made: Site, rows_for_bulk: int) -> None:
    database = await Database.open(made.cluster.dsn(READ_WRITE), Pace().connections)
    orgs = SalesforceOrgs(Sealer(from_text(KEY_ENCRYPTION, "bench")), rows_for_bulk=rows_for_bulk)
    messages = [write_of(contract_id_for(ORG.id, f"C{each}"), "bench") for each in range(made.contracts)]
    async with database.transaction(ORG.id) as connection:
        await enqueue(connection, ORG.id, Queue.OUTBOX, messages, datetime.now(UTC))
    outbox = OutboxWork(database, orgs, now)
    bulk = BulkWork(database, orgs, outbox, now)
    working: dict[Queue, Handler] = {
        Queue.BULK: Apart(bulk.carry),
        Queue.OUTBOX: Apart(
            outbox.write, outbox.keep, outbox.close, Together(outbox.look, outbox.keep_together)
        ),
    }
    worker = Worker(database, working)
    running = asyncio.create_task(worker.run())
    waits = True
    while waits:
        await asyncio.sleep(0.2)
        async with database.working(ORG.id) as connection:
            waits = await connection.fetchval(_WAITING)
    worker.stop()
    await running
    await database.close()


if __name__ == "__main__":
    sys.exit(main())
