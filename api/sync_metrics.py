"""The figures of a process that works on queues: what it counted, and what waits in the database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Final

from api.metrics import Family
from domain.passage import Fate, FigureName, SyncDirection
from storage.database import BUSY, LOST, DatabaseUnavailable
from storage.lanes import Backlog, Queue
from storage.sync_minutes import Minute
from sync.health import Health
from sync.turn import Counters
from sync.worker import Worker

_FIGURES: Final = {
    FigureName.LIMIT_LEFT: ("salesforce_limit_left", "Calls of the day that are ours yet."),
    FigureName.LIMIT_ALLOWED: ("salesforce_limit_allowed", "Calls of the day that Salesforce allows."),
    FigureName.BREAKER_OPEN: ("salesforce_breaker_open", "1 while Salesforce is left alone for it fails."),
    FigureName.DRIFTED: ("sync_drifted", "Values that were found to differ between both sides."),
}


async def of_worker(worker: Worker) -> Iterable[Family]:
    """Tell what a worker does; what waits is left out where the database does not tell it."""
    found = [*_messages(worker.counters), *of_health(worker.health)]
    with suppress(DatabaseUnavailable, *LOST, *BUSY):
        found += _backlog(await worker.backlog(), worker.now().timestamp())
    return found


def of_health(health: Health) -> Iterable[Family]:
    """Tell what went across, and how the other sides stand."""
    told = [(_labels(key), minute) for key, minute in list(health.totals.items())]
    yield Family("sync_passage_seconds", "histogram", "How long it took to go across, from first heard of.", [
        (labels, minute.latency) for labels, minute in told
    ])  # fmt: skip
    yield Family("sync_attempts_total", "counter", "Attempts to bring something across, by fate.", [
        (labels | {"fate": fate.lower()}, minute.fates[fate]) for labels, minute in told for fate in Fate
    ])  # fmt: skip
    yield Family("sync_values_total", "counter", "Values that were brought, by what became of them.", [
        (labels | {"verdict": verdict}, count)
        for labels, minute in told
        for verdict, count in _verdicts(minute).items()
    ])  # fmt: skip
    seen = [(org_id, *each) for org_id, figures in list(health.figures.items()) for each in figures.values()]
    for name, (metric, meaning) in _FIGURES.items():
        yield Family(metric, "gauge", meaning, [
            ({"org": str(org_id), "object": figure.object}, figure.count)
            for org_id, figure, _ in seen
            if figure.name is name and figure.count is not None
        ])  # fmt: skip
    yield Family("salesforce_replay_timestamp_seconds", "gauge", "When the replay position was last moved.", [
        ({"org": str(org_id), "object": figure.object}, at.timestamp())
        for org_id, figure, at in seen
        if figure.name is FigureName.REPLAY_POSITION
    ])  # fmt: skip


def _messages(counters: Counters) -> Iterable[Family]:
    fates = {
        "processed": counters.processed, "put_off": counters.retried, "quarantined": counters.quarantined,
        "fenced": counters.fenced,
    }  # fmt: skip
    yield Family("worker_messages_total", "counter", "Messages by fate; of fenced, leases.", [
        ({"fate": fate}, count) for fate, count in fates.items()
    ])  # fmt: skip


def _backlog(found: Mapping[Queue, Backlog], now: float) -> Iterable[Family]:
    yield Family("queue_waiting", "gauge", "Messages that wait or are worked on, in all orgs.", [
        ({"queue": str(queue)}, backlog.waiting) for queue, backlog in found.items()
    ])  # fmt: skip
    yield Family("queue_due_seconds", "gauge", "For how long the longest waiting lane is due.", [
        ({"queue": str(queue)}, max(0.0, now - backlog.since.timestamp()) if backlog.since else 0)
        for queue, backlog in found.items()
    ])  # fmt: skip


def _labels(key: tuple[SyncDirection, str]) -> dict[str, str]:
    direction, about = key
    return {"direction": direction.lower(), "object": about}


def _verdicts(minute: Minute) -> Mapping[str, int]:
    return {"accepted": minute.accepted, "refused": minute.refused, "conflict": minute.conflicts}
