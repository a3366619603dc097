"""Where scenarios of changes in Salesforce are played: over the stand-in, an outbox and a reader."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import groupby
from typing import Any, Final
from uuid import UUID

from domain.claim import Report
from domain.contract import Contract  # noqa: F401 - it registers every entity
from domain.field import CLM
from domain.identity import uuid7
from domain.lifecycle import ContractStatus
from domain.written import written
from storage.alert_targets import StoredTarget, add_target
from storage.lanes import Queue, enqueue
from sync.apply import apply_report
from sync.outbox import change_of
from tests.storage.lane_work import ONE
from tests.sync.salesforce.change_scenario import ChangeScenario
from tests.sync.salesforce.hearing import TOPIC, Hearing, until
from tests.sync.salesforce.org import SYNC
from tests.sync.salesforce.telling import TERM, usd

_TABLES: Final = {
    "Opportunity": "opportunity", "Account": "account", "Contact": "contact",
    "OpportunityLineItem": "opportunity_line",
}  # fmt: skip


class NotAsExpected(AssertionError):
    """A scenario came to something else than its file says."""


@dataclass
class ChangeStage:
    """One scenario as it is played; `names` are records by what the file calls them."""

    hearing: Hearing
    scenario: ChangeScenario
    names: dict[str, tuple[str, str]] = field(default_factory=dict)
    unheard: str = TOPIC

    async def play(self) -> Mapping[str, Any]:
        """Play it, and tell what became of it."""
        hearing, org = self.hearing, self.hearing.org
        target = StoredTarget(
            org_id=ONE, id=uuid7(), name="on call", shape="slack", address="x", made_at=hearing.clock()
        )
        async with hearing.work.database.transaction(ONE) as connection:
            await add_target(connection, target)
        made = org.stand_in.arrange(settings={"keepalive": 0.5}, records={"Account": [{"Name": "Partner"}]})
        (partner,) = made["Account"]
        said = {"status": "DRAFT", **self.scenario.contract}
        amount = {"total_value": usd(said.pop("amount"))} if "amount" in said else {}
        status = ContractStatus(said.pop("status"))
        contract = await hearing.have(status=status, **TERM, **said, **amount)
        await hearing.work_off()
        await hearing.hear()
        record = hearing.contract(contract)
        assert record is not None
        self.names = {
            "partner": ("Account", partner), "deal": ("Opportunity", org.opportunity),
            "account": ("Account", org.account), "contract": ("Contract", str(record["Id"])),
        }  # fmt: skip
        before = (
            len(org.stand_in.published()),
            len(org.stand_in.journal()),
            len(await hearing.lines(contract)),
        )
        for step in self.scenario.steps:
            await self._step(step, contract)
        return await self._told(contract, *before)

    async def _step(self, step: Mapping[str, Any], contract: UUID) -> None:
        hearing = self.hearing
        (word,) = [each for each in step if each in _DOES]
        _DOES[word](self, step)
        if "later" in step:
            number, unit = step["later"].split()
            hearing.ahead += timedelta(**{unit: float(number)})
        elif "says" in step:
            await self._say(contract, step["says"])
        elif step.get("loses") == "place":
            await hearing.work.superuser.execute("UPDATE salesforce_stream SET replay_id = 'nonsense'")
        elif "polls" in step:
            await hearing.poll(*step["polls"])
            await hearing.work_off()
        elif "subscribes" in step:
            self.unheard = step["subscribes"]
            await hearing.subscribe(self.unheard)
            await self._refused()
        if word not in {"edits", "creates", "deletes", "restores", "says", "later"} or step.get("together"):
            return
        if step.get("unheard"):
            await self._refused()
        else:
            await hearing.work_off()  # what we say is written first, and then comes back
            await hearing.hear()

    async def _say(self, contract: UUID, fields: Mapping[str, Any]) -> None:
        now = self.hearing.clock()
        report = Report(
            contract="A-1", system=CLM, source="clm", event=f"e-{now.isoformat()}", claimed_at=now,
            fields=fields,
        )  # fmt: skip
        async with self.hearing.work.database.transaction(ONE) as connection:
            applied = await apply_report(connection, ONE, report, now=now, contract_id=contract)
            message = change_of(applied, "said")
            await enqueue(connection, ONE, Queue.OUTBOX, [message] if message else [], now)

    async def _refused(self) -> None:
        """Have the stream read until it is put off."""
        lane = "SELECT next_at FROM lane WHERE queue = 'stream' AND key = $1 AND lease IS NULL"

        async def is_off() -> bool:
            next_at = await self.hearing.work.superuser.fetchval(lane, self.unheard)
            return next_at is not None and next_at > self.hearing.clock() + timedelta(minutes=1)

        async with self.hearing.reading():
            await until(is_off)

    def edit(self, step: Mapping[str, Any]) -> None:
        named = step["edits"] if isinstance(step["edits"], list) else [step["edits"]]
        known = [self.names[each] for each in named]
        values = {name: None if value == "nothing" else value for name, value in step["values"].items()}
        if len(known) == 1:
            for number in range(step.get("times", 1)):
                told = {name: f"{value} {number}" if number else value for name, value in values.items()}
                self.hearing.edit(*known[0], **told)
            return
        time.sleep(1.1)  # in the second of its last change the moment of a record does not change: not alike
        rows = [{"attributes": {"type": of}, "Id": id_, **values} for of, id_ in known]
        answer = self.hearing.rep("PATCH", "composite/sobjects", {"allOrNone": True, "records": rows})
        assert all(each["success"] for each in answer.json()), answer.text

    def create(self, step: Mapping[str, Any]) -> None:
        values = {
            name: self.names[value][1] if value in self.names else value
            for name, value in step["values"].items()
        }
        answer = self.hearing.rep("POST", f"sobjects/{step['creates']}", values)
        assert answer.status_code == 201, answer.text
        self.names[step["called"]] = step["creates"], answer.json()["id"]

    def delete(self, step: Mapping[str, Any]) -> None:
        of, id_ = self.names[step["deletes"]]
        assert self.hearing.rep("DELETE", f"sobjects/{of}/{id_}").status_code == 204

    def restore(self, step: Mapping[str, Any]) -> None:
        of, id_ = self.names[step["restores"]]
        self.hearing.org.stand_in.arrange(undeleted={of: [id_]})

    def arrange(self, step: Mapping[str, Any]) -> None:
        trouble = [step["trouble"]] if "trouble" in step else []
        self.hearing.org.stand_in.arrange(faults=trouble, settings=step.get("settings", {}))

    def lose(self, step: Mapping[str, Any]) -> None:
        if step["loses"] != "place":
            self.hearing.org.stand_in.clear(step["loses"])
        self.hearing.rep = self.hearing.org.rest("rep@example.com")

    def wait(self, step: Mapping[str, Any]) -> None:
        """Nothing happens in Salesforce."""

    async def _told(self, contract: UUID, events: int, writes: int, lines: int) -> Mapping[str, Any]:
        hearing, stand_in = self.hearing, self.hearing.org.stand_in
        (user,) = [each["Id"] for each in stand_in.records("User") if each["Username"] == SYNC]
        rows = await hearing.work.superuser.fetch("SELECT kind, error FROM alert_tally ORDER BY kind, error")
        wanted = self.scenario.expect["records"]
        return {
            "events": [
                f"{said}, {number} times" if (number := len([*alike])) > 1 else said
                for said, alike in groupby(
                    f"{each['entityName']} {each['changeType']} {len(each['recordIds'])}"
                    for each in stand_in.published()[events:]
                )
            ],
            "records": {name: await self._record(name, wanted[name], contract) for name in wanted},
            "history": [
                f"{name} {decision}: {value or 'nothing'}, by {by}"
                for name, value, decision, by in (await hearing.lines(contract))[lines:]
            ],
            "writes": [
                f"{each['object']} {' '.join(each['changed'])}"
                for each in stand_in.journal(after=writes, user=user)
                if each["changed"]
            ],
            "quarantine": [f"{error}: {message}" for error, message in await hearing.held()],
            "alerts": [f"{row['kind']} {row['error']}" for row in rows],
        }  # fmt: skip

    async def _record(self, name: str, wanted: Mapping[str, str], contract: UUID) -> Mapping[str, str]:
        of, id_ = self.names[name]
        table, by, key = (
            ("contract", "id", contract) if of == "Contract" else (_TABLES[of], "salesforce_id", id_)
        )  # fmt: skip
        if table == "opportunity_line":
            by, key = "source_key", f"salesforce:{id_}"
        row = await self.hearing.work.superuser.fetchrow(f"SELECT * FROM {table} WHERE {by} = $1", key)
        if row is None:
            return {"here": "no"}
        return {each: "yes" if each == "here" else (written(row[each]) or "nothing") for each in wanted}


def compare(scenario: ChangeScenario, told: Mapping[str, Any]) -> None:
    """Compare what became of a scenario with what its file says. Raises NotAsExpected."""
    for what, expected in scenario.expect.items():
        if told[what] != expected:
            raise NotAsExpected(f"{what} was expected to be {expected!r}, and is {told[what]!r}")


_DOES: Final = {
    "edits": ChangeStage.edit, "creates": ChangeStage.create, "deletes": ChangeStage.delete,
    "restores": ChangeStage.restore, "trouble": ChangeStage.arrange, "settings": ChangeStage.arrange,
    "loses": ChangeStage.lose, "later": ChangeStage.wait, "says": ChangeStage.wait,
    "polls": ChangeStage.wait, "subscribes": ChangeStage.wait,
}  # fmt: skip
