"""A mapping file read strictly: what is not understood, or never accepted, is refused with its line."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import cache
from pathlib import Path as File
from typing import Any, Final

from auth.policy_lines import Where, instead
from domain.claim import Unreadable
from domain.contract import Contract
from domain.currency import MINOR_UNITS
from domain.field import CLM, ENTITIES, HERE, UNTIL_SIGNED, DeclaredField, Entity, Kind, fields_of
from domain.term import Period
from sync.clm.mapping_door import Door, read_door
from sync.clm.mapping_reader import MappingFileError, MappingReader, Table
from sync.clm.path import NOTHING_THERE, Here, Path
from sync.clm.payload_map import PartRule, PayloadMap, needed_of
from sync.clm.rule import UNITS, Form, Rule, plain_word

SHIPPED: Final = File(__file__).with_name("mappings")
_TOP: Final = ("contract", "claimed_at", "contracts", "null", "fields", "event", "signature", "fetch")
_PART: Final = ("each", "key")
_RULE: Final = (
    "from", "always", "currency", "values", "otherwise", "unsaid", "null", "date_format", "unit", "form",
)  # fmt: skip
_NULLS: Final = ("unsaid", "clears")
_A_DAY: Final = datetime(2026, 1, 31, tzinfo=UTC)
_EMPTY: Final = Here(None, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class MappingFile:
    """What a mapping file says: how to read a payload, and for the generic connector how one comes."""

    source: str
    digest: str
    map: PayloadMap
    door: Door


@cache
def shipped(name: str) -> MappingFile:
    """Return a mapping that ships with us, by its name without `.toml`. Raises OSError for none."""
    return load_mapping(SHIPPED / f"{name}.toml")


def load_mapping(path: File) -> MappingFile:
    """Read a mapping file. Raises MappingFileError with file, line and a suggestion, and OSError."""
    return read_mapping(path.read_bytes(), str(path))


def read_mapping(content: bytes, source: str) -> MappingFile:
    """Read a mapping's bytes; `source` names them in errors. Raises MappingFileError."""
    reading = _Reading(source, content)
    return MappingFile(
        source=source,
        digest=hashlib.sha256(content).hexdigest(),
        map=reading.payload_map(),
        door=read_door(reading),
    )


def claimable(entity: type[Entity], *, whole: bool) -> Mapping[str, DeclaredField]:
    """Return what a contract system may claim of a record, by Python and by GraphQL name.

    Of a `whole` record also what it cannot be made without.
    """
    return _claimable(entity.__name__, whole)


@cache
def _claimable(name: str, whole: bool) -> Mapping[str, DeclaredField]:  # noqa: FBT001 - the cache's key
    needed = set(needed_of(ENTITIES[name])) if whole else set()
    # Another record is named as its system does: whoever applies the claim finds it. Of a part nobody does.
    kinds = {Kind.SCALAR, Kind.MONEY} if whole else {Kind.SCALAR, Kind.MONEY, Kind.REFERENCE}
    found = {
        declared.name: declared
        for declared in fields_of(ENTITIES[name])
        if declared.kind in kinds
        and not declared.field.rule
        and declared.name not in {"id", "source_key"}
        and (_may_claim(declared) or declared.name in needed)
    }
    return found | {declared.graph_name: declared for declared in found.values()}


def _may_claim(declared: DeclaredField) -> bool:
    owner = declared.field.owner
    return owner is CLM or (isinstance(owner, UNTIL_SIGNED) and CLM in {owner.system, owner.then})


@cache
def part_lists() -> Mapping[str, DeclaredField]:
    """Return the lists of a contract that a contract system may fill, by Python and by GraphQL name."""
    found = {
        declared.name: declared
        for declared in fields_of(Contract)
        if declared.kind is Kind.LIST
        and declared.target != Contract.__name__
        and declared.field.owner is not HERE
    }
    return found | {declared.graph_name: declared for declared in found.values()}


