"""What events report, applied: those of one report each at once, the others one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from domain.claim import Report
from storage.lane_outcome import Fault, Poison, Retry
from storage.sealing import Vault
from sync.apply import Applied, Unapplied, UnknownContract, apply_reports

Became = Sequence[Applied] | Poison | Retry
"""What became of the reports of an event: all of them are applied, or none."""


async def apply_events(
    connection: asyncpg.Connection,
    org_id: UUID,
    events: Sequence[Sequence[Report]],
    now: datetime,
    vault: Vault,
) -> list[Became]:
    """Apply what each event reports, in a transaction bound to the org; no event waits for another."""
    alone = _alone(events)
    applied = await apply_reports(
        connection, org_id, [events[place][0] for place in alone], now=now, vault=vault
    )
    became: dict[int, Became] = {
        place: [each] if isinstance(each, Applied) else _refused(each)
        for place, each in zip(alone, applied, strict=True)
    }
    for place, reports in enumerate(events):
        if place not in became:
            became[place] = await _one_after_the_other(connection, org_id, reports, now, vault)
    return [became[place] for place in range(len(events))]


def _alone(events: Sequence[Sequence[Report]]) -> Sequence[int]:
    """Return the places of events that report of one contract, of which no other of them does.

    Of a single report nothing is written unless all of it holds, so that there is nothing to undo.
    """
    places: dict[str, int] = {}
    for place, reports in enumerate(events):
        if len(reports) == 1:
            places.setdefault(reports[0].contract, place)
    return list(places.values())


async def _one_after_the_other(
    connection: asyncpg.Connection, org_id: UUID, reports: Sequence[Report], now: datetime, vault: Vault
) -> Became:
    # What of an event was applied before the rest proved wrong is undone with it.
    point = connection.transaction()
    await point.start()
    done: list[Applied] = []
    for each in reports:
        (applied,) = await apply_reports(connection, org_id, [each], now=now, vault=vault)
        if not isinstance(applied, Applied):
            await point.rollback()
            return _refused(applied)
        done.append(applied)
    await point.commit()
    return done


def _refused(error: Unapplied) -> Poison | Retry:
    fault = Fault(type(error).__name__, str(error))
    # What is spoken of may be on its way: events overtake each other.
    return Retry(fault) if isinstance(error, UnknownContract) else Poison(fault)
