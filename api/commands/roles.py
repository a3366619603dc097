"""`contract-graph roles`: who has which role of the policy, and why."""

from __future__ import annotations

import argparse
import getpass
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, time, timedelta
from functools import partial

import asyncpg

from api.commands.org_work import in_org, require_role
from api.settings import Settings, SettingsError
from auth.revocation import Holder, revoke_all
from domain.error import DomainError
from domain.identity import salesforce_id, uuid7
from domain.org import Org
from storage.role_grants import RoleGrant, add_grant, find_user, list_grants, revoke_grants

Action = Callable[..., Awaitable[None]]


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register `roles grant|revoke|list`."""
    actions = subparsers.add_parser("roles", help="who has which role, and why").add_subparsers(
        dest="action", required=True
    )
    granting = _action(actions, "grant", "give a role to a Salesforce user", _grant)
    revoking = _action(actions, "revoke", "take a role from a Salesforce user", _revoke)
    for parser in (granting, revoking):
        parser.add_argument("--user", required=True, help="Salesforce id of the user")
        parser.add_argument("--role", required=True, help="role of the policy")
        parser.add_argument("--reason", required=True, help="why, for whoever reviews it later")
        parser.add_argument(
            "--by", default=None, help="who decided it; the account of this shell unless said"
        )
    granting.add_argument("--until", type=date.fromisoformat, help="last day on which it holds, 2027-06-30")
    _action(actions, "list", "show every grant of an org, also those that have ended", _list)


def _action(
    actions: argparse._SubParsersAction[argparse.ArgumentParser], name: str, help_: str, action: Action
) -> argparse.ArgumentParser:
    parser = actions.add_parser(name, help=help_)
    parser.add_argument("--org", required=True, help="name or id of the org")
    parser.set_defaults(run=_run, act=action)
    return parser


def _run(arguments: argparse.Namespace, settings: Settings) -> int:
    if arguments.action != "list":
        require_role(arguments.role)
        arguments.by = arguments.by or getpass.getuser()
        for option, text in (("--reason", arguments.reason), ("--by", arguments.by)):
            if not text.strip() or not text.isprintable():
                raise SettingsError(f"{option} is a line of text")
        try:
            arguments.user = salesforce_id(arguments.user)
        except DomainError as error:
            raise SettingsError(f"--user: {error}") from None
    in_org(settings, arguments.org, partial(arguments.act, arguments=arguments))
    return 0


async def _grant(connection: asyncpg.Connection, org: Org, *, arguments: argparse.Namespace) -> None:
    now = _now()
    ends = None
    if arguments.until is not None:
        ends = datetime.combine(arguments.until + timedelta(days=1), time(), UTC)
        if ends <= now:
            raise SettingsError("--until lies in the past")
    grant = RoleGrant(
        id=uuid7(), role=arguments.role, salesforce_user_id=arguments.user, granted_by=arguments.by,
        granted_at=now, reason=arguments.reason.strip(), ends_at=ends,
    )  # fmt: skip
    known = await find_user(connection, org.id, arguments.user, now)
    await add_grant(connection, org.id, grant)
    print(_line(grant, now))
    if known is None:
        print(f"{arguments.user} is not among the users of {org.name} yet: it holds once they are imported")


async def _revoke(connection: asyncpg.Connection, org: Org, *, arguments: argparse.Namespace) -> None:
    await revoke_grants(
        connection, org.id, user=arguments.user, role=arguments.role, by=arguments.by,
        because=arguments.reason.strip(), now=_now(),
    )  # fmt: skip
    await revoke_all(connection, org.id, Holder.USER, arguments.user)
    print(f"{arguments.user} is no {arguments.role} any more; tokens issued before end within seconds")


async def _list(connection: asyncpg.Connection, org: Org, *, arguments: argparse.Namespace) -> None:
    del arguments
    grants = await list_grants(connection, org.id)
    if not grants:
        print(f"nobody has a role in {org.name} yet: `contract-graph roles grant` gives one")
    for grant in grants:
        print(_line(grant, _now()))


def _line(grant: RoleGrant, now: datetime) -> str:
    held = "holds" if grant.holds(now) else "ended"
    told = f"{grant.salesforce_user_id}  {grant.role}  {held}"
    told += f"\n    granted {grant.granted_at:%Y-%m-%d} by {grant.granted_by}: {grant.reason}"
    if grant.ends_at is not None:
        told += f"\n    until {grant.ends_at - timedelta(days=1):%Y-%m-%d} UTC, that day included"
    if grant.revoked_at is not None:
        told += f"\n    revoked {grant.revoked_at:%Y-%m-%d} by {grant.revoked_by}: {grant.revoked_because}"
    return told


def _now() -> datetime:
    return datetime.now(UTC)
