"""What an org of Salesforce lacks for contracts to be written to it, and what is to be done about it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from domain.contract import Contract
from domain.field import SALESFORCE, UNTIL_SIGNED
from sync.salesforce.client import SalesforceClient
from sync.salesforce.contract_status import ACTIVATED, DRAFT, IN_APPROVAL, QUESTION, ContractStatuses
from sync.salesforce.description import PICKLISTS, FieldDescription, ObjectDescription
from sync.salesforce.drafts import CURRENCY
from sync.salesforce.failures import Permanent
from sync.salesforce.mapping import EXTERNAL_IDS, Mapped, mapped, object_of

_LINES: Final = "HasOpportunityLineItem"
_OWN: Final = object_of(Contract)


@dataclass(frozen=True, slots=True)
class Lacking:
    """Something that an org lacks, and what to do. Without what is `needed` nothing is written at all."""

    what: str
    todo: str
    needed: bool = False
    where: str = ""
    """The way to it in Setup."""


@dataclass(frozen=True, slots=True)
class Fine:
    """Something that was looked at, and is as it is to be."""

    what: str


async def lacking(client: SalesforceClient, currency: str | None) -> Sequence[Lacking]:
    """Look what an org lacks for the outbox; `currency` is what we take for that of an org with only one.

    Raises SalesforceFailure where it cannot be asked: NotAuthorised where it does not let us in.
    """
    found: list[Lacking] = []
    for name in dict.fromkeys(place.object for place in mapped(Contract).values()):
        try:
            described = await client.describe(name)
        except Permanent:
            todo = f"give the permission set of our user the object {name}: read, create and edit"
            found.append(
                Lacking(f"our user may not see {name}", todo, needed=name == _OWN, where=_object_rights(name))
            )
            continue
        found += _of_object(described, currency)
    try:
        statuses = ContractStatuses.read([row async for row in client.query(QUESTION)])
    except Permanent:
        found.append(
            Lacking("our user may not read ContractStatus", "let it read contracts: this comes along")
        )
    else:
        found += _of_statuses(statuses)
    return found


def _of_object(described: ObjectDescription, currency: str | None) -> Iterator[Lacking]:
    name, own = described.name, described.name == _OWN
    if not described.updateable or (own and not described.createable):
        rights = "create and edit" if own else "edit"
        yield Lacking(
            f"our user may not write {name}", f"give its permission set {rights} on {name}", needed=own,
            where=_object_rights(name),
        )  # fmt: skip
    key = EXTERNAL_IDS.get(name)
    if key is not None and (key not in described.fields or not described.fields[key].external_id):
        yield Lacking(
            f"{name} has no external id {key}",
            "deploy lwc-client/, or `crm fields`, or add it: text, 36 characters, external id, unique",
            needed=True, where=f"{_fields(name)} > New",
        )  # fmt: skip
    places = [place for place in mapped(Contract).values() if place.object == name and _is_told(place)]
    for place in places:
        yield from _of_field(described, place)
    if name == "Opportunity" and _LINES not in described.fields:
        yield Lacking(
            f"our user may not see {name}.{_LINES}",
            "let it read the field: without it no amount is sent",
            where=_field_rights(name),
        )
    if CURRENCY not in described.fields and currency is None and own:
        yield Lacking(
            "the org has one currency, and does not say which",
            "say it with `contract-graph crm set --currency`: until then no amount is written",
        )


def _is_told(place: Mapped) -> bool:
    """Whether we ever write a field: to a record that we make, or while Salesforce does not own it."""
    owner = place.declared.field.owner
    return place.via is None or owner is not SALESFORCE or isinstance(owner, UNTIL_SIGNED)


def _of_field(described: ObjectDescription, place: Mapped) -> Iterator[Lacking]:
    where = f"{place.object}.{place.name}"
    field = described.fields.get(place.name)
    if field is None:
        yield Lacking(
            f"there is no {where}, or our user may not see it",
            f"deploy lwc-client/ or add the field, and give our user the right to edit it: it holds"
            f" {place.declared.graph_name}",
            where=f"{_fields(place.object)}; then {_field_rights(place.object)}",
        )
        return
    given_once = place.declared.field.owner is SALESFORCE
    writable = field.createable if given_once else field.updateable
    if not writable and place.name != "EndDate":
        todo = "give it the right to edit the field"
        yield Lacking(f"our user may not write {where}", todo, where=_field_rights(place.object))
    if absent := _absent_choices(field, place):
        yield Lacking(
            f"the picklist {where} lacks {', '.join(absent)}",
            "add these values as they are written here",
            where=f"{_fields(place.object)} > {field.label} > Values > New",
        )


def _absent_choices(field: FieldDescription, place: Mapped) -> list[str]:
    type_ = place.declared.type
    if field.type not in PICKLISTS or not issubclass(type_, StrEnum) or place.name == "Status":
        return []
    return [each.value for each in type_ if each.value not in field.values]


def _of_statuses(statuses: ContractStatuses) -> Iterator[Lacking]:
    for category in (DRAFT, IN_APPROVAL, ACTIVATED):
        if category not in statuses.labels:
            yield Lacking(
                f"no status of contracts is of the category {category}",
                "add one",
                where=f"{_fields(_OWN)} > Status > Contract Status Picklist Values > New",
            )


def _fields(name: str | None) -> str:
    return f"Setup > Object Manager > {name} > Fields & Relationships"


def _object_rights(name: str) -> str:
    return f"Setup > Permission Sets > that of our user > Object Settings > {name} > Object Permissions"


def _field_rights(name: str) -> str:
    return f"Setup > Permission Sets > that of our user > Object Settings > {name} > Field Permissions"
