"""`contract-graph alerts`: the webhooks that are told when something goes wrong."""

from __future__ import annotations

import argparse
import secrets
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import asyncpg

from api.commands.given_file import text_of
from api.commands.org_work import add_action, given_name
from api.installation import sealer
from api.settings import Settings, SettingsError
from domain.alert import WANTED
from domain.identity import uuid7
from domain.org import Org
from storage.alert_targets import (
    StoredTarget,
    TargetExists,
    UnknownTarget,
    add_target,
    end_target,
    list_targets,
    named_target,
)
from sync.alerts.alert import a_test
from sync.alerts.sender import NotAnAddress, NotSent, Sender
from sync.alerts.target import Shape, opened_target, sealed_address, sealed_signing_key

_SHORTEST_KEY = 16
_EXPECTED = (UnknownTarget, TargetExists, NotAnAddress)


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register `alerts add|list|test|end`."""
    actions = subparsers.add_parser(
        "alerts", help="webhooks that are told when something goes wrong"
    ).add_subparsers(dest="action", required=True)
    action = partial(add_action, actions, expected=_EXPECTED)
    adding = action("add", "set up a target; nothing is sent yet", _add)
    adding.add_argument("--name", required=True, help="what it is called here")
    adding.add_argument("--shape", required=True, choices=list(Shape), help="what form its bodies have")
    adding.add_argument(
        "--address-file", required=True, type=Path, metavar="FILE",
        help="its address, which is a secret; - for standard input",
    )  # fmt: skip
    adding.add_argument(
        "--key-file", type=Path, metavar="FILE",
        help="what generic bodies are signed with; one is made, and shown once, where unsaid",
    )  # fmt: skip
    adding.add_argument(
        "--kind", action="append", choices=list(WANTED), metavar="KIND", dest="kinds",
        help=f"what it is told of, everything unless said; once for each of: {', '.join(WANTED)}",
    )  # fmt: skip
    action("list", "show targets, never their addresses", _list)
    testing = action("test", "send a test to a target now", _test)
    ending = action("end", "tell a target of nothing more, and forget its address", _end)
    for parser in (testing, ending):
        parser.add_argument("--name", required=True, help="the target")


async def _add(
    arguments: argparse.Namespace, settings: Settings, connection: asyncpg.Connection, org: Org
) -> None:
    name = given_name(arguments.name)
    shape = Shape(arguments.shape)
    if arguments.key_file is not None and shape is not Shape.GENERIC:
        raise SettingsError(f"--key-file is for generic targets: {shape} verifies no signature")
    address = text_of(arguments.address_file)
    Sender(address)  # or it says what is wrong with it
    id_, keys = uuid7(), sealer(settings)
    key, shown = _signing_key(arguments.key_file) if shape is Shape.GENERIC else (None, False)
    made = StoredTarget(
        org_id=org.id, id=id_, name=name, shape=shape,
        address=sealed_address(keys, org.id, id_, address),
        signing_key=None if key is None else sealed_signing_key(keys, org.id, id_, key.encode()),
        kinds=None if arguments.kinds is None else sorted(set(arguments.kinds)),
        made_at=datetime.now(UTC),
    )  # fmt: skip
    await add_target(connection, made)
    print(f"target  {name}")
    print(f"told of {_kinds(made)}")
    if key is not None and shown:
        print(f"key     {key}  (shown this once: enter it where the signature is verified)")
    print("`contract-graph alerts test` sends it a test")


async def _list(_: argparse.Namespace, __: Settings, connection: asyncpg.Connection, org: Org) -> None:
    found = await list_targets(connection, org.id)
    if not found:
        print(f"{org.name} tells nobody: `contract-graph alerts add` sets up who is told")
    for each, untold in found:
        state = "" if each.ended_at is None else f", ended {each.ended_at:%Y-%m-%d %H:%M} UTC"
        print(f"{each.name}  ({each.shape}, since {each.made_at:%Y-%m-%d}{state})")
        if each.ended_at is None:
            print(f"  told of      {_kinds(each)}")
            print(f"  not yet told {untold:,}")


async def _test(
    arguments: argparse.Namespace, settings: Settings, connection: asyncpg.Connection, org: Org
) -> None:
    stored = await named_target(connection, org.id, arguments.name)
    target = opened_target(sealer(settings), stored)
    if target is None:
        raise UnknownTarget(arguments.name)
    now = datetime.now(UTC)
    try:
        status = await target.tell(a_test(org, now), now)
    except NotSent as error:
        helps = "try again" if error.again else "if its address has changed, end it and add it anew"
        raise SettingsError(f"{stored.name}: {error}: {helps}") from None
    print(f"{stored.name} took it: HTTP {status}")


async def _end(arguments: argparse.Namespace, _: Settings, connection: asyncpg.Connection, org: Org) -> None:
    found = await named_target(connection, org.id, arguments.name)
    await end_target(connection, org.id, found.id, datetime.now(UTC))
    print(f"ended {found.name}: it is told of nothing more, and its address is forgotten")


def _kinds(target: StoredTarget) -> str:
    return "everything" if target.kinds is None else ", ".join(target.kinds)


def _signing_key(file: Path | None) -> tuple[str, bool]:
    """The key, and whether it was made now."""
    if file is None:
        return secrets.token_urlsafe(32), True
    key = text_of(file)
    if len(key) < _SHORTEST_KEY:
        raise SettingsError(f"a key has at least {_SHORTEST_KEY} characters: a shorter one could be guessed")
    return key, False
