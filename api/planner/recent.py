"""Things that are made once and kept while they are used."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

from domain.histogram import ANSWERING, Histogram

Key = TypeVar("Key")
Made = TypeVar("Made")


class Recent(Generic[Key, Made]):
    """Things made once and kept while they are used; of more than `capacity` the longest unused goes.

    Two threads may use it; what both want at once is made twice.

    `hits` counts what was found, `making` how long it took to make the rest, `failed` what could not be made.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._kept: OrderedDict[Key, Made] = OrderedDict()
        self._using = threading.Lock()
        self.hits = 0
        self.failed = 0
        self.making = Histogram(ANSWERING)

    def __len__(self) -> int:
        return len(self._kept)

    def known(self, key: Key) -> Made | None:
        """Return what is kept under a key, and make nothing."""
        return self._kept.get(key)

    def used(self, key: Key) -> Made | None:
        """Return what is kept under a key, which is then used, and make nothing."""
        with self._using:
            kept = self._kept.get(key)
            if kept is not None:
                self.hits += 1
                self._kept.move_to_end(key)
            return kept

    def get(self, key: Key, make: Callable[[], Made]) -> Made:
        """Return what is kept under a key, made if need be."""
        kept = self.used(key)
        if kept is None:
            kept = self._made(make)
            with self._using:
                self._kept[key] = kept
                if len(self._kept) > self._capacity:
                    self._kept.popitem(last=False)
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
