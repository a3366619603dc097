"""`contract-graph crm poll`: which records of an org's Salesforce changed, asked now and then."""

from __future__ import annotations

import argparse
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import asyncpg

from api.commands.org_work import in_org, salesforce_of
from api.settings import Settings, SettingsError
from domain.org import Org
from storage.lanes import Queue, enqueue
from storage.salesforce_polls import end_polls, find_poll, set_poll
from sync.salesforce.changes.polls import poll_message
from sync.salesforce.changes.resync import ENTITIES
from sync.salesforce.changes.team_polls import TEAM_OBJECTS

NIGHTLY: Final = 1440
"""Minutes: once a day, as formulas and what was erased show by nothing else."""

_USUAL = 5

Register = Callable[[str, str, Callable[[argparse.Namespace, Settings], int]], argparse.ArgumentParser]


def add_poll(register: Register) -> None:
    """Register `crm poll`."""
    parser = register("poll", "ask now and then which records changed there, from now on; --end", _run)
    parser.add_argument(
        "--object",
        action="append",
        choices=(*ENTITIES, *TEAM_OBJECTS),
        help="one of them; given again, several; all unless said, but for teams, which are asked for daily",
    )
    parser.add_argument(
        "--minutes",
        type=int,
        default=_USUAL,
        help=f"between two questions, {_USUAL} unless said, at most {NIGHTLY}",
    )
    parser.add_argument("--end", action="store_true", help="ask no more")


async def poll(connection: asyncpg.Connection, org: Org, objects: Sequence[str], minutes: int) -> None:
    """Have objects asked for, in this order, in a transaction bound to the org."""
    now = datetime.now(UTC)
    for place, each in enumerate(objects):
        await set_poll(connection, org.id, each, minutes)
        # What is due first is worked on first, today and every time after.
        due = now + timedelta(milliseconds=place)
        await enqueue(connection, org.id, Queue.POLL, [poll_message(each)], due)


async def poll_nightly(connection: asyncpg.Connection, org: Org) -> None:
    """Have all objects and teams asked for once a day that are not asked for already."""
    wanted = [*ENTITIES, *TEAM_OBJECTS]
    known = [
        each for each in wanted if (found := await find_poll(connection, org.id, each)) and not found.ended_at
    ]
    await poll(connection, org, [each for each in wanted if each not in known], NIGHTLY)


def _run(arguments: argparse.Namespace, settings: Settings) -> int:
    if not 1 <= arguments.minutes <= NIGHTLY:
        raise SettingsError(f"--minutes takes a whole number from 1 to {NIGHTLY}")
    objects = tuple(dict.fromkeys(arguments.object or ()))
    in_org(settings, arguments.org, _end if arguments.end else _begin(objects, arguments.minutes))
    return 0


def _begin(objects: Sequence[str], minutes: int) -> Callable[[asyncpg.Connection, Org], Awaitable[None]]:
    async def work(connection: asyncpg.Connection, org: Org) -> None:
        stored = await salesforce_of(connection, org)
        asked = objects or ENTITIES
        await poll(connection, org, asked, minutes)
        print(f"workers ask every {minutes} minutes which of {', '.join(asked)} changed in {stored.url}")
        if not objects:
            await poll_nightly(connection, org)
            print(f"once a day they ask for {', '.join(TEAM_OBJECTS)}")

    return work


async def _end(connection: asyncpg.Connection, org: Org) -> None:
    await end_polls(connection, org.id, datetime.now(UTC))
    print(f"nothing of {org.name} is asked for any more")
