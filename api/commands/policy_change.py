"""`contract-graph policy propose|trial|approve|reject|rollback|history`: how a policy comes into force."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import asyncpg

from api.commands.org_work import as_owner, sign
from api.settings import Settings, SettingsError
from auth import policy_change
from storage.policy_versions import list_differences, list_events

Action = Callable[[asyncpg.Connection, argparse.Namespace], Awaitable[None]]


def add_actions(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the actions that change which policy is in force."""
    proposing = _action(actions, "propose", "try a policy beside the one in force", _propose)
    proposing.add_argument("file", type=Path, help="the policy, as TOML")
    _action(actions, "trial", "show what the proposed policy would decide otherwise", _trial)
    approving = _action(actions, "approve", "put the proposed policy in force; not who proposed it", _approve)
    rejecting = _action(actions, "reject", "try the proposed policy no longer", _reject)
    for parser in (approving, rejecting):
        parser.add_argument("digest", help="the digest of the proposed policy, all 64 digits")
    rolling = _action(actions, "rollback", "leave the policy in force for the one before", _roll_back)
    rolling.add_argument("digest", help="the digest of the policy to leave, all 64 digits")
    for parser in (proposing, approving, rejecting, rolling):
        parser.add_argument("--reason", required=True, help="why, for whoever reviews it later")
        parser.add_argument(
            "--by", default=None, help="who decides it; the account of this shell unless said"
        )
    _action(actions, "history", "show every policy, and who decided what about it", _history)


def _action(
    actions: argparse._SubParsersAction[argparse.ArgumentParser], name: str, help_: str, action: Action
) -> argparse.ArgumentParser:
    parser = actions.add_parser(name, help=help_)
    parser.set_defaults(run=_run, act=action)
    return parser


def _run(arguments: argparse.Namespace, settings: Settings) -> int:
    if "reason" in arguments:
        sign(arguments)

    async def work(connection: asyncpg.Connection) -> None:
        await arguments.act(connection, arguments)

    as_owner(settings, work)
    return 0


async def _propose(connection: asyncpg.Connection, arguments: argparse.Namespace) -> None:
    path: Path = arguments.file
    try:
        content = await asyncio.to_thread(path.read_bytes)
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}") from None
    policy = await policy_change.propose(
        connection, content, str(path), by=arguments.by, reason=arguments.reason.strip()
    )
    print(f"{policy.digest[:12]} is proposed, and tried beside the policy in force from now on")
    print("    contract-graph policy diff in-force proposed")
    print("                                     shows what it decides otherwise, line by line")
    print("    contract-graph policy trial      shows what requests since would have met")
    print("    contract-graph policy approve DIGEST --reason ...")
    print("                                     puts it in force; somebody else has to say so. Its digest:")
    print(policy.digest)


async def _trial(connection: asyncpg.Connection, _: argparse.Namespace) -> None:
    event = await policy_change.proposed(connection)
    in_force = await policy_change.digest_in_force(connection)
    print(f"{event.digest}\n    proposed {event.happened_at:%Y-%m-%d %H:%M} by {event.by}: {event.reason}")
    print(f"beside {in_force[:12]}, which answers\n")
    found = await list_differences(connection, event.digest, in_force)
    if not found:
        print("no request so far would have been decided otherwise")
    for each in found:
        print(f"{each.requests:>8} requests  {each.roles}: {each.subject}")
        print(f"    {each.was} -> {each.would_be}, such as in {each.example}")


async def _approve(connection: asyncpg.Connection, arguments: argparse.Namespace) -> None:
    policy = await policy_change.approve(
        connection, arguments.digest, by=arguments.by, reason=arguments.reason.strip()
    )
    print(f"{policy.digest[:12]} is in force; every worker obeys it within seconds")


async def _reject(connection: asyncpg.Connection, arguments: argparse.Namespace) -> None:
    await policy_change.reject(connection, arguments.digest, by=arguments.by, reason=arguments.reason.strip())
    print(f"{arguments.digest[:12]} is tried no longer")


async def _roll_back(connection: asyncpg.Connection, arguments: argparse.Namespace) -> None:
    policy = await policy_change.roll_back(
        connection, arguments.digest, by=arguments.by, reason=arguments.reason.strip()
    )
    print(f"{policy.digest[:12]} is in force again; every worker obeys it within seconds")


async def _history(connection: asyncpg.Connection, _: argparse.Namespace) -> None:
    print(f"{await policy_change.digest_in_force(connection)}  is in force")
    events = await list_events(connection)
    if not events:
        print("    as it was shipped; none was proposed yet")
    for event in reversed(events):
        told = event.kind.value.lower().replace("_", " ")
        print(f"{event.happened_at:%Y-%m-%d %H:%M}  {event.digest[:12]}  {told} by {event.by}")
        print(f"    {event.reason}")
