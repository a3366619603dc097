"""How the work of a queue is done: in the transaction that finishes it, or apart from it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
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


Outcomes = Sequence[Outcome]
ANY_QUEUE: Final = frozenset(Queue)
WorkTogether = Callable[[asyncpg.Connection, Sequence[Batch]], Awaitable[Sequence[Outcomes]]]


@dataclass(frozen=True, slots=True)
class Within:
    """Work in the database, in the transaction that finishes it: done and finished, or neither.

    `work` says what became of the messages, one after the other up to the first Retry. It commits nothing.
    `together` does so for lanes of one org at once, in one transaction. Where it raises, nothing of it was
    done, and `work` is asked of each of them.
    """

    work: Callable[[asyncpg.Connection, Batch], Awaitable[Outcomes]]
    together: WorkTogether | None = None
    fills: Collection[Queue] = ANY_QUEUE
    """The queues that its work may make work for."""


@dataclass(frozen=True, slots=True)
class Together:
    """The two ends of work elsewhere, for lanes of one org at once, each end in one transaction.

    `look` reads what the work needs, and gives it back for each lane to be begun; `settle` notes what came of
    those that are done. Where one raises, nothing of it was done, and each lane is worked on by itself.
    """

    look: Callable[
        [asyncpg.Connection, Sequence[Batch]], Awaitable[Sequence[Callable[[], Awaitable[Outcomes]]]]
    ]
    settle: Callable[[asyncpg.Connection, Sequence[tuple[Batch, Outcomes]]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Apart:
    """Work elsewhere, finished in a transaction afterwards: what is done twice there must be as done once.

    A worker that is lost in between leaves it done and not finished, and another does it again. `settle`
    notes what `work` brought about, in the transaction that finishes; it may run twice, committed once.
    `close` lets go of what was opened for it, when a worker ends; work that comes after that opens it anew.
    """

    work: Callable[[Batch], Awaitable[Outcomes]]
    settle: Callable[[asyncpg.Connection, Batch, Outcomes], Awaitable[None]] | None = None
    close: Callable[[], Awaitable[None]] | None = None
    together: Together | None = None
    fills: Collection[Queue] = ANY_QUEUE
    """The queues that its work may make work for."""


Handler = Within | Apart
