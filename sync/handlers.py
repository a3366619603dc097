"""How the work of a queue is done: in the transaction that finishes it, or apart from it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from storage.lane_outcome import Outcome
from storage.lanes import Queue, Taken


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Messages of one lane, in order; `attempts` counts how often the first of them was begun."""

    org_id: UUID
    queue: Queue
    key: str
    attempts: int
    until: datetime
    messages: Sequence[Taken]


@dataclass(frozen=True, slots=True)
class Within:
    """Work in the database, in the transaction that finishes it: done and finished, or neither.

    `work` says what became of the messages, one after the other up to the first Retry. It commits nothing.
    """

    work: Callable[[asyncpg.Connection, Batch], Awaitable[Sequence[Outcome]]]


@dataclass(frozen=True, slots=True)
class Apart:
    """Work elsewhere, finished in a transaction afterwards: what is done twice there must be as done once.

    A worker that is lost in between leaves it done and not finished, and another does it again. `settle`
    notes what `work` brought about, in the transaction that finishes; it may run twice, committed once.
    `close` lets go of what was opened for it, when a worker ends; work that comes after that opens it anew.
    """

    work: Callable[[Batch], Awaitable[Sequence[Outcome]]]
    settle: Callable[[asyncpg.Connection, Batch, Sequence[Outcome]], Awaitable[None]] | None = None
    close: Callable[[], Awaitable[None]] | None = None


Handler = Within | Apart
