"""What each role sees, read strictly from policy.toml, and the decision about one field."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any

import domain.graph  # noqa: F401 - registers every entity, so that no field is forgotten
from domain.field import ENTITIES, Audience, fields_of

SHIPPED = Path(__file__).with_name("policy.toml")


@dataclass(frozen=True, slots=True)
class Show:
    """The field is shown; `rule` is the line that says so, such as `finance.COMMERCIAL = show`."""

    rule: str


@dataclass(frozen=True, slots=True)
class Deny:
    """The field is denied; `rule` is a line of the policy, or `default` where no line grants it."""

    rule: str
    reason: str


class Word(StrEnum):
    """What a role may say about an audience."""

    SHOW = "show"
    DENY = "deny"


class Rows(StrEnum):
    """Which records a role reaches."""

    ORG = "org"


@dataclass(frozen=True, kw_only=True)
class Role:
    """One role of the policy: its rows, and its word about each audience that it names."""

    name: str
    rows: Rows
    words: Mapping[Audience, Word]

    @property
    def seen(self) -> str:
        """The audiences that it sees, as one reads them in a reason."""
        return ", ".join(a for a in Audience if self.words.get(a) is Word.SHOW) or "nothing"


@dataclass(frozen=True, kw_only=True)
class Policy:
    """A policy file as read: `digest` is the SHA-256 of its bytes, in hex, and names it everywhere.

    `fields` maps the coordinate of every declared field to its audience.
    """

    digest: str
    source: str = field(compare=False)
    roles: Mapping[str, Role] = field(compare=False, repr=False)
    fields: Mapping[str, Audience] = field(compare=False, repr=False)


class PolicyError(Exception):
    """{file}:{line}: {problem}; {suggestion}"""  # noqa: D400 - the message ends as its suggestion does

    def __init__(self, *, file: str, line: int, problem: str, suggestion: str) -> None:
        template = type(self).__doc__ or ""
        super().__init__(template.format(file=file, line=line, problem=problem, suggestion=suggestion))
        self.line = line


def decide(policy: Policy, roles: Iterable[str], coordinate: str) -> Show | Deny:
    """Decide whether a caller with these roles sees the field at `coordinate`, e.g. `Contract.totalValue`.

    Several roles see what any one of them shows. Whatever is not granted is denied: no role, an unknown
    role or field, and an error while deciding.
    """
    try:
        return _decide(policy, sorted(set(roles)), coordinate)
    except Exception as error:  # noqa: BLE001 - whatever went wrong here, the answer is no
        return Deny("error", f"the field could not be decided about: {type(error).__name__}")


def _decide(policy: Policy, names: list[str], coordinate: str) -> Show | Deny:
    audience = policy.fields.get(coordinate)
    if audience is None:
        return Deny("default", f"{coordinate} is no field of the contract graph")
    known = [policy.roles[name] for name in names if name in policy.roles]
    if not known:
        had = f"the policy knows no role {' or '.join(names)}" if names else "the caller has no role"
        return Deny("default", f"{coordinate} is for {audience}; {had}")
    words = {role.name: role.words.get(audience) for role in known}
    for name, word in words.items():
        if word is Word.SHOW:
            return Show(f"{name}.{audience} = {Word.SHOW}")
    rule = next((f"{name}.{audience} = {Word.DENY}" for name, word in words.items() if word), "default")
    seen = "; ".join(f"{role.name} sees {role.seen}" for role in known)
    return Deny(rule, f"{coordinate} is for {audience}; {seen}")


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


def load_policy(path: Path | None = None) -> Policy:
    """Read a policy file, by default the shipped one.

    Raises PolicyError, with file, line and a suggestion, for whatever the file says that is not understood
    and for an audience that nobody could see; raises OSError if there is no such file.
    """
    path = path or SHIPPED
    content = path.read_bytes()
    roles = _Reading(str(path), content).roles()
    return Policy(
        digest=hashlib.sha256(content).hexdigest(),
        source=str(path),
        roles=MappingProxyType(roles),
        fields=MappingProxyType(_declared(str(path))),
    )


def _declared(source: str) -> dict[str, Audience]:
    found: dict[str, Audience] = {}
    for declared in (f for entity in ENTITIES.values() for f in fields_of(entity)):
        if declared.coordinate in found:
            problem = f"two fields are called {declared.coordinate}"
            raise _at(source, 1, problem, f"rename {declared.entity}.{declared.name} in domain/")
        found[declared.coordinate] = declared.field.audience
    return found


class _Reading:
    """One reading of a policy file: what it says, and the lines to complain about."""

    def __init__(self, file: str, content: bytes) -> None:
        self.file = file
        try:
            self.text = content.decode()
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
            raise _at(file, line, "the file is not UTF-8", "save it as UTF-8") from error
        self.lines = self.text.splitlines()
        try:
            self.data = tomllib.loads(self.text)
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            raise self._syntax(error) from error

    def roles(self) -> dict[str, Role]:
        for key in self.data:
            if key != "roles":
                raise self.error((), key, f"unknown key {key}", _instead(key, ["roles"]))
        tables = self.data.get("roles")
        if not isinstance(tables, dict) or not tables:
            raise self.error((), "roles", "there is no role", "begin one with [roles.NAME]")
        found = {name: self._role(name, table) for name, table in tables.items()}
        for audience in Audience:
            self._check_seen(audience, found)
        return found

    def _role(self, name: str, table: Any) -> Role:  # noqa: ANN401 - a TOML value
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,63}", name):
            problem = f"{name!r} is no name of a role"
            raise self.error((), name, problem, "use a-z, 0-9 and _, such as sales_rep")
        if not isinstance(table, dict):
            raise self.error((), name, f"{name} is no table", f"begin it with [roles.{name}]")
        where = ("roles", name)
        for key in table:
            if key != "rows" and key not in Audience.__members__:
                problem = f"role {name} has the unknown key {key}"
                raise self.error(where, key, problem, _instead(key, ["rows", *Audience]))
        if "rows" not in table:
            problem = f"role {name} does not say which rows it reaches"
            raise self.error(where, None, problem, 'add rows = "org"')
        words = {Audience(key): self._word(where, key, Word, table[key]) for key in table if key != "rows"}
        rows = self._word(where, "rows", Rows, table["rows"])
        return Role(name=name, rows=Rows(rows), words=MappingProxyType({a: Word(words[a]) for a in words}))

    def _word(self, where: tuple[str, ...], key: str, known: type[StrEnum], said: object) -> str:
        for word in known:
            if said == word.value:
                return word
        problem = f"role {where[-1]} says {key} = {said!r}"
        raise self.error(where, key, problem, _instead(str(said), list(known)))

    def _check_seen(self, audience: Audience, roles: Mapping[str, Role]) -> None:
        words = {name: role.words[audience] for name, role in roles.items() if audience in role.words}
        suggestion = f'add {audience} = "show" to the role that is to see it'
        if not words:
            raise self.error((), None, f"no role mentions the audience {audience}", suggestion)
        if Word.SHOW not in words.values():
            where = ("roles", next(iter(words)))
            raise self.error(where, audience, f"no role sees the audience {audience}", suggestion)

    def error(self, table: tuple[str, ...], key: str | None, problem: str, suggestion: str) -> PolicyError:
        return _at(self.file, self._line(table, key), problem, suggestion)

    def _line(self, table: tuple[str, ...], key: str | None) -> int:
        """Find a key in its table; else the table's header, or where its last name stands, or line 1."""
        current: tuple[str, ...] = ()
        header = 0
        for number, line in enumerate(self.lines, start=1):
            bare = line.split("#", maxsplit=1)[0].strip()
            if bare.startswith("["):
                current = tuple(part.strip(" \"'") for part in bare.strip("[] ").split("."))
                named = current == table if table else key in current
                header = header or (number if named else 0)
            elif key and current == (table or current) and key in re.findall(r"[\w-]+", bare.split("=")[0]):
                return number
        return header or self._mention(key or (table[-1] if table else None))

    def _mention(self, word: str | None) -> int:
        found = (n for n, line in enumerate(self.lines, start=1) if word and word in line.split("#")[0])
        return next(found, 1)

    def _syntax(self, error: Exception) -> PolicyError:
        problem = str(error)
        place = re.search(r" \(at line (\d+), column \d+\)", problem)
        line = int(place[1]) if place else max(len(self.lines), 1)
        problem = problem.replace(place[0], "") if place else problem
        twice = "overwrite" in problem or "twice" in problem
        suggestion = "say it once: remove one of the two" if twice else "write it as TOML"
        return _at(self.file, line, problem, suggestion)


def _at(file: str, line: int, problem: str, suggestion: str) -> PolicyError:
    return PolicyError(file=file, line=line, problem=problem, suggestion=suggestion)


def _instead(said: str, known: list[str]) -> str:
    by_case = {str(word).casefold(): str(word) for word in known}
    close = get_close_matches(said.casefold(), by_case, n=1)
    return f"did you mean {by_case[close[0]]}?" if close else f"known are {', '.join(by_case.values())}"
