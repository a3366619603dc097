"""`contract-graph keys`: the keys that sign access tokens."""

from __future__ import annotations

import argparse
import asyncio
import getpass
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import asyncpg

from api.installation import open_installation, sealer
from api.settings import Settings
from auth.keys import OVERLAP, first_keys, rotate
from storage.database import connect, require_schema
from storage.signing_keys import StoredKey, list_events

Action = Callable[[asyncpg.Connection, Settings, argparse.Namespace], Awaitable[None]]


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register `keys rotate|list`."""
    actions = subparsers.add_parser("keys", help="the keys that sign tokens").add_subparsers(
        dest="action", required=True
    )
    rotating = actions.add_parser("rotate", help="make a new key; the old ones verify on for a day")
    rotating.add_argument(
        "--stolen",
        action="store_true",
        help="let the new key sign at once, and refuse all that others signed",
    )
    rotating.set_defaults(run=_run, act=_rotate)
    listing = actions.add_parser("list", help="show the keys, and what became of them")
    listing.set_defaults(run=_run, act=_list)


def _run(arguments: argparse.Namespace, settings: Settings) -> int:
    async def work() -> None:
        connection = await connect(open_installation(settings).owner_url)
        try:
            await require_schema(connection)
            await arguments.act(connection, settings, arguments)
        finally:
            await connection.close()

    asyncio.run(work())
    return 0


async def _rotate(connection: asyncpg.Connection, settings: Settings, arguments: argparse.Namespace) -> None:
    overlap = timedelta() if arguments.stolen else OVERLAP
    sealed = sealer(settings)
    await first_keys(connection, sealed, getpass.getuser())
    made = await rotate(connection, sealed, getpass.getuser(), overlap=overlap)
    print(f"{made.kid} signs from {made.signs_from:%Y-%m-%d %H:%M:%S} UTC")
    if arguments.stolen:
        print("every token that another key signed is refused within seconds")


async def _list(connection: asyncpg.Connection, settings: Settings, _: argparse.Namespace) -> None:
    keys = await first_keys(connection, sealer(settings), getpass.getuser())
    now = datetime.now(UTC)  # not before the first of them was made
    signing = max((key for key in keys if key.signs_from <= now), key=lambda key: key.signs_from)
    for key in keys:
        print(f"{key.kid}  {_state(key, signing, now)}")
        print(f"    made {key.made_at:%Y-%m-%d %H:%M}, encrypted by {key.private_key.split('.')[1]}")
    print("\nWhat became of them, the latest first:")
    for event in await list_events(connection):
        print(f"{event.happened_at:%Y-%m-%d %H:%M:%S}  {event.kid}  {event.event}  ({event.by})")


def _state(key: StoredKey, signing: StoredKey, now: datetime) -> str:
    if key is signing:
        return "signs"
    if key.signs_from > now:
        return f"signs from {key.signs_from:%Y-%m-%d %H:%M:%S} UTC"
    return f"verifies until {key.ends_at:%Y-%m-%d %H:%M} UTC" if key.verifies(now) else "has ended"
