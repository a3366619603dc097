"""What a change of a record says of contracts, as claims of Salesforce; what we wrote ourselves is none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import asyncpg

from domain.claim import Report, Unreadable
from domain.contract import Contract
from domain.field import SALESFORCE, derive
from domain.reconcile import owner_of
from storage.mirrored import contracts_of_record, contracts_pointing
from storage.salesforce_records import contract_row, records_told
from sync.salesforce.changes.change import Kind, RecordChange, places_of
from sync.salesforce.changes.forms import as_json, same
from sync.salesforce.changes.reading import Reading
from sync.salesforce.description import ObjectDescription
from sync.salesforce.drafts import STATUS
from sync.salesforce.mapping import EXTERNAL_IDS, Mapped
from sync.salesforce.types import Unfit, from_salesforce

SOURCE: Final = "salesforce"
"""What history calls whoever Salesforce says something by."""

Told = Mapping[str, Any]


async def contracts_about(
    connection: asyncpg.Connection, org_id: UUID, change: RecordChange
) -> list[tuple[Contract, Told]]:
    """Return the contracts that a record speaks of, with what the record was last told of each."""
    ids = await contracts_of_record(connection, org_id, change.object, change.record)
    key = change.values.get(EXTERNAL_IDS.get(change.object, ""))
    if key is not None:
        ids |= _uuid(key)
    for via in {place.via for place in places_of(change.object) if place.via is not None}:
        ids |= await contracts_pointing(connection, org_id, via, change.record)
    found: list[tuple[Contract, Told]] = []
    for id_ in sorted(ids):
        contract = await contract_row(connection, org_id, id_)
        if contract is not None:
            told = await records_told(connection, org_id, id_, change.object, change.record)
            found.append((contract, told))
    return found


def doubtful(
    change: RecordChange, about: list[tuple[Contract, Told]], described: ObjectDescription
) -> frozenset[str]:
    """Return the fields of a change of ours whose values are not what was last told.

    A flow may have set them in our transaction, or we have told something else since: what is there now
    tells the one from the other.
    """
    if not change.ours:
        return frozenset()
    return frozenset(
        name
        for contract, told in about
        for name, raw in change.values.items()
        if not same(as_json(described.fields.get(name), raw), told.get(name))
        and any(
            owner_of(place.declared, contract.status) is not SALESFORCE
            for place in places_of(change.object)
            if place.name == name
        )
    )


def report_of(reading: Reading, contract: Contract, told: Told, today: datetime) -> Report | None:
    """Return what a change claims of a contract, None where it says nothing new of it.

    What the record was last told is our own word come back, and what the contract has anyway is no news;
    both are told apart field by field. Where Salesforce owns a field its word counts whatever it is.
    """
    if reading.change.kind is Kind.GONE:
        return None
    fields = dict(_claimed(reading, contract, told, today))
    if not fields:
        return None
    return Report(
        contract=contract.external_reference or str(contract.id), system=SALESFORCE, source=SOURCE,
        event=reading.change.event, claimed_at=reading.change.moment, fields=fields,
    )  # fmt: skip


def _claimed(reading: Reading, contract: Contract, told: Told, today: datetime) -> Iterator[tuple[str, Any]]:
    known: Mapping[str, Any] | None = None
    for place in places_of(reading.change.object):
        if place.name not in reading.values or _is_computed(reading.described, place.name):
            continue
        declared, raw = place.declared, reading.values[place.name]
        owned = owner_of(declared, contract.status) is SALESFORCE
        if not owned and place.name in told and same(raw, told[place.name]):
            continue
        if declared.live and known is None:
            known = derive(contract, today.date())
        here = known[declared.name] if declared.live and known else getattr(contract, declared.name)
        if place.name == STATUS and reading.statuses is not None:
            if not reading.statuses.says_no_other(raw, contract.status):
                yield declared.name, Unreadable(str(raw), "it is no state that the contract is in")
            continue
        value = _value(reading, place, raw)
        if owned or value != here:
            yield declared.name, value


def _value(reading: Reading, place: Mapped, raw: object) -> Any:  # noqa: ANN401 - of any field
    try:
        return from_salesforce(place, raw, reading.currency)
    except Unfit as error:
        return Unreadable(str(raw), str(error))


def _is_computed(described: ObjectDescription, name: str) -> bool:
    """Whether the org computes a field that we would write: its months are no days of ours."""
    there = described.fields.get(name)
    return name == "EndDate" and there is not None and not there.updateable


def _uuid(text: object) -> set[UUID]:
    try:
        return {UUID(str(text))}
    except ValueError:
        return set()
