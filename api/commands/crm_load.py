"""`contract-graph crm load`: all records of an org's Salesforce brought here, at first or once more."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Final

import asyncpg

from api.commands.org_work import in_org, salesforce_of
from api.installation import open_installation, sealer
from api.settings import Settings, SettingsError
from auth.vault import Vault
from domain.counted import counted
from domain.org import Org
from storage.database import Database
from storage.salesforce_loads import StoredLoad
from sync.salesforce.bulk_query import JobLost
from sync.salesforce.changes.load import Loader, NoSalesforce, Standing
from sync.salesforce.changes.load_order import in_order
from sync.salesforce.changes.load_steps import LoadedElsewhere, LoadSteps
from sync.salesforce.changes.resync import ENTITIES
from sync.salesforce.failures import Permanent, SalesforceFailure
from sync.salesforce.orgs import SalesforceOrgs

_BETWEEN_LINES: Final = 1.0
_BETWEEN_BARS: Final = 0.1
_CONNECTIONS = 2

Register = Callable[[str, str, Callable[[argparse.Namespace, Settings], int]], argparse.ArgumentParser]


def add_load(register: Register) -> None:
    """Register `crm load`."""
    parser = register("load", "bring all records from there, or go on with that where it was ended", _run)
    parser.add_argument(
        "--object",
        action="append",
        choices=ENTITIES,
        help="one of them; given again, several; all unless said",
    )
    parser.add_argument("--again", action="store_true", help="those too that were brought before")


class LoadProgress:
    """How a load goes: a line written over on a terminal, else JSON once a second, on standard error."""

    def __init__(self) -> None:
        self._bar = sys.stderr.isatty()
        self._last = ("", "", 0.0)

    def show(self, standing: Standing) -> None:
        """Show how it stands, unless that was shown a moment ago."""
        now = time.monotonic()
        name, state, at = self._last
        apart = _BETWEEN_BARS if self._bar else _BETWEEN_LINES
        if not standing.note and (name, state) == (standing.object, standing.state) and now - at < apart:
            return
        self._last = (standing.object, standing.state, now)
        if not self._bar:
            told = {key: value for key, value in asdict(standing).items() if value not in (None, "")}
            print(json.dumps(told), file=sys.stderr, flush=True)
            return
        of = f" of {standing.total:,}" if standing.total is not None else ""
        said = standing.note or f"{standing.state.lower()}, {standing.rows:,}{of}"
        end = "\n" if standing.note else ""
        print(f"\r{standing.object}: {said}\033[K", end=end, file=sys.stderr, flush=True)

    def end(self) -> None:
        """Clear the line."""
        if self._bar:
            print("\r\033[K", end="", file=sys.stderr, flush=True)


def _run(arguments: argparse.Namespace, settings: Settings) -> int:
    found: list[Org] = []

    async def work(connection: asyncpg.Connection, org: Org) -> None:
        await salesforce_of(connection, org)
        found.append(org)

    in_org(settings, arguments.org, work)
    objects = in_order(dict.fromkeys(arguments.object or ENTITIES))
    try:
        return asyncio.run(_load(settings, found[0], objects, again=arguments.again))
    except (SalesforceFailure, JobLost, LoadedElsewhere, NoSalesforce) as failure:
        why = str(failure).rstrip(".")
        raise SettingsError(f"{why}; `contract-graph crm load` goes on where it was") from None


async def _load(settings: Settings, org: Org, objects: Sequence[str], *, again: bool) -> int:
    url = settings.database_url or open_installation(settings).url
    keys = sealer(settings)
    database = await Database.open(url, _CONNECTIONS)
    orgs = SalesforceOrgs(keys)
    progress = LoadProgress()
    steps = LoadSteps(database, Vault(keys), org.id, lambda: datetime.now(UTC))
    loader = Loader(orgs, steps, progress.show)
    left = 0
    try:
        for name in objects:
            begun, before = time.monotonic(), await steps.stored(name)
            try:
                load = await loader.load(name, again=again)
            except Permanent as failure:
                progress.end()
                print(f"{name}: {failure.code}: is it there, and may our user see it? `crm check` says more")
                left += 1
                continue
            progress.end()
            print(_told(load, before, time.monotonic() - begun, steps.left, again=again), flush=True)
            left += steps.left
    finally:
        progress.end()
        await orgs.close()
        await database.close()
    return int(bool(left))


def _told(load: StoredLoad, before: StoredLoad | None, seconds: float, left: int, *, again: bool) -> str:
    """Say what became of an object."""
    rows = counted(load.rows, "record")
    if before == load and not again:
        return f"{load.object}: brought on {load.ended_at:%Y-%m-%d}, {rows}; --again does anew"
    aside = f"; {left:,} left to workers: `contract-graph held list --queue change`" if left else ""
    return f"{load.object}: {rows}, in {seconds:,.1f} s{aside}"
