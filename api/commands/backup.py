"""`contract-graph backup`: a copy now, and from then on every change."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path

from api.settings import Settings, SettingsError
from domain.counted import counted
from storage.archive import LINK, Archive
from storage.embedded import Cluster
from storage.embedded_errors import NoArchiveError
from storage.point_in_time import copy_now


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register `backup`."""
    parser = subparsers.add_parser(
        "backup", help="copy the embedded database, and keep every change after it"
    )
    parser.add_argument(
        "--into", type=Path, metavar="FOLDER", help="where backups go from now on; another disk is best"
    )
    parser.add_argument(
        "--keep",
        type=_days,
        metavar="DAYS",
        help="then remove what none of the last DAYS days needs; nothing goes unless said",
    )
    parser.add_argument("--list", action="store_true", help="only say what there is")
    parser.set_defaults(run=_run)


def embedded_cluster(settings: Settings) -> Cluster:
    """Give the embedded cluster. Raises SettingsError where the operator runs a database of their own."""
    if settings.database_url:
        raise SettingsError(
            "DATABASE_URL is set: that database is in its operator's charge; docs/operators.md has the steps"
        )
    return Cluster(settings.home, settings.pg_bindir)


def _days(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 10_000:  # noqa: PLR2004 - some 27 years
        raise argparse.ArgumentTypeError(f"a whole number from 1 to 10000, not {text!r}")
    return int(text)


def _run(arguments: argparse.Namespace, settings: Settings) -> int:
    cluster = embedded_cluster(settings)
    if arguments.list:
        archive = Archive.of(cluster.home)
        if archive is None:
            raise NoArchiveError
        _print_all(archive)
        return 0
    if arguments.into is not None:
        if cluster.status().version is None:
            cluster.start()
            cluster.stop()
        archive = Archive.attach(cluster.home, arguments.into)
    else:
        archive = Archive.of(cluster.home)
    if archive is None:
        raise NoArchiveError
    copy = copy_now(cluster, archive)
    print(f"copied and verified: {copy.path}")
    print(
        f"from {_told(copy.ended)} on, every moment can be restored; the last minute lies on this disk alone"
    )
    if arguments.keep is not None:
        copies, files = archive.forget(arguments.keep, datetime.now(UTC))
        print(f"removed {counted(copies, 'copy', 'copies')} and {counted(files, 'file')} of the log")
    print("not in it, to be kept elsewhere: the key-encryption key, and the key of the audit log")
    return 0


def _print_all(archive: Archive) -> None:
    print(f"{archive.folder}, which {LINK} in the home leads to:")
    for each in archive.finished():
        print(f"{_told(each.ended)}  {sum(each.rows.values()):>12,} rows  {each.path.name}")


def _told(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
