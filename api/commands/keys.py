"""`contract-graph keys`: the keys that sign access tokens, and those that encrypt personal values."""

from __future__ import annotations

import argparse
import asyncio
import getpass
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import asyncpg

from api.commands.data_keys import list_data_keys, reseal, rewrap, rotate_data_keys, shred
from api.installation import open_installation, sealer
from api.settings import Settings
from auth.crypto import kid_of
from auth.keys import OVERLAP, first_keys, rotate
from storage.database import BUSY, DatabaseUnavailable, connect, require_schema
from storage.signing_keys import StoredKey, list_events

Action = Callable[[asyncpg.Connection, Settings, argparse.Namespace], Awaitable[int]]


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register `keys rotate|list|reseal|rewrap|shred`."""
    actions = subparsers.add_parser(
        "keys", help="the keys that sign tokens, and those that encrypt personal values"
    ).add_subparsers(dest="action", required=True)
    rotating = actions.add_parser("rotate", help="make a new key; the old ones verify on for a day")
    rotating.add_argument(
        "--stolen",
        action="store_true",
        help="let the new key sign at once, and refuse all that others signed",
    )
    rotating.add_argument(
        "--org", metavar="NAME_OR_ID", help="of this org's personal values instead: the old ones open on"
    )
    rotating.set_defaults(run=_run, act=_rotate)
    listing = actions.add_parser("list", help="show the keys, and what became of them")
    listing.add_argument("--org", metavar="NAME_OR_ID", help="those of this org's personal values instead")
    listing.set_defaults(run=_run, act=_list)
    resealing = actions.add_parser("reseal", help="encrypt personal values anew under the newest key")
    resealing.add_argument("--org", required=True, metavar="NAME_OR_ID")
    resealing.set_defaults(run=_run, act=reseal)
    rewrapping = actions.add_parser(
        "rewrap",
        help="encrypt keys of personal values and secrets of connections under another key-encryption key",
    )
    rewrapping.add_argument("--org", required=True, metavar="NAME_OR_ID")
    rewrapping.set_defaults(run=_run, act=rewrap)
    shredding = actions.add_parser(
        "shred", help="destroy the keys of an org's personal values: nobody reads them again"
    )
    shredding.add_argument("--org", required=True, metavar="NAME_OR_ID")
    shredding.add_argument("--yes", action="store_true", help="it cannot be undone, and that is meant")
    shredding.set_defaults(run=_run, act=shred)


def _run(arguments: argparse.Namespace, settings: Settings) -> int:
    async def work() -> int:
        # Encrypting an org anew takes its time, and destroying its keys waits for whoever writes.
        url = open_installation(settings).owner_url
        connection = await connect(url, statement_timeout="0", lock_timeout="60s")
        try:
            await require_schema(connection)
            return int(await arguments.act(connection, settings, arguments))
        except BUSY as error:
            raise DatabaseUnavailable("others hold what this waited a minute for: try again") from error
        finally:
            await connection.close()

    return asyncio.run(work())


async def _rotate(connection: asyncpg.Connection, settings: Settings, arguments: argparse.Namespace) -> int:
    if arguments.org is not None:
        return await rotate_data_keys(connection, settings, arguments)
    overlap = timedelta() if arguments.stolen else OVERLAP
    sealed = sealer(settings)
    await first_keys(connection, sealed, getpass.getuser())
    made = await rotate(connection, sealed, getpass.getuser(), overlap=overlap)
    print(f"{made.kid} signs from {made.signs_from:%Y-%m-%d %H:%M:%S} UTC")
    if arguments.stolen:
        print("every token that another key signed is refused within seconds")
    return 0


async def _list(connection: asyncpg.Connection, settings: Settings, arguments: argparse.Namespace) -> int:
    if arguments.org is not None:
        return await list_data_keys(connection, arguments)
    keys = await first_keys(connection, sealer(settings), getpass.getuser())
    now = datetime.now(UTC)  # not before the first of them was made
    signing = max((key for key in keys if key.signs_from <= now), key=lambda key: key.signs_from)
    for key in keys:
        print(f"{key.kid}  {_state(key, signing, now)}")
        print(f"    made {key.made_at:%Y-%m-%d %H:%M}, encrypted by {kid_of(key.private_key)}")
    print("\nWhat became of them, the latest first:")
    for event in await list_events(connection):
        print(f"{event.happened_at:%Y-%m-%d %H:%M:%S}  {event.kid}  {event.event}  ({event.by})")
    return 0


def _state(key: StoredKey, signing: StoredKey, now: datetime) -> str:
    if key is signing:
        return "signs"
    if key.signs_from > now:
        return f"signs from {key.signs_from:%Y-%m-%d %H:%M:%S} UTC"
    return f"verifies until {key.ends_at:%Y-%m-%d %H:%M} UTC" if key.verifies(now) else "has ended"
