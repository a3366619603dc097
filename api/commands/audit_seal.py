"""`contract-graph audit seal|export|retain`: what is done with the key that signs heads."""

from __future__ import annotations

import argparse
import asyncio
import getpass
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import asyncpg

from api.audit_copies import NotCarried, add_to_file, require_secure, send
from api.commands.org_work import as_owner, chosen_orgs
from api.settings import Settings, SettingsError
from auth.audit_head import SealKey, SignedHead
from auth.audit_retention import Retention, drop_events
from auth.audit_seal import LATE, MOST_EVENTS, SOON, NotOurHead, export_heads, seal
from auth.policy_file import load_policy
from domain.counted import counted
from domain.org import Org
from storage.audit_months import Month, floor_of, make_months
from storage.audit_tree import count_events, last_head
from storage.tenancy import bind_org

LOOK_FAR: Final = 120.0
"""Seconds between two looks for events that came in late: `verify` misses one after five minutes."""


def add_parsers(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register `audit seal|export|retain`."""
    sealing = actions.add_parser("seal", help="put new events into the tree of their org, and sign its head")
    sealing.add_argument("--every", type=int, metavar="SECONDS", help="go on; sooner after 1,000 events")
    sealing.add_argument("--export", type=Path, metavar="FILE", help="add each head to a file elsewhere")
    sealing.add_argument("--webhook", metavar="URL", help="post each head to an address")
    sealing.set_defaults(run=_seal)
    exporting = actions.add_parser("export", help="add to a file the signed heads that it lacks")
    exporting.add_argument("file", type=Path)
    exporting.add_argument("--org", help="name or id of one org; all unless said")
    exporting.set_defaults(run=_export)
    retaining = actions.add_parser("retain", help="drop events by the month; what proves them is kept")
    retaining.add_argument(
        "--months", type=int, required=True, help="whole months to keep beside this one, 1 at least"
    )
    retaining.set_defaults(run=_retain)


def _seal(arguments: argparse.Namespace, settings: Settings) -> int:
    require_secure(arguments.webhook)
    if arguments.every is not None and arguments.every < 1:
        raise SettingsError("--every takes a number of seconds, 1 at least")
    key = SealKey.load(settings.audit_key)
    refused: set[str] = set()

    async def work(connection: asyncpg.Connection) -> None:
        late, looked_far = None, time.monotonic()  # the first round looks for every event, however old
        while True:
            for org in await chosen_orgs(connection, None):
                try:
                    await _seal_org(connection, org, key, arguments, late)
                except (NotOurHead, NotCarried) as error:
                    # The other orgs are sealed all the same; it is told again in every round.
                    print(f"contract-graph: {error}", file=sys.stderr, flush=True)
                    refused.add(org.name)
            await make_months(connection, _now().date())
            if arguments.every is None:
                return
            await _wait(connection, arguments.every)
            late = SOON
            if time.monotonic() - looked_far >= LOOK_FAR:
                late, looked_far = LATE, time.monotonic()

    as_owner(settings, work)
    return 1 if refused else 0


async def _seal_org(
    connection: asyncpg.Connection,
    org: Org,
    key: SealKey,
    arguments: argparse.Namespace,
    late: timedelta | None,
) -> None:
    async with connection.transaction():
        await bind_org(connection, org.id)
        last = await last_head(connection, org.id)
        before = last.size if last else 0
        heads = await seal(connection, org.id, key, _now(), late=late)
        exported = await export_heads(connection, org.id, before) if arguments.webhook else ()
    _tell(org, before, heads)
    # After the commit: a head that lies elsewhere is one that lies here.
    if arguments.export is not None:
        async with connection.transaction():
            await bind_org(connection, org.id)
            await add_to_file(connection, org.id, arguments.export)
    if arguments.webhook is not None:
        await asyncio.to_thread(send, arguments.webhook, exported)


def _tell(org: Org, before: int, heads: Sequence[SignedHead]) -> None:
    if heads:
        new, last = counted(heads[-1].size - before, "event"), heads[-1]
        print(f"{org.name}: sealed {new}, {last.size:,} in all; root {last.root.hex()}", flush=True)
    else:
        print(f"{org.name}: nothing new; {counted(before, 'event is', 'events are')} sealed", flush=True)


async def _wait(connection: asyncpg.Connection, seconds: int) -> None:
    """Wait for as long, or until an org has as many events as a head covers."""
    until = _now() + timedelta(seconds=seconds)
    began = _now() - timedelta(seconds=1)
    while _now() < until:
        await asyncio.sleep(1)
        for org in await chosen_orgs(connection, None):
            async with connection.transaction():
                await bind_org(connection, org.id)
                if await count_events(connection, org.id, floor_of(began), MOST_EVENTS) >= MOST_EVENTS:
                    return


def _export(arguments: argparse.Namespace, settings: Settings) -> int:
    async def work(connection: asyncpg.Connection) -> None:
        for org in await chosen_orgs(connection, arguments.org):
            async with connection.transaction():
                await bind_org(connection, org.id)
                added = await add_to_file(connection, org.id, arguments.file)
            print(f"{org.name}: {added:,} new in {arguments.file}")

    as_owner(settings, work)
    return 0


def _retain(arguments: argparse.Namespace, settings: Settings) -> int:
    if arguments.months < 1:
        raise SettingsError("--months takes a number of months, 1 at least")
    key = SealKey.load(settings.audit_key)
    kept = Month.of(_now().date())
    for _ in range(arguments.months):
        kept = Month.of(kept.first - timedelta(days=1))

    async def work(connection: asyncpg.Connection) -> None:
        orgs = await chosen_orgs(connection, None)
        retention = Retention(kept=kept, who=f"operator {getpass.getuser()}", policy=load_policy().digest)
        dropped = await drop_events(connection, [org.id for org in orgs], key, retention, _now())
        for org in orgs:
            print(f"{org.name}: {counted(dropped.get(org.id, 0), 'event')} from before {kept} dropped")
        print("their leaves and every signed head are kept")

    as_owner(settings, work)
    return 0


def _now() -> datetime:
    return datetime.now(UTC)
