"""Where reads are answered: by the database itself, or by a standby that has what their caller wrote."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

from api.errors import BadRequest
from api.planner.parameters import Environment
from api.planner.run import Plan
from auth.principal import Principal
from auth.read_after import NotGivenOut, ReadAfter
from storage.database import Database
from storage.last_writes import BEYOND
from storage.replicas import Replicas

NOT_GIVEN_OUT = (
    "the header Read-After holds no position that this API gave out to this organisation:"
    " send readAfter from the extensions of a mutation's answer as it is, or leave the header out"
)


class Reading:
    """Has statements run where they may be; without standbys that is the database, and nothing is told."""

    def __init__(
        self, database: Database, replicas: Replicas | None = None, positions: ReadAfter | None = None
    ) -> None:
        self._database, self._replicas, self._positions = database, replicas, positions

    def after(self, principal: Principal, given: bytes | None) -> int:
        """Read the position that an answer must have reached, as its caller says. Raises BadRequest."""
        if given is None or self._replicas is None or self._positions is None:
            return 0
        try:
            position = self._positions.read(principal.org_id, given)
        except NotGivenOut:
            raise BadRequest(NOT_GIVEN_OUT) from None
        return BEYOND if position is None else position

    async def read(self, plan: Plan, environment: Environment, principal: Principal, after: int) -> Any:  # noqa: ANN401 - any SQL value
        """Run the statement of a plan. Raises BadUserInput, and as Database does.

        What rests on what was stored for this very request a moment ago, as what Salesforce lets its caller
        read, or on what a review found, is read beside that.
        """
        arguments = plan.arguments(environment)
        if self._replicas is None or plan.sought is not None or plan.reviews:
            return await self._database.answer(plan.statement, arguments)
        return await self._replicas.read(plan.statement, arguments, _who(principal), after)

    async def changed(self, principal: Principal, work: Awaitable[bytes]) -> tuple[bytes, bytes]:
        """Make a change; return its answer, and what belongs into the extensions of that."""
        if self._replicas is None or self._positions is None:
            return await work, b""
        who = _who(principal)
        self._replicas.writing(who)
        try:
            data = await work
        except BaseException:
            self._replicas.writing(who)  # it may have been committed all the same
            raise
        position = await self._replicas.wrote(who)
        if position is None:
            return data, b""
        return data, b',"readAfter":"%s"' % self._positions.give(principal.org_id, position).encode()


def _who(principal: Principal) -> tuple[object, ...]:
    return principal.org_id, principal.client, principal.subject
