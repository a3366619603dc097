"""`contract-graph policy`: what the policy says, before anybody has to ask it."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from functools import partial

import asyncpg

from api.commands import policy_change, policy_diff, policy_explain, policy_plan, policy_test
from api.commands.org_work import in_org
from api.commands.policy_source import UNSAID, policy_named, require_roles, text_named
from api.settings import Settings, SettingsError
from auth.policy import Policy, PolicyError, Word
from auth.review.coverage import Coverage, Finding, cover
from auth.review.matrix import Mark, Matrix, matrix_of
from auth.review.matrix_csv import matrix_csv
from auth.review.page import page
from domain.counted import counted
from domain.field import ENTITIES
from domain.org import Org
from storage.oauth_clients import list_clients
from storage.role_grants import list_grants


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register `policy check|matrix|text|explain|plan|diff|test`, and what `policy_change` adds."""
    actions = subparsers.add_parser("policy", help="who sees what, and why").add_subparsers(
        dest="action", required=True
    )
    checking = actions.add_parser("check", help="whether a policy decides about everything")
    checking.add_argument("policy", nargs="?", help=UNSAID)
    checking.add_argument("--org", help="also name the roles that nobody has in this org")
    checking.set_defaults(run=_check)
    matrix = actions.add_parser("matrix", help="every role and every field, in one character each")
    matrix.add_argument("policy", nargs="?", help=UNSAID)
    form = matrix.add_mutually_exclusive_group()
    form.add_argument("--csv", action="store_true", help="with rule, line and reason, for a spreadsheet")
    form.add_argument("--html", action="store_true", help="one page to look at, print and file")
    matrix.add_argument("--role", action="append", help="only this role; may be repeated")
    matrix.add_argument("--entity", help="only this entity, such as Contract")
    matrix.set_defaults(run=_matrix)
    text = actions.add_parser("text", help="a policy as it is written, to read, change and propose")
    text.add_argument("policy", nargs="?", help=UNSAID)
    text.set_defaults(run=_text)
    policy_explain.add_action(actions)
    policy_plan.add_action(actions)
    policy_diff.add_action(actions)
    policy_test.add_action(actions)
    policy_change.add_actions(actions)


# policy check


def _check(arguments: argparse.Namespace, settings: Settings) -> int:
    try:
        policy = policy_named(arguments.policy, settings)
    except PolicyError as error:
        # What a check is for: the finding is its answer, and no failure of the command.
        print(error)
        return 1
    coverage = cover(policy)
    _tell_coverage(coverage)
    findings = list(coverage.findings)
    if arguments.org is not None:
        in_org(settings, arguments.org, partial(_held, policy=policy, findings=findings))
    for finding in sorted(findings):
        print(_finding(policy, finding))
    stopping = sum(finding.stops for finding in findings)
    print(f"{counted(stopping, 'finding')} to act on, {counted(len(findings) - stopping, 'note')}")
    return 1 if stopping else 0


def _tell_coverage(coverage: Coverage) -> None:
    policy = coverage.policy
    print(f"{policy.source}, SHA-256 {policy.digest}")
    exceptions = {e.said.rule.text for role in policy.roles.values() for e in role.exceptions}
    print(
        f"{counted(len(policy.roles), 'role')}, {counted(len(set(policy.fields.values())), 'audience')},"
        f" {counted(len(policy.fields), 'field')} of {counted(len(ENTITIES), 'entity', 'entities')},"
        f" {counted(len(exceptions), 'exception')}, {counted(len(policy.forbids), 'forbid')}"
    )
    print(f"{counted(coverage.decisions - coverage.undecided, 'decision')} of {coverage.decisions:,} made\n")
    wide = max(map(len, policy.roles))
    print(f"{'role':{wide}}  {'rows':12}  shown  masked  denied  of these by no line")
    for name, role in policy.roles.items():
        words = coverage.words[name]
        figures = f"{words[Word.SHOW]:5}  {words[Word.MASK]:6}  {words[Word.DENY]:6}"
        print(f"{name:{wide}}  {role.rows.scope:12}  {figures}  {coverage.by_default[name]:20}")
    print()


async def _held(connection: asyncpg.Connection, org: Org, *, policy: Policy, findings: list[Finding]) -> None:
    now = datetime.now(UTC)
    held = {grant.role for grant in await list_grants(connection, org.id) if grant.holds(now)}
    for client in await list_clients(connection, org.id):
        held |= client.roles if client.disabled_at is None else frozenset()
    for name, role in policy.roles.items():
        if name not in held:
            problem = f"nobody in {org.name} has the role {name}"
            findings.append(Finding(role.line, problem, "grant it, or leave it for later", stops=False))
    for name in sorted(held - set(policy.roles)):
        problem = f"somebody in {org.name} has the role {name}, which the policy does not know"
        findings.append(Finding(1, problem, "revoke it: it grants nothing", stops=False))


def _finding(policy: Policy, finding: Finding) -> str:
    kind = "" if finding.stops else "note: "
    return f"{policy.source}:{finding.line}: {kind}{finding.problem}; {finding.suggestion}"


# policy text


def _text(arguments: argparse.Namespace, settings: Settings) -> int:
    print(text_named(arguments.policy, settings), end="")
    return 0


# policy matrix


def _matrix(arguments: argparse.Namespace, settings: Settings) -> int:
    policy = policy_named(arguments.policy, settings)
    require_roles(policy, arguments.role or [])
    if arguments.entity is not None and arguments.entity not in ENTITIES:
        known = ", ".join(sorted(ENTITIES))
        raise SettingsError(f"there is no entity {arguments.entity!r}; there are: {known}")
    matrix = matrix_of(policy, arguments.role, arguments.entity)
    if arguments.csv:
        print(f"{policy.source}, SHA-256 {policy.digest}", file=sys.stderr)  # the sheet names no policy
        print(matrix_csv(matrix), end="")
    elif arguments.html:
        print(page(matrix, datetime.now(UTC)), end="")
    else:
        _print_matrix(matrix)
    return 0


def _print_matrix(matrix: Matrix) -> None:
    print(f"{matrix.policy.source}, SHA-256 {matrix.policy.digest}\n")
    for mark in Mark:
        print(f"  {mark}  {mark.meaning}")
    print()
    for role in matrix.roles:
        print(f"  {role} reaches {matrix.policy.roles[role].rows}")
    names = [c.partition(".")[2] for fields in matrix.fields.values() for c in fields]
    wide = max(map(len, names)) + 2
    for entity, fields in matrix.fields.items():
        print()
        for number, role in enumerate(matrix.roles):
            print(f"{'':{wide + 14}}{'| ' * number}{role}")
        print(f"{entity}{'':{wide + 14 - len(entity)}}{'| ' * len(matrix.roles)}".rstrip())
        for coordinate in fields:
            audience = matrix.policy.fields[coordinate]
            print(f"  {coordinate.partition('.')[2]:{wide}}{audience:12}{matrix.row(coordinate)}")
