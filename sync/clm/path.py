"""A path into JSON, in a language so small that it can be wrong in few ways only."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Final, Self

_STEP: Final = re.compile(
    r"""(?P<dot>\.?)(?:
      (?P<name>[^\W\d][\w-]*) | "(?P<quoted>[^"]+)" | (?P<any>\*)
      | \[(?P<index>[0-9]{1,6})\] | \[(?P<every>\*)\]
      | \[(?P<where>[^\W\d][\w-]*)=(?:"(?P<text>[^"]*)"|(?P<bare>[\w.:-]+))\]
    )""",
    re.VERBOSE,
)
EXAMPLES: Final = 'a.b, a."b c", a[0], a[*], a.*, a[kind=signed], $.a (of what it is a part of), @ and @key'


class Nothing(Enum):
    """That a path leads nowhere, which is not the same as to null."""

    THERE = auto()


NOTHING_THERE: Final = Nothing.THERE


class NotAPath(ValueError):
    """{text!r} is no path"""  # noqa: D400 - what to write instead follows

    def __init__(self, text: str) -> None:
        super().__init__((type(self).__doc__ or "").format(text=text))


class _Kind(Enum):
    MEMBER = auto()
    ITEM = auto()
    EVERY = auto()
    WHERE = auto()


@dataclass(frozen=True, slots=True)
class _Step:
    kind: _Kind
    name: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Here:
    """Where a path begins: a place with its value and the key it has, and the top of what it is a part of."""

    top: Any
    value: Any
    place: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class Path:
    """A path: members, items, every item, items of which a member has a text; from here or from the top.

    `@` is what stands here itself, and `@key` the name or number by which it does.
    """

    text: str
    steps: tuple[_Step, ...]
    from_top: bool = False
    to_key: bool = False

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `$.a."b c"[0].d[*]` and the like. Raises NotAPath."""
        if text == "@key":
            return cls(text, (), to_key=True)
        if text == "@":
            return cls(text, ())
        rest, from_top = (text[1:], True) if text.startswith("$") else (text, False)
        steps: list[_Step] = []
        position = 0
        while position < len(rest):
            found = _STEP.match(rest, position)
            bracket = found is not None and found[0].lstrip(".").startswith("[")
            # A dot stands between names: not before the first, unless that follows $, and before no bracket.
            if found is None or bool(found["dot"]) != (not bracket and (bool(steps) or from_top)):
                raise NotAPath(text)
            steps.append(_step(found))
            position = found.end()
        if not steps and not from_top:
            raise NotAPath(text)
        return cls(text, tuple(steps), from_top)

    @property
    def leads_to_many(self) -> bool:
        """Whether it may lead to several places."""
        return any(step.kind is _Kind.EVERY for step in self.steps)

    def all(self, here: Here) -> Iterator[Here]:
        """Give every place that it leads to, in order."""
        found = [Here(here.top, here.top)] if self.from_top else [here]
        for step in self.steps:
            found = [after for before in found for after in _walk(before, step)]
        yield from found

    def first(self, here: Here) -> Any:  # noqa: ANN401 - any JSON
        """Return the first value that it leads to, which may be None for null, or NOTHING_THERE."""
        if self.to_key:
            return here.key
        return next((each.value for each in self.all(here)), NOTHING_THERE)


def _step(found: re.Match[str]) -> _Step:
    if found["where"] is not None:
        text = found["bare"] if found["text"] is None else found["text"]
        return _Step(_Kind.WHERE, found["where"], text)
    if found["index"] is not None:
        return _Step(_Kind.ITEM, found["index"])
    if found["every"] or found["any"]:
        return _Step(_Kind.EVERY, text="." if found["any"] else "[")
    return _Step(_Kind.MEMBER, found["name"] or found["quoted"])


def _walk(here: Here, step: _Step) -> Iterator[Here]:
    value = here.value
    if step.kind is _Kind.MEMBER:
        if isinstance(value, dict) and step.name in value:
            yield _below(here, step.name, value[step.name])
        return
    if isinstance(value, list):
        if step.kind is _Kind.ITEM:
            chosen = [int(step.name)] if int(step.name) < len(value) else []
        elif step.kind is _Kind.WHERE:
            chosen = [at for at, item in enumerate(value) if _has(item, step)]
        else:
            chosen = list(range(len(value))) if step.text == "[" else []
        for at in chosen:
            yield Here(here.top, value[at], f"{here.place}[{at}]", str(at))
    elif isinstance(value, dict) and step.kind is _Kind.EVERY and step.text == ".":
        for name, member in value.items():
            yield _below(here, name, member)


def _below(here: Here, name: str, value: Any) -> Here:  # noqa: ANN401 - any JSON
    shown = name if re.fullmatch(r"\w{1,60}", name) else '"..."'
    return Here(here.top, value, f"{here.place}.{shown}" if here.place else shown, name)


def _has(item: Any, step: _Step) -> bool:  # noqa: ANN401 - any JSON
    member = item.get(step.name) if isinstance(item, dict) else None
    return isinstance(member, str | int) and str(member) == step.text
