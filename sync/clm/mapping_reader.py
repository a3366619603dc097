"""A mapping file's values, each checked against what may stand in its place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from auth.policy_lines import Lines, Where, instead
from sync.clm.path import EXAMPLES, NotAPath, Path

Table = Mapping[str, Any]
_LONGEST_TEXT: Final = 1_000


class MappingFileError(Exception):
    """{file}:{line}: {problem}; {suggestion}"""  # noqa: D400 - the message ends as its suggestion does

    def __init__(self, *, file: str, line: int, problem: str, suggestion: str) -> None:
        template = type(self).__doc__ or ""
        super().__init__(template.format(file=file, line=line, problem=problem, suggestion=suggestion))
        self.line = line


class MappingReader:
    """What a mapping file says, and the lines to complain about. Raises MappingFileError."""

    def __init__(self, file: str, content: bytes) -> None:
        self.file = file
        self.lines = Lines(file, content, MappingFileError)
        self.data = self.lines.data

    def error(self, where: Where, key: str | None, problem: str, suggestion: str) -> MappingFileError:
        """Return the error that names the line of a key."""
        own = (*where, key or "")
        # A field may have a table of its own, which says more exactly where it stands.
        told_apart = f"[{'.'.join(own)}]" in self.lines.text
        line = self.lines.of(own, None) if told_apart else self.lines.of(where, key)
        return MappingFileError(file=self.file, line=line, problem=problem, suggestion=suggestion)

    def table(self, key: str) -> Table | None:
        """Return a table of the file, if it has it."""
        table = self.data.get(key)
        if table is not None and not isinstance(table, dict):
            raise self.error((), key, f"{key} is no table", f"begin it with [{key}]")
        return table

    def known_keys(self, where: Where, named: str, table: Table, known: Iterable[str]) -> None:
        """Refuse a key that is not known."""
        known = tuple(known)
        for key in table:
            if key not in known:
                place = key if not where or where[-1] == named else named
                raise self.error(where, place, f"{named} has the unknown key {key}", instead(key, known))

    def text(self, where: Where, key: str, table: Table, name: str | None = None) -> str | None:
        """Return a text of one line, if it is said; `name` is the key to complain about."""
        said = table.get(key)
        if said is None:
            return None
        if not isinstance(said, str) or not said.isprintable() or len(said) > _LONGEST_TEXT:
            raise self.error(where, name or key, f"{key} is no line of text", f'write {key} = "..."')
        return said

    def one_of(
        self, where: Where, key: str, table: Table, known: Iterable[str], name: str | None = None
    ) -> str | None:
        """Return a word of those that are known, if it is said."""
        said = self.text(where, key, table, name)
        known = tuple(known)
        if said is not None and said not in known:
            raise self.error(where, name or key, f"{key} = {said!r} is not known", instead(said, known))
        return said

    def path(self, where: Where, key: str, said: object) -> Path:
        """Return a path."""
        if isinstance(said, str):
            try:
                return Path.parse(said)
            except NotAPath:
                pass
        raise self.error(where, key, f"{key}: {said!r} is no path", f"write it like {EXAMPLES}")

    def paths(self, where: Where, key: str, said: object) -> tuple[Path, ...]:
        """Return one path or several, each of which leads to one value."""
        listed = said if isinstance(said, list) else [said]
        if not listed:
            raise self.error(where, key, f"{key} names no path", f'write {key} = "..."')
        found = tuple(self.path(where, key, each) for each in listed)
        for path in found:
            if path.leads_to_many:
                problem = f"{key}: {path.text!r} leads to many values, and one is wanted"
                raise self.error(where, key, problem, "say which: a[0], or a[kind=signed]")
        return found
