"""A conflict between two who claim a field, decided by a person who sees it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self
from uuid import UUID

import asyncpg

from api.mutations.command import Act, Asked, Made, line, wrong
from api.mutations.standing import named_id, person, require_shown, stands
from auth.policy import Command
from domain.contested import claimed_of
from domain.field import ENTITIES, field_called
from storage.claims import ClaimStore
from sync.settle_conflict import CannotHold, NothingToDecide, Ruling, decide

_NOT_THERE = "no such line of history is there for you"


@dataclass(frozen=True, slots=True)
class SettleConflict:
    """One claim in conflict, which is taken or not."""

    change_id: str
    take: bool
    reason: str

    @classmethod
    def read(cls, asked: Asked) -> Self:
        return cls(named_id(asked.given, "changeId"), bool(asked.given["take"]), line(asked.given, "reason"))

    async def run(self, act: Act) -> Made:
        connection, org_id = act.connection, act.principal.org_id
        found = await ClaimStore(connection, org_id, act.now).line(UUID(self.change_id))
        if found is None:
            raise wrong("changeId", _NOT_THERE)
        field = field_called("Contract", found.field)
        standing = await stands(act, found.contract_id, field)
        if standing is None:
            raise wrong("changeId", _NOT_THERE)
        person(standing, Command.SETTLE_CONFLICT)
        require_shown(standing, field, "you cannot decide it")
        for each in claimed_of(ENTITIES[field.target]) if found.part is not None else ():
            of_part = await stands(act, found.contract_id, each)
            if of_part is None:
                raise wrong("changeId", _NOT_THERE)
            require_shown(of_part, each, "you cannot decide about a part that may have it")
        ruling = Ruling(by=act.principal.subject, takes=self.take, because=self.reason)
        try:
            decided = await decide(connection, org_id, found, ruling, now=act.now, correlation=act.request)
        except NothingToDecide as error:
            raise wrong("changeId", str(error)) from None
        except CannotHold as error:
            raise wrong("take", str(error)) from None
        except asyncpg.UniqueViolationError:
            raise wrong("take", "another contract has this value, which only one can have") from None
        return Made([decided.line])
