"""The work of the hook queue: one change, as far as its webhook may know of it, is told."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, Protocol
from uuid import UUID

from anyio import to_thread

from auth.crypto import Sealer
from auth.key_encryption import KeyEncryptionError
from storage.contract_changes import ContractChange, find_changes
from storage.database import Database
from storage.hooks import StoredHook, find_hook, keys_of
from storage.lane_outcome import Done, Fault, Outcome, Poison, Retry
from sync.alerts.sender import NotSent
from sync.handlers import Batch
from sync.hooks.hook import Hook, Noticed, opened_hook
from sync.hooks.networks import Network

log = logging.getLogger("contract_graph.hooks")

_UNTIL_KNOWN: Final = timedelta(seconds=30)
_UNTIL_KEYS: Final = timedelta(seconds=60)
_SPARE: Final = timedelta(seconds=30)
"""Of a lease, what must be left for another message to be begun."""


class NotKnownNow(Exception):
    """What the webhook may know cannot be said now: {reason}."""

    def __init__(self, reason: str) -> None:
        super().__init__((type(self).__doc__ or "").format(reason=reason))


class NeverKnown(Exception):
    """The policy lets the webhook know nothing of the kind: {reason}."""

    def __init__(self, reason: str) -> None:
        super().__init__((type(self).__doc__ or "").format(reason=reason))


class Discretion(Protocol):
    """Knows what a webhook may be told, and has the audit log tell of it."""

    async def noticed(self, hook: StoredHook, changes: Sequence[ContractChange]) -> Sequence[Noticed]:
        """Return what of changes it may know. Raises NotKnownNow, NeverKnown, and as Database does."""

    async def record(self, hook: StoredHook, noticed: Noticed) -> None:
        """Have the log tell of a change that is about to be told. Raises NotKnownNow: then it must not be."""


class HookWork:
    """Tells webhooks of changes, one after the other."""

    def __init__(
        self,
        database: Database,
        sealer: Sealer,
        clock: Callable[[], datetime],
        discretion: Discretion,
        allowed: Sequence[Network] = (),
    ) -> None:
        self._database, self._sealer, self._clock = database, sealer, clock
        self._discretion, self._allowed = discretion, allowed

    async def tell(self, batch: Batch) -> Sequence[Outcome]:
        """Tell a webhook of the changes of a lane, as the policy has it now."""
        asked = [UUID(each.payload.partition(" ")[2]) for each in batch.messages]
        hook_id = UUID(batch.messages[0].payload.partition(" ")[0])
        async with self._database.transaction(batch.org_id) as connection:
            stored = await find_hook(connection, batch.org_id, hook_id)
            keys = await keys_of(connection, batch.org_id, hook_id, self._clock())
            changes = await find_changes(connection, batch.org_id, asked)
        if stored is None:
            return [Done()] * len(asked)
        try:
            hook = await to_thread.run_sync(opened_hook, self._sealer, stored, keys, self._allowed)
        except KeyEncryptionError as error:
            return [Retry(Fault(type(error).__name__, str(error)), self._clock() + _UNTIL_KEYS)]
        if hook is None:
            return [Done()] * len(asked)
        try:
            found = await self._discretion.noticed(stored, changes)
        except NotKnownNow as error:
            return [self._put_off(error)]
        except NeverKnown as error:
            return [Poison(Fault("NeverKnown", str(error)))] * len(asked)
        noticed = {UUID(each.cursor): each for each in found}
        kept = {each.id for each in changes}
        return await self._told(batch, stored, hook, {each: noticed.get(each) for each in asked}, kept)

    async def _told(
        self,
        batch: Batch,
        stored: StoredHook,
        hook: Hook,
        asked: Mapping[UUID, Noticed | None],
        kept: set[UUID],
    ) -> Sequence[Outcome]:
        outcomes: list[Outcome] = []
        for id_, noticed in asked.items():
            if outcomes and self._clock() + _SPARE > batch.until:
                break  # the rest stays in the lane
            if noticed is not None:
                outcomes.append(await self._sent(stored, hook, noticed))
            elif id_ in kept:
                outcomes.append(Done())
            else:
                outcomes.append(Poison(Fault("NotKept", "the change is not kept any more: discard it")))
            if isinstance(outcomes[-1], Retry):
                break
        return outcomes

    async def _sent(self, stored: StoredHook, hook: Hook, noticed: Noticed) -> Outcome:
        try:
            await self._discretion.record(stored, noticed)
            await hook.tell(noticed, self._clock())
        except NotKnownNow as error:
            return self._put_off(error)
        except NotSent as error:
            log.warning(
                "change %s not told to webhook %s of org %s: %s",
                noticed.cursor,
                stored.id,
                stored.org_id,
                error,
            )
            fault = Fault(type(error).__name__, str(error))
            if not error.again:
                return Poison(fault)
            after = None if error.after is None else timedelta(seconds=error.after)
            return Retry(fault, least=after or timedelta())
        return Done()

    def _put_off(self, error: NotKnownNow) -> Retry:
        return Retry(Fault(type(error).__name__, str(error)), self._clock() + _UNTIL_KNOWN)
