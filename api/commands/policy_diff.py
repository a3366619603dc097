"""`contract-graph policy diff`: what another policy would change, and for how many."""

from __future__ import annotations

import argparse
from collections import defaultdict
from datetime import UTC, datetime
from textwrap import wrap

import asyncpg

from api.commands.org_work import in_org
from api.commands.policy_source import NAMES, policy_named
from api.planner.footprint import contracts_reached
from api.settings import Settings
from auth.policy import Policy, Rule, Word
from auth.review.difference import Change, Difference, RoleDifference, difference
from auth.review.part import Part
from auth.view import view_for
from domain.counted import counted
from domain.org import Org
from storage.oauth_clients import list_clients
from storage.role_grants import list_grants, users_of

TOLD = {Word.SHOW: "shown", Word.MASK: "masked", Word.DENY: "denied"}


def add_action(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register `policy diff`."""
    parser = actions.add_parser("diff", help="what another policy would change; exits 1 if anything")
    parser.add_argument("before", help=NAMES)
    parser.add_argument("after", help=NAMES)
    parser.add_argument("--org", help="also count whom and which contracts of this org it concerns")
    parser.set_defaults(run=_diff)


def _diff(arguments: argparse.Namespace, settings: Settings) -> int:
    before, after = (policy_named(each, settings) for each in (arguments.before, arguments.after))
    found = difference(before, after)
    for sign, policy in (("-", found.before), ("+", found.after)):
        print(f"{sign} {policy.source}, SHA-256 {policy.digest}")
    for role in found.roles:
        _tell_role(found, role)
    if not found:
        print("\nno decision changes")
        return 0
    _tell_summary(found)
    if arguments.org is not None:

        async def in_this(connection: asyncpg.Connection, org: Org) -> None:
            await _tell_concerned(connection, org, found)

        in_org(settings, arguments.org, in_this)
    return 1


def _tell_role(found: Difference, role: RoleDifference) -> None:
    print(f"\n{role.name}{' is new' if role.is_new else ' is gone' if role.is_gone else ''}")
    if role.was is not None and role.now is not None and role.rows_differ:
        print(f"  reaches\n    - {role.was.rows}\n    + {role.now.rows}")
    for audience, changes in _alike(role.changes):
        print(f"  {audience}, {counted(len(changes), 'field')}")
        for sign, policy, parts in (
            ("-", found.before, changes[0].before), ("+", found.after, changes[0].after),
        ):  # fmt: skip
            for part in parts:
                print(f"    {sign} {TOLD[part.word]} {part.rows}  {_place(policy, part.rule, part.line)}")
        for line in wrap(", ".join(change.coordinate for change in changes), 100):
            print(f"      {line}")
    for sign, policy, rules in (("-", found.before, role.refused), ("+", found.after, role.allowed)):
        for rule in rules:
            print(f"  {sign} {_place(policy, rule.text, rule.line)}")


def _alike(changes: tuple[Change, ...]) -> list[tuple[str, list[Change]]]:
    """Take together the fields of an audience about which the same lines say the same."""
    groups: dict[tuple[object, ...], list[Change]] = defaultdict(list)
    for change in changes:
        key = (change.audience, *map(_without_reason, (*change.before, *change.after)), len(change.before))
        groups[key].append(change)
    return [(str(each[0].audience), each) for each in groups.values()]


def _without_reason(part: Part) -> tuple[object, ...]:
    return part.word, part.rows, part.rule


def _place(policy: Policy, rule: str, line: int) -> str:
    return f"{rule}  {policy.source}:{line}" if line else f"{rule}: no line grants it"


def _tell_summary(found: Difference) -> None:
    print("\nin all")
    wide = max(len(role.name) for role in found.roles)
    for role in found.roles:
        gains, loses = _sum(role.gains, role.allowed), _sum(role.loses, role.refused)
        print(f"  {role.name:{wide}}  gains {gains}, loses {loses}")


def _sum(fields: int, rules: tuple[Rule, ...]) -> str:
    more = f" and {counted(len(rules), 'command or claim', 'commands or claims')}" if rules else ""
    return counted(fields, "field") + more


async def _tell_concerned(connection: asyncpg.Connection, org: Org, found: Difference) -> None:
    now = datetime.now(UTC)
    grants = [grant for grant in await list_grants(connection, org.id) if grant.holds(now)]
    clients = [each for each in await list_clients(connection, org.id) if each.disabled_at is None]
    print(f"\nin {org.name}")
    roles = [role for role in found.roles if role.was or role.now]
    wide = max((len(role.name) for role in roles), default=0)
    for role in roles:
        holders = sorted(
            {
                user
                for grant in grants
                if grant.role == role.name
                for user in await users_of(connection, org.id, grant.holder_kind, grant.holder_id)
            }
        )
        programs = sum(role.name in client.roles for client in clients)
        before, after = [
            await contracts_reached(connection, org.id, view_for(policy, frozenset({role.name})), holders)
            for policy in (found.before, found.after)
        ]
        concerned = f"{counted(len(holders), 'user')}, {counted(programs, 'program')}"
        print(f"  {role.name:{wide}}  {concerned}; reaches {counted(before, 'contract')}, then {after:,}")
