"""The values of a policy file, each checked against what may stand in its place."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from auth.policy import PolicyError
from auth.policy_lines import Lines, Where, instead
from auth.policy_terms import TermsReader
from auth.rows import Terms

Table = Mapping[str, Any]


class Values:
    """What a policy file says, and the lines to complain about. Raises PolicyError for what is no TOML."""

    def __init__(self, file: str, content: bytes) -> None:
        self.file = file
        self.lines = Lines(file, content)
        self.data = self.lines.data
        self.terms = TermsReader(self.error)

    def tables(self, key: str) -> list[tuple[Where, Table]]:
        """Return the tables of a list, each with its place."""
        tables = self.data.get(key, [])
        if not isinstance(tables, list) or not all(isinstance(each, dict) for each in tables):
            raise self.error((), key, f"{key} is no list of tables", f"begin each with [[{key}]]")
        return [((key, str(number)), table) for number, table in enumerate(tables)]

    def known_keys(
        self, where: Where, table: Table, known: tuple[str, ...], required: tuple[str, ...]
    ) -> None:
        """Refuse a key that is not known, and a table without one that it must have."""
        for key in table:
            if key not in known:
                raise self.error(where, key, f"{where[0]} has the unknown key {key}", instead(key, known))
        for key in required:
            if key not in table:
                raise self.error(where, None, f"a table of {where[0]} lacks {key}", f'add {key} = "..."')

    def why(self, where: Where, table: Table) -> str:
        """Return the reason that a table gives."""
        why = table["why"]
        if not isinstance(why, str) or not why.strip() or not why.isprintable():
            raise self.error(where, "why", "why is no line of text", "say why, for whoever reviews it")
        return why.strip()

    def terms_of(self, where: Where, table: Table, coordinates: list[str]) -> Terms | None:
        """Return the terms of a table about these fields, if it has any."""
        if "when" not in table:
            return None
        self.terms.check_subject(where, coordinates)
        return self.terms.read(where, table["when"])

    def names(self, where: Where, table: Table, key: str, known: list[str]) -> list[str]:
        """Return the names that a key lists, of those that are known."""
        said = table.get(key, [])
        if not isinstance(said, list) or (key in table and not said):
            raise self.error(where, key, f"{key} is no list of names", f'write {key} = ["..."]')
        found = [self.one(where, key, each, known) for each in said]
        if len(set(found)) < len(found):
            raise self.error(where, key, f"{key} names one of them twice", "say it once")
        return found

    def one(self, where: Where, key: str, said: object, known: list[str]) -> str:
        """Return a name that is known."""
        if isinstance(said, str) and said in known:
            return said
        raise self.error(where, key, f"{'.'.join(where)} says {key} = {said!r}", instead(str(said), known))

    def word(self, where: Where, key: str, known: type[StrEnum], said: object) -> str:
        """Return a word of an enum."""
        for word in known:
            if said == word.value:
                return word
        problem = f"{'role ' + where[-1] if where[0] == 'roles' else where[0]} says {key} = {said!r}"
        raise self.error(where, key, problem, instead(str(said), list(known)))

    def error(self, table: Where, key: str | None, problem: str, suggestion: str) -> PolicyError:
        """Return the error that names the line of a key."""
        line = self.lines.of(table, key)
        return PolicyError(file=self.file, line=line, problem=problem, suggestion=suggestion)
