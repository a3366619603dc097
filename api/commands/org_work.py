"""What the commands of administrators share: an org found by name, and a transaction bound to it."""

from __future__ import annotations

import argparse
import asyncio
import getpass
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TypeVar

import asyncpg

from api.installation import open_installation
from api.settings import Settings, SettingsError
from domain.org import Org
from storage.database import connect, require_schema
from storage.orgs import find_org, list_orgs
from storage.salesforce import StoredSalesforce, find_salesforce
from storage.tenancy import bind_org

PATIENCE = "10min"
"""An administrator waits longer for a statement than a caller of the API: a log may be long."""

T = TypeVar("T")
OrgWork = Callable[[argparse.Namespace, Settings, asyncpg.Connection, Org], Awaitable[None]]
_LONGEST_NAME = 100


def in_org(settings: Settings, name: str, work: Callable[[asyncpg.Connection, Org], Awaitable[None]]) -> None:
    """Do work inside a transaction that is bound to an org. Raises UnknownOrg, DatabaseError."""

    async def bound(connection: asyncpg.Connection) -> None:
        org = await find_org(connection, name)
        async with connection.transaction():
            await bind_org(connection, org.id)
            await work(connection, org)

    as_owner(settings, bound)


def as_owner(settings: Settings, work: Callable[[asyncpg.Connection], Awaitable[T]]) -> T:
    """Do work on a connection of the owner, that is bound to nothing yet. Raises DatabaseError."""

    async def run() -> T:
        connection = await connect(open_installation(settings).owner_url, statement_timeout=PATIENCE)
        try:
            await require_schema(connection)
            return await work(connection)
        finally:
            await connection.close()

    return asyncio.run(run())


async def salesforce_of(connection: asyncpg.Connection, org: Org) -> StoredSalesforce:
    """Return how an org's Salesforce is reached. Raises SettingsError where it has none."""
    found = await find_salesforce(connection, org.id)
    if found is None or found.ended_at is not None:
        raise SettingsError(f"{org.name} has no Salesforce: `contract-graph crm set` says how it is reached")
    return found


async def chosen_orgs(connection: asyncpg.Connection, name: str | None) -> Sequence[Org]:
    """Return the org of a name, or every org without one. Raises UnknownOrg."""
    return await list_orgs(connection) if name is None else [await find_org(connection, name)]


def add_action(
    actions: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    help_: str,
    work: OrgWork,
    *,
    expected: tuple[type[Exception], ...],
) -> argparse.ArgumentParser:
    """Register what is done in an org; an error that is expected ends it with what it says."""

    def run(arguments: argparse.Namespace, settings: Settings) -> int:
        try:
            in_org(settings, arguments.org, partial(work, arguments, settings))
        except expected as error:
            raise SettingsError(str(error)) from None
        return 0

    parser = actions.add_parser(name, help=help_)
    parser.add_argument("--org", required=True, help="name or id of the org")
    parser.set_defaults(run=run)
    return parser


def given_name(text: str, said: str = "--name") -> str:
    """Return what something is to be called. Raises SettingsError."""
    name = text.strip()
    if not name or not name.isprintable() or len(name) > _LONGEST_NAME:
        raise SettingsError(f"{said} takes a line of at most {_LONGEST_NAME} characters")
    return name


def sign(arguments: argparse.Namespace) -> None:
    """Have `by` be the account of this shell unless it is said, and it and `reason` lines of text.

    Raises SettingsError.
    """
    arguments.by = arguments.by or getpass.getuser()
    for option, text in (("--reason", arguments.reason), ("--by", arguments.by)):
        if not text.strip() or not text.isprintable():
            raise SettingsError(f"{option} is a line of text")
