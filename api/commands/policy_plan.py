"""`contract-graph policy plan`: the one statement that an operation becomes for some roles."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from api.commands.policy_source import UNSAID, policy_named, require_roles
from api.errors import AccessDenied, ApiError
from api.planner.dry_run import DryRun, dry_run
from api.settings import Settings, SettingsError
from auth.view import view_for


def add_action(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register `policy plan`."""
    parser = actions.add_parser("plan", help="the statement that an operation becomes")
    parser.add_argument("operation", type=Path, help="a file with a GraphQL operation")
    parser.add_argument("--role", required=True, action="append", help="role of the policy; may be repeated")
    parser.add_argument("--variables", default="{}", help="the values of its variables, as JSON")
    parser.add_argument("--policy", help=UNSAID)
    parser.set_defaults(run=_plan)


def _plan(arguments: argparse.Namespace, settings: Settings) -> int:
    policy = policy_named(arguments.policy, settings)
    require_roles(policy, arguments.role)
    view = view_for(policy, frozenset(arguments.role))
    source, variables = _source(arguments.operation), _variables(arguments.variables)
    print(f"{arguments.operation} as {', '.join(view.roles)}; {policy.source}, SHA-256 {policy.digest}\n")
    try:
        planned = dry_run(source, variables, view)
    except ApiError as error:
        _tell_refusal(error)
        return 1
    _tell(planned)
    return 0


def _tell(planned: DryRun) -> None:
    print(planned.statement)
    print()
    for place, value in enumerate(planned.arguments, 1):
        print(f"  ${place}  {value}")
    print(f"\nreads  {', '.join(sorted(planned.columns))}")
    for title, entries in (("denied", planned.denied), ("masked", planned.masked)):
        print(f"\n{title}{'' if entries else ': nothing'}")
        for entry in entries:
            _tell_entry(entry)


def _tell_entry(entry: Mapping[str, str]) -> None:
    print(f"  {entry['path']}  {entry['field']}{': ' + entry['mask'] if 'mask' in entry else ''}")
    print(f"      by   {entry['rule']}")
    print(f"      why  {entry['reason']}")


def _tell_refusal(error: ApiError) -> None:
    for each in error.as_json_list():
        print(f"refused before SQL: {each['message']}")
        if isinstance(error, AccessDenied):
            for name in ("field", "rule"):
                if name in error.extensions:
                    print(f"      {name:5}  {error.extensions[name]}")


def _source(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SettingsError(f"{path} cannot be read: it is not UTF-8") from None


def _variables(text: str) -> dict[str, Any]:
    try:
        given = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise SettingsError(f"--variables is no JSON: {error}") from None
    if not isinstance(given, dict):
        raise SettingsError("--variables is no JSON object")
    return given
