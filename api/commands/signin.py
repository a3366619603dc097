"""`contract-graph signin`: where the people of an org sign in."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

import asyncpg

from api.commands.org_work import in_org
from api.installation import sealer
from api.settings import Settings, SettingsError
from auth.address import is_secure
from auth.oauth.issuing import secret_place
from domain.org import Org
from storage.sign_ins import SignInProvider, find_provider, set_provider


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register `signin set|show`."""
    actions = subparsers.add_parser("signin", help="where the people of an org sign in").add_subparsers(
        dest="action", required=True
    )
    setting = actions.add_parser("set", help="let people sign in at their Salesforce")
    setting.add_argument("--issuer", required=True, help="https://DOMAIN.my.salesforce.com")
    setting.add_argument("--client-id", required=True, help="consumer key of the External Client App there")
    setting.add_argument(
        "--client-secret-file", type=Path, help="file with its secret, which is stored encrypted"
    )
    setting.set_defaults(act=_set)
    showing = actions.add_parser("show", help="say where they sign in")
    showing.set_defaults(act=_show)
    for parser in (setting, showing):
        parser.add_argument("--org", required=True, help="name or id of the org")
        parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace, settings: Settings) -> int:
    arguments.sealer = sealer(settings)
    in_org(settings, arguments.org, partial(arguments.act, arguments=arguments))
    return 0


async def _set(connection: asyncpg.Connection, org: Org, *, arguments: argparse.Namespace) -> None:
    issuer = arguments.issuer.rstrip("/")
    if not is_secure(issuer) or not arguments.client_id.isprintable():
        raise SettingsError("--issuer must be https, and --client-id a line of text")
    if org.salesforce_org_id is None:
        raise SettingsError(
            f"{org.name} has no Salesforce id, so that its people could not be told from another org's:"
            f" `contract-graph orgs set --org {org.id} --salesforce-org-id 00D...`"
        )
    secret = None
    if arguments.client_secret_file is not None:
        secret = arguments.sealer.seal(_read(arguments.client_secret_file), secret_place(org.id))
    await set_provider(connection, org.id, SignInProvider(issuer, arguments.client_id, secret))
    print(f"the people of {org.name} sign in at {issuer}")


async def _show(connection: asyncpg.Connection, org: Org, *, arguments: argparse.Namespace) -> None:
    del arguments
    found = await find_provider(connection, org.id)
    if found is None:
        print(f"nobody of {org.name} can sign in yet: `contract-graph signin set` says where")
    else:
        print(f"the people of {org.name} sign in at {found.issuer}, where we are {found.client_id}")


def _read(path: Path) -> bytes:
    try:
        secret = path.read_bytes().strip()
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}") from None
    if not secret.isascii() or not secret:
        raise SettingsError(f"{path} holds no secret")
    return secret
