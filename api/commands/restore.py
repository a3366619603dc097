"""`contract-graph restore`: the database as it was at a moment, in a new home; and the drill of it."""

from __future__ import annotations

import argparse
import asyncio
import shutil
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from api.checkup import Outcome
from api.commands.backup import embedded_cluster
from api.commands.doctor import checked, tell
from api.restored import findings
from api.settings import Settings
from storage.archive import Archive
from storage.embedded import Cluster
from storage.embedded_errors import NoArchiveError
from storage.point_in_time import Restored, flush, restore_to


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register `restore`."""
    parser = subparsers.add_parser(
        "restore", help="make the database as it was at a moment, in a new home; nothing is overwritten"
    )
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--into", type=Path, metavar="HOME", help="a new or empty folder")
    where.add_argument("--check", action="store_true", help="a drill: restore, look, tell, and remove it")
    parser.add_argument(
        "--to", type=_moment, metavar="TIME", help="2026-11-27T08:30:00Z; all that there is unless said"
    )
    parser.add_argument("--from", type=Path, metavar="FOLDER", dest="source", help="where the backups are")
    parser.set_defaults(run=_run)


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"a time such as 2026-11-27T08:30:00Z, not {text!r}") from None
    if moment.tzinfo is None:
        # An hour's mistake here is found out late.
        raise argparse.ArgumentTypeError(f"{text} says no time zone: end it with Z or +01:00")
    if moment > datetime.now(UTC):
        raise argparse.ArgumentTypeError(f"{text} is not over yet")
    return moment.astimezone(UTC)


def _run(arguments: argparse.Namespace, settings: Settings) -> int:
    present = embedded_cluster(settings)
    archive = Archive.below(arguments.source) if arguments.source else Archive.of(present.home)
    if archive is None:
        raise NoArchiveError
    if present.status().running and archive == Archive.of(present.home):
        flush(present, archive)
    if not arguments.check:
        worst = _restored(archive, arguments.into, arguments.to, settings)
        _print_steps(arguments.into.expanduser().absolute(), present, archive)
        return worst
    place = settings.home if settings.home.is_dir() else None
    workplace = Path(tempfile.mkdtemp(prefix="restore-check-", dir=place))
    try:
        workplace.chmod(0o711)  # as a home: the account that runs PostgreSQL for root passes
        return _restored(archive, workplace / "home", arguments.to, settings)
    finally:
        shutil.rmtree(workplace)


def _restored(archive: Archive, home: Path, moment: datetime | None, settings: Settings) -> int:
    began = time.monotonic()
    restored = restore_to(archive, home, moment, settings.pg_bindir)
    try:
        took = time.monotonic() - began
        size = restored.cluster.status().size / 1_000_000
        print(f"the copy of {_told(restored.copy.ended)} agrees with its manifest")
        print(f"the log was replayed: the last change is of {_told(restored.until)}")
        worst = asyncio.run(_tell(restored, settings))
        looked = time.monotonic() - began - took
        print(f"restored {size:,.0f} MB in {took:.1f} s, looked at it for {looked:.1f} s")
    finally:
        restored.cluster.stop()
    return worst


async def _tell(restored: Restored, settings: Settings) -> int:
    worst = 0
    async for each in findings(restored, settings, checked):
        tell(each)
        worst = max(worst, int(each.outcome is Outcome.TODO))
    return worst


def _print_steps(home: Path, present: Cluster, archive: Archive) -> None:
    print(f"""
{home} is stopped, and keeps no backups yet. To switch to it:
  1. stop serve, worker and audit seal, then: contract-graph db stop
  2. give it the keys: cp -a {present.home}/keys {present.home}/audit {home}/
     (those that are files; from where they are kept if they are gone here)
  3. start everything with CONTRACT_GRAPH_HOME={home}
  4. contract-graph backup --into {archive.folder.parent}
What was revoked, granted or told to Salesforce after that moment is not in it: docs/operators.md says
what to look at.""")


def _told(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S.%f} UTC"
