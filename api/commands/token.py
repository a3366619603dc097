"""`contract-graph token`: a token for local use, where no authorization server has been set up yet."""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Sequence
from datetime import timedelta

from api.commands.policy_source import policy_with
from api.installation import open_installation, signing_keys
from api.settings import Settings, SettingsError
from auth.keys import KeyRing, Keys
from auth.principal import Principal
from auth.scopes import SCOPES, UNSAID
from auth.tokens import issue
from domain.org import Org
from storage.database import connect, require_schema
from storage.orgs import find_org

LOCAL_CLIENT = "contract-graph-cli"
LOOPBACK = ("127.0.0.1", "localhost", "::1")


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register `token`."""
    parser = subparsers.add_parser("token", help="print a token for local use")
    parser.add_argument("--org", required=True, help="name or id of the org")
    parser.add_argument("--role", required=True, action="append", help="role of the policy; may be repeated")
    parser.add_argument("--subject", default="local", help="who the token is for")
    parser.add_argument("--write", action="store_true", help="let it change things too, as its roles allow")
    parser.add_argument(
        "--minutes", type=int, default=60, help="how long it lasts, 60 unless said, 1440 at most"
    )
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace, settings: Settings) -> int:
    if settings.host not in LOOPBACK:
        raise SettingsError("tokens of the command line are for an API that listens on loopback only")
    if not 1 <= arguments.minutes <= 24 * 60:
        raise SettingsError("--minutes is from 1 to 1440")
    org, keys = asyncio.run(_org_and_keys(settings, arguments.org, arguments.role))
    lifetime = timedelta(minutes=arguments.minutes)
    caller = local_caller(org, arguments.subject, arguments.role, SCOPES if arguments.write else UNSAID)
    print(local_token(settings, keys, caller, lifetime))
    if sys.stderr.isatty():
        print(f"for {org.name}, {', '.join(arguments.role)}, {arguments.minutes} minutes", file=sys.stderr)
    return 0


async def _org_and_keys(settings: Settings, name: str, roles: Sequence[str]) -> tuple[Org, KeyRing]:
    connection = await connect(open_installation(settings).owner_url)
    try:
        await require_schema(connection)
        await policy_with(connection, roles)
        return await find_org(connection, name), await signing_keys(connection, settings)
    finally:
        await connection.close()


def local_caller(org: Org, subject: str, roles: Sequence[str], scopes: Sequence[str] = UNSAID) -> Principal:
    """Say who a token of the command line is for."""
    return Principal(
        org_id=org.id, subject=subject, client=LOCAL_CLIENT, roles=frozenset(roles), scopes=frozenset(scopes)
    )


def local_token(settings: Settings, keys: Keys, principal: Principal, lifetime: timedelta) -> str:
    """Sign a token with the keys of this installation."""
    return issue(
        keys,
        issuer=settings.issuer,
        audience=settings.audience,
        principal=principal,
        lifetime=lifetime,
        now=time.time(),
    )
