"""`contract-graph crm events`: the changes that an org's Salesforce tells of, read from now on or no more."""

from __future__ import annotations

import argparse
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Final

import asyncpg

from api.commands.crm_poll import poll_nightly
from api.commands.org_work import in_org, salesforce_of
from api.settings import Settings, SettingsError
from domain.org import Org
from storage.lanes import Queue, enqueue
from storage.salesforce_streams import end_streams, find_streams, set_stream
from sync.salesforce.changes.stream import EVERYTHING, is_plain
from sync.salesforce.changes.subscribers import stream_message

_ADDRESS: Final = "api.pubsub.salesforce.com:7443"
_LARGEST_PORT = 65535

Register = Callable[[str, str, Callable[[argparse.Namespace, Settings], int]], argparse.ArgumentParser]


def add_events(register: Register) -> None:
    """Register `crm events`."""
    parser = register("events", "read what changes there, from now on; --show and --end", _run)
    parser.add_argument(
        "--address", default=_ADDRESS, help=f"of the Pub/Sub API, {_ADDRESS} unless the org has another"
    )
    parser.add_argument(
        "--topic", default=EVERYTHING, help=f"{EVERYTHING} unless said, or a channel: /data/NAME__chn"
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--show", action="store_true", help="say up to where it is read")
    what.add_argument("--end", action="store_true", help="read no more")


def _run(arguments: argparse.Namespace, settings: Settings) -> int:
    work = _show if arguments.show else _end if arguments.end else _begin(arguments.address, arguments.topic)
    in_org(settings, arguments.org, work)
    return 0


def _begin(address: str, topic: str) -> Callable[[asyncpg.Connection, Org], Awaitable[None]]:
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) <= _LARGEST_PORT or not host.isprintable():
        raise SettingsError("--address takes a host and a port, such as " + _ADDRESS)
    if not topic.startswith("/data/") or not topic.isprintable():
        raise SettingsError(f"--topic takes the name of a channel, such as {EVERYTHING}")

    async def work(connection: asyncpg.Connection, org: Org) -> None:
        stored = await salesforce_of(connection, org)
        now = datetime.now(UTC)
        await set_stream(connection, org.id, topic, address, now)
        await enqueue(connection, org.id, Queue.STREAM, [stream_message(topic)], now)
        await poll_nightly(connection, org)
        how = "in clear, on this machine" if is_plain(stored.url, address) else "over TLS"
        print(f"workers read {topic} of {org.name} at {address} {how}, all that is kept there first")
        print("once a day they ask for what no event tells of: `contract-graph crm poll` says how often")

    return work


async def _show(connection: asyncpg.Connection, org: Org) -> None:
    found = await find_streams(connection, org.id)
    if not found:
        print(f"nothing is read of {org.name}: `contract-graph crm events` begins")
    for each in found:
        ended = f", ended {each.ended_at:%Y-%m-%d %H:%M} UTC" if each.ended_at else ""
        read = f"{each.read_at:%Y-%m-%d %H:%M:%S} UTC" if each.read_at else "not yet"
        print(f"{each.topic} at {each.address}  (since {each.made_at:%Y-%m-%d}{ended})")
        print(f"  last heard of  {read}")
        print(f"  read up to     {each.replay_id.hex() if each.replay_id else 'nothing yet'}")
        if each.restarted_at:
            print(f"  read anew      {each.restarted_at:%Y-%m-%d %H:%M} UTC: Salesforce had lost its place")


async def _end(connection: asyncpg.Connection, org: Org) -> None:
    await end_streams(connection, org.id, datetime.now(UTC))
    print(f"no change of {org.name} is read any more in a few seconds; up to where it was is kept")
