"""What the catalogue does not tell of the rules by which every table can be spread over machines by its org.

The rules of the tables themselves are held in test_migrations; docs/scale.md lists all.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TIME = re.compile(r"\b(now|clock_timestamp|statement_timestamp)\(|\bcurrent_timestamp\b", re.IGNORECASE)
ASSIGNED = re.compile(r"\bSET\b(?!\s+LOCAL)(.*?)(?:\bWHERE\b|\bRETURNING\b|$)", re.DOTALL)
ACROSS_ORGS = {"storage/lanes.py"}
"""Where a worker takes what is due in any org: spread over machines, it asks each org."""


def texts() -> Iterator[tuple[str, str]]:
    """Every text of the program by its file: those in pieces are put together, with a ? for a value."""
    for folder in ("api", "auth", "storage", "sync"):
        for path in (ROOT / folder).rglob("*.py"):
            nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
            whole = [node for node in nodes if isinstance(node, ast.JoinedStr)]
            pieces = {id(piece) for node in whole for piece in node.values}
            for node in nodes:
                if isinstance(node, ast.JoinedStr):
                    told = (each.value if isinstance(each, ast.Constant) else "?" for each in node.values)
                    yield str(path.relative_to(ROOT)), "".join(map(str, told))
                elif (
                    isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in pieces
                ):
                    yield str(path.relative_to(ROOT)), node.value


@pytest.fixture(scope="module")
def statements() -> list[tuple[str, str]]:
    found = [each for each in texts() if re.search(r"\b(UPDATE|SKIP LOCKED)\b", each[1])]
    assert len(found) > 30
    return found


def test_where_rows_meet_the_time_comes_from_the_application(statements: list[tuple[str, str]]) -> None:
    """Each machine would have its own; PostgreSQL's now() is refused there."""
    for file, text in statements:
        _, meeting, set_ = text.partition("DO UPDATE")
        assert not meeting or not TIME.search(set_), (file, text)


def test_no_row_changes_its_org(statements: list[tuple[str, str]]) -> None:
    for file, text in statements:
        for assigned in ASSIGNED.findall(text):
            assert not re.search(r"\borg_id\s*=", assigned), (file, text)


def test_what_is_taken_from_a_queue_is_taken_of_one_org(statements: list[tuple[str, str]]) -> None:
    lists = {file: text.partition("SKIP LOCKED")[0] for file, text in statements if "SKIP LOCKED" in text}
    of_many = {file for file, text in lists.items() if "org_id = " not in text[text.rindex("SELECT") :]}
    assert of_many == ACROSS_ORGS
