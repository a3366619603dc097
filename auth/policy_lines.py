"""The lines of a policy file: where in it a table or key stands."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from functools import cached_property
from typing import Any

from auth.policy import PolicyError

Where = tuple[str, ...]
"""A table: ("roles", "legal"), or ("exceptions", "0") for the first of a list."""


class Lines:
    """A policy file, or another that is read as strictly, as text and as data.

    Raises PolicyError, or the `error` of that other file, for what is no TOML.
    """

    def __init__(self, file: str, content: bytes, error: Callable[..., Exception] = PolicyError) -> None:
        self._file = file
        self._raise = error
        try:
            self.text = content.decode()
        except UnicodeDecodeError as unreadable:
            line = content.count(b"\n", 0, unreadable.start) + 1
            raise self._error(line, "the file is not UTF-8", "save it as UTF-8") from unreadable
        self._lines = self.text.splitlines()
        try:
            self.data: dict[str, Any] = tomllib.loads(self.text)
        except (tomllib.TOMLDecodeError, RecursionError) as unreadable:
            raise self._syntax(unreadable) from unreadable

    def of(self, table: Where, key: str | None) -> int:
        """Find a key in its table; else the table's header, or where its last name stands, or line 1."""
        header = 0
        for number, (current, keys) in enumerate(self._places, start=1):
            if keys is None:
                named = current == table if table else key in current
                header = header or (number if named else 0)
            elif current == (table or current) and key in keys:
                return number
        return header or self._mention(key or (table[-1] if table else None))

    @cached_property
    def _places(self) -> list[tuple[Where, frozenset[str] | None]]:
        """The table in which each line stands, and the keys on it; None where a table begins."""
        current: Where = ()
        counted: dict[str, int] = {}
        places: list[tuple[Where, frozenset[str] | None]] = []
        for line in self._lines:
            bare = line.split("#", maxsplit=1)[0].strip()
            if bare.startswith("["):
                current = tuple(part.strip(" \"'") for part in bare.strip("[] ").split("."))
                if bare.startswith("[["):
                    place = counted[current[0]] = counted.get(current[0], -1) + 1
                    current = (*current, str(place))
                places.append((current, None))
            else:
                places.append((current, frozenset(re.findall(r"[\w-]+", bare.split("=")[0]))))
        return places

    def _mention(self, word: str | None) -> int:
        found = (n for n, line in enumerate(self._lines, start=1) if word and word in line.split("#")[0])
        return next(found, 1)

    def _syntax(self, error: Exception) -> Exception:
        problem = str(error)
        place = re.search(r" \(at line (\d+), column \d+\)", problem)
        line = int(place[1]) if place else max(len(self._lines), 1)
        problem = problem.replace(place[0], "") if place else problem
        twice = "overwrite" in problem or "twice" in problem
        suggestion = "say it once: remove one of the two" if twice else "write it as TOML"
        return self._error(line, problem, suggestion)

    def _error(self, line: int, problem: str, suggestion: str) -> Exception:
        return self._raise(file=self._file, line=line, problem=problem, suggestion=suggestion)


def instead(said: str, known: Iterable[str]) -> str:
    """Suggest what may have been meant."""
    by_case = {str(word).casefold(): str(word) for word in known}
    close = get_close_matches(said.casefold(), by_case, n=1)
    if close:
        return f"did you mean {by_case[close[0]]}?"
    few = list(by_case.values())[:MANY]
    return f"known are {', '.join(few)}{' and others' if len(by_case) > MANY else ''}"


MANY = 20
