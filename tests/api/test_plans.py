"""Cases of the planner: plans/NAME.graphql, and beside it what it becomes in SQL and what that answers.

A case begins with comments: `# role: legal, finance` and, where it has any, `# variables: {"number": "K-1"}`.
Of several roles each has files of its own. CONTRACT_GRAPH_UPDATE_PLANS=1 writes the expectations anew.
"""

from __future__ import annotations

import asyncio
import difflib
import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest

from api.graphql import Endpoint
from api.planner.run import Planner
from auth.decision import Deny
from auth.policy import Policy
from auth.principal import Principal
from auth.view import View, view_for
from domain.graph import ENTITIES, fields_of
from storage.tables import column_names, is_stored, table_name
from tests.api.graph import OURS
from tests.api.small import TODAY

FOLDER = Path(__file__).parent / "plans"
UPDATE = os.environ.get("CONTRACT_GRAPH_UPDATE_PLANS") == "1"
HEADER = re.compile(r"^# (role|variables): (.*)$", re.MULTILINE)
ADA = "005Hs00000AAAAAIA5"
"""The owner of some records."""
ALIASED = re.compile(r'"?\b(\w+)"? AS (t\d+)\b')


@dataclass(frozen=True)
class Case:
    """One operation as one role asks it."""

    name: str
    role: str
    source: str
    variables: dict[str, Any]
    alone: bool

    @property
    def file(self) -> str:
        return self.name if self.alone else f"{self.name}.{self.role}"

    @property
    def principal(self) -> Principal:
        return Principal(
            OURS.org.id, ADA, None, frozenset({self.role}), frozenset({"graph:read", "graph:documents"})
        )


def read_cases() -> list[Case]:
    found = []
    for path in sorted(FOLDER.glob("*.graphql")):
        source = path.read_text(encoding="utf-8")
        headers = dict(HEADER.findall(source))
        roles = headers["role"].split(", ")
        variables = json.loads(headers.get("variables", "{}"))
        found += [Case(path.stem, role, source, variables, len(roles) == 1) for role in roles]
    return found


CASES = read_cases()
every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.name}-{case.role}")


@every_case
def test_an_operation_becomes_this_statement(case: Case, policy: Policy) -> None:
    plan, variables = planned(case, view_of(case, policy))
    environment = variables | {
        "$org": case.principal.org_id,
        "$today": TODAY,
        "$subject": case.principal.subject,
        "$scopes": sorted(case.principal.scopes),
        "$review": {each.key: f"what the review {each.key} finds" for each in plan.reviews},
        "$blind": lambda field, text: f"the index of {text!r} in {field.coordinate}",
    }
    told = [f"-- ${place}: {value}" for place, value in enumerate(plan.arguments(environment), 1)]
    statement = "\n".join(line.rstrip() for line in plan.statement.splitlines())
    expect(f"{case.file}.sql", "\n".join([statement, *told]) + "\n")


@every_case
def test_the_statement_answers_this(case: Case, endpoint: Endpoint, loop: asyncio.Runner) -> None:
    body = orjson.dumps({"query": case.source, "variables": case.variables})
    answer = loop.run(endpoint.answer(case.principal, body))
    said = json.loads(answer.body)
    if "extensions" in said:
        said["extensions"]["access"]["policy"] = "its digest"
    told = {"status": answer.status} if answer.status != 200 else {}
    text = json.dumps(told | said, indent=1, ensure_ascii=False)
    digest = view_of(case, endpoint.views.policy).digest
    expect(f"{case.file}.json", text.replace(digest, "its digest") + "\n")


@every_case
def test_the_statement_does_not_name_what_is_denied(case: Case, policy: Policy) -> None:
    view = view_of(case, policy)
    statement = planned(case, view)[0].statement
    tables = {alias: table for table, alias in ALIASED.findall(statement)}
    read = {(tables[alias], column) for alias, column in re.findall(r"\b(t\d+)\.(\w+)", statement)}
    assert not read & denied_columns(view)
    assert not set(re.findall(r"\w+", statement)) & words_of_the_denied(view)


def test_every_case_is_what_its_files_are_about() -> None:
    wanted = {f"{case.file}.{ending}" for case in CASES for ending in ("sql", "json")}
    assert wanted == {path.name for path in FOLDER.iterdir() if path.suffix != ".graphql"}


def view_of(case: Case, policy: Policy) -> View:
    return view_for(policy, frozenset({case.role}))


def planned(case: Case, view: View) -> Any:
    return Planner().plan(case.source, None, case.variables, view)


def expect(name: str, found: str) -> None:
    """Compare with what is written down, or write it down."""
    path = FOLDER / name
    if UPDATE:
        path.write_text(found, encoding="utf-8")
    wanted = path.read_text(encoding="utf-8") if path.exists() else ""
    if found != wanted:
        lines = difflib.unified_diff(wanted.splitlines(), found.splitlines(), name, "found", lineterm="", n=2)
        pytest.fail("\n".join(lines), pytrace=False)


def denied_columns(view: View) -> set[tuple[str, str]]:
    return {
        (table_name(entity), column)
        for entity, class_ in ENTITIES.items()
        for field in fields_of(class_)
        if is_stored(field) and isinstance(view.decision(field.coordinate), Deny)
        for column in column_names(field)
    }


def words_of_the_denied(view: View) -> set[str]:
    """Return the names of columns that only denied fields have.

    A name of one word, such as email, may also be a response key: those are the caller's.
    """
    shown, denied = set[str](), set[str]()
    for class_ in ENTITIES.values():
        for field in fields_of(class_):
            if is_stored(field):
                is_denied = isinstance(view.decision(field.coordinate), Deny)
                (denied if is_denied else shown).update(column_names(field))
    return {word for word in denied - shown if "_" in word}
