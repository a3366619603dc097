"""Writes that Salesforce would refuse, or worse, ignore: refused before they are sent, with the reason."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from domain.term import term_months
from sync.salesforce.contract_status import ACTIVATED, DRAFT, ContractStatuses
from sync.salesforce.description import NUMBERS, PICKLISTS, FieldDescription, ObjectDescription
from sync.salesforce.types import split


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What has to be known of a record, and of its org, beside the description of its object.

    `creating` is None for an upsert, which may do either. What is not known (None) refuses the writes that
    depend on it. `status_code` is the category that a contract is in.
    """

    creating: bool | None = None
    has_lines: bool | None = None
    statuses: ContractStatuses | None = None
    status_code: str | None = None


@dataclass(frozen=True, slots=True)
class NotWritable:
    """Why a field is not written, or the object where `field` is None; `rule` is the reason in one word."""

    object: str
    field: str | None
    rule: str
    reason: str


_Trap = Callable[[FieldDescription, Any, Facts], str | None]


def refusals(
    described: ObjectDescription, values: Mapping[str, Any], facts: Facts
) -> tuple[NotWritable, ...]:
    """Return why values, by Salesforce's names and in its forms, may not be sent; nothing where they may."""
    return tuple(_refusals(described, values, facts))


def instead_of_end_date(start: date | None, end: date | None) -> Mapping[str, Any] | None:
    """Return what to write where the org computes Contract.EndDate: the start, and the whole months.

    The end that Salesforce makes of them may lie before ours, so the two are never to be compared. None
    where there is no such term.
    """
    months = term_months(start, end)
    return {"StartDate": start.isoformat(), "ContractTerm": months} if start and months else None


def _refusals(described: ObjectDescription, values: Mapping[str, Any], facts: Facts) -> Iterator[NotWritable]:
    name = described.name
    flags = {True: ("createable",), False: ("updateable",), None: ("createable", "updateable")}[
        facts.creating
    ]
    if not all(getattr(described, flag) for flag in flags):
        yield NotWritable(
            name, None, "rights", f"our user may not write {name}: give its permission set the right"
        )
        return
    for field_name, value in values.items():
        field = described.fields.get(field_name)
        if field is None:
            reason = (
                f"{name} has no field {field_name} that our user may see: add it, or give the right to it"
            )
            yield NotWritable(name, field_name, "unknown", reason)
            continue
        rules = [*_TRAPS.get((name, field_name), {}).items(), *_RULES.items()]
        found = ((rule, trap(field, value, facts)) for rule, trap in rules)
        first = next(((rule, reason) for rule, reason in found if reason), None)
        if first:
            yield NotWritable(name, field_name, *first)
    if name == "OpportunityLineItem" and {"UnitPrice", "TotalPrice"} <= values.keys():
        yield NotWritable(name, "TotalPrice", "either", "a line takes its unit price or its total, not both")


def _calculated(field: FieldDescription, _: object, __: Facts) -> str | None:
    return "Salesforce computes it" if field.calculated or field.auto_number else None


def _closed(field: FieldDescription, _: object, facts: Facts) -> str | None:
    if facts.creating is not False and not field.createable:
        return "it cannot be given to a new record, or our user may not write it"
    if facts.creating is not True and not field.updateable:
        return "it cannot be changed, or our user may not write it"
    return None


def _absent(field: FieldDescription, value: object, _: Facts) -> str | None:
    return "it cannot be left empty" if value in (None, "") and not field.nillable else None


def _no_choice(field: FieldDescription, value: object, _: Facts) -> str | None:
    """Refuse what the picklist lacks, also where Salesforce would take it as a value of its own."""
    if field.type not in PICKLISTS or value is None:
        return None
    chosen = split(str(value)) if field.type == "multipicklist" else (str(value),)
    if set(chosen) <= set(field.values):
        return None
    return f"the value is none of its choices: {', '.join(field.values) or 'it has none'}"


def _too_long(field: FieldDescription, value: object, _: Facts) -> str | None:
    if isinstance(value, str) and 0 < field.length < len(value):
        return f"it takes {field.length} characters, and the value has {len(value)}"
    return None


def _too_fine(field: FieldDescription, value: object, _: Facts) -> str | None:
    """Refuse decimals beyond the scale, which Salesforce would round without a word."""
    number = _number(field, value)
    decimals = 0 if number is None else -min(0, int(number.normalize().as_tuple().exponent))
    scale = 0 if field.type == "int" else field.scale
    return f"it takes {scale} decimals, and the value has {decimals}" if decimals > scale else None


def _too_large(field: FieldDescription, value: object, _: Facts) -> str | None:
    number = _number(field, value)
    most = field.digits if field.type == "int" else field.precision - field.scale
    if number is None or most <= 0 or abs(number) < Decimal(10) ** most:
        return None
    return f"it takes numbers of up to {most} digits"


def _number(field: FieldDescription, value: object) -> Decimal | None:
    if field.type not in NUMBERS or isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    return Decimal(str(value))


def _of_lines(field: FieldDescription, _: object, facts: Facts) -> str | None:
    if facts.has_lines is None and facts.creating is not True:
        return "whether the opportunity has products is not known: read HasOpportunityLineItem first"
    if not facts.has_lines:
        return None
    if field.name == "Amount":
        return "the opportunity has products, and its amount is their sum: Salesforce would ignore ours"
    return "the opportunity has products: Salesforce refuses to change it"


def _end_date(field: FieldDescription, _: object, __: Facts) -> str | None:
    if field.updateable:
        return None
    return "this org computes it from the start and the term: write StartDate and ContractTerm instead"


def _status(_: FieldDescription, value: object, facts: Facts) -> str | None:
    if facts.statuses is None:
        return "the statuses of this org are not known: ask for its ContractStatus first"
    category = facts.statuses.categories.get(str(value))
    if category is None:
        return f"this org has no such status; it has {', '.join(facts.statuses.categories)}"
    if facts.creating is not False and category != DRAFT:
        return f"a contract begins as a draft: write it first, and its status ({category}) after it"
    if facts.status_code == ACTIVATED and category != ACTIVATED:
        return "the contract is activated, and Salesforce takes it back to no other category"
    return None


_RULES: Final[Mapping[str, _Trap]] = {
    "calculated": _calculated,
    "closed": _closed,
    "absent": _absent,
    "choice": _no_choice,
    "length": _too_long,
    "scale": _too_fine,
    "size": _too_large,
}
"""What holds for every field, in the order in which the reasons help most."""

_TRAPS: Final[Mapping[tuple[str, str], Mapping[str, _Trap]]] = {
    ("Opportunity", "Amount"): {"lines": _of_lines},
    ("Opportunity", "Pricebook2Id"): {"lines": _of_lines},
    ("Opportunity", "CurrencyIsoCode"): {"lines": _of_lines},
    ("Contract", "EndDate"): {"computed": _end_date},
    ("Contract", "Status"): {"status": _status},
}
"""What describe does not say (reference/salesforce.md section 8)."""
