"""`contract-graph policy test`: cases that say what a policy must allow and must deny."""

from __future__ import annotations

import argparse
from pathlib import Path

from api.commands.policy_source import UNSAID, near, policy_named
from api.errors import ApiError
from api.planner.access import access_of
from api.settings import Settings, SettingsError
from auth.review.cases import SHIPPED_CASES, Case, read_cases
from auth.review.trial import Trial
from domain.counted import counted


def add_action(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register `policy test`."""
    parser = actions.add_parser("test", help="hold a policy against cases of who must see what")
    parser.add_argument("cases", nargs="*", type=Path, help="files or folders; the shipped ones unless said")
    parser.add_argument("--policy", help=UNSAID)
    parser.set_defaults(run=_test)


def _test(arguments: argparse.Namespace, settings: Settings) -> int:
    policy = policy_named(arguments.policy, settings)
    cases = _read(arguments.cases or [near(SHIPPED_CASES)])
    trial = Trial(policy, access_of)
    failed = decisions = 0
    for case in cases:
        try:
            verdict = trial.of(case)
        except ApiError as error:
            line = case.operation.line if case.operation else case.line
            raise SettingsError(f"{case.file}:{line}: the operation is none: {error.message}") from None
        decisions += verdict.decisions
        failed += bool(verdict.failures)
        for failure in verdict.failures:
            print(failure)
            print(f"    as {', '.join(case.roles) or 'somebody without a role'}: {case.why}")
    files = len({case.file for case in cases})
    told = f"{counted(len(cases), 'case')} in {counted(files, 'file')}, {counted(decisions, 'decision')}"
    print(f"{told}: {f'{failed} not as expected' if failed else 'all as expected'}")
    print(f"{policy.source}, SHA-256 {policy.digest}")
    return 1 if failed else 0


def _read(paths: list[Path]) -> list[Case]:
    try:
        cases = read_cases(paths)
    except OSError as error:
        raise SettingsError(f"{error.filename} cannot be read: {error.strerror}") from None
    if not cases:
        raise SettingsError(f"there is no case in {', '.join(map(str, paths))}")
    return cases
