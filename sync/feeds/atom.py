"""Atom pages, one entry at a time: a small tree of each, whatever the length of the feed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from sync.feeds.reject import Place, Reject
from sync.feeds.source import DAMAGED, open_bytes

_BLOCK = 1 << 16
_LARGEST_ENTRY = 8 << 20


class _RefusedXmlError(Exception):
    """The document is well-formed, but holds what no feed needs."""


class _Entries:
    """Builds the entries of a feed as expat reads it; names are without their namespace.

    No parser of the standard library refuses declarations of entities, by which a small file can grow
    to gigabytes; so expat is asked directly, and any document type ends the reading.
    """

    def __init__(self) -> None:
        self.ready: list[tuple[int, Element]] = []
        self._builder: TreeBuilder | None = None
        self._line = self._depth = self._size = 0
        self.parser = expat.ParserCreate(namespace_separator="}")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.StartDoctypeDeclHandler = self._refuse
        self.parser.EntityDeclHandler = self._refuse

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        local = name.rpartition("}")[2]
        if self._builder is None and local == "entry":
            self._builder, self._line, self._depth = TreeBuilder(), self.parser.CurrentLineNumber, 0
            self._size = self.parser.CurrentByteIndex
        if self._builder is not None:
            if self.parser.CurrentByteIndex - self._size > _LARGEST_ENTRY:
                raise _RefusedXmlError(
                    f"the entry in line {self._line} is larger than {_LARGEST_ENTRY} bytes"
                )
            self._depth += 1
            self._builder.start(local, attributes)

    def _end(self, name: str) -> None:
        if self._builder is not None:
            self._builder.end(name.rpartition("}")[2])
            self._depth -= 1
            if self._depth == 0:
                self.ready.append((self._line, self._builder.close()))
                self._builder = None

    def _text(self, text: str) -> None:
        if self._builder is not None:
            self._builder.data(text)

    def _refuse(self, *_: Any) -> None:  # noqa: ANN401 - expat's own arguments
        raise _RefusedXmlError("it declares a document type or entities, which a feed has no need of")


def entries_of(path: Path) -> Iterator[tuple[Place, Element] | Reject]:
    """Give each entry with the line in which it begins; where the page breaks off, a last reject."""
    entries = _Entries()
    try:
        with open_bytes(path) as file:
            while block := file.read(_BLOCK):
                entries.parser.Parse(block)
                yield from _taken(entries, path)
            entries.parser.Parse(b"", True)  # noqa: FBT003 - expat's own signature
    except (expat.ExpatError, _RefusedXmlError, *DAMAGED) as error:
        yield from _taken(entries, path)
        line = entries.parser.CurrentLineNumber
        reason = f"the page cannot be read from here on ({error}): fetch it again"
        yield Reject(place=Place(path=str(path), line=line), reason=reason)


def _taken(entries: _Entries, path: Path) -> Iterator[tuple[Place, Element]]:
    for line, entry in entries.ready:
        yield Place(path=str(path), line=line), entry
    entries.ready.clear()
