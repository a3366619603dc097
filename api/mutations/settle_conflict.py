"""A conflict between two who claim a field, decided by a person who sees it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self
from uuid import UUID

import asyncpg

from api.errors import AccessDenied, BadUserInput
from api.mutations.command import Act, Asked, Made, line, wrong
from api.mutations.people import person
from api.planner.parameters import identity
from api.planner.standing import standing_of
from auth.policy import Command, Word
from domain.field import graph_field
from storage.claims import ClaimStore
from storage.lanes import Queue, enqueue
from storage.salesforce_records import doubt
from sync.outbox import write_of
from sync.settle_conflict import CannotHold, NothingToDecide, Ruling, settle_conflict

_NOT_THERE = "no such line of history is there for you"


@dataclass(frozen=True, slots=True)
class SettleConflict:
    """One claim in conflict, which is taken or not."""

    change_id: str
    take: bool
    reason: str

    @classmethod
    def read(cls, asked: Asked) -> Self:
        return cls(_change_id(asked.given), bool(asked.given["take"]), line(asked.given, "reason"))

    async def run(self, act: Act) -> Made:
        connection, org_id = act.connection, act.principal.org_id
        found = await ClaimStore(connection, org_id, act.now).line(UUID(self.change_id))
        if found is None:
            raise wrong("changeId", _NOT_THERE)
        field = graph_field("Contract", found.field)
        standing = await standing_of(
            connection, act.view, act.principal, found.contract_id, field, act.shared_since
        )
        if standing is None:
            raise wrong("changeId", _NOT_THERE)
        person(standing, Command.SETTLE_CONFLICT)
        if standing.word is not Word.SHOW:
            raise AccessDenied(
                f"{field.coordinate} of this contract is not shown to you as it is, so you cannot decide it",
                field=field.coordinate,
                rule="shown values alone",
            )
        ruling = Ruling(by=act.principal.subject, takes=self.take, because=self.reason)
        try:
            decided = await settle_conflict(connection, org_id, found, ruling, now=act.now)
        except NothingToDecide as error:
            raise wrong("changeId", str(error)) from None
        except CannotHold as error:
            raise wrong("take", str(error)) from None
        except asyncpg.UniqueViolationError:
            raise wrong("take", "another contract has this value, which only one can have") from None
        # Also where nothing changes here: Salesforce may have what was decided against.
        await doubt(connection, org_id, found.contract_id)
        told = write_of(found.contract_id, act.request)
        await enqueue(connection, org_id, Queue.OUTBOX, [told], act.now)
        return Made([decided.line])


def _change_id(given: Mapping[str, Any]) -> str:
    try:
        return str(identity(given["changeId"]))
    except BadUserInput as error:
        raise wrong("changeId", error.message) from None
