"""What of a lane's turn operators are to be told, raised in the transaction that ends it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from domain.alert import LATE, AlertKind
from storage.alerts import Alarm
from storage.lane_outcome import Outcome, Retry
from storage.lanes import Finished, Queue, lane_id
from sync.handlers import Batch


def alarms_of(
    batch: Batch, outcomes: Sequence[Outcome], finished: Finished, now: datetime
) -> Sequence[Alarm]:
    """Return the alarms of a turn; of alerts that failed nobody is alerted."""
    return [] if batch.queue is Queue.ALERT else list(_alarms(batch, outcomes, finished, now))


def _alarms(batch: Batch, outcomes: Sequence[Outcome], finished: Finished, now: datetime) -> Iterator[Alarm]:
    for message, fault in finished.quarantined:
        yield Alarm(
            kind=AlertKind.MESSAGE_QUARANTINED, queue=batch.queue, error=fault.kind, example=message.id,
            correlation=message.correlation,
        )  # fmt: skip
    if finished.retry_at is None:
        return
    place = finished.done + len(finished.quarantined)
    message, outcome = batch.messages[place], outcomes[place]
    if not isinstance(outcome, Retry):
        return
    begun_again = outcome.after is not None or (place == 0 and batch.attempts > 1)
    is_late = begun_again and not outcome.routine and message.enqueued_at <= now - LATE
    for kind in (outcome.alert, AlertKind.QUEUE_STUCK if is_late else None):
        if kind is not None:
            yield Alarm(
                kind=kind, queue=batch.queue, error=outcome.reason.kind,
                example=lane_id(batch.queue, batch.key), correlation=message.correlation,
            )  # fmt: skip
