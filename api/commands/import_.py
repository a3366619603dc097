"""`contract-graph import`: bring the contracts and the CRM of other systems in."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import asyncpg

from api.commands.import_report import Progress, report
from api.installation import Installation, open_installation, open_vault
from api.settings import Settings
from domain.identity import uuid7
from domain.org import Org
from storage.database import connect, refuse_power, require_schema
from storage.ingest import Ingest
from storage.orgs import UnknownOrg, find_org, save_org
from sync.feeds import crm, cuad, fpds, ocds, spreadsheet
from sync.feeds.graph import Item
from sync.feeds.headers import MappingError, mapping_file, told_by
from sync.feeds.importing import Import
from sync.feeds.reject import RejectsFile
from sync.feeds.source import UnreadablePathError, files_of
from sync.feeds.summary import Summary

NOTHING_REJECTED, FAILED, USAGE, REJECTED = 0, 1, 2, 3

_FEEDS = {
    "fpds": (fpds.SUFFIXES, "raw Atom pages of FPDS, or contracts gathered from them"),
    "ocds": (ocds.SUFFIXES, "OCDS release and record packages, or contracts gathered from them"),
    "cuad": (cuad.SUFFIXES, "CUAD facts, and the texts that prove their hashes"),
    "crm": (crm.SUFFIXES, "accounts, products, prices, opportunities and their lines, as CSV"),
    "csv": (spreadsheet.SUFFIXES, "a spreadsheet of contracts, one row each, saved as CSV"),
}


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register `import fpds|ocds|cuad|crm|csv`; exit code 3 says that something was rejected."""
    parser = subparsers.add_parser("import", help="bring contracts and CRM tables in from files")
    feeds = parser.add_subparsers(dest="feed", required=True, metavar="FEED")
    for name, (_, what) in _FEEDS.items():
        feed = feeds.add_parser(
            name,
            help=what,
            description=f"Import {what}. Run again, it doubles nothing and updates what changed.",
            epilog="Exit code: 0 nothing rejected, 3 something rejected, 2 wrong usage, 1 failure.",
        )
        feed.add_argument(
            "paths", nargs="+", type=Path, metavar="PATH", help="a file, gzipped or not, or a folder"
        )
        feed.add_argument("--org", required=True, metavar="NAME_OR_ID", help="the org that it is for")
        feed.add_argument(
            "--create-org", action="store_true", help="make the org if there is none of that name"
        )
        feed.add_argument("--rejects", type=Path, metavar="FILE", help="where to write what was left out")
        feed.add_argument("--quiet", action="store_true", help="no progress, only the summary")
        if name == "csv":
            feed.add_argument(
                "--map", action="append", default=[], metavar='"COLUMN=FIELD"', help="may be repeated"
            )
            feed.add_argument("--mapping", type=Path, metavar="FILE", help="the same as TOML: [columns]")
            feed.add_argument(
                "--date-format", metavar="FORMAT", help="such as %%d.%%m.%%Y; ISO 8601 unless said"
            )
        feed.set_defaults(run=_run)


def _run(arguments: argparse.Namespace, settings: Settings) -> int:
    try:
        files = files_of(arguments.paths, _FEEDS[arguments.feed][0])
        items = _items(arguments, files)
    except (UnreadablePathError, MappingError) as error:
        print(f"contract-graph: {error}", file=sys.stderr)
        return USAGE
    path = arguments.rejects or Path(
        f"import-rejects-{arguments.feed}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.csv"
    )
    if not os.access(path.parent, os.W_OK):
        print(f"contract-graph: {path.parent} cannot be written to: choose with --rejects", file=sys.stderr)
        return USAGE
    installation = open_installation(settings)
    progress = Progress(files, silent=arguments.quiet)
    try:
        with RejectsFile(path) as rejects:
            work = _import(arguments, settings, installation, items, rejects, progress.show)
            summary = asyncio.run(work)
    except OSError as error:
        print(f"contract-graph: {error.filename or path}: {error.strerror or error}", file=sys.stderr)
        return FAILED
    except asyncpg.PostgresError as error:
        # Its message may hold a value of the user's; its class says enough, and what was stored is whole.
        print(f"contract-graph: the database stopped the import ({type(error).__name__})", file=sys.stderr)
        return FAILED
    finally:
        progress.end()
    for line in report(summary, rejects):
        print(line)
    return REJECTED if rejects.count else NOTHING_REJECTED


def _items(arguments: argparse.Namespace, files: list[Path]) -> Iterable[Item]:
    """The feed over its files. Raises MappingError."""
    today = datetime.now(UTC).date()
    readers: dict[str, Callable[[], Iterator[Item]]] = {
        "fpds": lambda: fpds.read(files, today),
        "ocds": lambda: ocds.read(files),
        "cuad": lambda: cuad.read(files),
        "crm": lambda: crm.read(files),
        "csv": lambda: spreadsheet.read(files, _layout(arguments)),
    }
    return readers[arguments.feed]()


def _layout(arguments: argparse.Namespace) -> spreadsheet.Layout:
    """What the file and the options say of the columns; an option wins."""
    told, date_format = mapping_file(arguments.mapping) if arguments.mapping else ({}, None)
    return spreadsheet.Layout(
        told=told | told_by(arguments.map), date_format=arguments.date_format or date_format
    )


async def _import(  # noqa: PLR0913, PLR0917 - what is imported, where to, and who hears of it
    arguments: argparse.Namespace,
    settings: Settings,
    installation: Installation,
    items: Iterable[Item],
    rejects: RejectsFile,
    progress: Callable[[Summary], None],
) -> Summary:
    org = await _org(installation, arguments.org, create=arguments.create_org)
    # One statement writes thousands of rows: the limits of a request would cut it off.
    connection = await connect(installation.url, statement_timeout="0", lock_timeout="60s")
    try:
        await refuse_power(connection)
        await require_schema(connection)
        vault = await open_vault(connection, settings)
        ingest = Ingest(connection, org.id, lambda: datetime.now(UTC), vault)
        names = arguments.feed == "csv"
        return await Import(ingest=ingest, rejects=rejects, progress=progress, match_names=names).run(items)
    finally:
        await connection.close()


async def _org(installation: Installation, name: str, *, create: bool) -> Org:
    """The org of that name or id, made where that is wished. Raises UnknownOrg."""
    connection = await connect(installation.owner_url)
    try:
        await require_schema(connection)
        try:
            return await find_org(connection, name)
        except UnknownOrg:
            if not create:
                raise
        org = Org(id=uuid7(), name=name)
        await save_org(connection, org)
        return org
    finally:
        await connection.close()
