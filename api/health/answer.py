"""How the sync of the caller's org goes: figures of the database, put together."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import asyncpg

from api.errors import BadUserInput
from api.health.types import DEFAULT_MINUTES, MOST_MINUTES
from api.review.question import Answer, Question
from domain.histogram import PASSING, percentile
from domain.passage import Figure, FigureName
from storage.drift import differing
from storage.lanes import Queue
from storage.salesforce_streams import find_streams
from storage.sync_health import MOST_KINDS, Passed, figures_seen, held_by_error, passed_since, waiting_in

QUEUES: Final = tuple(queue for queue in Queue if queue not in {Queue.ALERT, Queue.FOLLOW, Queue.STREAM})
"""What is told of: that operators are alerted is no part of the sync, and a stream always waits."""

Seen = Sequence[tuple[Figure, datetime]]


async def sync_health(connection: asyncpg.Connection, question: Question) -> Answer:
    """Tell how the sync went lately and how it stands. Raises BadUserInput."""
    minutes = _minutes(question.given.get("minutes"))
    since = question.now.replace(second=0, microsecond=0) - timedelta(minutes=minutes - 1)
    passed = await passed_since(connection, question.org_id, since)
    waiting = await waiting_in(connection, question.org_id, QUEUES)
    held = await held_by_error(connection, question.org_id)
    seen = await figures_seen(connection, question.org_id)
    return {
        "at": question.now,
        "minutes": minutes,
        "passages": [_passages(each, minutes) for each in passed],
        "backlog": [
            {"queue": each.queue, "waiting": each.waiting, "lanes": each.lanes, "oldest": each.since}
            for each in waiting
        ],
        "oldest": min((each.since for each in waiting if each.since is not None), default=None),
        "held": sum(each.count for each in held),
        "quarantine": [
            {"queue": each.queue, "error": each.error, "count": each.count, "since": each.since}
            for each in held[:MOST_KINDS]
        ],
        "salesforce": _salesforce(seen),
        "replays": [
            {"object": each.topic, "position": b64encode(each.replay_id).decode(), "at": each.read_at}
            for each in await find_streams(connection, question.org_id)
            if each.ended_at is None and each.replay_id is not None and each.read_at is not None
        ],
        "drift": [
            {"object": each.object, "count": each.count, "at": each.at}
            for each in await differing(connection, question.org_id)
        ],
    }


def _minutes(given: int | None) -> int:
    minutes = DEFAULT_MINUTES if given is None else given
    if not 1 <= minutes <= MOST_MINUTES:
        raise BadUserInput(f"minutes must be from 1 to {MOST_MINUTES:,}")
    return minutes


def _passages(told: Passed, minutes: int) -> Mapping[str, Any]:
    failed = told.put_off + told.held
    values = told.accepted + told.refused + told.conflicts
    return {
        "direction": told.direction,
        "object": told.object,
        "done": told.done,
        "perMinute": round(told.done / minutes, 2),
        "latencyP50Ms": _milliseconds(told.latencies, 0.5),
        "latencyP99Ms": _milliseconds(told.latencies, 0.99),
        "putOff": told.put_off,
        "held": told.held,
        "failureRate": _share(failed, told.done + failed),
        "accepted": told.accepted,
        "refused": told.refused,
        "conflicts": told.conflicts,
        "conflictRate": _share(told.conflicts, values),
    }


def _milliseconds(latencies: Sequence[int], share: float) -> int | None:
    seconds = percentile(PASSING, latencies, share)
    return None if seconds is None else round(seconds * 1000)


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0


def _salesforce(seen: Seen) -> Mapping[str, Any] | None:
    told = {each.name: (each.count, at) for each, at in seen if not each.object}
    if FigureName.BREAKER_OPEN not in told:
        return None
    is_open, at = told[FigureName.BREAKER_OPEN]
    left, allowed = (told.get(name) for name in (FigureName.LIMIT_LEFT, FigureName.LIMIT_ALLOWED))
    return {
        "at": at,
        "limitLeft": left and left[0],
        "limitAllowed": allowed and allowed[0],
        "breakerOpen": bool(is_open),
    }
