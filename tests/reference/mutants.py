"""A policy with one thing in it changed: every word, row, term, mask, command and claim, in every way."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from auth.policy import Command
from domain.field import Audience
from tests.reference.policy import WORDS, _values
from tests.reference.random_policies import FIELDS, ROWS, Table

DROPPED = None


@dataclass(frozen=True)
class Mutant:
    """What was changed, the roles that it concerns first, and the policy as it is then."""

    told: str
    roles: tuple[str, ...]
    said: Table


def mutants(said: Table) -> Iterator[Mutant]:
    for name in said["roles"]:
        yield from _of_role(said, name)
    for key in ("exceptions", "forbid"):
        for number, table in enumerate(said.get(key, [])):
            roles = tuple(table.get("roles", [table.get("role")]))
            where = (key, number)
            yield _mutant(said, roles, (key,), [each for each in said[key] if each is not table])
            changes = _of_exception(said, table) if key == "exceptions" else _of_forbid(said, table)
            for name, value in changes:
                yield _mutant(said, roles, (*where, name), value)
            yield from (_mutant(said, roles, (*where, "when"), when) for when in _other_terms(table))


def _of_role(said: Table, name: str) -> Iterator[Mutant]:
    table, where, roles = said["roles"][name], ("roles", name), (name,)
    others = [other for other in said["roles"] if other != name]
    yield _mutant(said, roles, where, DROPPED)
    for key, values in (
        *((str(audience), WORDS) for audience in Audience), ("rows", ROWS), ("inherits", others),
    ):  # fmt: skip
        for value in (*values, DROPPED):
            if value != table.get(key):
                yield _mutant(said, roles, (*where, key), value)
    for key, known in (("commands", list(map(str, Command))), ("claims", list(map(str, Audience)))):
        for value in known:
            yield _mutant(said, roles, (*where, key), _toggled(table.get(key, []), value) or DROPPED)
    yield from (_mutant(said, roles, (*where, "when"), when) for when in _other_terms(table))
    for coordinate in _one_of_each_audience():
        for word in WORDS:
            more = {"role": name, "field": coordinate, "word": word, "why": "a mutant"}
            yield _mutant(said, roles, ("exceptions",), [*said.get("exceptions", []), more])


def _of_exception(said: Table, table: Table) -> Iterator[tuple[str, Any]]:
    yield from (("word", word) for word in WORDS if word != table["word"])
    yield from (("role", name) for name in said["roles"] if name != table["role"])
    entity = table["field"].partition(".")[0]
    yield from (
        ("field", field) for field in FIELDS if field.startswith(f"{entity}.") and field != table["field"]
    )


def _of_forbid(said: Table, table: Table) -> Iterator[tuple[str, Any]]:
    for name in said["roles"]:
        yield "roles", _toggled(table.get("roles", []), name) or DROPPED
    yield "roles", DROPPED
    key = "audiences" if "audiences" in table else "fields"
    for name in map(str, Audience) if key == "audiences" else FIELDS:
        yield key, _toggled(table[key], name)


def _other_terms(table: Table) -> Iterator[Table | None]:
    """Drop terms, take a value from them, give them one more, and set some where there are none."""
    if "when" not in table:
        yield from ({"status": [value]} for value in _values("status"))
        yield {"liabilityUncapped": [True]}
        return
    yield DROPPED
    for name, values in table["when"].items():
        rest = {key: each for key, each in table["when"].items() if key != name}
        yield rest or DROPPED
        yield from ({**rest, name: _toggled(values, value)} for value in _values(name) if value is not None)


def _one_of_each_audience() -> Iterator[str]:
    yield from (
        "Contract.title", "Contract.expirationDate", "Contract.totalValue", "Contract.governingLaw",
        "Contract.riskScore", "Document.sha256", "Obligation.deliverable", "Contact.email",
        "FieldChange.reason", "User.profileId",
    )  # fmt: skip


def _toggled(values: list[Any], value: Any) -> list[Any]:
    return [each for each in values if each != value] if value in values else [*values, value]


def _mutant(said: Table, roles: tuple[str, ...], where: tuple[Any, ...], value: Any) -> Mutant:
    changed = {"exceptions": [], "forbid": [], **deepcopy(said)}
    *path, last = where
    table: Any = changed
    for step in path:
        table = table[step]
    if value is DROPPED:
        table.pop(last, None)
    else:
        table[last] = value
    return Mutant(f"{'.'.join(map(str, where))} = {value}", roles, changed)
