"""The policy once more, from its documented semantics alone: a second opinion about every decision."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import cache, cached_property
from itertools import product
from typing import Any

from domain.field import ENTITIES, DeclaredField, Kind, fields_of
from domain.money import Money

WORDS = ("show", "mask", "deny")
HERE = (("org",), ("org", "account_team"), ("org", "account_team", "own"))
REACHES = tuple(frozenset((*here, *there)) for here in HERE for there in ((), ("salesforce",)))
"""The scopes that may reach one record: how it is the caller's here, and whether Salesforce shares it."""
MASKED_TYPES = (str, int, Decimal, date, datetime, Money)


@dataclass(frozen=True)
class Facts:
    """What decides over one record: the scopes that reach it, and of its contract what terms ask for."""

    scopes: frozenset[str]
    contract: tuple[tuple[str, Any], ...] | None

    @cached_property
    def values(self) -> dict[str, Any]:
        return dict(self.contract or ())


@cache
def field_at(coordinate: str) -> DeclaredField:
    entity, _, name = coordinate.partition(".")
    return next(f for f in fields_of(ENTITIES[entity]) if f.graph_name == name)


def has_mask(declared: DeclaredField) -> bool:
    if declared.field.mask is not None:
        return True
    plain = declared.kind in (Kind.SCALAR, Kind.MONEY) and declared.type in MASKED_TYPES
    return plain and not declared.field.key and declared.field.named_by is None


@cache
def belongs_to_a_contract(entity: str) -> bool:
    if entity == "Contract":
        return True
    wholes = (f.field.to for f in fields_of(ENTITIES[entity]) if f.field.part)
    return any(belongs_to_a_contract(str(whole)) for whole in wholes)


@cache
def is_nobodys(entity: str) -> bool:
    fields = fields_of(ENTITIES[entity])
    wholes = [str(f.field.to) for f in fields if f.field.part]
    return not any(f.field.owns or f.field.via for f in fields) and all(is_nobodys(whole) for whole in wholes)


