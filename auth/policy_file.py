"""A policy read strictly: what is not understood, and what could never apply, stops the start."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from auth.policy import (
    Command,
    FieldException,
    Forbid,
    Policy,
    PolicyError,
    Role,
    Rule,
    Said,
    Word,
    declared_at,
)
from auth.policy_lines import instead
from auth.policy_terms import is_subject
from auth.policy_values import Table, Values
from auth.rows import Rows, Scope
from domain.field import DERIVED, ENTITIES, Audience, fields_of
from domain.mask import mask_of
from domain.reach import parts_of

SHIPPED = Path(__file__).with_name("policy.toml")

TABLES = ("roles", "exceptions", "forbid")
ROLE_KEYS = ("rows", "when", "inherits", "commands", "claims")
EXCEPTION_KEYS = ("role", "field", "word", "why", "when")
FORBID_KEYS = ("fields", "audiences", "roles", "why", "when")

Where = tuple[str, ...]


def load_policy(path: Path | None = None) -> Policy:
    """Read a policy file, by default the shipped one.

    Raises PolicyError, with file, line and a suggestion, for whatever the file says that is not understood
    or never applies, and for an audience that nobody could see; raises OSError if there is no such file.
    """
    path = path or SHIPPED
    return read_policy(path.read_bytes(), str(path))


def read_policy(content: bytes, source: str) -> Policy:
    """Read a policy's bytes; `source` names them in errors. Raises PolicyError."""
    return _Reading(source, content).policy()


def check_coverage(policy: Policy) -> None:
    """Refuse to start with a field that the policy cannot decide about; raises PolicyError.

    A field may have been declared after the policy was read, and a policy need not come from a file.
    """
    mentioned = {audience for role in policy.roles.values() for audience in role.words}
    for coordinate, audience in _declared(policy.source).items():
        if policy.fields.get(coordinate) is not audience:
            problem = f"{coordinate} was declared after the policy was read"
            raise _at(policy.source, 1, problem, "declare every field in domain/ before reading it")
        if audience not in mentioned:
            problem = f"{coordinate} is for {audience}, which no role mentions"
            raise _at(policy.source, 1, problem, f'add {audience} = "show" to a role')


def _declared(source: str) -> dict[str, Audience]:
    found: dict[str, Audience] = {}
    for declared in (f for entity in ENTITIES.values() for f in fields_of(entity)):
        if declared.coordinate in found:
            problem = f"two fields are called {declared.coordinate}"
            raise _at(source, 1, problem, f"rename {declared.entity}.{declared.name} in domain/")
        found[declared.coordinate] = declared.field.audience
    return found


