"""Who does the work of each queue: the one place to add a handler."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from auth.crypto import Sealer
from auth.vault import Vault
from storage.database import Database
from storage.lanes import Queue
from sync.alerts.work import AlertWork
from sync.bulk_writes import BulkWork
from sync.connections import Connections
from sync.drift import DriftWork
from sync.handlers import Apart, Handler, Together, Within
from sync.health import Health
from sync.hooks.follow import FollowWork
from sync.inbox import InboxWork
from sync.outbox import OutboxWork
from sync.salesforce.changes.polls import PollWork
from sync.salesforce.changes.resync import ResyncWork
from sync.salesforce.changes.subscribers import Subscribers
from sync.salesforce.changes.work import ChangeWork
from sync.salesforce.orgs import SalesforceOrgs


def now() -> datetime:
    """Return the moment that work is done at."""
    return datetime.now(UTC)


def _quiet() -> None:
    """Wake nobody: workers look by themselves."""


def handlers(
    database: Database, sealer: Sealer, clock: Callable[[], datetime] = now
) -> Mapping[Queue, Handler]:
    """Return the handlers that need nothing of the API; a queue without one fills up and is told of."""
    inbox = InboxWork(database, Connections(sealer), Vault(sealer), clock)
    alerts = AlertWork(database, sealer, clock)
    orgs = SalesforceOrgs(sealer)
    outbox = OutboxWork(database, orgs, clock)
    bulk = BulkWork(database, orgs, outbox, clock)
    polls = PollWork(database, orgs, clock)
    changes = ChangeWork(database, orgs, Vault(sealer), clock)
    drift = DriftWork(database, orgs, clock)
    return {
        Queue.FETCH: Apart(inbox.fetch, inbox.hand_on, fills=(Queue.INBOX,)),
        Queue.INBOX: Within(inbox.apply, inbox.apply_together, fills=(Queue.OUTBOX,)),
        Queue.OUTBOX: Apart(
            outbox.write, outbox.keep, outbox.close, Together(outbox.look, outbox.keep_together), fills=()
        ),
        Queue.BULK: Apart(bulk.carry, close=outbox.close, fills=(Queue.OUTBOX,)),
        Queue.DRIFT: Apart(drift.compare, drift.keep, drift.close),
        Queue.ALERT: Apart(alerts.tell, alerts.note, fills=()),
        Queue.CHANGE: Apart(changes.read, changes.apply, changes.close),
        Queue.POLL: Apart(polls.ask, polls.keep, polls.close),
        Queue.FOLLOW: Within(FollowWork(clock).follow),
        Queue.RESYNC: Within(ResyncWork(clock).spread),
    }


def subscribers(
    database: Database,
    sealer: Sealer,
    clock: Callable[[], datetime] = now,
    rung: Callable[[], None] = _quiet,
    health: Health | None = None,
) -> Subscribers:
    """Return who reads the streams of changes.

    `rung` is called when there is work of them; how far they are read is counted with a worker's `health`.
    """
    return Subscribers(database, SalesforceOrgs(sealer), clock, rung, health)
