"""`contract-graph token`: a token for local use, where no authorization server has been set up yet."""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from datetime import timedelta

from api.installation import Installation, open_installation
from api.settings import Settings, SettingsError
from auth.keys import load_or_create
from auth.policy import load_policy
from auth.principal import Principal
from auth.scopes import READ
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
    parser.add_argument(
        "--minutes", type=int, default=60, help="how long it lasts, 60 unless said, 1440 at most"
    )
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace, settings: Settings) -> int:
    if settings.host not in LOOPBACK:
        raise SettingsError("tokens of the command line are for an API that listens on loopback only")
    known = load_policy().roles
    for role in arguments.role:
        if role not in known:
            raise SettingsError(f"the policy has no role {role!r}; it has: {', '.join(sorted(known))}")
    if not 1 <= arguments.minutes <= 24 * 60:
        raise SettingsError("--minutes is from 1 to 1440")
    org = asyncio.run(_org(open_installation(settings), arguments.org))
    print(local_token(settings, org, arguments.subject, arguments.role, timedelta(minutes=arguments.minutes)))
    if sys.stderr.isatty():
        print(f"for {org.name}, {', '.join(arguments.role)}, {arguments.minutes} minutes", file=sys.stderr)
    return 0


async def _org(installation: Installation, name: str) -> Org:
    connection = await connect(installation.owner_url)
    try:
        await require_schema(connection)
        return await find_org(connection, name)
    finally:
        await connection.close()


def local_token(settings: Settings, org: Org, subject: str, roles: list[str], lifetime: timedelta) -> str:
    """Sign a token with the key of this installation."""
    principal = Principal(
        org_id=org.id, subject=subject, client=LOCAL_CLIENT, roles=frozenset(roles), scopes=frozenset({READ})
    )
    return issue(
        load_or_create(settings.keys),
        issuer=settings.issuer,
        audience=settings.audience,
        principal=principal,
        lifetime=lifetime,
        now=time.time(),
    )
