"""Open Contracting Data: release and record packages as published, or contracts gathered from them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from sync.feeds.graph import Item
from sync.feeds.ocds_contract import graph_of
from sync.feeds.ocds_releases import gathered, slices_of
from sync.feeds.reject import Place, Reject
from sync.feeds.sorted_runs import SortedRuns
from sync.feeds.source import DAMAGED, json_lines, open_text, read_json, suffix_of
from sync.feeds.values import RecordRefusedError

SUFFIXES = (".json", ".jsonl")


def read(files: Iterable[Path]) -> Iterator[Item]:
    """Give every contract in the files.

    Lines of gathered contracts come as they are read. Releases come after them, gathered by contract over
    all files, for a publisher's pages cut through its chains of amendments. A package is one JSON document
    and read whole; its publishers keep it to a few megabytes.
    """
    with SortedRuns() as slices:
        for document in _documents(files):
            if isinstance(document, Reject):
                yield document
                continue
            place, content = document
            if isinstance(content, dict) and "contract_number" in content:
                yield _item(place, content)
                continue
            for found in slices_of(place, content):
                if isinstance(found, Reject):
                    yield found
                else:
                    slices.add(found)
        for place, row in gathered(slices):
            yield _item(place, row)


def _documents(files: Iterable[Path]) -> Iterator[tuple[Place, Any] | Reject]:
    for path in files:
        if suffix_of(path) == ".jsonl":
            yield from json_lines(path)
            continue
        place = Place(path=str(path))
        try:
            with open_text(path) as file:
                yield place, read_json(file.read())
        except (ValueError, *DAMAGED) as error:
            yield Reject(place=place, reason=f"the file is no JSON ({error}): fetch it again")


def _item(place: Place, row: dict[str, Any]) -> Item:
    try:
        return graph_of(place, row)
    except RecordRefusedError as error:
        return error.reject
