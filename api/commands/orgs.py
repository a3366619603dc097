"""`contract-graph orgs`: the organisations of an installation, and what Salesforce calls each."""

from __future__ import annotations

import argparse
from dataclasses import replace

import asyncpg

from api.commands.org_work import as_owner, given_name
from api.settings import Settings, SettingsError
from domain.error import DomainError
from domain.identity import salesforce_id, uuid7
from domain.org import Org
from storage.orgs import find_org, list_orgs, save_org

_SALESFORCE_ID = "its id in Salesforce, 00D...: Setup, Company Information"


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register `orgs add|set|list`."""
    actions = subparsers.add_parser("orgs", help="the organisations that are kept apart").add_subparsers(
        dest="action", required=True
    )
    adding = actions.add_parser("add", help="make one, with nothing in it")
    adding.add_argument("name", help="what it is called")
    adding.set_defaults(run=_add)
    setting = actions.add_parser("set", help="rename one, or say what Salesforce calls it")
    setting.add_argument("--org", required=True, help="name or id of the org")
    setting.add_argument("--name", help="what it is called from now on")
    setting.add_argument("--yes", action="store_true", help="replace a Salesforce id that is known")
    setting.set_defaults(run=_set)
    for parser in (adding, setting):
        parser.add_argument("--salesforce-org-id", help=_SALESFORCE_ID)
    listing = actions.add_parser("list", help="every one with its ids")
    listing.set_defaults(run=_list)


def _add(arguments: argparse.Namespace, settings: Settings) -> int:
    org = Org(id=uuid7(), name=given_name(arguments.name, "the name"), salesforce_org_id=_given_id(arguments))

    async def work(connection: asyncpg.Connection) -> None:
        await _refuse_taken(connection, org.name)
        await _save(connection, org)
        print(f"{org.name} is there, and empty: {org.id}")

    as_owner(settings, work)
    return 0


def _set(arguments: argparse.Namespace, settings: Settings) -> int:
    if arguments.name is None and arguments.salesforce_org_id is None:
        raise SettingsError("say what is to change: --name, --salesforce-org-id")
    name = None if arguments.name is None else given_name(arguments.name)
    id_ = _given_id(arguments)

    async def work(connection: asyncpg.Connection) -> None:
        before = await find_org(connection, arguments.org)
        if name is not None and name.casefold() != before.name.casefold():
            await _refuse_taken(connection, name)
        _refuse_other(before, id_, is_meant=arguments.yes)
        org = replace(before, name=name or before.name, salesforce_org_id=id_ or before.salesforce_org_id)
        await _save(connection, org)
        print(f"{org.name} is {org.id}, in Salesforce {org.salesforce_org_id or 'not known yet'}")

    as_owner(settings, work)
    return 0


def _list(_: argparse.Namespace, settings: Settings) -> int:
    for org in as_owner(settings, list_orgs):
        print(f"{org.id}  {org.salesforce_org_id or '-':18}  {org.name}")
    return 0


def _given_id(arguments: argparse.Namespace) -> str | None:
    try:
        given: str | None = arguments.salesforce_org_id
        return None if given is None else salesforce_id(given, "00D")
    except DomainError as error:
        raise SettingsError(f"--salesforce-org-id: {error}") from None


def _refuse_other(before: Org, id_: str | None, *, is_meant: bool) -> None:
    """Let nobody replace by mistake what tells an org's people from another's. Raises SettingsError."""
    known = before.salesforce_org_id
    if id_ is not None and known not in (None, id_):
        if not is_meant:
            raise SettingsError(
                f"{before.name} is {known} in Salesforce: with another id the people of that org are refused"
                " when they sign in, and those of the other let in; say --yes if that is meant"
            )
        print(f"{before.name} was {known} in Salesforce")


async def _refuse_taken(connection: asyncpg.Connection, name: str) -> None:
    """Let no two orgs answer to one name: every command asks for them by it. Raises SettingsError."""
    for org in await list_orgs(connection):
        if org.name.casefold() == name.casefold():
            raise SettingsError(f"there is an org {org.name!r} already: {org.id}")


async def _save(connection: asyncpg.Connection, org: Org) -> None:
    try:
        await save_org(connection, org)
    except asyncpg.UniqueViolationError:
        raise SettingsError(
            f"another org is {org.salesforce_org_id} in Salesforce: see `orgs list`"
        ) from None
