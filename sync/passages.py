"""What of a lane's turn went across, or failed to: said by the outcomes of its handler, or by their kind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final, Protocol, cast

from domain.passage import Fate, Figure, Passage, SyncDirection
from storage.lane_outcome import Done, Outcome
from storage.lanes import Finished, Queue
from storage.memo import memoized
from sync.handlers import Batch

ABOUT: Final = "Contract"
"""What most messages are about, and what is said of those whose outcome says no more."""

DIRECTIONS: Final[Mapping[Queue, SyncDirection]] = {
    Queue.FETCH: SyncDirection.FROM_CLM,
    Queue.INBOX: SyncDirection.FROM_CLM,
    Queue.OUTBOX: SyncDirection.TO_SALESFORCE,
    Queue.CHANGE: SyncDirection.FROM_SALESFORCE,
}
"""Which way the messages of a queue go; of others nothing is counted."""


class Counted(Protocol):
    """An outcome that says what of it went across, and how the other side stands."""

    @property
    def passages(self) -> Sequence[Passage]:
        """What went across, or did not."""

    @property
    def figures(self) -> Sequence[Figure]:
        """How the other side stands."""


def passages_of(batch: Batch, outcomes: Sequence[Outcome], finished: Finished) -> Sequence[Passage]:
    """Return what of a turn is counted: each message that was looked at, up to the one that is put off."""
    direction = DIRECTIONS.get(batch.queue)
    return [] if direction is None else list(_passages(batch, outcomes, finished, direction))


def figures_of(outcomes: Sequence[Outcome]) -> Sequence[Figure]:
    """Return what the outcomes of a turn say of the other side."""
    return [figure for outcome in outcomes if (said := _counted(outcome)) for figure in said.figures]


def _counted(outcome: Outcome) -> Counted | None:
    return cast("Counted", outcome) if _is_counted(type(outcome)) else None


@memoized
def _is_counted(kind: type) -> bool:
    """Whether outcomes of a kind are Counted: to ask each of them would take longer than all else here."""
    return hasattr(kind, "passages") and hasattr(kind, "figures")


def _passages(
    batch: Batch, outcomes: Sequence[Outcome], finished: Finished, direction: SyncDirection
) -> Iterator[Passage]:
    held = {message.id for message, _ in finished.quarantined}
    looked_at = finished.done + len(held) + (finished.retry_at is not None)
    for message, outcome in list(zip(batch.messages, outcomes, strict=False))[:looked_at]:
        # Tried too often, it is held whatever its handler would.
        fate = Fate.HELD if message.id in held else Fate.PUT_OFF
        said = _counted(outcome)
        if said is not None and (passages := said.passages):
            for each in passages:
                yield each if each.fate is Fate.DONE else replace(each, fate=fate)
        elif not isinstance(outcome, Done):
            yield Passage(direction=direction, object=ABOUT, fate=fate, since=message.enqueued_at)
