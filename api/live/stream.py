"""One subscription under way: who listens is looked at anew before anything is told."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from typing import Final

from api.asked import Asked
from api.errors import ApiError, InternalError, SlowReader, Unauthenticated, Unavailable
from api.graphql import Endpoint
from api.live.events import ALIVE, COMPLETE, next_event
from api.live.tails import PAGE, Listener
from api.live.telling import access_to, told_of
from api.planner.run import Plan
from auth.audit import Refusal
from auth.revocation import Revocations
from auth.token_refused import RevokedToken
from auth.tokens import AccessToken
from storage.contract_changes import ContractChange, Position, read_on
from storage.database import BUSY, LOST, Database, DatabaseUnavailable

log = logging.getLogger("contract_graph.live")

LOOK_AGAIN: Final = 1.0
"""Seconds after which it is asked anew whether a caller may listen, while nothing happens."""
HEARTBEAT: Final = 15.0
LONGEST_LIFE: Final = 3600.0

EXPIRED = "the token has expired: get a new one, and subscribe again from the cursor of the last event"
BEHIND = "more happened than waits for a listener: subscribe again from the cursor of the last event"
GONE = "the database cannot be reached; subscribe again in a moment, from the cursor of the last event"
FAULT = "the subscription could not go on; the operator's log says why"


class _Over(Exception):
    """It ends, and nothing is wrong."""


class Stream:
    """What one subscriber is told, until one of both ends it."""

    def __init__(  # noqa: PLR0913, PLR0917 - who listens to what, from where
        self,
        endpoint: Endpoint,
        database: Database,
        revocations: Revocations,
        token: AccessToken,
        asked: Asked,
        plan: Plan,
        listener: Listener,
        after: Position | None,
    ) -> None:
        self.listener = listener
        self.token = token
        self._is_over = False
        self._endpoint, self._database, self._revocations = endpoint, database, revocations
        self._asked, self._plan = asked, plan
        self._views = endpoint.views
        self._after = after
        self._began = time.perf_counter_ns()
        self._error: ApiError | None = None

    async def events(self) -> AsyncGenerator[bytes]:
        """Give what is sent, up to the end of the stream."""
        yield ALIVE
        try:
            async for each in self._going_on():
                yield each
        except _Over:
            pass
        except ApiError as error:
            self._error = error
        except (DatabaseUnavailable, *LOST, *BUSY):
            self._error = Unavailable(GONE)
        except Exception as error:  # noqa: BLE001 - the boundary, as of any request
            log.error("a subscription ends by %s", type(error).__name__)  # noqa: TRY400 - no values
            self._error = InternalError(FAULT)
        if self._error is not None:
            yield next_event(self._error.body(self._asked.id))
        yield COMPLETE

    def end(self) -> None:
        """Have it end, with nothing wrong."""
        self._is_over = True
        self.listener.hear(())

    async def closed(self, *, slow: bool = False) -> None:
        """Have the audit log tell that it ended, and why where its subscriber did not end it.

        With `slow` it was cut off: what was sent was not taken.
        """
        error = SlowReader(BEHIND) if slow else self._error
        refused = None if error is None else Refusal(error.code)
        with suppress(Unavailable):  # nothing is given out by it
            await self._endpoint.recording.went_on(
                self._asked, self._plan, began=self._began, refused=refused
            )

    async def _going_on(self) -> AsyncGenerator[bytes]:
        sent_at = time.monotonic()
        async for changes in self._batches():
            await self._check()
            told = await self._released(changes) if changes else b""
            if not told and time.monotonic() - sent_at > HEARTBEAT:
                told = ALIVE
            if told:
                yield told
                sent_at = time.monotonic()

    async def _batches(self) -> AsyncGenerator[Sequence[ContractChange]]:
        """Give what came since the subscriber left off, then what comes; nothing where nothing does."""
        org_id, since = self.token.principal.org_id, self.listener.since
        while self._after is not None and self._after < since:
            async with self._database.transaction(org_id) as connection:
                read = await read_on(connection, org_id, self._after, PAGE, up_to=since)
            self._after = read.until
            yield read.changes
        while True:
            come = await self.listener.next(LOOK_AGAIN)
            # Another process may have told it more than this one has read by now.
            yield [each for each in come if self._after is None or each.position > self._after]

    async def _check(self) -> None:
        """See whether it may go on. Raises ApiError, and _Over."""
        if self._is_over or time.perf_counter_ns() - self._began > LONGEST_LIFE * 1e9:
            raise _Over
        if time.time() >= self.token.expires_at:
            raise Unauthenticated(EXPIRED)
        try:
            await self._revocations.check(self.token)
        except RevokedToken as refused:
            raise Unauthenticated(refused.description) from None
        if self.listener.is_overrun:
            raise SlowReader(BEHIND)
        if self._endpoint.views is not self._views:
            self._views = self._endpoint.views
            self._plan = self._endpoint.planned_anew(self._asked)
        if self._plan.sought is not None:
            # Whether Salesforce can say is found out in any case: not only when something changed.
            await self._endpoint.prepared(self._asked, self._plan)

    async def _released(self, changes: Sequence[ContractChange]) -> bytes:
        """Return the events of changes, once the log tells of them."""
        began = time.perf_counter_ns()
        environment, _ = await self._endpoint.prepared(self._asked, self._plan)
        told = await told_of(self._database, self._plan, environment, changes)
        if not told:
            return b""
        records = list(dict.fromkeys(each.contract_id.encode() for each in told))
        access = access_to(self._plan, (name for each in told for name in each.fields))
        await self._endpoint.recording.went_on(
            self._asked, self._plan, began=began, records=records, access=access
        )
        return b"".join(next_event(each.result(self._plan), each.cursor) for each in told)
