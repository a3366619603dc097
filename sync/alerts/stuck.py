"""Looks for queues whose work has been due for too long: no worker has it, or none keeps up."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from domain.alert import AlertKind
from storage.alerts import Alarm, late_lanes, raise_alerts
from storage.database import BUSY, LOST, Database, DatabaseUnavailable
from storage.lanes import Queue

LOOKED_FOR = 60.0
"""Seconds between two looks."""

log = logging.getLogger("contract_graph.alerts")


async def look_for_stuck(database: Database, clock: Callable[[], datetime]) -> None:
    """Have every org told whose work of any queue but the alerts' has been due for too long. Never fails."""
    for queue in Queue:
        if queue is Queue.ALERT:
            continue
        with suppress(DatabaseUnavailable, *LOST, *BUSY):
            async with database.claiming(queue) as connection:
                found = await late_lanes(connection, queue, clock())
            for org_id, lane in found:
                log.warning("work of %s has been due for too long: lane %s of org %s", queue, lane, org_id)
                alarm = Alarm(kind=AlertKind.QUEUE_STUCK, queue=queue, example=lane)
                async with database.transaction(org_id) as connection:
                    await raise_alerts(connection, org_id, [alarm], clock())
