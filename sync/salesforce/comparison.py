"""What Salesforce holds of a contract, set beside what it is to hold: field by field, each by its owner."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from domain.contract import Contract
from domain.field import SALESFORCE, Kind, System, graph_field
from domain.reconcile import owner_of
from storage.salesforce_records import StoredRecord
from sync.salesforce.contract_status import ContractStatuses
from sync.salesforce.description import NUMBERS, FieldDescription, ObjectDescription
from sync.salesforce.drafts import CURRENCY, STATUS, Draft, NoRights, Setting, drafted, sendable
from sync.salesforce.failures import Permanent
from sync.salesforce.mapping import mapped
from sync.salesforce.orgs import OpenOrg, Row
from sync.salesforce.own_record import OWN
from sync.salesforce.telling import Known, currency_there
from sync.salesforce.types import Unfit, from_salesforce
from sync.salesforce.writable import Facts

WHO, WHEN = "LastModifiedById", "LastModifiedDate"
GONE: Final = "Id"
"""The name by which a record is found to be away as a whole."""

_FACTS: Final = ("StatusCode", "HasOpportunityLineItem", "ContractTerm", CURRENCY, WHO, WHEN)
_ABSENT: Final = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A field that differs: who owns it, whether a write of it waits, and who changed the record last.

    `theirs` is what Salesforce holds, as ours, where Salesforce owns the field.
    """

    object: str
    salesforce_id: str
    graph_name: str
    name: str
    owner: System
    pending: bool = False
    changed_by: str | None = None
    changed_at: datetime | None = None
    theirs: Any = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """A contract as it was compared, and where it differs; what could not be looked at is `unseen`."""

    contract: Contract
    differences: Sequence[Difference]
    unseen: frozenset[str] = frozenset()


async def compare(org: OpenOrg, known: Known) -> Compared:
    """Read the records of a contract, and say where they differ. Raises SalesforceFailure."""
    names = dict.fromkeys(place.object for place in mapped(Contract).values())
    found = await asyncio.gather(*(_object(org, known, name) for name in names))
    paired = list(zip(names, found, strict=True))
    return Compared(
        contract=known.contract,
        differences=[each for _, some in paired for each in some or ()],
        unseen=frozenset(name for name, some in paired if some is None),
    )


async def _object(org: OpenOrg, known: Known, name: str) -> Sequence[Difference] | None:
    """Compare one record; None where it cannot be seen or is not known."""
    record = known.records.get(name)
    record_id = record.salesforce_id if record else _pointed_at(known, name)
    if record_id is None:
        return None
    try:
        described = await org.describe(name)
        statuses = await org.statuses() if name == OWN else None
    except Permanent:
        return None
    wanted = {place.name for place in mapped(Contract).values() if place.object == name} | {*_FACTS}
    current = await org.read(name, "Id", record_id, tuple(sorted(wanted & described.fields.keys())))
    if current is None:
        # Of a record that is Salesforce's own the reference may simply be hidden from our user.
        return [_gone(name, record_id)] if record is not None and name == OWN else None
    beside = _Beside(org, known, described, statuses, record, current)
    return [*beside.ours(), *beside.theirs()]


def _pointed_at(known: Known, name: str) -> str | None:
    via = next((each.via for each in mapped(Contract).values() if each.object == name and each.via), None)
    target = getattr(known.contract, via.name) if via else None
    return known.ids.get(target) if target else None


def _gone(name: str, record_id: str) -> Difference:
    return Difference(object=name, salesforce_id=record_id, graph_name="id", name=GONE, owner=SALESFORCE)


@dataclass(frozen=True, slots=True)
class _Beside:
    """A record beside the contract."""

    org: OpenOrg
    known: Known
    described: ObjectDescription
    statuses: ContractStatuses | None
    record: StoredRecord | None
    current: Row

    @property
    def currency(self) -> str | None:
        return currency_there(self.org, self.known.contract, self.described, self.current, new=False)

    def ours(self) -> Iterator[Difference]:
        """Return where Salesforce does not hold what it was told, or is to be told."""
        if self.record is None:
            return
        draft = self._draft()
        for name, value in self._sent(draft).items():
            if self._holds(name, value):
                continue
            declared = graph_field("Contract", draft.named[name])
            told = self.record.told.get(name, _ABSENT)
            pending = self.record.in_doubt or not equal(self.described.fields[name], told, value)
            owner = owner_of(declared, self.known.contract.status)
            yield self._difference(declared.graph_name, name, owner, pending=pending)

    def theirs(self) -> Iterator[Difference]:
        """Return where what Salesforce holds and owns is not what is known here."""
        for place in mapped(Contract).values():
            declared = place.declared
            is_theirs = owner_of(declared, self.known.contract.status) is SALESFORCE
            if place.object != self.described.name or not is_theirs or declared.name in self.known.shared:
                continue
            if place.name not in self.current:
                continue
            try:
                theirs = from_salesforce(place, self.current[place.name], self.currency)
            except Unfit:
                continue
            ours = getattr(self.known.contract, declared.name)
            if declared.kind is Kind.REFERENCE and ours is not None:
                ours = self.known.ids.get(ours)
            if theirs != ours:
                yield self._difference(declared.graph_name, place.name, SALESFORCE, theirs=theirs)

    def _draft(self) -> Draft:
        setting = Setting(
            described=self.described, statuses=self.statuses, today=self.known.today, ids=self.known.ids,
            currency=self.currency, new=False,
        )  # fmt: skip
        return drafted(self.known.contract, self.described.name, setting)

    def _sent(self, draft: Draft) -> Mapping[str, Any]:
        """Return what would be written if it were told all of it: what is refused is no drift."""
        facts = Facts(
            creating=False, statuses=self.statuses, status_code=self.current.get("StatusCode"),
            has_lines=self.current.get("HasOpportunityLineItem"),
        )  # fmt: skip
        try:
            kept, _ = sendable(self.described, draft.values, draft, facts)
        except NoRights:
            return {}
        if self.described.name == OWN:
            return kept
        told = self.record.told if self.record else {}
        shared = {
            place.name
            for place in mapped(Contract).values()
            if place.object == self.described.name and place.declared.name in self.known.shared
        }
        return {
            name: value
            for name, value in kept.items()
            if name not in shared and (value is not None or told.get(name) is not None)
        }

    def _holds(self, name: str, value: object) -> bool:
        there = self.current.get(name)
        if name == STATUS and self.statuses is not None:
            return self.statuses.says_no_other(there, self.known.contract.status)
        return equal(self.described.fields[name], there, value)

    def _difference(
        self,
        graph_name: str,
        name: str,
        owner: System,
        *,
        pending: bool = False,
        theirs: Any = None,  # noqa: ANN401 - of any type
    ) -> Difference:
        by, at = self.current.get(WHO), self.current.get(WHEN)
        return Difference(
            object=self.described.name, salesforce_id=str(self.current["Id"]), graph_name=graph_name,
            name=name,
            owner=owner, pending=pending, changed_by=None if by is None else str(by), theirs=theirs,
            changed_at=None if at is None else datetime.fromisoformat(str(at)).astimezone(UTC),
        )  # fmt: skip


def equal(field: FieldDescription, one: object, other: object) -> bool:
    """Return whether two values in Salesforce's form are one: 12 and 12.00, an empty text and none."""
    if one is _ABSENT or other is _ABSENT:
        return one is other
    left, right = (None if each == "" else each for each in (one, other))
    if left is None or right is None:
        return left is right
    if field.type in NUMBERS:
        return Decimal(str(left)) == Decimal(str(right))
    return left == right
