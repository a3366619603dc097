"""Threads that call without pause while something else happens."""

from __future__ import annotations

import threading
from typing import Self


class Callers:
    """So many threads, from entering to leaving; each runs `call` with its number until `stopped` is set."""

    threads = 1

    def __enter__(self) -> Self:
        self.stopped = threading.Event()
        self._threads = [threading.Thread(target=self.call, args=(each,)) for each in range(self.threads)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopped.set()
        for thread in self._threads:
            thread.join()

    def call(self, number: int) -> None:
        """Call until it is stopped."""
        raise NotImplementedError


def is_unanswered(failure: str) -> bool:
    """Whether a caller had no answer: cut off, or given up on, as where no process has lived for so long."""
    return "Error(" in failure or "Timeout(" in failure
