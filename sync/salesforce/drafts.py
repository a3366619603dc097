"""What a contract has to say to an object of Salesforce, in Salesforce's names and forms, and what not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final
from uuid import UUID

from domain.contract import Contract
from domain.field import SALESFORCE, Kind, derive
from domain.money import Money
from domain.reconcile import owner_of
from sync.salesforce.contract_status import ContractStatuses, NoSuchStatus
from sync.salesforce.description import ObjectDescription
from sync.salesforce.mapping import Mapped, mapped
from sync.salesforce.types import Unfit, to_salesforce
from sync.salesforce.writable import Facts, instead_of_end_date, refusals

CURRENCY: Final = "CurrencyIsoCode"
STATUS: Final = "Status"
_END = "EndDate"
_MISSING: Final = object()


@dataclass(frozen=True, slots=True)
class Refusal:
    """A field that is not written: what it is called here and there, and why."""

    field: str
    name: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """Values of one record by Salesforce's names, what is left out, and what each name is called here."""

    values: Mapping[str, Any] = field(repr=False)
    refusals: tuple[Refusal, ...]
    named: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What a draft depends on beside the contract: the org's description, its statuses, and the day.

    `ids` are the Salesforce ids of the records that the contract points at. `currency` is that of the
    record, None where it is not known. `new` says that the record is yet to be made.
    """

    described: ObjectDescription
    statuses: ContractStatuses | None
    today: date
    ids: Mapping[UUID, str]
    currency: str | None
    new: bool


def places(contract: Contract, object_name: str, *, new: bool = False) -> Iterator[Mapped]:
    """Return the fields that an object is to be told of: those that Salesforce does not own now.

    A new record is told what we know of its other fields, too: nobody has said anything there yet, and its
    blanks would come back as Salesforce's word. Personal values are never told.
    """
    for place in mapped(Contract).values():
        if place.object != object_name or place.declared.sealed:
            continue
        if owner_of(place.declared, contract.status) is not SALESFORCE or (new and place.via is None):
            yield place


def drafted(contract: Contract, object_name: str, setting: Setting) -> Draft:
    """Return what an object is to hold of a contract as it is, refused or not."""
    derived = derive(contract, setting.today)
    values: dict[str, Any] = {}
    left_out: list[Refusal] = []
    named: dict[str, str] = {}
    for place in places(contract, object_name, new=setting.new):
        declared = place.declared
        named[place.name] = declared.graph_name
        value = derived[declared.name] if declared.live else getattr(contract, declared.name)
        if value is None and setting.new:
            continue
        try:
            formed = _formed(place, value, setting)
        except (Unfit, NoSuchStatus) as error:
            left_out.append(Refusal(declared.graph_name, place.name, str(error)))
            continue
        if formed is not _MISSING:
            values[place.name] = formed
    _end_as_term(contract, setting.described, values, named)
    return Draft(values=values, refusals=tuple(left_out), named=named)


def missing(
    contract: Contract, object_name: str, draft: Draft, described: ObjectDescription
) -> Mapped | None:
    """Return a field without which the object takes no new record, and that the graph does not know."""
    for place in places(contract, object_name, new=True):
        there = described.fields.get(place.name)
        required = there is not None and there.createable and not there.nillable
        if required and place.name != STATUS and draft.values.get(place.name) is None:
            return place
    return None


def changed(draft: Draft, told: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """Return the values that differ from what was told; all of them where that is not known."""
    if told is None:
        return draft.values
    return {name: value for name, value in draft.values.items() if told.get(name, _MISSING) != value}


def sendable(
    described: ObjectDescription, values: Mapping[str, Any], draft: Draft, facts: Facts
) -> tuple[Mapping[str, Any], tuple[Refusal, ...]]:
    """Return the values that may be sent, and why the others may not. Raises NoRights."""
    refused: dict[str, Refusal] = {}
    for each in refusals(described, values, facts):
        if each.field is None:
            raise NoRights(each.reason)
        refused.setdefault(
            each.field, Refusal(draft.named.get(each.field, each.field), each.field, each.reason)
        )
    kept = {name: value for name, value in values.items() if name not in refused}
    # That a field is missing there is no news while there is nothing to be said in it.
    told = tuple(each for each in refused.values() if values[each.name] is not None)
    return kept, told


class NoRights(Exception):
    """Our user may not write an object at all."""


def currency_of(contract: Contract, object_name: str) -> str | None:
    """Return the one currency of what a contract says to an object, None where it is several or none."""
    said = {
        value.currency
        for place in places(contract, object_name)
        if isinstance(value := getattr(contract, place.declared.name), Money)
    }
    return said.pop() if len(said) == 1 else None


def _formed(place: Mapped, value: object, setting: Setting) -> Any:  # noqa: ANN401 - JSON
    there = setting.described.fields.get(place.name)
    if there is None:
        # It is refused as unknown, whatever its form would be; without a value nothing is to be said of it.
        return _MISSING if value is None else ""
    if place.declared.kind is Kind.REFERENCE and isinstance(value, UUID):
        known = setting.ids.get(value)
        return _MISSING if known is None else to_salesforce(there, known)
    if place.object == "Contract" and place.name == STATUS and setting.statuses is not None:
        return setting.statuses.label(value)  # type: ignore[arg-type]
    return to_salesforce(there, value, setting.currency)


def _end_as_term(
    contract: Contract, described: ObjectDescription, values: dict[str, Any], named: dict[str, str]
) -> None:
    """Say the end of a contract by its start and its months, where the org computes it of these."""
    end = described.fields.get(_END)
    if described.name != "Contract" or end is None or end.updateable or _END not in values:
        return
    if contract.expiration_date is None:
        del values[_END]
        return
    instead = instead_of_end_date(contract.effective_date, contract.expiration_date)
    if instead is not None:
        del values[_END]
        values.update(instead)
        named.setdefault("ContractTerm", named[_END])
