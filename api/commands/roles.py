"""`contract-graph roles`: who has which role of the policy, and why."""

from __future__ import annotations

import argparse
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial

import asyncpg

from api.commands import roles_review
from api.commands.org_work import in_org, sign
from api.commands.policy_source import policy_with
from api.settings import Settings, SettingsError
from auth.role_grants import give_role, take_role
from domain.error import DomainError
from domain.org import Org
from domain.role_grant import HolderKind, RoleGrant, holder
from storage.role_grants import find_user, grants_reaching, list_grants, users_of

Action = Callable[..., Awaitable[None]]

HOLDERS = {
    "user": (HolderKind.USER, "one user"),
    "profile": (HolderKind.PROFILE, "every user with a profile"),
    "permission_set": (HolderKind.PERMISSION_SET, "every user with a permission set"),
}
WORDS = {HolderKind.USER: "user", HolderKind.PROFILE: "profile", HolderKind.PERMISSION_SET: "permission set"}


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register `roles grant|revoke|list`, and `roles review`."""
    actions = subparsers.add_parser("roles", help="who has which role, and why").add_subparsers(
        dest="action", required=True
    )
    granting = _action(actions, "grant", "give a role to a user, a profile or a permission set", _grant)
    revoking = _action(actions, "revoke", "take a role from what it was given to", _revoke)
    for parser in (granting, revoking):
        to = parser.add_mutually_exclusive_group(required=True)
        for name, (_, whom) in HOLDERS.items():
            to.add_argument(f"--{name.replace('_', '-')}", metavar="ID", help=f"{whom}, by its Salesforce id")
        parser.add_argument("--role", required=True, help="role of the policy")
        parser.add_argument("--reason", required=True, help="why, for whoever reviews it later")
        parser.add_argument(
            "--by", default=None, help="who decided it; the account of this shell unless said"
        )
    granting.add_argument("--until", type=date.fromisoformat, help="last day on which it holds, 2027-06-30")
    listing = _action(actions, "list", "show every grant of an org, also those that have ended", _list)
    listing.add_argument("--user", metavar="ID", help="only those that reach this user, by whichever way")
    roles_review.add_action(actions)


def _action(
    actions: argparse._SubParsersAction[argparse.ArgumentParser], name: str, help_: str, action: Action
) -> argparse.ArgumentParser:
    parser = actions.add_parser(name, help=help_)
    parser.add_argument("--org", required=True, help="name or id of the org")
    parser.set_defaults(run=_run, act=action)
    return parser


def _run(arguments: argparse.Namespace, settings: Settings) -> int:
    if arguments.action != "list":
        sign(arguments)
    for name, (kind, _) in HOLDERS.items():
        if given := getattr(arguments, name, None):
            try:
                arguments.kind, arguments.holder = holder(given, kind)
            except DomainError as error:
                raise SettingsError(f"--{name.replace('_', '-')}: {error}") from None
    in_org(settings, arguments.org, partial(arguments.act, arguments=arguments))
    return 0


async def _grant(connection: asyncpg.Connection, org: Org, *, arguments: argparse.Namespace) -> None:
    await policy_with(connection, [arguments.role])
    now = _now()
    try:
        grant = await give_role(
            connection, org.id, holder_id=arguments.holder, role=arguments.role, by=arguments.by,
            because=arguments.reason.strip(), until=arguments.until, now=now,
        )  # fmt: skip
    except DomainError as error:
        raise SettingsError(f"--until: {error}") from None
    print(_line(grant, now))
    print(await _reach(connection, org, grant, now))


async def _reach(connection: asyncpg.Connection, org: Org, grant: RoleGrant, now: datetime) -> str:
    """Say whom a grant reaches among the users that were imported."""
    if grant.holder_kind is HolderKind.USER:
        known = await find_user(connection, org.id, grant.holder_id, now)
        if known is None:
            return (
                f"{grant.holder_id} is not among the users of {org.name} yet: it holds once they are imported"
            )
        return "it holds from the next token on"
    users = await users_of(connection, org.id, grant.holder_kind, grant.holder_id)
    if not users:
        return (
            f"no user of {org.name} has the {WORDS[grant.holder_kind]} yet: it holds once they are imported"
        )
    return f"{len(users)} users have the {WORDS[grant.holder_kind]}: it holds from their next token on"


async def _revoke(connection: asyncpg.Connection, org: Org, *, arguments: argparse.Namespace) -> None:
    await take_role(
        connection, org.id, holder_id=arguments.holder, role=arguments.role, by=arguments.by,
        because=arguments.reason.strip(), now=_now(),
    )  # fmt: skip
    print(f"{arguments.holder} is no {arguments.role} any more; tokens issued before end within seconds")


async def _list(connection: asyncpg.Connection, org: Org, *, arguments: argparse.Namespace) -> None:
    now = _now()
    if arguments.user is None:
        grants = await list_grants(connection, org.id)
        nothing = f"nobody has a role in {org.name} yet: `contract-graph roles grant` gives one"
    else:
        grants = await grants_reaching(connection, org.id, arguments.holder, now)
        nothing = await _unreached(connection, org, arguments.holder, now)
    if not grants:
        print(nothing)
    for grant in grants:
        print(_line(grant, now))


async def _unreached(connection: asyncpg.Connection, org: Org, user: str, now: datetime) -> str:
    if await find_user(connection, org.id, user, now) is None:
        return f"{user} is not among the users of {org.name}: `contract-graph import crm` brings them"
    return f"no grant reaches {user}, neither their own nor by profile or permission set"


def _line(grant: RoleGrant, now: datetime) -> str:
    held = "holds" if grant.holds(now) else "ended"
    told = f"{grant.holder_id}  {WORDS[grant.holder_kind]}  {grant.role}  {held}"
    told += f"\n    granted {grant.granted_at:%Y-%m-%d} by {grant.granted_by}: {grant.reason}"
    if grant.ends_at is not None:
        told += f"\n    until {grant.ends_at - timedelta(days=1):%Y-%m-%d} UTC, that day included"
    if grant.revoked_at is not None:
        told += f"\n    revoked {grant.revoked_at:%Y-%m-%d} by {grant.revoked_by}: {grant.revoked_because}"
    return told


def _now() -> datetime:
    return datetime.now(UTC)
