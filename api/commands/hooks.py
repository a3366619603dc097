"""`contract-graph hooks`: webhooks that are told which contracts changed in what."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import asyncpg
import orjson

from api.commands.given_file import text_of
from api.commands.org_work import add_action, given_name
from api.commands.policy_source import policy_with
from api.errors import ApiError
from api.installation import sealer
from api.live.hook_discretion import check_hook
from api.settings import Settings, SettingsError
from domain.identity import uuid7
from domain.org import Org
from storage.contract_changes import present
from storage.hooks import (
    HookExists,
    StoredHook,
    UnknownHook,
    add_hook,
    end_hook,
    keys_of,
    list_hooks,
    named_hook,
    put_key,
)
from storage.lanes import Queue, enqueue
from sync.alerts.sender import NotAnAddress, NotSent
from sync.hooks.destination import Destination
from sync.hooks.follow import follow_message
from sync.hooks.hook import opened_hook, sealed_address, sealed_key
from sync.hooks.networks import networks_of
from sync.hooks.signature import new_secret

MOST_HOURS = 24 * 7
_EXPECTED = (UnknownHook, HookExists, NotAnAddress, NotSent)


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register `hooks add|list|test|rotate|end`."""
    actions = subparsers.add_parser(
        "hooks", help="webhooks that are told which contracts changed in what"
    ).add_subparsers(dest="action", required=True)
    action = partial(add_action, actions, expected=_EXPECTED)
    adding = action("add", "set up a webhook, and show its secret once", _add)
    adding.add_argument("--name", required=True, help="what it is called here")
    adding.add_argument(
        "--address-file", required=True, type=Path, metavar="FILE",
        help="its address, https; - for standard input",
    )  # fmt: skip
    adding.add_argument(
        "--role", required=True, action="append", dest="roles", help="role of the policy: what it is told"
    )
    adding.add_argument("--subject", help="whose contracts, by Salesforce id, where a role reaches only some")
    adding.add_argument("--filter", default="{}", help="JSON of a ContractFilter: only of those that match")
    action("list", "show webhooks, never their addresses", _list)
    testing = action("test", "send a test to a webhook now", _test)
    rotating = action("rotate", "sign with another secret, which is shown once", _rotate)
    rotating.add_argument(
        "--hours", type=int, default=24, help="for how long the one before signs as well; 24 unless said"
    )
    ending = action("end", "tell a webhook of nothing more, and forget its address", _end)
    for parser in (testing, rotating, ending):
        parser.add_argument("--name", required=True, help="the webhook")


async def _add(
    arguments: argparse.Namespace, settings: Settings, connection: asyncpg.Connection, org: Org
) -> None:
    name, now = given_name(arguments.name), datetime.now(UTC)
    address = text_of(arguments.address_file)
    id_, keys, secret = uuid7(), sealer(settings), new_secret()
    made = StoredHook(
        org_id=org.id, id=id_, name=name, address=sealed_address(keys, org.id, id_, address),
        subject=arguments.subject or f"webhook {name}", roles=sorted(set(arguments.roles)),
        filter=arguments.filter, read=await present(connection), made_at=now,
    )  # fmt: skip
    await _check(connection, made)
    await Destination(address, networks_of(settings.hook_networks)).check()
    await add_hook(connection, made)
    await put_key(connection, org.id, sealed_key(keys, org.id, id_, secret, now), now)
    await enqueue(connection, org.id, Queue.FOLLOW, [follow_message(id_)], now)
    print(f"webhook {name}")
    print(f"told as {', '.join(made.roles)}")
    print(f"secret  {secret}  (shown this once: enter it where the signature is verified)")
    print("it is told of what changes from now on; `contract-graph hooks test` sends it a test")


async def _check(connection: asyncpg.Connection, made: StoredHook) -> None:
    """Refuse roles and a filter that would never tell anything. Raises SettingsError."""
    policy = await policy_with(connection, made.roles)
    try:
        if not isinstance(orjson.loads(made.filter), dict):
            raise SettingsError("--filter takes a JSON object")
        check_hook(policy, made)
    except orjson.JSONDecodeError:
        raise SettingsError('--filter takes JSON, such as \'{"status": {"eq": "ACTIVE"}}\'') from None
    except ApiError as error:
        raise SettingsError(f"--filter: {error.message}") from None


async def _list(_: argparse.Namespace, __: Settings, connection: asyncpg.Connection, org: Org) -> None:
    found = await list_hooks(connection, org.id)
    if not found:
        print(f"{org.name} has no webhooks: `contract-graph hooks add` sets up one")
    for each in found:
        state = "" if each.ended_at is None else f", ended {each.ended_at:%Y-%m-%d %H:%M} UTC"
        print(f"{each.name}  (since {each.made_at:%Y-%m-%d}{state})")
        if each.ended_at is None:
            keys = await keys_of(connection, org.id, each.id, datetime.now(UTC))
            print(f"  told as  {', '.join(each.roles)} ({each.subject})")
            print(f"  filter   {each.filter}")
            print(f"  secrets  {len(keys)}, the newest of {keys[0].made_at:%Y-%m-%d}")


async def _test(
    arguments: argparse.Namespace, settings: Settings, connection: asyncpg.Connection, org: Org
) -> None:
    stored, now = await named_hook(connection, org.id, arguments.name), datetime.now(UTC)
    keys = await keys_of(connection, org.id, stored.id, now)
    hook = opened_hook(sealer(settings), stored, keys, networks_of(settings.hook_networks))
    if hook is None:
        raise UnknownHook(arguments.name)
    print(f"{stored.name} took it: HTTP {await hook.test(now)}")


async def _rotate(
    arguments: argparse.Namespace, settings: Settings, connection: asyncpg.Connection, org: Org
) -> None:
    if not 0 <= arguments.hours <= MOST_HOURS:
        raise SettingsError(f"--hours takes a whole number from 0 to {MOST_HOURS}")
    stored, now = await named_hook(connection, org.id, arguments.name), datetime.now(UTC)
    secret = new_secret()
    made = sealed_key(sealer(settings), org.id, stored.id, secret, now)
    await put_key(connection, org.id, made, now + timedelta(hours=arguments.hours))
    print(f"secret  {secret}  (shown this once; the one before signs as well for {arguments.hours} hours)")


async def _end(arguments: argparse.Namespace, _: Settings, connection: asyncpg.Connection, org: Org) -> None:
    found = await named_hook(connection, org.id, arguments.name)
    await end_hook(connection, org.id, found.id, datetime.now(UTC))
    print(f"ended {found.name}: it is told of nothing more, and its address is forgotten")