class _Reading(MappingReader):
    """One reading of a mapping file."""

    def payload_map(self) -> PayloadMap:
        self.known_keys((), "the file", self.data, (*_TOP, *part_lists()))
        for key in ("contract", "claimed_at"):
            if key not in self.data:
                raise self.error((), None, f"the file lacks {key}", f'add {key} = "..." at its top')
        self.clears = self._clears((), self.data, "null", unless_said=False)
        fields = self.table("fields") or {}
        lists = [(name, declared) for name, declared in part_lists().items() if name in self.data]
        made = PayloadMap(
            contract=self.paths((), "contract", self.data["contract"]),
            claimed_at=self.paths((), "claimed_at", self.data["claimed_at"]),
            contracts=self.path((), "contracts", self.data["contracts"])
            if "contracts" in self.data
            else None,
            rules=self._rules(("fields",), "fields", fields, claimable(Contract, whole=False), ()),
            parts=tuple(part for name, declared in lists for part in self._parts(name, declared)),
        )
        if not made.rules and not made.parts:
            raise self.error((), None, "the file says nothing of a contract", "add [fields]")
        return made

    def _parts(self, name: str, declared: DeclaredField) -> list[PartRule]:
        tables = self.data[name]
        if not isinstance(tables, list) or not all(isinstance(each, dict) for each in tables):
            raise self.error((), name, f"{name} is no list of tables", f"begin each with [[{name}]]")
        return [self._part((name, str(turn)), declared, table) for turn, table in enumerate(tables)]

    def _part(self, where: Where, declared: DeclaredField, table: Table) -> PartRule:
        entity = ENTITIES[declared.target]
        known = claimable(entity, whole=True)
        if "each" not in table:
            raise self.error(where, None, f"a table of {where[0]} lacks each", 'add each = "path.to.list[*]"')
        rules = self._rules(where, where[0], table, known, _PART)
        told = {rule.declared.name for rule in rules}
        for name in needed_of(entity):
            if name not in told:
                hint = f'add {name} = "path", or {name} = {{ always = "..." }}'
                raise self.error(where, None, f"a table of {where[0]} lacks {name}", hint)
        key = self.paths(where, "key", table["key"]) if "key" in table else ()
        return PartRule(list=declared, each=self.path(where, "each", table["each"]), key=key, rules=rules)

    def _rules(
        self,
        where: Where,
        named: str,
        table: Table,
        known: Mapping[str, DeclaredField],
        beside: tuple[str, ...],
    ) -> tuple[Rule, ...]:
        rules: dict[str, Rule] = {}
        for key, said in table.items():
            if key in beside:
                continue
            if key not in known:
                raise self.error(
                    where, key, f"{named} has the unknown field {key}", _why_not(key, known, where)
                )
            rule = self._rule(where, key, known[key], said)
            if rule.declared.name in rules:
                raise self.error(where, key, f"{named} names {rule.declared.name} twice", "say it once")
            rules[rule.declared.name] = rule
        return tuple(rules.values())

    def _rule(self, where: Where, key: str, declared: DeclaredField, said: object) -> Rule:
        table = said if isinstance(said, dict) else {"from": said}
        for each in table:
            if each not in _RULE:
                raise self.error(where, key, f"{key} has the unknown key {each}", instead(each, _RULE))
        if "from" not in table and "always" not in table:
            raise self.error(where, key, f"{key} does not say where it is read", 'add from = "path"')
        values = self._words(where, key, table)
        unsaid = table.get("unsaid", [])
        if not isinstance(unsaid, list) or not all(isinstance(each, str | int | float) for each in unsaid):
            raise self.error(where, key, f"unsaid of {key} is no list of words", 'write unsaid = ["..."]')
        rule = Rule(
            declared=declared,
            paths=self.paths(where, key, table["from"]) if "from" in table else (),
            always=_as_text(table.get("always")),
            currency=self._currency(where, key, declared, table),
            values=values,
            otherwise=self.text(where, "otherwise", table, key),
            unsaid=frozenset(plain_word(each) for each in unsaid),
            clears=self._clears(where, table, key, unless_said=self.clears),
            date_format=self._date_format(where, key, table, declared),
            unit=self.one_of(where, "unit", table, UNITS, key),
            form=Form(self.one_of(where, "form", table, list(Form), key) or Form.PLAIN),
        )
        self._only(where, key, table, "unit", fits=declared.type is Period)
        self._only(where, key, table, "form", fits=declared.type is str)
        self._check_constants(where, key, rule)
        return rule

    def _words(self, where: Where, key: str, table: Table) -> dict[str, str]:
        values = table.get("values", {})
        if not isinstance(values, dict) or not all(isinstance(each, str) for each in values.values()):
            raise self.error(
                where, key, f"values of {key} is no table of words", 'write values = { theirs = "OURS" }'
            )
        found = {word.strip().lower(): ours for word, ours in values.items()}
        if len(found) < len(values):
            raise self.error(
                where, key, f"values of {key} names a word twice", "case does not matter: say it once"
            )
        return found

    def _currency(self, where: Where, key: str, declared: DeclaredField, table: Table) -> Path | str | None:
        said = table.get("currency")
        if (said is not None) != (declared.kind is Kind.MONEY):
            problem = (
                f"{key} needs a currency" if said is None else f"{key} is no money, so it has no currency"
            )
            hint = 'add currency = "path.to.code", or currency = "EUR"' if said is None else "leave it out"
            raise self.error(where, key, problem, hint)
        if said is None:
            return None
        return said if said in MINOR_UNITS else self.paths(where, key, said)[0]

    def _clears(self, where: Where, table: Table, name: str, *, unless_said: bool) -> bool:
        said = self.one_of(where, "null", table, _NULLS, name)
        return unless_said if said is None else said == "clears"

    def _only(self, where: Where, key: str, table: Table, what: str, *, fits: bool) -> str | None:
        said = self.text(where, what, table, key)
        if said is not None and not fits:
            raise self.error(where, key, f"{key} has no use for {what}", "leave it out")
        return said

    def _date_format(self, where: Where, key: str, table: Table, declared: DeclaredField) -> str | None:
        """Return a format that holds a whole date, so that none is ever half read."""
        said = self._only(where, key, table, "date_format", fits=declared.type is date)
        if said is None:
            return None
        try:
            holds = datetime.strptime(_A_DAY.strftime(said), said).replace(tzinfo=UTC) == _A_DAY
        except (ValueError, re.error):
            holds = False
        if not holds:
            problem = f"date_format of {key} is {said!r}, which holds no whole date"
            raise self.error(where, key, problem, 'write it like "%d.%m.%Y"')
        return said

    def _check_constants(self, where: Where, key: str, rule: Rule) -> None:
        """Refuse a word of ours that the field could not hold."""
        ours = [
            *rule.values.values(),
            *(each for each in (rule.otherwise or None, rule.always) if each is not None),
        ]
        bare = replace(rule, paths=(), values={}, otherwise=None, form=Form.PLAIN)
        if isinstance(rule.currency, Path):
            bare = replace(bare, currency="CLF")
        for word in ours:
            said = replace(bare, always=word).read(_EMPTY)
            if isinstance(said, Unreadable) or said is NOTHING_THERE or said is None:
                kind = rule.declared.type
                if issubclass(kind, StrEnum):
                    raise self.error(where, key, f"{key} cannot be {word!r}", instead(word, list(kind)))
                reason = said.reason if isinstance(said, Unreadable) else "it is empty"
                hint = "write what the field can hold"
                raise self.error(where, key, f"{key} cannot be {word!r}: {reason}", hint)


def _why_not(key: str, known: Mapping[str, DeclaredField], where: Where) -> str:
    entity = Contract if where == ("fields",) else ENTITIES[part_lists()[where[0]].target]
    for declared in fields_of(entity):
        if key in {declared.name, declared.graph_name}:
            if declared.kind is Kind.LIST:
                return f"begin [[{declared.name}]] for its parts"
            if declared.kind is Kind.REFERENCE and where != ("fields",):
                return "leave it out: a part's link to another record is not claimed by a mapping"
            return (
                f"leave it out: it is owned by {declared.field.owner}, so every claim of it would be refused"
            )
    return instead(key, [name for name, declared in known.items() if name == declared.name])


def _as_text(said: Any) -> str | None:  # noqa: ANN401 - any TOML
    return None if said is None else str(said).lower() if isinstance(said, bool) else str(said)


__all__ = ["SHIPPED", "MappingFile", "MappingFileError", "load_mapping", "read_mapping", "shipped"]
