"""`contract-graph clients`: the programs that may ask for tokens."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import asyncpg

from api.installation import open_installation
from api.settings import Settings, SettingsError
from auth.oauth.client import new_client, new_secret, secret_hash
from auth.policy import load_policy
from domain.org import Org
from storage.database import connect, require_schema
from storage.oauth_clients import (
    OAuthClient,
    add_client,
    disable_client,
    list_clients,
    replace_secret,
)
from storage.orgs import find_org
from storage.tenancy import bind_org

Action = Callable[[asyncpg.Connection, Org, argparse.Namespace], Awaitable[None]]

LONGEST_NAME = 100


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register `clients add|rotate|disable|list`."""
    actions = subparsers.add_parser("clients", help="programs that may ask for tokens").add_subparsers(
        dest="action", required=True
    )
    adding = _action(actions, "add", "register a client, and show its secret once", _add)
    adding.add_argument("--name", required=True, help="what people call it")
    adding.add_argument("--role", required=True, action="append", help="role of the policy; may be repeated")
    for name, help_, action in (
        ("rotate", "give a client a new secret, shown once; the old one stops at once", _rotate),
        ("disable", "let a client get no more tokens, for good", _disable),
    ):
        _action(actions, name, help_, action).add_argument("client_id", help="as `clients list` shows it")
    _action(actions, "list", "show the clients of an org", _list)


def _action(
    actions: argparse._SubParsersAction[argparse.ArgumentParser], name: str, help_: str, action: Action
) -> argparse.ArgumentParser:
    parser = actions.add_parser(name, help=help_)
    parser.add_argument("--org", required=True, help="name or id of the org")
    parser.set_defaults(run=_run, act=action)
    return parser


def _run(arguments: argparse.Namespace, settings: Settings) -> int:
    if arguments.action == "add":
        known = load_policy().roles
        for role in arguments.role:
            if role not in known:
                raise SettingsError(f"the policy has no role {role!r}; it has: {', '.join(sorted(known))}")
        if not (arguments.name.isprintable() and 0 < len(arguments.name.strip()) <= LONGEST_NAME):
            raise SettingsError(f"--name is a line of 1 to {LONGEST_NAME} characters")
    asyncio.run(_in_org(open_installation(settings).owner_url, arguments))
    return 0


async def _in_org(owner_url: str, arguments: argparse.Namespace) -> None:
    connection = await connect(owner_url)
    try:
        await require_schema(connection)
        org = await find_org(connection, arguments.org)
        async with connection.transaction():
            await bind_org(connection, org.id)
            await arguments.act(connection, org, arguments)
    finally:
        await connection.close()


async def _add(connection: asyncpg.Connection, org: Org, arguments: argparse.Namespace) -> None:
    client, secret = new_client(org.id, arguments.name.strip(), frozenset(arguments.role), _now())
    await add_client(connection, client)
    _show_secret(client.id, secret)


async def _rotate(connection: asyncpg.Connection, org: Org, arguments: argparse.Namespace) -> None:
    secret = new_secret()
    await replace_secret(connection, org.id, arguments.client_id, secret_hash(secret), _now())
    _show_secret(arguments.client_id, secret)


async def _disable(connection: asyncpg.Connection, org: Org, arguments: argparse.Namespace) -> None:
    await disable_client(connection, org.id, arguments.client_id, _now())
    print(f"{arguments.client_id} gets no more tokens; those that it has end within ten minutes")


async def _list(connection: asyncpg.Connection, org: Org, _: argparse.Namespace) -> None:
    clients = await list_clients(connection, org.id)
    if not clients:
        print(f"{org.name} has no clients: `contract-graph clients add` registers one")
    for client in clients:
        print(f"{client.id}  {client.name}\n    {_state(client)}; roles: {', '.join(sorted(client.roles))}")


def _state(client: OAuthClient) -> str:
    if client.disabled_at:
        return f"disabled {client.disabled_at:%Y-%m-%d %H:%M} UTC"
    used = f"last used {client.last_used_at:%Y-%m-%d %H:%M} UTC" if client.last_used_at else "never used"
    return f"secret of {client.rotated_at or client.created_at:%Y-%m-%d}, {used}"


def _show_secret(client_id: str, secret: str) -> None:
    print(f"client_id      {client_id}\nclient_secret  {secret}\nThe secret is not shown again.")


def _now() -> datetime:
    return datetime.now(UTC)
