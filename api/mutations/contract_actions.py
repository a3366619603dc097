"""What people do about a contract where they work: see its renewal coming, doubt a value, ask for one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self
from uuid import UUID

from api.mutations.command import Act, Asked, Made, line, wrong
from api.mutations.standing import named_id, person, require_shown, stands
from api.planner.standing import Standing
from auth.policy import Command, Word
from domain.access_request import AccessRequest
from domain.contract import Contract
from domain.field import DeclarationError, DeclaredField, Entity, Kind, derive, field_named, graph_field
from domain.identity import uuid7
from domain.renewal_acknowledgement import RenewalAcknowledgement
from domain.value_flag import ValueFlag
from storage.single import add, found_by, locked
from storage.upsert import touch

NOT_THERE = "no such contract is there for you"


@dataclass(frozen=True, slots=True)
class AcknowledgeRenewal:
    """The coming renewal of one contract."""

    contract_id: str

    @classmethod
    def read(cls, asked: Asked) -> Self:
        return cls(named_id(asked.given, "contractId"))

    async def run(self, act: Act) -> Made:
        field = field_named("Contract", "renewal_date")
        standing, user = await _standing(act, self.contract_id, field, Command.ACKNOWLEDGE_RENEWAL)
        require_shown(standing, field, "it cannot be acknowledged")
        contract = await locked(act.connection, act.principal.org_id, Contract, UUID(self.contract_id))
        derived = derive(contract, act.today) if contract is not None else {}
        if derived.get(field.name) is None:
            raise wrong("contractId", "the contract has no renewal ahead that could be acknowledged")
        seen = {"contract_id": UUID(self.contract_id), field.name: derived[field.name]}
        known = await found_by(act.connection, act.principal.org_id, RenewalAcknowledgement, seen)
        if known is not None:
            return Made([known])
        made = RenewalAcknowledgement(
            id=uuid7(), **seen, notice_deadline=derived["notice_deadline"], acknowledged_by_id=user,
            acknowledged_at=act.now,
        )  # fmt: skip
        return await _added(act, made, UUID(self.contract_id))


@dataclass(frozen=True, slots=True)
class FlagValue:
    """A doubt about one value of one contract."""

    contract_id: str
    field: str
    note: str

    @classmethod
    def read(cls, asked: Asked) -> Self:
        field = _field(asked.given)
        if field.kind is Kind.LIST:
            raise wrong(
                "field", f"{field.graph_name} is a list: say which of the contract's own values is wrong"
            )
        return cls(named_id(asked.given, "contractId"), field.graph_name, line(asked.given, "note"))

    async def run(self, act: Act) -> Made:
        field = graph_field("Contract", self.field)
        standing, user = await _standing(act, self.contract_id, field, Command.FLAG_VALUE)
        require_shown(standing, field, "it cannot be flagged")
        made = ValueFlag(
            id=uuid7(), contract_id=UUID(self.contract_id), field=self.field, note=self.note,
            flagged_by_id=user, flagged_at=act.now,
        )  # fmt: skip
        return await _added(act, made, made.contract_id)


@dataclass(frozen=True, slots=True)
class RequestAccess:
    """A wish to be shown one field of one contract."""

    contract_id: str
    field: str
    reason: str

    @classmethod
    def read(cls, asked: Asked) -> Self:
        return cls(
            named_id(asked.given, "contractId"), _field(asked.given).graph_name, line(asked.given, "reason")
        )

    async def run(self, act: Act) -> Made:
        field = graph_field("Contract", self.field)
        standing, user = await _standing(act, self.contract_id, field, Command.REQUEST_ACCESS)
        if standing.word is Word.SHOW:
            raise wrong("field", f"{self.field} of this contract is shown to you already")
        org_id, contract = act.principal.org_id, UUID(self.contract_id)
        # Two requests at once wait for each other here, and the second finds the first. Who was answered may
        # ask again.
        await locked(act.connection, org_id, Contract, contract)
        asks = {
            "contract_id": contract, "field": self.field, "requested_by_id": user, "settled_at": None,
        }  # fmt: skip
        known = await found_by(act.connection, org_id, AccessRequest, asks)
        if known is not None:
            return Made([known])
        made = AccessRequest(
            id=uuid7(), contract_id=contract, field=self.field, reason=self.reason, requested_by_id=user,
            requested_at=act.now,
        )  # fmt: skip
        await add(act.connection, org_id, made, act.now)
        return Made([made.id])


async def _standing(
    act: Act, contract_id: str, field: DeclaredField, command: Command
) -> tuple[Standing, UUID]:
    """Return how the caller sees a field of a contract, and their user. Raises AccessDenied, BadUserInput."""
    found = await stands(act, UUID(contract_id), field)
    if found is None:
        raise wrong("contractId", NOT_THERE)
    return found, person(found, command)


async def _added(act: Act, made: Entity, contract_id: UUID) -> Made:
    """Add a part to a contract, which counts as a change of it: whoever read it before reads it again."""
    await add(act.connection, act.principal.org_id, made, act.now)
    await touch(act.connection, act.principal.org_id, Contract, [contract_id], act.now)
    return Made([made.id])


def _field(given: Mapping[str, Any]) -> DeclaredField:
    try:
        return graph_field("Contract", str(given["field"]))
    except DeclarationError:
        raise wrong("field", "Contract has no field of this name: docs/fields.md lists them") from None
