"""What Salesforce holds otherwise, put right or left as it is by a person who sees it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self
from uuid import UUID

from api.mutations.command import Act, Asked, Made, line, wrong
from api.mutations.standing import named_id, person, require_shown, stands
from auth.policy import Command
from domain.drift import OPEN, DriftState
from domain.field import SALESFORCE, graph_field
from storage.drift import chosen
from sync.drift import accept, repair
from sync.salesforce.comparison import GONE

_NOT_THERE = "no such finding is there for you"


@dataclass(frozen=True, slots=True)
class SettleDrift:
    """One finding, which is left as it is or written out again."""

    finding_id: str
    accept: bool
    reason: str

    @classmethod
    def read(cls, asked: Asked) -> Self:
        finding_id = named_id(asked.given, "findingId")
        return cls(finding_id, bool(asked.given["accept"]), line(asked.given, "reason"))

    async def run(self, act: Act) -> Made:
        connection, org_id, id_ = act.connection, act.principal.org_id, UUID(self.finding_id)
        found = await chosen(connection, org_id, list(DriftState), [id_])
        if not found:
            raise wrong("findingId", _NOT_THERE)
        (finding,) = found
        field = graph_field("Contract", finding.field)
        standing = await stands(act, finding.contract_id, field)
        if standing is None:
            raise wrong("findingId", _NOT_THERE)
        person(standing, Command.SETTLE_DRIFT)
        require_shown(standing, field, "you cannot decide it")
        if finding.state not in OPEN:
            raise wrong("findingId", f"it is {finding.state}: only what still differs is settled")
        if self.accept:
            await accept(connection, org_id, [id_], by=act.principal.subject, why=self.reason, now=act.now)
            return Made([id_])
        if finding.owner is SALESFORCE or finding.name == GONE:
            raise wrong(
                "accept", "what Salesforce owns, or has deleted, is not written: it can be left alone"
            )
        await repair(connection, org_id, [id_], act.principal.subject, act.now)
        return Made([id_])
