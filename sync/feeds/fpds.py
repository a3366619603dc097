"""The Federal Procurement Data System: raw Atom pages, or contracts gathered from them as JSON lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path

from sync.feeds.fpds_actions import gathered
from sync.feeds.fpds_contract import graph_of
from sync.feeds.graph import Item
from sync.feeds.reject import Place, Reject
from sync.feeds.source import first_letter, json_lines
from sync.feeds.values import RecordRefusedError

SUFFIXES = (".xml", ".jsonl")


def read(files: Iterable[Path], today: date) -> Iterator[Item]:
    """Give every contract in the files, told apart by their content; Atom pages come last, as one feed.

    An Atom page holds actions, and those of one contract lie on several pages: they are gathered first.
    """
    pages: list[Path] = []
    for path in files:
        match first_letter(path):
            case "<":
                pages.append(path)
            case "{":
                for line in json_lines(path):
                    yield line if isinstance(line, Reject) else _item(*line)
            case _:
                reason = "it is no Atom page and no JSON lines, or it is damaged: fetch it again"
                yield Reject(place=Place(path=str(path)), reason=reason)
    for found in gathered(pages, today):
        yield found if isinstance(found, Reject) else _item(*found)


def _item(place: Place, row: dict[str, object]) -> Item:
    try:
        return graph_of(place, row)
    except RecordRefusedError as error:
        return error.reject
