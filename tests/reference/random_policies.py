"""Policies at random, each of which the strict reader accepts."""

from __future__ import annotations

import json
import tomllib
from random import Random
from typing import Any

from auth.policy import Policy, PolicyError
from auth.policy_file import read_policy
from domain.field import ENTITIES, Audience, fields_of
from tests.reference.policy import WORDS, _values, belongs_to_a_contract, field_at, has_mask

FIELDS = [f.coordinate for entity in ENTITIES.values() for f in fields_of(entity)]
ROWS = ("own", "account_team", "salesforce", "org")
TERMS = (
    "type", "side", "status", "renewalType", "liabilityUncapped", "billingFrequency", "hasRedlineSummary",
    "riskLevel",
)  # fmt: skip

Table = dict[str, Any]


def random_policy(random: Random) -> tuple[Policy, Table]:
    """Return a policy as the program reads it, and as the words of its file."""
    roles = _roles(random)
    said: Table = {"roles": roles, "exceptions": [], "forbid": []}
    policy = read(said)
    for key, make, most in (("exceptions", _exception, 6), ("forbid", _forbid, 3)):
        for _ in range(random.randint(0, most)):
            more = {**said, key: [*said[key], make(random, list(roles))]}
            try:
                policy = read(more)
            except PolicyError:
                continue  # it would never apply
            said = more
    return policy, tomllib.loads(text(said))


def read(said: Table) -> Policy:
    return read_policy(text(said).encode(), "random.toml")


def text(said: Table) -> str:
    tables = [(f"[roles.{name}]", table) for name, table in said["roles"].items()]
    tables += [(f"[[{key}]]", table) for key in ("exceptions", "forbid") for table in said.get(key, [])]
    return "\n".join(
        "\n".join([header, *(f"{key} = {_value(value)}" for key, value in table.items())])
        for header, table in tables
    )


def spoken_of(said: Table) -> list[str]:
    """Return the fields that exceptions and forbids name, where most of the rules meet."""
    named = [each["field"] for each in said.get("exceptions", ())]
    return sorted({*named, *(field for each in said.get("forbid", ()) for field in each.get("fields", ()))})


def random_terms(random: Random) -> Table:
    names = random.sample(TERMS, random.choice((1, 1, 2)))
    found: Table = {}
    for name in names:
        values = [value for value in _values(name) if value is not None]
        found[name] = random.sample(values, random.randint(1, len(values) - 1))
    return found


def random_contract(random: Random) -> tuple[tuple[str, Any], ...]:
    return tuple((name, random.choice(_values(name))) for name in TERMS)


def _roles(random: Random) -> Table:
    names = [f"role_{number}" for number in range(random.randint(2, 5))]
    roles: Table = {}
    for name in names:
        table: Table = {"rows": random.choice(ROWS)}
        if roles and random.random() < 0.4:
            table["inherits"] = random.choice(list(roles))
        if random.random() < 0.3:
            table["when"] = random_terms(random)
        for audience in Audience:
            words = ("show", "deny") if audience is Audience.EVERYONE else ("show", "mask", "mask", "deny")
            if random.random() < 0.6:
                table[str(audience)] = random.choice(words)
        roles[name] = table
    for audience in Audience:
        roles[random.choice(names)][str(audience)] = "show"
    return roles


def _exception(random: Random, roles: list[str]) -> Table:
    coordinate = random.choice(FIELDS)
    words = [word for word in WORDS if word != "mask" or has_mask(field_at(coordinate))]
    made = {"role": random.choice(roles), "field": coordinate, "word": random.choice(words), "why": "chance"}
    if belongs_to_a_contract(coordinate.partition(".")[0]) and random.random() < 0.6:
        made["when"] = random_terms(random)
    return made


def _forbid(random: Random, roles: list[str]) -> Table:
    made: Table = {"why": "chance"}
    if random.random() < 0.5:
        made["audiences"] = random.sample(list(map(str, Audience)), random.randint(1, 2))
    else:
        made["fields"] = random.sample(FIELDS, random.randint(1, 6))
    if random.random() < 0.6:
        made["roles"] = random.sample(roles, random.randint(1, len(roles) - 1))
    if random.random() < 0.5:
        made["when"] = random_terms(random)
    return made


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_value(each)}" for key, each in value.items()) + " }"
    return json.dumps(value)
