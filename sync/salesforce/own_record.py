"""The record of Salesforce that a contract is: made where it is not there, and told what it is to hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from domain.contract import Contract
from storage.salesforce_records import StoredRecord
from sync.salesforce.contract_status import ContractStatuses
from sync.salesforce.description import ObjectDescription
from sync.salesforce.drafts import (
    CURRENCY,
    STATUS,
    Draft,
    NoRights,
    Refusal,
    Setting,
    changed,
    drafted,
    missing,
    sendable,
)
from sync.salesforce.failures import Permanent
from sync.salesforce.mapping import EXTERNAL_IDS, object_of
from sync.salesforce.orgs import OpenOrg, Row
from sync.salesforce.telling import Known, NotSetUp, Step, Telling, currency_there
from sync.salesforce.writable import Facts

OWN: Final = object_of(Contract) or "Contract"
"""The object that contracts are."""

_KEY: Final = EXTERNAL_IDS[OWN]
_CODE: Final = "StatusCode"


async def tell_own(org: OpenOrg, known: Known, name: str) -> Telling:
    """Tell the contract's own record, which is made where it is not there."""
    writing = await _writing(org, known, name)
    if isinstance(writing, Telling):
        return writing
    return await writing.make() if writing.record_id is None else await writing.change()


async def first_step(org: OpenOrg, known: Known) -> Step | None:
    """Return what the contract's own record is to be told first, None where there is nothing to tell it now.

    Raises SalesforceFailure, as telling it would.
    """
    writing = await _writing(org, known, OWN)
    if isinstance(writing, Telling):
        return None
    step, _ = writing.made() if writing.record_id is None else writing.changed()
    return step if step.values else None


async def _writing(org: OpenOrg, known: Known, name: str) -> _Writing | Telling:
    """Return what is to be written, or why it waits."""
    described, statuses = await _described(org, name)
    record = known.records.get(name)
    certain = record is not None and not record.in_doubt
    current = None
    if record is None or record.in_doubt:
        current = await _read(org, described, _KEY, str(known.contract.id))
    elif CURRENCY in described.fields:
        current = await _read(org, described, "Id", record.salesforce_id)
    new = current is None and not certain
    setting = Setting(
        described=described, statuses=statuses, today=known.today, ids=known.ids, new=new,
        currency=currency_there(org, known.contract, described, current, new=new),
    )  # fmt: skip
    draft = drafted(known.contract, name, setting)
    if new and (place := missing(known.contract, name, draft, described)) is not None:
        waits = (
            f"Salesforce takes no new {name} without {place.name}, and the contract has no"
            f" {place.declared.graph_name} that is known there"
        )
        return Telling(object=name, waits=waits, refusals=draft.refusals)
    told = record.told if record is not None and certain else None
    values = dict(changed(draft, told))
    if new:
        there = described.fields.get(CURRENCY)
        if setting.currency is not None and there is not None and there.createable:
            values[CURRENCY] = setting.currency
        return _Writing(org, known, described, statuses, draft, values)
    if STATUS in values and current is None and record is not None:
        current = await _read(org, described, "Id", record.salesforce_id)
    record_id = str(current["Id"]) if current else record.salesforce_id if record else ""
    return _Writing(org, known, described, statuses, draft, values, record_id, current or {}, told or {})


@dataclass(slots=True)
class _Writing:
    """One write of a contract's own record, and what comes of it.

    Without a `record_id` the record is not there; else it is as `current` says, and was told `before`.
    """

    org: OpenOrg
    known: Known
    described: ObjectDescription
    statuses: ContractStatuses | None
    draft: Draft
    values: dict[str, Any]
    record_id: str | None = None
    current: Row = field(default_factory=dict)
    before: Mapping[str, Any] = field(default_factory=dict)

    def made(self) -> tuple[Step, tuple[Refusal, ...]]:
        """Return how the record is made, as a draft where it is to be more; and what it is not told."""
        told, refused = self._sendable(self._steps[0], Facts(creating=True, statuses=self.statuses))
        # What it was not told is empty there: that need not be said.
        empty = dict.fromkeys(self.draft.named.keys() - self.values.keys())
        return Step(by=_KEY, key=str(self.known.contract.id), values=told, told={**empty, **told}), refused

    def changed(self) -> tuple[Step, tuple[Refusal, ...]]:
        """Return how the record is changed where it says something else, and what it is not told."""
        told, values = dict(self.before), dict(self.values)
        status, there = self.known.contract.status, self.current.get(STATUS)
        if STATUS in values and self.statuses and self.statuses.says_no_other(there, status):
            # The org may have several labels of the category: the one that somebody chose stays.
            told[STATUS] = values.pop(STATUS)
        facts = Facts(creating=False, statuses=self.statuses, status_code=self.current.get(_CODE))
        sent, refused = self._sendable(values, facts)
        return Step(by=None, key=self.record_id or "", values=sent, told={**told, **sent}), refused

    async def make(self) -> Telling:
        """Make the record as a draft, then move it to its status."""
        step, refused = self.made()
        self.known.check(step.values)
        record_id = await self.org.upsert(OWN, _KEY, step.key, step.values)
        told = step.told
        for later in self._steps[1:]:
            more, refused_too = self._sendable(later, Facts(creating=False, statuses=self.statuses))
            if more:
                await self.org.update(OWN, record_id, more)
            told, refused = {**told, **more}, (*refused, *refused_too)
        return self._telling(record_id, told, refused, wrote=True)

    async def change(self) -> Telling:
        """Change the record where it says something else."""
        step, refused = self.changed()
        if step.values:
            self.known.check(step.values)
            await self.org.update(OWN, step.key, step.values)
        return self._telling(step.key, step.told, refused, wrote=bool(step.values))

    @property
    def _steps(self) -> Sequence[Mapping[str, Any]]:
        return self.statuses.in_steps(self.values) if self.statuses else (self.values,)

    def _sendable(
        self, values: Mapping[str, Any], facts: Facts
    ) -> tuple[Mapping[str, Any], tuple[Refusal, ...]]:
        try:
            return sendable(self.described, values, self.draft, facts)
        except NoRights as error:
            raise NotSetUp(str(error)) from None

    def _telling(
        self, record_id: str, told: Mapping[str, Any], refused: Sequence[Refusal], *, wrote: bool
    ) -> Telling:
        record = StoredRecord(object=OWN, salesforce_id=record_id, told=told)
        return Telling(object=OWN, record=record, wrote=wrote, refusals=(*self.draft.refusals, *refused))


async def _described(org: OpenOrg, name: str) -> tuple[ObjectDescription, ContractStatuses | None]:
    """Return what the org says of contracts. Raises NotSetUp where it cannot be written to at all."""
    try:
        described = await org.describe(name)
    except Permanent:
        raise NotSetUp(f"our user may not see {name}") from None
    if _KEY not in described.fields:
        raise NotSetUp(f"{name} has no field {_KEY} that our user may see")
    try:
        return described, await org.statuses()
    except Permanent:
        return described, None


async def _read(org: OpenOrg, described: ObjectDescription, by: str, key: str) -> Row | None:
    fields = tuple(each for each in (STATUS, _CODE, CURRENCY) if each in described.fields)
    return await org.read(described.name, by, key, fields)
