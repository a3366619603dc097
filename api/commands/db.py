"""`contract-graph db`: the embedded database from the command line."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg

from api.commands.org_work import as_owner
from api.installation import migrated, open_installation
from api.settings import Settings
from storage.backup import backup, restore
from storage.embedded import Cluster
from storage.embedded_errors import EmbeddedError
from storage.embedded_roles import OWNER, READ_WRITE
from storage.infinite_dates import find_infinite, mend_infinite
from storage.migrate import revise
from storage.orgs import list_orgs
from storage.tenancy import bind_org

if TYPE_CHECKING:
    Command = Callable[[argparse.Namespace, Cluster], int]
    Run = Callable[[argparse.Namespace, Settings], int]

_ROLES = {"owner": OWNER, "rw": READ_WRITE}


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register `db start|stop|status|upgrade|mend|revise|psql|backup|restore`; each sets `run`."""
    actions = subparsers.add_parser("db", help="run the embedded PostgreSQL").add_subparsers(
        dest="action", required=True
    )
    actions.add_parser("start", help="make the database if needed, and start it").set_defaults(run=_start)
    actions.add_parser("stop", help="stop it").set_defaults(run=_stop)
    actions.add_parser("status", help="say whether it runs; exit code 3 when not").set_defaults(run=_status)
    actions.add_parser("upgrade", help="bring the tables to the latest revision").set_defaults(run=_upgrade)
    actions.add_parser(
        "mend", help="store days that an older release stored as infinities as the days that they are read as"
    ).set_defaults(run=_mend)
    revision = actions.add_parser("revise", help="write the migration to what domain/ declares now")
    revision.add_argument("message", help="what the migration does, in a few words")
    revision.set_defaults(run=_revise)
    psql = actions.add_parser("psql", help="open psql; what follows -- goes to it")
    psql.add_argument("--role", choices=sorted(_ROLES), default="owner")
    psql.add_argument("arguments", nargs="*", metavar="-- ARGUMENT")
    psql.set_defaults(run=_psql)
    saving = actions.add_parser("backup", help="copy it whole into a new folder, and verify the copy")
    saving.add_argument("path", type=Path)
    saving.set_defaults(run=_backup)
    restoring = actions.add_parser("restore", help="put a backup in its place")
    restoring.add_argument("path", type=Path)
    restoring.add_argument("--force", action="store_true", help="set an existing database aside")
    restoring.set_defaults(run=_restore)


def _embedded(command: Command) -> Run:
    """Refuse when the operator runs a database of their own; say any failure in one line."""

    @wraps(command)
    def run(arguments: argparse.Namespace, settings: Settings) -> int:
        if settings.database_url:
            print(
                "DATABASE_URL is set: that database is in its operator's charge, not ours.", file=sys.stderr
            )
            return 2
        try:
            return command(arguments, Cluster(settings.home, settings.pg_bindir))
        except EmbeddedError as error:
            print(error, file=sys.stderr)
            return 1

    return run


@_embedded
def _start(_: argparse.Namespace, cluster: Cluster) -> int:
    cluster.start()
    print(f"running: {cluster.dsn()}")
    return 0


@_embedded
def _stop(_: argparse.Namespace, cluster: Cluster) -> int:
    cluster.stop()
    print("stopped")
    return 0


@_embedded
def _status(_: argparse.Namespace, cluster: Cluster) -> int:
    status = cluster.status()
    if status.version is None:
        print(f"no database yet in {status.data}")
        return 3
    running = f"running (pid {status.pid})" if status.running else "stopped"
    print(f"PostgreSQL {status.version}, {running}")
    print(f"data {status.data} ({status.size / 1_000_000:.0f} MB), socket in {status.sockets}")
    return 0 if status.running else 3


def _mend(_: argparse.Namespace, settings: Settings) -> int:
    async def work(owner: asyncpg.Connection) -> None:
        for org in await list_orgs(owner):
            async with owner.transaction():
                await bind_org(owner, org.id)
                found = await find_infinite(owner)
                await mend_infinite(owner)
            for name, count in found.items():
                print(f"{org.name}: {count:,} of {name} are days now")
            if not found:
                print(f"{org.name}: every day is one")

    as_owner(settings, work)
    return 0


@_embedded
def _psql(arguments: argparse.Namespace, cluster: Cluster) -> int:
    cluster.start()
    psql = str(cluster.program("psql"))
    sys.stdout.flush()
    # In our place, so that Ctrl-C and the terminal belong to psql alone.
    os.execv(psql, [psql, "-d", cluster.dsn(user=_ROLES[arguments.role]), *arguments.arguments])  # noqa: S606


@_embedded
def _backup(arguments: argparse.Namespace, cluster: Cluster) -> int:
    backup(cluster, arguments.path)
    print(f"backed up and verified: {arguments.path}")
    print("the key that encrypts personal values and signing keys is not in it: keep that, and keep it apart")
    return 0


@_embedded
def _restore(arguments: argparse.Namespace, cluster: Cluster) -> int:
    aside = restore(cluster, arguments.path, force=arguments.force)
    print(f"restored from {arguments.path}" + (f"; the former database is in {aside}" if aside else ""))
    return 0


def _upgrade(_: argparse.Namespace, settings: Settings) -> int:
    revisions = asyncio.run(migrated(open_installation(settings), settings))
    for revision in revisions:
        print(f"ran revision {revision}")
    if not revisions:
        print("the tables are at the latest revision already")
    return 0


def _revise(arguments: argparse.Namespace, settings: Settings) -> int:
    installation = open_installation(settings)

    async def write() -> Path:
        await migrated(installation, settings)
        return await revise(installation.owner_url, arguments.message)

    print(f"wrote {asyncio.run(write())}: read it before you commit it, then run `contract-graph db upgrade`")
    return 0
