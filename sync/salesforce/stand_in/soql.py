"""SOQL as far as the sync speaks it: read into a question, in the words of Salesforce where it cannot be."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sync.salesforce.stand_in import moments
from sync.salesforce.stand_in.refusal import Refused

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^'\\]|\\.)*')|(?P<moment>\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:?\d\d))"
    r"|(?P<day>\d{4}-\d\d-\d\d)|(?P<number>[+-]?\d+(?:\.\d+)?)|(?P<word>[A-Za-z_][\w.]*)"
    r"|(?P<sign><=|>=|!=|<>|[=<>(),]))"
)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
_WORDS: dict[str, Any] = {"NULL": None, "TRUE": True, "FALSE": False}
_SIGNS = {"=": "=", "!=": "!=", "<>": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_DEEPEST = 20


@dataclass(frozen=True, slots=True)
class Test:
    """One comparison of a field with a value, or with a list of them."""

    field: str
    operator: str
    value: Any


@dataclass(frozen=True, slots=True)
class Group:
    """Tests joined by AND, OR, or under one NOT."""

    operator: str
    members: tuple[Condition, ...]


Condition = Test | Group


@dataclass(frozen=True, slots=True)
class Order:
    """One field to sort by; Salesforce puts what is absent first, unless told otherwise."""

    field: str
    descending: bool
    nulls_last: bool


@dataclass(frozen=True, slots=True)
class Question:
    """A SELECT. Its only field is `count()` where rows are but counted."""

    fields: tuple[str, ...]
    source: str
    where: Condition | None
    order: tuple[Order, ...]
    limit: int | None
    offset: int


def read_soql(text: str) -> Question:
    """Read a query. Raises Refused with MALFORMED_QUERY."""
    return _Reader(text).question()


class _Reader:
    def __init__(self, text: str) -> None:
        self._tokens: list[tuple[str, str]] = []
        place, end = 0, len(text.rstrip())
        while place < end:
            found = _TOKEN.match(text, place)
            if found is None or found.lastgroup is None:
                raise _malformed(f"unexpected token: '{text[place:].strip()[:20]}'")
            self._tokens.append((found.lastgroup, found[found.lastgroup]))
            place = found.end()
        self._at = 0

    def question(self) -> Question:
        self._expect("SELECT")
        fields = self._list(self._selected)
        self._expect("FROM")
        source = self._name()
        where = self._any_of(0) if self._took("WHERE") else None
        order = self._list(self._sorting) if self._took("ORDER", "BY") else ()
        limit = int(self._literal()) if self._took("LIMIT") else None
        offset = int(self._literal()) if self._took("OFFSET") else 0
        if self._at < len(self._tokens):
            raise _malformed(f"unexpected token: '{self._tokens[self._at][1]}'")
        return Question(fields, source, where, order, limit, offset)

    def _selected(self) -> str:
        name = self._name()
        if name.lower() == "count" and self._took("("):
            self._expect(")")
            return "count()"
        return name

    def _sorting(self) -> Order:
        name = self._name()
        descending = self._took("DESC") or (self._took("ASC") and False)
        nulls_last = self._took("NULLS", "LAST")
        if not nulls_last:
            self._took("NULLS", "FIRST")
        return Order(name, descending, nulls_last)

    def _any_of(self, depth: int) -> Condition:
        return self._joined("OR", lambda: self._joined("AND", lambda: self._one(depth)))

    def _joined(self, word: str, member: Callable[[], Condition]) -> Condition:
        found = [member()]
        while self._took(word):
            found.append(member())
        return found[0] if len(found) == 1 else Group(word, tuple(found))

    def _one(self, depth: int) -> Condition:
        if depth > _DEEPEST:
            raise _malformed("the condition is nested too deeply")
        if self._took("NOT"):
            return Group("NOT", (self._one(depth + 1),))
        if self._took("("):
            inner = self._any_of(depth + 1)
            self._expect(")")
            return inner
        name = self._name()
        for operator in (("NOT", "IN"), ("IN",), ("INCLUDES",), ("EXCLUDES",)):
            if self._took(*operator):
                self._expect("(")
                values = self._list(self._literal)
                self._expect(")")
                return Test(name, " ".join(operator), values)
        if self._took("LIKE"):
            return Test(name, "LIKE", self._literal())
        kind, sign = self._next()
        if kind != "sign" or sign not in _SIGNS:
            raise _malformed(f"unexpected token: '{sign}'")
        return Test(name, _SIGNS[sign], self._literal())

    def _list(self, member: Callable[[], Any]) -> tuple[Any, ...]:
        found = [member()]
        while self._took(","):
            found.append(member())
        return tuple(found)

    def _literal(self) -> Any:  # noqa: ANN401 - a value of any type
        kind, token = self._next()
        if kind == "text":
            return re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[1]), token[1:-1])
        if kind == "moment":
            return moments.written(datetime.fromisoformat(token))
        if kind == "day":
            return token
        if kind == "number":
            return float(token) if "." in token else int(token)
        if token.upper() in _WORDS:
            return _WORDS[token.upper()]
        raise _malformed(f"unexpected token: '{token}'")

    def _name(self) -> str:
        kind, token = self._next()
        if kind != "word":
            raise _malformed(f"unexpected token: '{token}'")
        return token

    def _next(self) -> tuple[str, str]:
        if self._at >= len(self._tokens):
            raise _malformed("unexpected token: '<EOF>'")
        self._at += 1
        return self._tokens[self._at - 1]

    def _took(self, *words: str) -> bool:
        following = [token.upper() for _, token in self._tokens[self._at : self._at + len(words)]]
        if following != list(words):
            return False
        self._at += len(words)
        return True

    def _expect(self, word: str) -> None:
        if not self._took(word):
            raise _malformed(f"expecting '{word}'")


def _malformed(message: str) -> Refused:
    return Refused("MALFORMED_QUERY", message)