class Evaluator:
    """A policy as the words of its file, asked for one caller."""

    def __init__(self, data: Mapping[str, Any], roles: Iterable[str]) -> None:
        self.data = data
        self.roles = [name for name in roles if name in data["roles"]]
        self.named = list(roles)
        self._possible: dict[str, frozenset[str]] = {}
        self._words: dict[tuple[str, Facts], str] = {}
        self._forbids: dict[str, list[Any]] = {}
        self._exceptions: dict[tuple[str, str], list[Any]] = {}

    def word(self, coordinate: str, facts: Facts) -> str:
        """Return `show`, `mask` or `deny` for a field of one record."""
        word = self._words.get((coordinate, facts))
        if word is None:
            word = self._words[coordinate, facts] = self._word(coordinate, facts)
        return word

    def _word(self, coordinate: str, facts: Facts) -> str:
        declared = field_at(coordinate)
        if any(holds(when, facts) for when in self._forbidden(declared)):
            return "deny"
        said = [self._said(role, declared, facts) for role in self.roles if self._reaches(role, facts)]
        best = min(said, key=WORDS.index, default="deny")
        if best == "mask" and not has_mask(declared):
            return "deny"
        return best

    def possible(self, coordinate: str) -> frozenset[str]:
        """Return the words for a field over every kind of record that the caller can see at all."""
        if coordinate not in self._possible:
            entity = coordinate.partition(".")[0]
            self._possible[coordinate] = frozenset(
                self.word(coordinate, facts)
                for facts in self.situations(entity)
                if self.word(f"{entity}.id", facts) == "show"
            )
        return self._possible[coordinate]

    def shows(self, coordinate: str) -> bool:
        return "show" in self.possible(coordinate)

    def situations(self, entity: str) -> list[Facts]:
        """Return every kind of record of an entity between which the policy can tell."""
        if is_nobodys(entity):
            return [Facts(REACHES[-1], None)]
        return (
            self._of_contracts if belongs_to_a_contract(entity) else [Facts(each, None) for each in REACHES]
        )

    @cached_property
    def _of_contracts(self) -> list[Facts]:
        combined = product(*(_values(name) for name in self.terms))
        told_apart = [tuple(zip(self.terms, values, strict=True)) for values in combined]
        return [Facts(scopes, contract) for scopes in REACHES for contract in told_apart]

    @cached_property
    def terms(self) -> list[str]:
        """The fields of the contract that terms ask for."""
        tables = [
            *self.data["roles"].values(),
            *self.data.get("exceptions", ()),
            *self.data.get("forbid", ()),
        ]
        return sorted({name for table in tables for name in table.get("when", {})})

    def _forbidden(self, declared: DeclaredField) -> list[Any]:
        """Return the terms of each forbid of a field for this caller; None where it has none."""
        if declared.coordinate not in self._forbids:
            self._forbids[declared.coordinate] = [
                forbid.get("when")
                for forbid in self.data.get("forbid", ())
                if self._concerns(forbid, declared)
            ]
        return self._forbids[declared.coordinate]

    def _concerns(self, forbid: Mapping[str, Any], declared: DeclaredField) -> bool:
        held = "roles" not in forbid or bool(set(forbid["roles"]) & set(self.named))
        named = any(
            each in forbid.get("fields", ()) or field_at(each).field.audience in forbid.get("audiences", ())
            for each in _hidden_with(declared)
        )
        if "when" in forbid and not belongs_to_a_contract(declared.entity):
            return False
        return held and named

    def _reaches(self, name: str, facts: Facts) -> bool:
        role = self.data["roles"][name]
        return role["rows"] in facts.scopes and (facts.contract is None or holds(role.get("when"), facts))

    def _said(self, name: str, declared: DeclaredField, facts: Facts) -> str:
        role = self.data["roles"][name]
        own = self._own(name, declared)
        for exception in own:
            if "when" in exception and holds(exception["when"], facts):
                return str(exception["word"])
        for exception in own:
            if "when" not in exception:
                return str(exception["word"])
        if declared.field.audience in role:
            return str(role[declared.field.audience])
        if not own and "inherits" in role:
            return self._said(role["inherits"], declared, facts)
        return self._audience(role.get("inherits"), declared)

    def _own(self, name: str, declared: DeclaredField) -> list[Any]:
        """Return the exceptions that a role itself has for a field."""
        if (name, declared.coordinate) not in self._exceptions:
            self._exceptions[name, declared.coordinate] = [
                each
                for each in self.data.get("exceptions", ())
                if each["role"] == name and each["field"] == declared.coordinate
            ]
        return self._exceptions[name, declared.coordinate]

    def _audience(self, name: str | None, declared: DeclaredField) -> str:
        while name is not None:
            role = self.data["roles"][name]
            if declared.field.audience in role:
                return str(role[declared.field.audience])
            name = role.get("inherits")
        return "deny"


def _hidden_with(declared: DeclaredField) -> list[str]:
    """Return the fields whose hiding hides this one: itself, and of an id those of the wholes above it."""
    found = [declared.coordinate]
    entity: str | None = declared.entity
    while declared.name == "id" and entity is not None:
        whole = next((f for f in fields_of(ENTITIES[entity]) if f.field.part), None)
        entity = None if whole is None else whole.target
        found += [] if entity is None else [f"{entity}.id"]
    return found


def holds(when: Mapping[str, Any] | None, facts: Facts) -> bool:
    """Whether terms hold of the contract."""
    if when is None:
        return True
    if facts.contract is None:
        return False
    return all(
        facts.values.get(name) in (values if isinstance(values, list) else [values])
        for name, values in when.items()
    )


def _values(name: str) -> list[Any]:
    declared = field_at(f"Contract.{name}")
    known: list[Any] = (
        [m.value for m in declared.type] if issubclass(declared.type, StrEnum) else [True, False]
    )
    return [*known, None] if declared.optional else known
