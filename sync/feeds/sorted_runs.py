"""Things in order that are too many to hold: sorted a run at a time on disk, then merged."""

from __future__ import annotations

import heapq
import json
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from types import TracebackType
from typing import IO, Any, Self

RUN_LENGTH = 5_000

Entry = tuple[list[str], dict[str, Any]]
"""A sort key and what is sorted: JSON, whose exact numbers come back as text where they went to disk."""


class SortedRuns:
    """Takes entries in any order and gives them back by their keys, holding one run of them in memory.

    Each further run is an open temporary file, which is gone when the context is left.
    """

    def __init__(self, run_length: int = RUN_LENGTH) -> None:
        self._run_length = run_length
        self._run: list[Entry] = []
        self._stored: list[IO[str]] = []
        self._files = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._files.close()

    def add(self, entry: Entry) -> None:
        """Take one more."""
        self._run.append(entry)
        if len(self._run) >= self._run_length:
            self._run.sort(key=_key)
            file: IO[str] = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 - read later
            self._files.push(file)
            for each in self._run:
                file.write(json.dumps(each, default=str) + "\n")
            self._stored.append(file)
            self._run = []

    def __iter__(self) -> Iterator[Entry]:
        self._run.sort(key=_key)
        return heapq.merge(*map(_read, self._stored), self._run, key=_key)


def _read(file: IO[str]) -> Iterator[Entry]:
    file.seek(0)
    for line in file:
        key, value = json.loads(line)
        yield key, value


def _key(entry: Entry) -> list[str]:
    return entry[0]
