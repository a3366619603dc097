"""`contract-graph held`: messages that could not be done, and what becomes of them."""

from __future__ import annotations

import argparse
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from uuid import UUID

import asyncpg

from api.commands.org_work import in_org, sign
from api.settings import Settings, SettingsError
from domain.org import Org
from storage.lanes import Queue
from storage.quarantine import (
    Decision,
    Quarantined,
    State,
    discard,
    find_quarantined,
    later_than,
    list_quarantined,
    replay,
)
from sync.alerts.facts import plain

Action = Callable[..., Awaitable[None]]
_MOST = 10_000


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register `held list|show|replay|discard`."""
    actions = subparsers.add_parser(
        "held", help="what could not be done, and why: look at it, replay or discard it"
    ).add_subparsers(dest="action", required=True)
    listing = _action(actions, "list", "show the messages that are held, those first that came first", _list)
    listing.add_argument("--all", action="store_true", help="those that were decided upon, too")
    listing.add_argument("--most", type=int, default=100, help="how many to show, 100 unless said")
    _add_choice(listing)
    showing = _action(actions, "show", "show a message with what came after it", _show)
    showing.add_argument("id", type=UUID)
    showing.add_argument("--payload", action="store_true", help="and what it says; that may be personal")
    replaying = _action(actions, "replay", "put messages back into their lanes, at the end", _replay)
    replaying.add_argument("--first", action="store_true", help="where they were, before all that waits")
    discarding = _action(actions, "discard", "give messages up; they stay on record", _discard)
    for parser in (replaying, discarding):
        parser.add_argument("ids", type=UUID, nargs="*", metavar="ID")
        _add_choice(parser)
        parser.add_argument("--reason", "--why", required=True, help="why, for whoever reviews it later")
        parser.add_argument(
            "--by", default=None, help="who decided it; the account of this shell unless said"
        )


def _action(
    actions: argparse._SubParsersAction[argparse.ArgumentParser], name: str, help_: str, action: Action
) -> argparse.ArgumentParser:
    parser = actions.add_parser(name, help=help_)
    parser.add_argument("--org", required=True, help="name or id of the org")
    parser.set_defaults(run=_run, act=action)
    return parser


def _add_choice(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--error", metavar="KIND", help="only those with this kind of error")
    parser.add_argument("--queue", choices=list(Queue), help="only those of this queue")


def _run(arguments: argparse.Namespace, settings: Settings) -> int:
    if "reason" in arguments:
        sign(arguments)
        if bool(arguments.ids) == bool(arguments.error or arguments.queue):
            raise SettingsError("say which messages: their ids, or all of an --error or --queue")
    in_org(settings, arguments.org, partial(arguments.act, arguments=arguments))
    return 0


async def _list(connection: asyncpg.Connection, org: Org, *, arguments: argparse.Namespace) -> None:
    states = list(State) if arguments.all else [State.HELD]
    found = await list_quarantined(
        connection, org.id, states=states, queue=arguments.queue, error=arguments.error,
        most=max(1, min(arguments.most, _MOST)),
    )  # fmt: skip
    if not found:
        print(f"nothing is held in {org.name}")
    for each in found:
        print("\n".join(_told(each)))


async def _show(connection: asyncpg.Connection, org: Org, *, arguments: argparse.Namespace) -> None:
    found = await find_quarantined(connection, org.id, arguments.id)
    later = await later_than(connection, org.id, arguments.id)
    lines = [
        *_told(found),
        f"    came {_moment(found.enqueued_at)}; begun {found.attempts} times",
        f"    after it came {later.came} of the same key, of which {later.waiting} wait",
    ]
    if later.came > later.waiting:
        lines.append("    replayed, it comes after those that are done: see that it is not older than they")
    print("\n".join([*lines, plain(found.payload)] if arguments.payload else lines))


async def _replay(connection: asyncpg.Connection, org: Org, *, arguments: argparse.Namespace) -> None:
    for id_ in await _chosen(connection, org, arguments):
        new = await replay(connection, org.id, id_, _decision(arguments), first=arguments.first)
        later = await later_than(connection, org.id, id_)
        place = "in its old place" if arguments.first else "at the end of its lane"
        print(f"{id_} is {place}, as {new}; {later.waiting} of its key that came later wait")


async def _discard(connection: asyncpg.Connection, org: Org, *, arguments: argparse.Namespace) -> None:
    for id_ in await _chosen(connection, org, arguments):
        await discard(connection, org.id, id_, _decision(arguments))
        print(f"{id_} is given up, and kept on record")


async def _chosen(connection: asyncpg.Connection, org: Org, arguments: argparse.Namespace) -> Sequence[UUID]:
    if arguments.ids:
        return list(dict.fromkeys(arguments.ids))
    found = await list_quarantined(
        connection, org.id, queue=arguments.queue, error=arguments.error, most=_MOST
    )
    if not found:
        print(f"nothing such is held in {org.name}")
    return [each.id for each in found]


def _decision(arguments: argparse.Namespace) -> Decision:
    return Decision(by=arguments.by, because=arguments.reason.strip(), at=datetime.now(UTC))


def _told(each: Quarantined) -> list[str]:
    lines = [
        f"{each.id}  {each.queue}  {plain(each.key)}  {each.state.lower()}",
        f"    {_moment(each.quarantined_at)}  {plain(each.error)}: {plain(each.message)}",
        f"    correlation {plain(each.correlation)}",
    ]
    if each.decided_at is not None:
        decided = f"{each.state.lower()} {_moment(each.decided_at)} by {each.decided_by}"
        lines.append(f"    {decided}: {each.decided_because}")
    if each.replayed_as is not None:
        lines.append(f"    as {each.replayed_as}")
    return lines


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}"
