"""`contract-graph doctor`: what a person on call looks at first, and what to do."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import AsyncIterator

import asyncpg

from api.checkup import CHECKS, Check, Finding, Ground, Outcome, disk
from api.replica_checkup import replicas
from api.settings import Settings
from storage.database import BUSY, LOST, Database, DatabaseError, connect
from storage.embedded import Cluster
from storage.embedded_roles import OWNER, READ_WRITE


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register `doctor`."""
    parser = subparsers.add_parser(
        "doctor", help="look whether all is well, and say what to do; changes nothing"
    )
    parser.set_defaults(run=_run)


def _run(_: argparse.Namespace, settings: Settings) -> int:
    return asyncio.run(_tell(settings))


async def _tell(settings: Settings) -> int:
    worst = 0
    async for each in findings(settings):
        tell(each)
        worst = max(worst, int(each.outcome is Outcome.TODO))
    return worst


def tell(found: Finding) -> None:
    """Print one finding, and what to do about it."""
    print(f"{found.outcome:<9}{found.about:<12}{found.said}")
    if found.todo:
        print(f"{'':21}-> {found.todo}")


async def findings(settings: Settings) -> AsyncIterator[Finding]:
    """Look at everything; where the database cannot be reached, at what is left."""
    yield disk(settings.home)
    url, owner_url = settings.database_url, settings.owner_url
    if url is None:
        cluster = Cluster(settings.home, settings.pg_bindir)
        if not cluster.status().running:
            # It is not started for this: why it stopped may be what is looked for.
            yield Finding("database", Outcome.TODO, "the embedded one is stopped", "contract-graph db start")
            return
        url, owner_url = cluster.dsn(READ_WRITE), cluster.dsn(OWNER)
    try:
        connection = await connect(url)
    except DatabaseError as error:
        yield Finding(
            "database", Outcome.TODO, str(error), "see that PostgreSQL runs and lets this machine in"
        )
        return
    owner = None
    # Not Database.open, which refuses what is to be told here.
    database = Database(url, 1)
    try:
        yield Finding("database", Outcome.OK, f"PostgreSQL {connection.get_server_version().major} answers")
        try:
            owner = None if owner_url is None else await connect(owner_url)
        except DatabaseError as error:
            yield Finding("database", Outcome.TODO, f"as its owner: {error}", "look at DATABASE_OWNER_URL")
            owner_url = None
        for check in (*CHECKS, replicas):
            async for each in checked(check, Ground(settings, database, connection, owner_url, owner)):
                yield each
    finally:
        await database.close()
        await connection.close()
        if owner is not None:
            await owner.close()


async def checked(check: Check, ground: Ground) -> AsyncIterator[Finding]:
    """Tell what a check finds, or that it could not look."""
    try:
        async for each in check(ground):
            yield each
    except (DatabaseError, asyncpg.PostgresError, *LOST, *BUSY) as error:
        # Of PostgreSQL's errors the kind alone: what they say may hold values.
        said = f"could not be looked at: {type(error).__name__}"
        yield Finding(check.__name__, Outcome.TODO, said, "contract-graph db upgrade, if tables are missing")
