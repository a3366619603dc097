"""Tables of text: CSV as people have it, row by row, each with its line."""

from __future__ import annotations

import contextlib
import csv
from collections.abc import Callable, Iterator
from pathlib import Path

from sync.feeds.reject import Place, Reject
from sync.feeds.source import DAMAGED, open_text

Row = dict[str, str]

_DELIMITERS = ",;\t|"
_LARGEST_CELL = 8 << 20


def header_of(path: Path) -> list[str]:
    """Return the names in the first row that has any; of two alike the second is numbered."""
    with contextlib.suppress(*DAMAGED), open_text(path) as file:
        return _header(file.readline)[0]
    return []


def rows_of(path: Path) -> Iterator[tuple[Place, Row] | Reject]:
    """Give each row below the header by the names in it; blank rows are passed over.

    The delimiter is the one of comma, semicolon, tab and bar that the header has most of.
    """
    csv.field_size_limit(_LARGEST_CELL)
    with open_text(path) as file:
        names, delimiter, line = _header(file.readline)
        # A row may go over several lines: it stands where the row before it ended.
        reader = csv.reader(file, delimiter=delimiter)
        while True:
            place = Place(path=str(path), line=line + reader.line_num + 1)
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                reason = f"the row cannot be read ({error}): save the file again as CSV"
                yield Reject(place=place, reason=reason)
                continue
            except DAMAGED as error:
                yield Reject(
                    place=place, reason=f"the file is damaged from here on ({error}): fetch it again"
                )
                return
            if len(cells) > len(names) and any(cells[len(names) :]):
                reason = (
                    f"{len(cells)} cells stand below {len(names)} names: quote cells with a {delimiter!r}"
                )
                yield Reject(place=place, reason=reason)
            elif any(cell.strip() for cell in cells):
                yield place, dict(zip(names, cells, strict=False))


def _header(readline: Callable[[], str]) -> tuple[list[str], str, int]:
    line = 0
    text = ""
    while text := readline():
        line += 1
        if text.strip(f'{_DELIMITERS}\r\n "'):
            break
    delimiter = max(_DELIMITERS, key=text.count)
    names = [name.strip() for name in next(csv.reader([text], delimiter=delimiter), [])]
    numbered = [
        f"{name} ({names[:turn].count(name) + 1})" if name in names[:turn] else name
        for turn, name in enumerate(names)
    ]
    return numbered, delimiter, line
