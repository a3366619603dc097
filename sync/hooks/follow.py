"""Makes messages of changes, for each webhook in their order, each once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import asyncpg

from domain.identity import uuid7
from storage.contract_changes import read_on
from storage.hooks import find_hook, note_read_to
from storage.lane_outcome import Done, Fault, Outcome, Retry
from storage.lanes import Message, Queue, enqueue
from sync.handlers import Batch

LOOKED: Final = timedelta(seconds=1)
"""Between two looks for changes of which a webhook has no message yet."""
_PAGE: Final = 500


def follow_message(hook_id: UUID) -> Message:
    """Return what stands for a webhook as long as it is told of changes."""
    return Message(key=str(hook_id), payload=str(hook_id), correlation=str(uuid7()))


class FollowWork:
    """Reads on behind the oldest writer, and leaves it to a lane to tell: what anybody may know, too."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock

    async def follow(self, connection: asyncpg.Connection, batch: Batch) -> Sequence[Outcome]:
        """Make messages of what came, in the transaction that notes how far it was read."""
        now = self._clock()
        hook = await find_hook(connection, batch.org_id, UUID(batch.messages[0].payload), locked=True)
        if hook is None or hook.ended_at is not None:
            return [Done()]
        read = await read_on(connection, batch.org_id, hook.read, _PAGE)
        await note_read_to(connection, batch.org_id, hook.id, read.until)
        messages = [
            Message(key=str(hook.id), payload=f"{hook.id} {each.id}", correlation=str(each.id))
            for each in read.changes
        ]
        await enqueue(connection, batch.org_id, Queue.HOOK, messages, now)
        later = now if len(read.changes) == _PAGE else now + LOOKED
        return [Retry(Fault("Followed", "it is looked for changes again"), later, routine=True)]
