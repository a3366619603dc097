"""Cases of a policy, read from files: what somebody must see or do, what they must not, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from auth.policy import Command, PolicyError, Word, declared_fields
from auth.policy_lines import Lines, instead
from auth.review.situation import FixedValue, values_of
from auth.rows import Scope
from domain.field import Audience, DeclarationError

SHIPPED_CASES = Path(__file__).parents[1] / "policy_cases"

SEEN = {word.value: word for word in Word}
"""Keys with audiences and fields that must be seen so."""
COMMANDS = {"may": True, "may_not": False}
CLAIMS = {"claim": True, "claim_not": False}
ACCESS = ("denied", "masked", "refused")
KEYS = (
    "why", "roles", "record", *SEEN, "rules", *COMMANDS, *CLAIMS, "operation", "variables", *ACCESS,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of a record: the narrowest scope that reaches it, and values of its contract."""

    scope: Scope | None = None
    contract: Mapping[str, FixedValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Mention:
    """A name that a case says something about: the key that it stands under, and that key's line."""

    key: str
    name: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationCase:
    """A GraphQL operation with the fields that its access entries must name, or by which it is refused."""

    source: str
    variables: Mapping[str, Any]
    denied: frozenset[str]
    masked: frozenset[str]
    refused: str | None
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One case: `rules` are the lines that decide it, all of them and no others, where it names any."""

    file: str
    line: int
    why: str
    roles: tuple[str, ...]
    record: Record | None
    mentions: tuple[Mention, ...]
    rules: frozenset[str] | None
    operation: OperationCase | None

    def named(self, keys: Iterable[str]) -> list[Mention]:
        return [each for each in self.mentions if each.key in keys]


def read_cases(paths: Iterable[Path]) -> list[Case]:
    """Read files of cases, and all those of folders. Raises PolicyError, OSError."""
    files = [file for path in paths for file in (sorted(path.glob("*.toml")) if path.is_dir() else [path])]
    return [case for file in files for case in _Reading(str(file), file.read_bytes()).cases()]


class _Reading:
    """One reading of a file of cases, as strict as that of a policy."""

    def __init__(self, file: str, content: bytes) -> None:
        self._file = file
        self._lines = Lines(file, content)
        self._names = {*Audience.__members__, *declared_fields()}

    def cases(self) -> list[Case]:
        data = self._lines.data
        for key in data:
            if key != "cases":
                raise self._error((), key, f"unknown key {key}", "begin each case with [[cases]]")
        tables = data.get("cases", [])
        if not isinstance(tables, list) or not all(isinstance(each, dict) for each in tables):
            raise self._error((), "cases", "cases is no list of tables", "begin each with [[cases]]")
        return [self._case(str(number), table) for number, table in enumerate(tables)]

    def _case(self, number: str, table: Mapping[str, Any]) -> Case:
        where = ("cases", number)
        for key in table:
            if key not in KEYS:
                raise self._error(where, key, f"a case has the unknown key {key}", instead(key, KEYS))
        if not isinstance(table.get("why"), str) or "roles" not in table:
            raise self._error(where, "why", "a case lacks why or roles", 'add why = "..." and roles = [...]')
        mentions = [
            Mention(key, name, self._lines.of(where, key))
            for keys, known in ((SEEN, self._names), (COMMANDS, set(Command)), (CLAIMS, self._names))
            for key in keys
            for name in self._texts(where, table, key, known)
        ]
        if not mentions and "operation" not in table:
            raise self._error(where, None, "a case expects nothing", "add show, mask, deny or operation")
        return Case(
            file=self._file,
            line=self._lines.of(where, None),
            why=table["why"],
            roles=tuple(self._texts(where, table, "roles", None)),
            record=self._record(where, table["record"]) if "record" in table else None,
            mentions=tuple(mentions),
            rules=frozenset(self._texts(where, table, "rules", None)) if "rules" in table else None,
            operation=self._operation(where, table) if "operation" in table else None,
        )

    def _record(self, where: tuple[str, ...], said: object) -> Record:
        if not isinstance(said, dict):
            raise self._error(where, "record", "record is no table", 'write record = { scope = "own" }')
        contract = dict(said)
        scope = contract.pop("scope", None)
        if scope is not None and scope not in set(Scope):
            raise self._error(where, "record", f"record says scope = {scope!r}", instead(str(scope), Scope))
        for name, value in contract.items():
            try:
                known = values_of(name)
            except DeclarationError:
                known = ()
            if value not in known:
                suggestion = instead(str(value), map(str, known)) if known else "name a field of terms"
                raise self._error(where, "record", f"record says {name} = {value!r}", suggestion)
        return Record(Scope(scope) if scope else None, contract)

    def _operation(self, where: tuple[str, ...], table: Mapping[str, Any]) -> OperationCase:
        fields = set(declared_fields())
        refused = table.get("refused")
        if refused is not None and refused not in fields:
            raise self._error(where, "refused", f"refused says {refused!r}", instead(str(refused), fields))
        return OperationCase(
            source=str(table["operation"]),
            variables=table.get("variables", {}),
            denied=frozenset(self._texts(where, table, "denied", fields)),
            masked=frozenset(self._texts(where, table, "masked", fields)),
            refused=refused,
            line=self._lines.of(where, "operation"),
        )

    def _texts(
        self,
        where: tuple[str, ...],
        table: Mapping[str, Any],
        key: str,
        known: set[str] | set[Command] | None,
    ) -> list[str]:
        said = table.get(key, [])
        if not isinstance(said, list) or not all(isinstance(each, str) for each in said):
            raise self._error(where, key, f"{key} is no list of texts", f'write {key} = ["..."]')
        for each in said:
            if known is not None and each not in known:
                raise self._error(where, key, f"{key} names {each!r}", instead(each, map(str, known)))
        return said

    def _error(self, where: tuple[str, ...], key: str | None, problem: str, suggestion: str) -> PolicyError:
        line = self._lines.of(where, key)
        return PolicyError(file=self._file, line=line, problem=problem, suggestion=suggestion)
