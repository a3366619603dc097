"""Things that are made once and kept while they are used."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

from domain.histogram import ANSWERING, Histogram

Key = TypeVar("Key")
Made = TypeVar("Made")


class Recent(Generic[Key, Made]):
    """Things made once and kept while they are used; of more than `capacity` the longest unused goes.

    `hits` counts what was found, `making` how long it took to make the rest, `failed` what could not be made.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._kept: OrderedDict[Key, Made] = OrderedDict()
        self.hits = 0
        self.failed = 0
        self.making = Histogram(ANSWERING)

    def __len__(self) -> int:
        return len(self._kept)

    def known(self, key: Key) -> Made | None:
        """Return what is kept under a key, and make nothing."""
        return self._kept.get(key)

    def get(self, key: Key, make: Callable[[], Made]) -> Made:
        """Return what is kept under a key, made if need be."""
        kept = self._kept.get(key)
        if kept is None:
            kept = self._kept[key] = self._made(make)
            if len(self._kept) > self._capacity:
                self._kept.popitem(last=False)
        else:
            self.hits += 1
            self._kept.move_to_end(key)
        return kept

    def _made(self, make: Callable[[], Made]) -> Made:
        began = time.perf_counter()
        try:
            made = make()
        except Exception:
            self.failed += 1
            raise
        self.making.add(time.perf_counter() - began)
        return made
