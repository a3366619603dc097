"""`contract-graph clm`: the contract systems that send events, and the keys that they sign with."""

from __future__ import annotations

import argparse
import secrets
import sys
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from uuid import UUID

import asyncpg

from api.commands.org_work import add_action, given_name
from api.installation import sealer
from api.settings import Settings, SettingsError
from auth.crypto import Sealer
from auth.public_id import public_id
from domain.error import DomainError
from domain.identity import uuid7
from domain.org import Org
from storage.connections import (
    NameTaken,
    StoredConnection,
    UnknownConnection,
    add_connection,
    add_key,
    end_connection,
    end_key,
    keys_of,
    list_connections,
    named_connection,
)
from sync.clm.connectors import Vendor, connector_of
from sync.clm.fetcher import HttpFetcher, NotABase
from sync.clm.mapping_file import read_mapping
from sync.clm.mapping_reader import MappingFileError
from sync.connections import sealed_credentials, sealed_key

_EXPECTED = (UnknownConnection, NameTaken, NotABase, MappingFileError, DomainError)
_SHORTEST_KEY = 16


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register `clm add|key|endkey|end|list`."""
    actions = subparsers.add_parser("clm", help="contract systems that send events").add_subparsers(
        dest="action", required=True
    )
    action = partial(add_action, actions, expected=_EXPECTED)
    adding = action("add", "set up a connection, and show the address it sends to", _add)
    adding.add_argument("--name", required=True, help="what history and provenance call it")
    adding.add_argument("--vendor", required=True, choices=sorted(Vendor), help="which contract system")
    adding.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a vendor's setting")
    adding.add_argument("--mapping", type=Path, help="mapping file; a vendor's own where unsaid")
    adding.add_argument("--base", help="address at which what webhooks only name is fetched")
    adding.add_argument(
        "--headers", type=Path, metavar="FILE", help="headers to fetch with, each `Name: value` in a line"
    )
    _takes_key(adding)
    key = action("key", "add a key beside those that the connection has", _key)
    key.add_argument("--name", required=True, help="the connection")
    _takes_key(key)
    ending_key = action("endkey", "end a key: nothing that it signed is believed any more", _end_key)
    ending_key.add_argument("--name", required=True, help="the connection")
    ending_key.add_argument("--id", required=True, type=UUID, help="the key, as `list` names it")
    ending = action("end", "end a connection; what came by it stays", _end)
    ending.add_argument("--name", required=True, help="the connection")
    action("list", "show connections, their addresses and keys", _list)


def _takes_key(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--key-file", type=Path, metavar="FILE",
        help="what the source signs with: a secret, or a public key as PEM; - for standard input."
        " One is made, and shown once, where unsaid",
    )  # fmt: skip


async def _add(
    arguments: argparse.Namespace, settings: Settings, connection: asyncpg.Connection, org: Org
) -> None:
    name = given_name(arguments.name)
    mapping = None if arguments.mapping is None else _content(arguments.mapping)
    given = dict(_setting(each) for each in arguments.set)
    read = None if mapping is None else read_mapping(mapping, str(arguments.mapping))
    connector_of(Vendor(arguments.vendor), given, read)
    id_, keys = uuid7(), sealer(settings)
    headers = {} if arguments.headers is None else _headers(arguments.headers)
    if arguments.base is not None:
        HttpFetcher(base=arguments.base, headers=headers)  # or it says what is wrong with the address
    elif headers:
        raise SettingsError("--headers are sent to --base: name that too")
    await add_connection(
        connection,
        StoredConnection(
            org_id=org.id, id=id_, name=name, vendor=arguments.vendor, settings=given,
            mapping=None if mapping is None else mapping.decode(), base_address=arguments.base,
            credentials=sealed_credentials(keys, org.id, id_, headers) if headers else None,
            made_at=datetime.now(UTC),
        ),
    )  # fmt: skip
    print(f"connection  {name}")
    print(f"sends to    {settings.issuer}/webhooks/{public_id(org.id, id_)}")
    await _new_key(connection, org, id_, keys, arguments.key_file)


async def _key(
    arguments: argparse.Namespace, settings: Settings, connection: asyncpg.Connection, org: Org
) -> None:
    found = await named_connection(connection, org.id, arguments.name)
    await _new_key(connection, org, found.id, sealer(settings), arguments.key_file)
    print(
        "the keys that it had verify on: `contract-graph clm endkey` ends them once the source has this one"
    )


async def _new_key(
    connection: asyncpg.Connection, org: Org, connection_id: UUID, keys: Sealer, file: Path | None
) -> None:
    shown = secrets.token_urlsafe(32) if file is None else None
    secret = shown.encode() if shown is not None else _secret(file)
    key = sealed_key(keys, org.id, connection_id, secret, datetime.now(UTC))
    await add_key(connection, org.id, key)
    print(f"key         {key.id}")
    if shown is not None:
        print(f"secret      {shown}  (shown this once: enter it where the source signs)")


async def _end_key(
    arguments: argparse.Namespace, _: Settings, connection: asyncpg.Connection, org: Org
) -> None:
    found = await named_connection(connection, org.id, arguments.name)
    living = {each.id for each in await keys_of(connection, org.id, found.id) if each.ended_at is None}
    if arguments.id not in living:
        raise SettingsError(f"{found.name} has no key {arguments.id} that still verifies")
    await end_key(connection, org.id, arguments.id, datetime.now(UTC))
    print(f"ended the key {arguments.id}: nothing that it signs is believed in a few seconds")


async def _end(arguments: argparse.Namespace, _: Settings, connection: asyncpg.Connection, org: Org) -> None:
    found = await named_connection(connection, org.id, arguments.name)
    if found.ended_at is not None:
        raise SettingsError(f"{found.name} ended at {found.ended_at:%Y-%m-%d %H:%M} UTC already")
    await end_connection(connection, org.id, found.id, datetime.now(UTC))
    print(f"ended {found.name}: nothing that comes by it is believed in a few seconds; what came stays")


async def _list(_: argparse.Namespace, settings: Settings, connection: asyncpg.Connection, org: Org) -> None:
    found = await list_connections(connection, org.id)
    if not found:
        print(f"{org.name} has no connection: `contract-graph clm add` sets one up")
    for each in found:
        state = "" if each.ended_at is None else f", ended {each.ended_at:%Y-%m-%d %H:%M} UTC"
        print(f"{each.name}  ({each.vendor}, since {each.made_at:%Y-%m-%d}{state})")
        print(f"  sends to  {settings.issuer}/webhooks/{public_id(org.id, each.id)}")
        if each.base_address is not None:
            print(f"  asked at  {each.base_address}")
        for key in await keys_of(connection, org.id, each.id):
            ended = "" if key.ended_at is None else f", ended {key.ended_at:%Y-%m-%d %H:%M} UTC"
            print(f"  key       {key.id}  since {key.made_at:%Y-%m-%d}{ended}")


def _setting(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise SettingsError(f"--set takes NAME=VALUE, not {text!r}")
    return name, value


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise SettingsError(f"{file} cannot be read: {error.strerror}") from None


def _secret(file: Path | None) -> bytes:
    content = sys.stdin.buffer.read() if str(file) == "-" else _content(file or Path())
    secret = content.strip()
    if len(secret) < _SHORTEST_KEY:
        raise SettingsError(f"a key has at least {_SHORTEST_KEY} characters: a shorter one could be guessed")
    return secret


def _headers(file: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    for number, line in enumerate(_content(file).decode(errors="replace").splitlines(), 1):
        name, colon, value = line.partition(":")
        if not line.strip():
            continue
        if not colon or not name.strip().isascii() or not value.strip().isprintable():
            raise SettingsError(f"{file}:{number}: `Name: value` is expected")
        found[name.strip()] = value.strip()
    return found
