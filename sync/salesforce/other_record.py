"""A record that is Salesforce's own, where some fields of a contract live: told of them, and never made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from domain.contract import Contract
from domain.field import DeclaredField
from storage.salesforce_records import StoredRecord
from sync.salesforce.description import ObjectDescription
from sync.salesforce.drafts import (
    CURRENCY,
    Draft,
    NoRights,
    Refusal,
    Setting,
    changed,
    drafted,
    places,
    sendable,
)
from sync.salesforce.failures import Permanent
from sync.salesforce.mapping import Mapped, mapped
from sync.salesforce.orgs import OpenOrg, Row
from sync.salesforce.telling import Known, Telling, currency_there
from sync.salesforce.writable import Facts

_LINES: Final = "HasOpportunityLineItem"


def elsewhere(contract: Contract) -> Sequence[Mapped]:
    """Return the fields that Salesforce is to be told of now, and that live in another record."""
    names = dict.fromkeys(place.object for place in mapped(Contract).values() if place.via)
    told = (place for name in names for place in places(contract, name))
    return [place for place in told if place.via and getattr(contract, place.via.name) is not None]


async def tell_other(org: OpenOrg, known: Known, name: str) -> Telling:
    """Tell a record of another object what lives there of the contract. Raises SalesforceFailure."""
    here = [place for place in elsewhere(known.contract) if place.object == name]
    via = next(place.via for place in here if place.via)
    target = known.ids.get(getattr(known.contract, via.name))
    if target is None:
        return _refused(name, known, here, f"its {via.graph_name} has no Salesforce id here")
    try:
        described = await org.describe(name)
    except Permanent:
        return _refused(name, known, here, f"our user may not see {name} in Salesforce")
    record = known.records.get(name)
    if record is None or record.salesforce_id != target:
        record = StoredRecord(object=name, salesforce_id=target, told={}, in_doubt=True)
    fields = tuple(each for each in (_LINES, CURRENCY) if each in described.fields)
    current = await org.read(name, "Id", target, fields) if CURRENCY in fields else None
    draft = drafted(known.contract, name, _setting(org, known, described, current))
    writing = _writing(known, here, draft, record, via)
    if writing.values and current is None:
        current = await org.read(name, "Id", target, fields)
        if current is None:
            return _refused(
                name, known, here, f"Salesforce has no such {via.graph_name}, or hides it from our user"
            )
    facts = Facts(creating=False, has_lines=(current or {}).get(_LINES))
    try:
        sent, refused = sendable(described, writing.values, draft, facts)
    except NoRights as error:
        return _refused(name, known, here, str(error))
    if sent:
        await org.update(name, target, sent)
    kept = StoredRecord(object=name, salesforce_id=target, told={**record.told, **sent})
    return Telling(
        object=name, record=kept, wrote=bool(sent),
        refusals=(*draft.refusals, *writing.refusals, *refused),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Writing:
    """The values that differ from what the record was told, and those that are not to be told."""

    values: Mapping[str, Any]
    refusals: tuple[Refusal, ...]


def _writing(
    known: Known, here: Sequence[Mapped], draft: Draft, record: StoredRecord, via: DeclaredField
) -> _Writing:
    wanted = changed(draft, None if record.in_doubt else record.told)
    # Nobody asked for what stands there to be cleared, unless it was we who wrote it.
    values = {
        name: value
        for name, value in wanted.items()
        if value is not None or record.told.get(name) is not None
    }
    shared = [place for place in here if place.declared.name in known.shared and place.name in values]
    reason = f"another contract has the same {via.graph_name}, and Salesforce has room for one value"
    kept = {name: value for name, value in values.items() if name not in {place.name for place in shared}}
    return _Writing(kept, _refusals(known.contract, shared, reason))


def _setting(org: OpenOrg, known: Known, described: ObjectDescription, current: Row | None) -> Setting:
    return Setting(
        described=described, statuses=None, today=known.today, ids=known.ids, new=False,
        currency=currency_there(org, known.contract, described, current, new=False),
    )  # fmt: skip


def _refused(name: str, known: Known, here: Sequence[Mapped], reason: str) -> Telling:
    return Telling(object=name, refusals=_refusals(known.contract, here, reason))


def _refusals(contract: Contract, here: Sequence[Mapped], reason: str) -> tuple[Refusal, ...]:
    said = (place for place in here if getattr(contract, place.declared.name) is not None)
    return tuple(Refusal(place.declared.graph_name, place.name, reason) for place in said)