class _Reading(Values):
    """One reading of a policy file: what it says, and the lines to complain about."""

    def __init__(self, file: str, content: bytes) -> None:
        super().__init__(file, content)
        self.content = content
        self.fields = _declared(file)
        self.roles: dict[str, Role] = {}

    def policy(self) -> Policy:
        for key in self.data:
            if key not in TABLES:
                raise self.error((), key, f"unknown key {key}", instead(key, TABLES))
        tables = self.data.get("roles")
        if not isinstance(tables, dict) or not tables:
            raise self.error((), "roles", "there is no role", "begin one with [roles.NAME]")
        for name in tables:
            self._role(name, tables, ())
        for audience in Audience:
            self._check_seen(audience)
        exceptions = [self._exception(where, table) for where, table in self.tables("exceptions")]
        roles = {name: self._with_exceptions(name, tables, exceptions) for name in tables}
        forbids = tuple(self._forbid(roles, where, table) for where, table in self.tables("forbid"))
        return Policy(
            digest=hashlib.sha256(self.content).hexdigest(),
            source=self.file,
            text=self.lines.text,
            roles=MappingProxyType(roles),
            forbids=forbids,
            fields=MappingProxyType(self.fields),
        )

    # Roles

    def _role(self, name: str, tables: Table, heirs: tuple[str, ...]) -> Role:
        """Read a role after those it inherits from; `heirs` are those that asked for it."""
        if name in self.roles:
            return self.roles[name]
        where = ("roles", name)
        table = self._role_table(name, tables)
        if name in heirs:
            problem = f"{' inherits '.join((*heirs[heirs.index(name) :], name))}"
            raise self.error(where, "inherits", problem, "leave one of them out")
        parent = None
        if "inherits" in table:
            named = self.one(where, "inherits", table["inherits"], list(tables))
            parent = self._role(named, tables, (*heirs, name))
        if "rows" not in table:
            problem = f"role {name} does not say which rows it reaches"
            raise self.error(where, None, problem, 'add rows = "org"; rows are never inherited')
        scope = Scope(self.word(where, "rows", Scope, table["rows"]))
        when = self.terms.read(where, table["when"]) if "when" in table else None
        role = Role(
            name=name,
            line=self.lines.of(where, None),
            rows=Rows(scope, frozenset([when] if when else ())),
            words=MappingProxyType(self._words(name, table, parent)),
            commands=MappingProxyType(self._listed(name, table, parent, "commands", Command)),
            claims=MappingProxyType(self._listed(name, table, parent, "claims", Audience)),
        )
        self.roles[name] = role
        return role

    def _role_table(self, name: str, tables: Table) -> Table:
        table = tables[name]
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,63}", name):
            problem = f"{name!r} is no name of a role"
            raise self.error((), name, problem, "use a-z, 0-9 and _, such as sales_rep")
        if not isinstance(table, dict):
            raise self.error((), name, f"{name} is no table", f"begin it with [roles.{name}]")
        for key in table:
            if key not in ROLE_KEYS and key not in Audience.__members__:
                problem = f"role {name} has the unknown key {key}"
                raise self.error(("roles", name), key, problem, instead(key, [*ROLE_KEYS, *Audience]))
        return table

    def _words(self, name: str, table: Table, parent: Role | None) -> dict[Audience, Said]:
        where = ("roles", name)
        words = {a: _inherited(said, name) for a, said in parent.words.items()} if parent else {}
        for key in table:
            if key in ROLE_KEYS:
                continue
            word, audience = Word(self.word(where, key, Word, table[key])), Audience(key)
            if word is Word.MASK and audience is Audience.EVERYONE:
                problem = f"role {name} masks EVERYONE, the audience of ids, which have no mask"
                raise self.error(where, key, problem, "show it or deny it")
            words[audience] = Said(
                word, Rule(f"{name}.{audience} = {word}", self.lines.of(where, key), chain=(name,))
            )
        return words

    def _listed(self, name: str, table: Table, parent: Role | None, key: str, known: Any) -> dict[Any, Rule]:  # noqa: ANN401 - an enum of names
        where = ("roles", name)
        inherited = getattr(parent, key) if parent else {}
        found = {word: _passed_on(rule, name) for word, rule in inherited.items()}
        for word in self.names(where, table, key, [each.value for each in known]):
            if key == "claims" and not self._claimable(Audience(word)):
                problem = f"role {name} claims {word}, but every field of it is derived"
                raise self.error(where, key, problem, "leave it out")
            found[known(word)] = Rule(f"{name}.{key} has {word}", self.lines.of(where, key), chain=(name,))
        return found

    def _claimable(self, audience: Audience) -> bool:
        said = (declared_at(c) for c, a in self.fields.items() if a is audience)
        return any(declared.field.owner is not DERIVED for declared in said)

    def _check_seen(self, audience: Audience) -> None:
        words = {name: role.words[audience] for name, role in self.roles.items() if audience in role.words}
        suggestion = f'add {audience} = "show" to the role that is to see it'
        if not words:
            raise self.error((), None, f"no role mentions the audience {audience}", suggestion)
        if not any(said.word is Word.SHOW for said in words.values()):
            line = next(iter(words.values())).rule.line
            raise _at(self.file, line, f"no role sees the audience {audience}", suggestion)

    # Exceptions and forbids

    def _exception(self, where: Where, table: Table) -> tuple[str, FieldException]:
        self.known_keys(where, table, EXCEPTION_KEYS, ("role", "field", "word", "why"))
        role = self.one(where, "role", table["role"], list(self.roles))
        coordinate = self.one(where, "field", table["field"], list(self.fields))
        word = Word(self.word(where, "word", Word, table["word"]))
        terms = self.terms_of(where, table, [coordinate])
        text = f"exception {role} {coordinate} = {word}" + (f" where {terms}" if terms else "")
        rule = Rule(text, self.lines.of(where, None), self.why(where, table), (role,))
        if word is Word.MASK and mask_of(declared_at(coordinate)) is None:
            raise self.error(where, "word", f"{coordinate} has no mask", "show it or deny it")
        return role, FieldException(coordinate, Said(word, rule), terms)

    def _with_exceptions(self, name: str, tables: Table, found: list[tuple[str, FieldException]]) -> Role:
        """Give a role its own exceptions, and those it inherits about what it says nothing of itself."""
        role = self.roles[name]
        own = [each for holder, each in found if holder == name]
        spoken = {each.coordinate for each in own}
        parent = tables[name].get("inherits")
        passed_on = [
            replace(each, said=_inherited(each.said, name))
            for each in (self._with_exceptions(parent, tables, found).exceptions if parent else ())
            if self.fields[each.coordinate] not in tables[name]
        ]
        for each in own:
            self._check_exception(role, each, own, passed_on)
        inherited = [each for each in passed_on if each.coordinate not in spoken]
        return replace(role, exceptions=(*own, *inherited))

    def _check_exception(
        self,
        role: Role,
        exception: FieldException,
        own: list[FieldException],
        passed_on: list[FieldException],
    ) -> None:
        """Refuse an exception that is said twice, or that says what holds without it."""
        rule, coordinate = exception.said.rule, exception.coordinate
        same = [e for e in own if (e.coordinate, e.when) == (coordinate, exception.when)]
        if len(same) > 1:
            problem = f"two exceptions of {role.name} speak of {coordinate}"
            raise _at(self.file, same[1].said.rule.line, problem, "say it once: remove one of the two")
        said = role.words.get(self.fields[coordinate])
        word = said.word if said else Word.DENY
        others = [e for e in (*own, *passed_on) if e.coordinate == coordinate and e is not exception]
        if exception.said.word is word and not others:
            problem = f"the exception never applies: {role.name} says {word} of {coordinate} without it"
            raise _at(self.file, rule.line, problem, "remove it")

    def _forbid(self, roles: Mapping[str, Role], where: Where, table: Table) -> Forbid:
        self.known_keys(where, table, FORBID_KEYS, ("why",))
        if ("fields" in table) == ("audiences" in table):
            raise self.error(where, None, "a forbid names either fields or audiences", "say one of the two")
        coordinates = self.names(where, table, "fields", list(self.fields))
        audiences = self.names(where, table, "audiences", list(Audience.__members__))
        what = ", ".join(audiences or coordinates)
        coordinates += [
            c
            for c, audience in self.fields.items()
            if audience in audiences and ("when" not in table or is_subject(c))
        ]
        # Who does not see a record sees nothing of its parts.
        coordinates += [f"{part}.id" for c in coordinates if c.endswith(".id") for part in parts_of(c[:-3])]
        held = frozenset(self.names(where, table, "roles", list(roles))) if "roles" in table else None
        terms = self.terms_of(where, table, coordinates)
        text = f"forbid {what}" + (f" to {', '.join(sorted(held))}" if held is not None else "")
        text += f" where {terms}" if terms else ""
        rule = Rule(text, self.lines.of(where, None), self.why(where, table))
        forbid = Forbid(rule, frozenset(coordinates), held, terms)
        if held is None and any(c.endswith(".id") for c in coordinates):
            raise self.error(where, "fields", "an id is forbidden to everybody", "name the roles")
        # Of any role: who holds one of those named may hold another beside it.
        if not any(self._grants(role, c) for role in roles.values() for c in coordinates):
            raise self.error(where, None, f"the rule never applies: {what} is shown to nobody", "remove it")
        return forbid

    def _grants(self, role: Role, coordinate: str) -> bool:
        said = [said for _, said in role.says(coordinate, self.fields[coordinate])]
        return any(each is not None and each.word is not Word.DENY for each in said)


def _inherited(said: Said, heir: str) -> Said:
    return Said(said.word, _passed_on(said.rule, heir))


def _passed_on(rule: Rule, heir: str) -> Rule:
    return replace(rule, chain=(*rule.chain, heir))


def _at(file: str, line: int, problem: str, suggestion: str) -> PolicyError:
    return PolicyError(file=file, line=line, problem=problem, suggestion=suggestion)
