"""`contract-graph policy explain`: why somebody sees a field as they do."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from datetime import UTC, datetime

import asyncpg

from api.commands.org_work import in_org
from api.commands.policy_source import UNSAID, policy_named, require_roles
from api.planner.dry_run import columns_read
from api.planner.reach import Reached, reach_of
from api.settings import Settings, SettingsError
from auth.policy import Policy, Rule, Word
from auth.review.explanation import Explanation, Spoken, explain
from auth.review.part import Part
from auth.review.sight import NO_RULE
from auth.rows import SUBJECT_OF_TERMS
from auth.view import view_for
from domain.error import DomainError
from domain.identity import salesforce_id
from domain.org import Org
from domain.reach import root_of
from storage.role_grants import find_user

TOLD = {Word.SHOW: "shown", Word.MASK: "masked", Word.DENY: "denied"}


def add_action(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register `policy explain`."""
    parser = actions.add_parser("explain", help="why somebody sees a field as they do")
    parser.add_argument("--field", required=True, help="such as Contract.totalValue")
    parser.add_argument("--role", action="append", default=[], help="role of the policy; may be repeated")
    parser.add_argument("--user", help="Salesforce id of a user, whose roles and records count")
    parser.add_argument("--org", help="name or id of the org; needed for a user or a contract")
    parser.add_argument("--contract", help="number of a contract: is the field seen in this very one?")
    parser.add_argument("--policy", help=UNSAID)
    parser.set_defaults(run=_explain)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is asked: the field, and of whom."""

    policy: Policy
    coordinate: str
    roles: frozenset[str]
    user: str | None
    contract: str | None


def _explain(arguments: argparse.Namespace, settings: Settings) -> int:
    policy = policy_named(arguments.policy, settings)
    require_roles(policy, arguments.role)
    if arguments.user is None and not arguments.role:
        raise SettingsError("say who: --role ROLE, or --user ID with --org ORG")
    if arguments.org is None and (arguments.user or arguments.contract):
        raise SettingsError("--user and --contract need --org: they are of one org")
    asked = _Asked(
        policy, arguments.field, frozenset(arguments.role), _user(arguments.user), arguments.contract
    )
    if asked.contract and root_of(asked.coordinate.partition(".")[0]) != SUBJECT_OF_TERMS:
        raise SettingsError(f"{asked.coordinate} belongs to no contract: leave --contract out")
    if arguments.org is None:
        _tell(explain(policy, asked.roles, asked.coordinate), asked)
        return 0

    async def in_this(connection: asyncpg.Connection, org: Org) -> None:
        await _explain_in(connection, org, asked)

    in_org(settings, arguments.org, in_this)
    return 0


def _user(said: str | None) -> str | None:
    try:
        return salesforce_id(said) if said else None
    except DomainError as error:
        raise SettingsError(f"--user: {error}") from None


async def _explain_in(connection: asyncpg.Connection, org: Org, asked: _Asked) -> None:
    roles = asked.roles
    if asked.user is not None:
        found = await find_user(connection, org.id, asked.user, datetime.now(UTC))
        if found is None:
            raise SettingsError(f"{org.name} has no user {asked.user}")
        print(f"{asked.user} in {org.name} has {', '.join(sorted(found.roles)) or 'no role'}")
        if not found.active:
            print("The user is not active: no token is issued to them.")
        # Roles that are named beside a user say what they would see if they had these too.
        roles |= found.roles
    _tell(explain(asked.policy, roles, asked.coordinate), asked)
    if asked.contract is not None:
        reached = await reach_of(
            connection, asked.policy, sorted(roles), asked.user, org.id, asked.contract, asked.coordinate
        )
        _tell_reached(reached, asked, org)


def _tell(explanation: Explanation, asked: _Asked) -> None:
    print(f"{explanation.coordinate} is for {explanation.audience}: {explanation.meaning}")
    print(f"as {', '.join(explanation.roles) or 'somebody without a role'}\n")
    for part in explanation.parts:
        _tell_part(part, asked.policy)
    print("\nWhat each role says")
    for spoken in explanation.spoken:
        _tell_spoken(spoken, asked.policy)
    if not explanation.spoken:
        print("  nothing: the policy knows no role of theirs")
    for rule in explanation.forbids:
        print(f"  taken away from them by\n      {_place(rule, asked.policy)}\n      {rule.why}")
    print(f"\nmask     {explanation.mask or 'none: where its audience is masked, it is denied'}")
    view = view_for(asked.policy, frozenset(explanation.roles))
    columns = sorted(columns_read(view, explanation.coordinate))
    print(f"columns  {', '.join(columns) or 'none is read'}")


def _tell_part(part: Part, policy: Policy) -> None:
    print(f"{TOLD[part.word].upper()} {part.rows}")
    where = f"  {policy.source}:{part.line}" if part.line else ": no line of the policy grants it"
    print(f"    by   {part.rule}{where}\n    why  {part.reason}")


def _tell_spoken(spoken: Spoken, policy: Policy) -> None:
    print(f"  {spoken.role}: {TOLD[spoken.word]} in {spoken.rows}")
    if spoken.rule != NO_RULE:
        print(f"      {_place(spoken.rule, policy)}")
    if spoken.inherited:
        print(f"      {spoken.inherited}")


def _place(rule: Rule, policy: Policy) -> str:
    return f"{rule.text}  {policy.source}:{rule.line}"


def _tell_reached(reached: Reached | None, asked: _Asked, org: Org) -> None:
    print(f"\nContract {asked.contract} of {org.name}")
    if reached is None:
        print("  there is none of this number")
        return
    for role, is_there in reached.roles.items():
        print(f"  {role}: {'reaches it' if is_there else 'does not reach it'}")
    for way in reached.ways:
        print(f"  {way}")
    if asked.user is None:
        print("  no user was named, so that it is nobody's own: only roles that reach the whole org do")
    elif not reached.ways:
        print("  it is not the user's own, nor of an account that they work on")
    print(f"  {asked.coordinate} is {TOLD[reached.word].upper()} there")
