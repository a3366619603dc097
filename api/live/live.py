"""Who listens to changes in this process, and how many may."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import Final
from uuid import UUID

from api.asked import Answer, Asked
from api.errors import BadUserInput, TooManySubscriptions
from api.graphql import Endpoint
from api.limits import MAX_SUBSCRIPTIONS, MAX_SUBSCRIPTIONS_OF_ONE
from api.live.stream import Stream
from api.live.tails import Tails
from api.planner.parameters import UUID_TEXT, Environment, Parameter, as_is
from api.planner.run import Plan
from auth.revocation import Revocations
from auth.tokens import AccessToken
from storage.contract_changes import Position, position_of
from storage.database import Database

NOT_KEPT: Final = (
    "after names no change that is still kept: read the contracts anew, with updatedSince, and subscribe"
    " without it"
)


class Live:
    """Opens subscriptions, and ends them when the process does."""

    def __init__(self, endpoint: Endpoint, database: Database, revocations: Revocations) -> None:
        self._endpoint, self._database, self._revocations = endpoint, database, revocations
        self._tails = Tails(database)
        self._streams: set[Stream] = set()
        self._of_one: Counter[tuple[object, ...]] = Counter()
        self._is_over = False

    @property
    def count(self) -> int:
        """How many listen."""
        return sum(self._of_one.values())

    async def open(  # noqa: PLR0913 - all that a request says beside its body
        self,
        token: AccessToken,
        body: bytes,
        request_id: str,
        *,
        last_event: str | None,
        strict: bool,
        after: bytes | None = None,
    ) -> Answer | Stream:
        """Answer a request that takes a stream: a subscription is opened, anything else answered."""
        opened: list[Stream] = []

        async def admit(asked: Asked, plan: Plan, environment: Environment) -> None:
            opened.append(await self._opened(token, asked, plan, environment, last_event))

        answering = partial(self._endpoint.answer, token.principal, body, request_id)
        answer = await answering(strict=strict, admit=admit, after=after)
        if opened and answer.code is None:
            return opened[0]
        for each in opened:
            self._let_go(each)
        return answer

    async def ended(self, stream: Stream, *, slow: bool) -> None:
        """Let go of a subscription that ended, and have that recorded."""
        self._let_go(stream)
        await stream.closed(slow=slow)

    def end(self) -> None:
        """Tell every subscriber that nothing more comes from this process."""
        self._is_over = True
        for each in self._streams:
            each.end()

    async def close(self) -> None:
        """Read nothing more."""
        self.end()
        await self._tails.close()

    async def _opened(
        self,
        token: AccessToken,
        asked: Asked,
        plan: Plan,
        environment: Environment,
        last_event: str | None,
    ) -> Stream:
        who, org_id = _one(token), token.principal.org_id
        if self.count >= MAX_SUBSCRIPTIONS or self._of_one[who] >= MAX_SUBSCRIPTIONS_OF_ONE:
            raise TooManySubscriptions(
                f"there are too many subscriptions: {MAX_SUBSCRIPTIONS_OF_ONE} of one caller, and"
                f" {MAX_SUBSCRIPTIONS} of all; end one first, or try again later"
            )
        self._of_one[who] += 1
        try:
            after = await self._after(org_id, plan, environment, last_event)
            listener = await self._tails.join(org_id)
        except BaseException:
            self._of_one[who] -= 1
            raise
        stream = Stream(
            self._endpoint, self._database, self._revocations, token, asked, plan, listener, after
        )
        self._streams.add(stream)
        if self._is_over:
            stream.end()
        return stream

    async def _after(
        self, org_id: UUID, plan: Plan, environment: Environment, last_event: str | None
    ) -> Position | None:
        """Find the place from which a subscriber wants to go on. Raises BadUserInput."""
        given = plan.feed.after if plan.feed is not None else None
        cursor = last_event if given is None else Parameter(given, as_is).resolve(environment)
        if cursor is None:
            return None
        found = None
        if UUID_TEXT.fullmatch(cursor):
            async with self._database.transaction(org_id) as connection:
                found = await position_of(connection, org_id, UUID(cursor))
        if found is None:
            raise BadUserInput(NOT_KEPT)
        return found

    def _let_go(self, stream: Stream) -> None:
        who = _one(stream.token)
        self._streams.discard(stream)
        self._tails.leave(stream.token.principal.org_id, stream.listener)
        self._of_one[who] -= 1
        if not self._of_one[who]:
            del self._of_one[who]


def _one(token: AccessToken) -> tuple[object, ...]:
    """Name the caller whose subscriptions are counted, whatever tokens they have."""
    who = token.principal
    return who.org_id, who.client, who.subject
