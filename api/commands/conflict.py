"""`contract-graph conflict`: claims that contradict each other, decided by an administrator."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from functools import partial
from uuid import UUID

import asyncpg

from api.commands.org_work import add_action, in_org, sign
from api.settings import Settings, SettingsError
from domain.history import FieldChange
from domain.identity import uuid7
from domain.org import Org
from storage.claims import ClaimStore
from storage.contested_parts import open_conflicts, said_of
from sync.alerts.facts import plain
from sync.settle_conflict import CannotHold, NothingToDecide, Ruling, decide

_MOST = 10_000


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register `conflict list|show|take|keep`."""
    actions = subparsers.add_parser(
        "conflict", help="claims in conflict: look at them, take what was claimed or keep what is known"
    ).add_subparsers(dest="action", required=True)
    listing = add_action(
        actions, "list", "show what waits for a decision, the oldest first", _list, expected=()
    )
    listing.add_argument("--most", type=int, default=100, help="how many to show, 100 unless said")
    showing = add_action(
        actions,
        "show",
        "show a claim with its value; that may be personal",
        _show,
        expected=(NothingToDecide,),
    )
    showing.add_argument("id", type=UUID)
    for name, help_ in (("take", "have what was claimed hold"), ("keep", "keep what is known now")):
        parser = actions.add_parser(name, help=help_)
        parser.add_argument("--org", required=True, help="name or id of the org")
        parser.add_argument("id", type=UUID)
        parser.add_argument("--reason", "--why", required=True, help="why, for whoever reads the history")
        parser.add_argument(
            "--by", default=None, help="who decided it; the account of this shell unless said"
        )
        parser.set_defaults(run=_run, takes=name == "take")


def _run(arguments: argparse.Namespace, settings: Settings) -> int:
    sign(arguments)
    ruling = Ruling(by=arguments.by, takes=arguments.takes, because=arguments.reason.strip())
    try:
        in_org(settings, arguments.org, partial(_decide, id_=arguments.id, ruling=ruling))
    except (NothingToDecide, CannotHold) as error:
        raise SettingsError(str(error)) from None
    except asyncpg.UniqueViolationError:
        raise SettingsError("another contract has this value, which only one can have") from None
    return 0


async def _decide(connection: asyncpg.Connection, org: Org, *, id_: UUID, ruling: Ruling) -> None:
    line = await _line(connection, org, id_)
    now, correlation = datetime.now(UTC), str(uuid7())
    decided = await decide(connection, org.id, line, ruling, now=now, correlation=correlation)
    holds = "what was claimed holds" if ruling.takes else "what is known is kept"
    print(f"{_about(line)}: {holds}; it is line {decided.line}, and known as {correlation} in every log")


async def _list(arguments: argparse.Namespace, _: Settings, connection: asyncpg.Connection, org: Org) -> None:
    found = await open_conflicts(connection, org.id, max(1, min(arguments.most, _MOST)))
    if not found:
        print(f"nothing is in conflict in {org.name}")
    for line, contract in found:
        print(f"{line.id}  {plain(contract)}  {_about(line)}")
        print(f"    {line.recorded_at:%Y-%m-%d %H:%M}  {plain(line.claimed_by)}: {plain(line.reason)}")


async def _show(arguments: argparse.Namespace, _: Settings, connection: asyncpg.Connection, org: Org) -> None:
    line = await _line(connection, org, arguments.id)
    claimed = line.after if line.part is None else await said_of(connection, org.id, line.id)
    print(f"{line.id}  {_about(line)}  {line.decision.lower()}")
    print(f"    claimed {line.claimed_at:%Y-%m-%d %H:%M} by {plain(line.claimed_by)}: {plain(line.reason)}")
    if line.part is None:
        print(f"    known   {plain(str(line.before))}")
    print(f"    claimed {plain(str(claimed))}")


async def _line(connection: asyncpg.Connection, org: Org, id_: UUID) -> FieldChange:
    found = await ClaimStore(connection, org.id, datetime.now(UTC)).line(id_)
    if found is None:
        raise NothingToDecide("no such line of history is there")
    return found


def _about(line: FieldChange) -> str:
    return line.field if line.part is None else f"{line.field} {plain(line.part)}"
