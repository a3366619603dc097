"""An operation compiled for some roles and not run: what a reviewer is shown of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from api.planner.plan import BLIND, MADE, ORG, REVIEW, SCOPES, SHARED_SINCE, SUBJECT, TODAY, TOLD
from api.planner.run import prepare
from auth.policy import declared_at
from auth.view import View
from domain.field import Kind

PLACES = {
    ORG[0]: "the caller's org",
    TODAY[0]: "the day of the request",
    SUBJECT[0]: "the caller's Salesforce id",
    SHARED_SINCE[0]: "from when on Salesforce's word counts",
    SCOPES[0]: ["the scopes of the token"],
    MADE[0]: ["00000000-0000-7000-8000-000000000000"],
    TOLD[0]: (),
    BLIND: lambda field, _: f"what finds a value of {field.coordinate}",
}
"""What stands in a dry run for what only a request brings."""

_PIECES = re.compile(r"('(?:[^']|'')*'|\(SELECT |[()\n])")
_ALIASED = re.compile(r'"?\b(\w+)"? AS (t\d+)\b')
_READ = re.compile(r"\b(t\d+)\.(\w+)")
_PARTS = {Kind.MONEY: " { amount currency }", Kind.REFERENCE: " { id }", Kind.LIST: " { nodes { id } }"}


@dataclass(frozen=True, slots=True)
class DryRun:
    """The statement, its arguments, and the access entries as `extensions.access` has them."""

    statement: str
    arguments: tuple[Any, ...]
    denied: tuple[Mapping[str, str], ...]
    masked: tuple[Mapping[str, str], ...]

    @property
    def columns(self) -> frozenset[str]:
        """The columns that it reads, as `table.column`."""
        tables = {alias: table for table, alias in _ALIASED.findall(self.statement)}
        return frozenset(f"{tables[alias]}.{column}" for alias, column in _READ.findall(self.statement))


def dry_run(source: str, given: Mapping[str, Any], view: View) -> DryRun:
    """Compile an operation with its variables. Raises ApiError where the API would refuse it."""
    prepared = prepare(source, None)
    variables = prepared.read_variables(given)
    plan = prepared.compile(view, variables)
    access = orjson.loads(b"{" + plan.extensions.removeprefix(b","))["extensions"]["access"]
    reviews = {REVIEW: {each.key: "what the review finds" for each in plan.reviews}}
    arguments = plan.arguments(variables | PLACES | reviews)
    return DryRun(
        laid_out(plan.statement), tuple(arguments), tuple(access["denied"]), tuple(access["masked"])
    )


def columns_read(view: View, coordinate: str) -> frozenset[str]:
    """Return the columns that are read for a field, beside those that any record of its entity costs."""
    declared = declared_at(coordinate)
    asked = f"{declared.graph_name}{_PARTS.get(declared.kind, '')}"
    if not view.shows(f"{declared.entity}.id"):
        return frozenset()
    question = "{ node(id: %s) { ... on %s { id %s } } }"
    some = '"00000000-0000-7000-8000-000000000000"'
    with_it, without = (
        dry_run(question % (some, declared.entity, wanted), {}, view).columns for wanted in (asked, "")
    )
    return with_it - without


def laid_out(statement: str) -> str:
    """Indent a statement by how deep its queries lie in each other; nothing else of it changes."""
    lines: list[str] = []
    opened, is_query = "", [False]
    for piece in _PIECES.split(statement):
        depth = sum(is_query)
        if piece == "(SELECT ":
            lines.append(_indented(f"{opened}(", depth))
        elif piece == "\n" or (piece == ")" and is_query[-1]):
            lines.append(_indented(opened, depth))
        if piece in ("(", "(SELECT "):
            is_query.append(piece != "(")
        closes = piece == ")" and is_query.pop()
        opened = piece.lstrip("(\n") if closes or piece in ("(SELECT ", "\n") else opened + piece
    lines.append(_indented(opened, 0))
    return "\n".join(line for line in lines if line)


def _indented(line: str, depth: int) -> str:
    return f"{'  ' * depth}{line.strip()}".rstrip()
