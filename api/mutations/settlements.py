"""What people said of a contract, settled by those who answer for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self
from uuid import UUID

from api.errors import AccessDenied
from api.mutations.command import Act, Asked, Made, line, wrong
from api.mutations.standing import named_id, person, stands
from api.planner.standing import is_there
from auth.policy import Command, Word
from domain.access_request import AccessOutcome, AccessRequest
from domain.contract import Contract
from domain.field import Entity, field_named, graph_field
from domain.value_flag import FlagOutcome, ValueFlag
from storage.single import change, locked
from storage.upsert import touch

_NO_FLAG, _NO_REQUEST = "no such flag is there for you", "no such request is there for you"


@dataclass(frozen=True, slots=True)
class SettleFlag:
    """What came of one doubt."""

    flag_id: str
    outcome: FlagOutcome
    answer: str

    @classmethod
    def read(cls, asked: Asked) -> Self:
        id_ = named_id(asked.given, "flagId")
        return cls(id_, FlagOutcome(asked.given["outcome"]), line(asked.given, "answer"))

    async def run(self, act: Act) -> Made:
        flag = await locked(act.connection, act.principal.org_id, ValueFlag, UUID(self.flag_id))
        if flag is None:
            raise wrong("flagId", _NO_FLAG)
        field = graph_field("Contract", flag.field)
        standing = await stands(act, flag.contract_id, field)
        # Of what is hidden from them a caller must not even learn that it was flagged.
        if standing is None or standing.word is not Word.SHOW:
            raise wrong("flagId", _NO_FLAG)
        user = person(standing, Command.SETTLE_FLAG)
        _require_open(flag.settled_at, "flagId", "flag")
        await _settle(act, flag, self, user)
        await touch(act.connection, act.principal.org_id, Contract, [flag.contract_id], act.now)
        return Made([flag.id])


@dataclass(frozen=True, slots=True)
class SettleAccessRequest:
    """What is answered to one wish."""

    request_id: str
    outcome: AccessOutcome
    answer: str

    @classmethod
    def read(cls, asked: Asked) -> Self:
        id_ = named_id(asked.given, "requestId")
        return cls(id_, AccessOutcome(asked.given["outcome"]), line(asked.given, "answer"))

    async def run(self, act: Act) -> Made:
        request = await locked(act.connection, act.principal.org_id, AccessRequest, UUID(self.request_id))
        if request is None:
            raise wrong("requestId", _NO_REQUEST)
        standing = await stands(act, request.contract_id, field_named("Contract", "id"))
        if standing is None or not await _is_there(act, request):
            raise wrong("requestId", _NO_REQUEST)
        user = person(standing, Command.SETTLE_ACCESS_REQUEST)
        if user == request.requested_by_id:
            raise AccessDenied(
                "nobody answers their own request: somebody else who may has to",
                field="Mutation.settleAccessRequest",
                rule="four eyes",
            )
        _require_open(request.settled_at, "requestId", "request")
        await _settle(act, request, self, user)
        return Made([request.id])


async def _is_there(act: Act, record: Entity) -> bool:
    name = type(record).__name__
    return await is_there(act.connection, act.view, act.principal, name, record.id, act.shared_since)


def _require_open(settled_at: Any, member: str, what: str) -> None:  # noqa: ANN401
    if settled_at is not None:
        raise wrong(member, f"the {what} was settled before: read what came of it")


async def _settle(act: Act, record: Entity, said: SettleFlag | SettleAccessRequest, user: UUID) -> None:
    values = {
        "outcome": said.outcome, "answer": said.answer, "settled_by_id": user, "settled_at": act.now,
    }  # fmt: skip
    await change(act.connection, act.principal.org_id, type(record), record.id, values)
